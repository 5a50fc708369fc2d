/*
 * What the console and its serial line stand on, for unit tests: locks that complain, a machine of registers, and input that
 * comes while a reader sleeps, as it does from an interrupt: waitq_sleep plays the next piece of the script.
 */
#ifndef TESTS_CONSOLE_RIG_H
#define TESTS_CONSOLE_RIG_H

#include "suite.h"

#include <kern/console.h>
#include <kern/log.h>

#define SHOWN_MAX 200000
#define SCRIPT_MAX 8

extern struct log_sink *sink; /* the log's, that the console added */
extern char shown[SHOWN_MAX]; /* what came out, of the UART, the debug console or early */
extern size_t shown_length;
extern const char *script[SCRIPT_MAX]; /* a piece for each sleep, "" a hangup; then the sleeper is killed */
extern unsigned locks_held;
extern int killed_job;             /* by ^C */
extern size_t copies_before_fault; /* to and from the program's buffer */
extern const char *typed_during_copy;
extern char got[5000]; /* by read_some */

/* A UART whose line carries `line`, and a debug console. */
extern struct uart_model {
  bool present, debugcon;
  const char *line; /* bytes still to come */
  size_t line_left;
  bool carrier, carrier_delta, stuck, slow, no_fifo, all_ones, no_loop;
  uint8_t looped; /* sent in loop-back and not yet read; 0: nothing */
  uint8_t scratch, ier, lcr, mcr, fcr;
  uint8_t line_errors;
  unsigned divisor, since_empty, waits;
  void (*handler)(void *);
} uart;

/* Comes over the line of no device. */
void type(const char *text);
ssize_type read_some(size_t size);
void expect_read(size_t size, const char *text);
/* All that came out since it was last asked. */
void expect_shown(const char *text);
void set_mode(unsigned mode);
ssize_type write_text(const char *text);
void start_uart(void);
/* The UART's, as long as its line is up. */
void interrupt(void);

/* A fixture: a console without devices. */
void console_setup(void);

#endif
