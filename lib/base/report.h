#ifndef BASE_REPORT_H
#define BASE_REPORT_H

#include <stdarg.h>
#include <stdint.h>

/*
 * What the library has to tell while it works. The library never prints: it emits these, and lib/ui
 * decides what a terminal, a log or a machine sees. Strings are borrowed for the call; those from
 * outside are raw: the reporter passes them through base/sanitize.h.
 */
enum report_kind {
	REPORT_STAGE_BEGIN, /* `stage` starts; `usual_ms`: how long it usually takes */
	/* `stage` is over: `ok`, `elapsed_ms`; `text`: what came of it; `status`: neither ok nor
	   failed */
	REPORT_STAGE_END,
	REPORT_NOTE,	 /* `text`: something worth knowing */
	REPORT_WARNING,	 /* `text`: something the user should look at; the run goes on */
	REPORT_OUTPUT,	 /* `text`: one line of the program or service `source` */
	REPORT_PROGRESS, /* `source` is `done` of `total` along (total 0: unknown) */
	/*
	 * Resource `source` of type `type` is now in `status`; `text`: reason. `done` of `total`
	 * resources of the operation are ready (total 0: not counted). `usual_ms`: how long it
	 * usually is in it (0: unknown).
	 */
	REPORT_EVENT,
	REPORT_RESULT,	   /* `text`: a fact for the last lines: what changed, what runs where */
	REPORT_STAGE_SKIP, /* `stage` need not run; `text`: why */
	REPORT_FACT,	   /* `source` is `text`: for machines and the record (deploy/record.h) */
	/*
	 * `source` is as `text` says by now, which takes the place of what it said before; without
	 * a source: a sign of life, for those who do not see time pass.
	 */
	REPORT_STATE,
	REPORT_QUESTION, /* a person is asked something at the terminal: keep away from it */
	/* Signal `text` asks to stop: `source` has to end, or to be cleaned up, before */
	REPORT_INTERRUPT,
};

struct report_event {
	enum report_kind kind;
	const char *stage;
	const char *source;
	const char *type;
	const char *status;
	const char *text;
	const char *file; /* of the project that this is about, NULL: none; `line` in it, from 1 */
	unsigned line;
	int64_t elapsed_ms;
	int64_t usual_ms; /* 0: unknown */
	uint64_t done;
	uint64_t total;
	int ok;
};

/* A reporter: one function, embedded first in whatever it needs (lib/ui). */
struct report {
	void (*emit)(struct report *report, const struct report_event *event);
};

/* Shorthands for the events that carry text only. */
void report_note(struct report *report, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_warning(struct report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void report_result(struct report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void report_result_at(struct report *report, const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void report_output(struct report *report, const char *source, const char *line);
void report_fact(struct report *report, const char *name, const char *value);
void report_progress(struct report *report, const char *source, uint64_t done, uint64_t total);

void report_state(struct report *report, const char *source, const char *text);
void report_question(struct report *report);

/* A reporter that drops everything. */
extern struct report report_none;

#endif
