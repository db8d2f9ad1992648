#include "base/error.h"

#include "base/cleanup.h"
#include "base/mask.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

/* What a line may hold: foreign text is quoted, and may be a whole file. */
#define MAX_MESSAGE 4000

static void cut(struct str *msg)
{
	if (msg->len <= MAX_MESSAGE)
		return;
	str_cut(msg, MAX_MESSAGE);
	str_adds(msg, "...");
}

int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	va_list ap;

	assert(err->kind == ERROR_NONE && kind != ERROR_NONE);
	err->kind = kind;
	va_start(ap, fmt);
	str_vaddf(&err->msg, fmt, ap);
	va_end(ap);
	cut(&err->msg);
	return -1;
}

int error_set_errno(struct error *err, int errnum, const char *fmt, ...)
{
	va_list ap;

	assert(err->kind == ERROR_NONE);
	err->kind = ERROR_SYSTEM;
	va_start(ap, fmt);
	str_vaddf(&err->msg, fmt, ap);
	va_end(ap);
	cut(&err->msg);
	str_addf(&err->msg, ": %s", strerrordesc_np(errnum));
	return -1;
}

int error_set_signal(struct error *err, int signum, const char *what)
{
	const char *name = sigabbrev_np(signum);

	error_set(err, ERROR_SIGNAL, "%s: interrupted by SIG%s", what, name ? name : "?");
	err->signal = signum;
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	CLEANUP(str_release) struct str whole = STR_INIT;
	struct str old;
	va_list ap;

	assert(err->kind != ERROR_NONE);
	va_start(ap, fmt);
	str_vaddf(&whole, fmt, ap);
	va_end(ap);
	cut(&whole);
	str_addf(&whole, ": %s", err->msg.buf);
	cut(&whole);
	old = err->msg;
	err->msg = whole;
	whole = old;
	return -1;
}

int error_fix(struct error *err, const char *fmt, ...)
{
	va_list ap;

	assert(err->kind != ERROR_NONE);
	if (err->fix.len)
		return -1;
	va_start(ap, fmt);
	str_vaddf(&err->fix, fmt, ap);
	va_end(ap);
	return -1;
}

int error_mask(struct error *err, const char *secret)
{
	(void)mask_str(&err->msg, secret);
	(void)mask_str(&err->fix, secret);
	return -1;
}

int error_become(struct error *err, enum error_kind kind)
{
	assert(err->kind != ERROR_NONE && kind != ERROR_NONE);
	err->kind = kind;
	return -1;
}

int error_at(struct error *err, unsigned line, unsigned column)
{
	assert(err->kind != ERROR_NONE);
	err->line = line;
	err->column = column;
	return -1;
}

const char *error_without_place(const struct error *err)
{
	char places[2][64];

	(void)snprintf(places[0], sizeof(places[0]), "line %u, column %u: ", err->line,
		       err->column);
	(void)snprintf(places[1], sizeof(places[1]), "line %u: ", err->line);
	for (size_t i = 0; i < 2; i++) {
		if (strncmp(err->msg.buf, places[i], strlen(places[i])) == 0)
			return err->msg.buf + strlen(places[i]);
	}
	return err->msg.buf;
}

void error_set_code(struct error *err, const char *code)
{
	(void)snprintf(err->code, sizeof(err->code), "%s", code);
}

bool error_has_code(const struct error *err, const char *code)
{
	return strcmp(err->code, code) == 0;
}

int error_exit_status(const struct error *err)
{
	switch (err->kind) {
	case ERROR_NONE:
		return 0;
	case ERROR_USAGE:
	case ERROR_CONFIG:
		return 2;
	case ERROR_REFUSED:
		return 3;
	case ERROR_AUTH:
		return 4;
	case ERROR_TOOL:
		return 5;
	case ERROR_TEST:
		return 6;
	case ERROR_RELEASE:
		return 7;
	case ERROR_PUBLISH:
		return 8;
	case ERROR_CHANGE_SET:
		return 9;
	case ERROR_ROLLED_BACK:
		return 10;
	case ERROR_STUCK:
		return 11;
	case ERROR_OUTCOME:
		return 12;
	case ERROR_BUSY:
	case ERROR_NETWORK:
		return 13;
	case ERROR_REMOTE:
	case ERROR_CHILD:
	case ERROR_SYSTEM:
		return 1;
	case ERROR_SIGNAL:
		return 128 + err->signal;
	}
	return 1;
}

void error_release(struct error *err)
{
	str_release(&err->msg);
	str_release(&err->fix);
	*err = (struct error)ERROR_INIT;
}
