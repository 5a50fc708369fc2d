/*
 * The timer behind arch_timer_arm, the best this machine has: the local APIC's, comparing with the time-stamp counter
 * or counting down; or the 8254's channel 0.
 */
#ifndef X86_DEV_TIMER_H
#define X86_DEV_TIMER_H

#include <kern/types.h>

/* Once, interrupts disabled, after interrupts_init and clock_calibrate. Answers the timer's name. */
const char *timer_start(void);

/* Whether IRQ_TIMER comes from the local APIC instead of from a line. */
bool timer_is_local(void);

/* Deadlines are other moments now. Interrupts disabled. */
void timer_clock_jumped(void);

/* In the interrupt: whether the armed deadline has come. If it has not (a count has an end, an earlier deadline was
 * replaced), goes on waiting. */
bool timer_expired(void);

#endif
