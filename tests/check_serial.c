/* The 16550 driver and the debug console, under the console. */
#include "console_rig.h"

#include <string.h>

/* ---- drivers ---- */

START_TEST(uart_is_probed_and_set_up)
{
  ck_assert(!uart_init());
  start_uart();
  ck_assert_uint_eq(uart.divisor, 1);
  ck_assert_uint_eq(uart.lcr, 0x03);
  ck_assert_uint_eq(uart.mcr & 0x0B, 0x0B);
  ck_assert_uint_eq(uart.ier & 0x09, 0x09);
  ck_assert_int_eq(write_text("hello, world: more than sixteen bytes\n"), 38);
  expect_shown("hello, world: more than sixteen bytes\r\n");
}
END_TEST

/* Registers that keep what is written are no UART yet. What was typed before the test is input all the same. */
START_TEST(uart_is_tested_by_loop_back)
{
  uart.present = uart.no_loop = true;
  ck_assert(!uart_init());
  uart.no_loop = false;
  uart.line = "early\n";
  uart.line_left = 6;
  start_uart();
  ck_assert_uint_eq(uart.mcr & 0x10, 0);
  ck_assert_uint_eq(uart.looped, 0);
  ck_assert_uint_eq(shown_length, 0);
  expect_read(10, "early\n");
}
END_TEST

START_TEST(uart_without_fifo)
{
  uart.no_fifo = true;
  start_uart();
  ck_assert_int_eq(write_text("hello, world\n"), 13);
  expect_shown("hello, world\r\n");
}
END_TEST

START_TEST(uart_that_never_sends_is_survived)
{
  start_uart();
  uart.stuck = true;
  ck_assert_int_eq(write_text("lost\n"), 5);
  uart.waits = 0;
  ck_assert_int_eq(write_text("lost\n"), 5);
  ck_assert_uint_le(uart.waits, 2); /* it waits only once */
  uart.stuck = false;
  ck_assert_int_eq(write_text("back\n"), 5);
  expect_shown("back\r\n");
  uart.slow = true; /* and it waits again, when it has to */
  ck_assert_int_eq(write_text("slow, but all of it\n"), 20);
  expect_shown("slow, but all of it\r\n");
}
END_TEST

START_TEST(uart_that_vanishes_is_survived)
{
  start_uart();
  uart.all_ones = true;
  uart.handler(NULL);
  uart.all_ones = false;
  type("x\n");
  expect_read(10, "x\n");
}
END_TEST

START_TEST(uart_receives)
{
  start_uart();
  uart.line = "typed\n";
  uart.line_left = 6;
  interrupt();
  expect_read(100, "typed\n");
  uart.line_errors = 0x10; /* a break is no byte */
  uart.line = "\0";
  uart.line_left = 1;
  interrupt();
  ck_assert_uint_eq(console_input_room(), 4096);
}
END_TEST

/* What the line status says is gone when it is read, also by the side that only wants to know whether it may send. */
START_TEST(uart_remembers_a_break_seen_while_sending)
{
  start_uart();
  uart.line = "\0after\n";
  uart.line_left = 7;
  uart.line_errors = 0x10;
  ck_assert_int_eq(write_text("out\n"), 4);
  interrupt();
  expect_read(100, "after\n");
}
END_TEST

START_TEST(uart_keeps_what_came_before)
{
  uart.line = "e";
  uart.line_left = 1;
  start_uart();
  type("arly\n");
  expect_read(100, "early\n");
}
END_TEST

START_TEST(a_flood_loses_nothing)
{
  enum { TOTAL = 100 * 1024 };
  static char flood[TOTAL];
  for (size_t i = 0; i < TOTAL; i++) flood[i] = (char)(i * 7 + i / 251);
  start_uart();
  set_mode(0);
  uart.line = flood;
  uart.line_left = TOTAL;
  interrupt();
  ck_assert_uint_eq(uart.line_left, TOTAL - 4096);
  ck_assert_uint_eq(uart.ier & 1, 0); /* the driver holds the line */
  for (size_t at = 0; at < TOTAL;) {
    ssize_type n = read_some(1 + at % 700);
    ck_assert_int_gt(n, 0);
    ck_assert_mem_eq(got, flood + at, (size_t)n);
    at += (size_t)n;
    interrupt(); /* does nothing while the line is held */
  }
  ck_assert_uint_eq(uart.line_left, 0);
}
END_TEST

START_TEST(carrier_loss_hangs_up_after_the_last_byte)
{
  static char flood[5000];
  memset(flood, 'f', sizeof(flood));
  start_uart();
  set_mode(0);
  uart.line = flood;
  uart.line_left = sizeof(flood);
  uart.carrier = false;
  uart.carrier_delta = true;
  interrupt();
  size_t total = 0;
  ssize_type n;
  while ((n = read_some(1000)) > 0) total += (size_t)n; /* the driver goes on when the reader sleeps */
  ck_assert_int_eq(n, 0);
  ck_assert_uint_eq(total, sizeof(flood));
}
END_TEST

START_TEST(no_carrier_at_start_is_no_hangup)
{
  uart.present = true;
  uart.carrier_delta = true;
  ck_assert(uart_init());
  uart.handler(NULL);
  ck_assert_int_eq(read_some(1), -EINTR);
  uart.carrier = uart.carrier_delta = true; /* it comes: no hangup either */
  interrupt();
  ck_assert_int_eq(read_some(1), -EINTR);
}
END_TEST

START_TEST(debugcon_is_there_when_its_port_says_so)
{
  ck_assert(!debugcon_init());
  uart.debugcon = true;
  ck_assert(debugcon_init());
  start_uart();
  ck_assert_int_eq(write_text("x"), 1);
  expect_shown("xx"); /* on both */
}
END_TEST

int main(void)
{
  Suite *s = suite_create("serial");
  TCase *t = suite_case(s, "drivers", console_setup, NULL);
  tcase_add_test(t, uart_is_probed_and_set_up);
  tcase_add_test(t, uart_is_tested_by_loop_back);
  tcase_add_test(t, uart_without_fifo);
  tcase_add_test(t, uart_that_never_sends_is_survived);
  tcase_add_test(t, uart_that_vanishes_is_survived);
  tcase_add_test(t, uart_receives);
  tcase_add_test(t, uart_remembers_a_break_seen_while_sending);
  tcase_add_test(t, uart_keeps_what_came_before);
  tcase_add_test(t, a_flood_loses_nothing);
  tcase_add_test(t, carrier_loss_hangs_up_after_the_last_byte);
  tcase_add_test(t, no_carrier_at_start_is_no_hangup);
  tcase_add_test(t, debugcon_is_there_when_its_port_says_so);
  return suite_run(s);
}
