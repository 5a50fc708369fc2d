/*
 * The console: terminal lines (drivers that carry bytes) behind one line discipline. Input is kept raw in a ring and
 * interpreted when a program reads it, in the mode set at that moment, so type-ahead is echoed once, by whoever reads
 * it. Only ^C acts on arrival (CONSOLE_SIGNAL on, a foreground job set).
 *
 * All outputs show the same text, whatever their size. What programs are told is the size of the screen when a keyboard in
 * front of it was typed on last, or there is no other place to type; else that of the terminal taken to be at the line,
 * 24 rows of 80.
 */
#ifndef KERN_CONSOLE_H
#define KERN_CONSOLE_H

#include <kern/types.h>
#include <kern/uaccess.h>

struct vnode;

/* A device that shows text, on a screen of a known size or (rows 0) on a line with who knows what at its end. write: any context, must not sleep or log; a '\n' arrives as "\r\n". show, unless null, comes
 * after one or more of them: until then what was written may wait. */
struct console_output {
  const char *name;
  void (*write)(const char *text, size_t len);
  void (*show)(void);
  unsigned rows, columns;
  struct console_output *next;
};
/* A device that brings text. Called with the console lock held when room appeared in the input ring. */
struct console_input {
  const char *name;
  void (*resume)(void);
  struct console_input *next;
};

void console_init(void);
void console_add_output(struct console_output *out);
void console_add_input(struct console_input *in);

/* Room in the input ring, bytes. A driver takes no more from its device; interrupt context. */
size_t console_input_room(void);
/* Bytes from a device, typed there. Interrupt context. */
enum console_place { CONSOLE_AT_LINE, CONSOLE_AT_SCREEN };
void console_input_bytes(const uint8_t *bytes, size_t len, enum console_place place);
/* The line is gone (carrier lost): after what is buffered, every read answers 0. */
void console_input_hangup(void);

ssize_type console_read(struct uio *uio);
ssize_type console_write(struct uio *uio);
int64_t console_control(int op, uint64_t arg);

/* Drivers. Each probes its device, registers itself and answers whether it is there. */
bool uart_init(void);     /* 16550 at COM1, 115200 8N1, interrupt-driven input */
bool debugcon_init(void); /* QEMU's port 0xE9 */
bool keyboard_init(void); /* PS/2 controller, interrupt-driven; for arch_console_init where there may be one */

#endif
