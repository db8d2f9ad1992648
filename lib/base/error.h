#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/str.h"

#include <stdbool.h>

/*
 * What went wrong, as far as a caller or the shell can act on it. Each kind has one exit status;
 * error_exit_status() is the only place that knows which.
 */
enum error_kind {
	ERROR_NONE,
	ERROR_USAGE,	   /* 2: the command line is wrong */
	ERROR_CONFIG,	   /* 2: a file of the user's is wrong or missing; nothing was touched */
	ERROR_REFUSED,	   /* 3: refused beforehand: dirty tree, lock held, account guard */
	ERROR_AUTH,	   /* 4: no credentials, or they were refused, or a permission is missing */
	ERROR_TOOL,	   /* 5: docker, compose or git is missing or down */
	ERROR_TEST,	   /* 6: the tests failed */
	ERROR_RELEASE,	   /* 7: the release stage (acceptance) failed */
	ERROR_PUBLISH,	   /* 8: the image could not be published */
	ERROR_CHANGE_SET,  /* 9: change set rejected or declined, the stack is untouched */
	ERROR_ROLLED_BACK, /* 10: rolled back, the old version runs */
	ERROR_STUCK,	   /* 11: the stack needs a person */
	ERROR_OUTCOME,	   /* 12: outcome unknown, the operation may still run */
	ERROR_BUSY,	   /* 13: a service is throttled, busy or out of reach past the limit */
	ERROR_REMOTE,	   /* 1: a service answered with another error */
	ERROR_NETWORK,	   /* 13: a service could not be reached */
	ERROR_CHILD,	   /* 1: a program that was started failed */
	ERROR_SYSTEM,	   /* 1: the operating system said no */
	ERROR_SIGNAL,	   /* 128+N: ended by signal N, see `signal` */
};

/*
 * One error, owned by the caller that can report it and passed down by pointer, last, never NULL.
 *
 * A function that can fail returns 0 or -1 (or a pointer or NULL). On success it leaves *err and on
 * failure its other output parameters untouched. Set an error once, where it is found; add what was
 * being attempted with error_wrap() on the way up; print it once, in cmd/main.c.
 *
 * Messages are one line, lower case, without a full stop; strings from outside stand in '...'.
 * Secrets never enter a message.
 */
struct error {
	enum error_kind kind;
	int signal;	/* with ERROR_SIGNAL: which one */
	struct str msg; /* what broke */
	struct str fix; /* what to do about it: one line, may be empty */
	char code[64];	/* the service's own error code, such as "ValidationError", or "" */
	unsigned line;	/* where in the text that was read, from 1; 0: nowhere, or not known */
	unsigned column;
};

#define ERROR_INIT                                                                                 \
	{                                                                                          \
		.kind = ERROR_NONE, .msg = STR_INIT, .fix = STR_INIT                               \
	}

/* Records an error and returns -1, so that a failing function ends with `return error_set(...)`. */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and the text of `errnum`, kind ERROR_SYSTEM. */
int error_set_errno(struct error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Records that signal `signum` ended what was being done, and returns -1. */
int error_set_signal(struct error *err, int signum, const char *what);

/* Puts "context: " before the message of an error that is set, and returns -1. */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Says what the user can do about an error that is set, and returns -1. The innermost remedy is the
 * most specific one: a later call leaves it standing.
 */
int error_fix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Masks a secret of the caller's that somebody else quotes in an error (base/mask.h). Returns -1.
 */
int error_mask(struct error *err, const char *secret);

/* Gives an error that is set another kind (what a failure means to the stage it broke). */
int error_become(struct error *err, enum error_kind kind);

/*
 * Says where in a text an error that is set lies, and returns -1: for those who show the place by
 * itself. The message says it, too, as "line L, column C: ..." or "line L: ...".
 */
int error_at(struct error *err, unsigned line, unsigned column);

/* The message without that, and without the line and the column. Borrowed. */
const char *error_without_place(const struct error *err);

/* Remembers the service's own code for callers that decide by it; cut at 63 bytes. */
void error_set_code(struct error *err, const char *code);
bool error_has_code(const struct error *err, const char *code);

/* The exit status of design.md section 5 for this error; 0 where none is set. */
int error_exit_status(const struct error *err);

/* Frees the contents and makes `err` fresh again: also the way to drop an error that was handled.
 */
void error_release(struct error *err);

#endif
