#ifndef SYS_INTERRUPT_H
#define SYS_INTERRUPT_H

#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"

/*
 * Signals as facts to ask for. After interrupt_install(), SIGINT, SIGTERM and SIGHUP are remembered
 * and wake every wait; SIGPIPE is ignored, and SIGCHLD is not: a parent that ignores it would have
 * hidden from us how our children end. Long work asks interrupt_check() between its steps.
 */
void interrupt_install(void);

/* Gives every signal back what it did before interrupt_install(): before becoming another program.
 */
void interrupt_restore(void);

/* The signal that asked this process to stop, or 0. */
int interrupt_pending(void);

/* Fails with ERROR_SIGNAL where one is pending: "WHAT: interrupted by SIGINT". */
int interrupt_check(const char *what, struct error *err);

/*
 * Reports that a signal is pending (REPORT_INTERRUPT), and what has to be done before the end
 * comes; nothing where none is.
 */
void interrupt_tell(struct report *report, const char *what);

/* How often a signal asked (a second Ctrl-C is a stronger wish), and forgetting what was asked. */
int interrupt_count(void);
void interrupt_clear(void);

/* Has a signal that was forgotten pending again: what had to be done in between is done. */
void interrupt_renew(int signum);

/* Readable while a signal is pending: for poll(). -1 before interrupt_install(). */
int interrupt_fd(void);

/* The real time (base/clock.h). Its sleep ends early when a signal is pending. */
extern struct clock system_clock;

#endif
