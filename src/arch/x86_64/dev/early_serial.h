/* COM1 by polling: text before the console's driver runs and in a panic, and refusals of a boot. */
#ifndef X86_DEV_EARLY_SERIAL_H
#define X86_DEV_EARLY_SERIAL_H

/* 115200 8N1; leaves received bytes for the driver. */
void early_serial_init(void);
void early_serial_puts(const char *text);
/* Waits (not for ever) until the last byte has left. */
void early_serial_drain(void);

#endif
