#include "docker/push.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/json.h"
#include "docker/failure.h"
#include "docker/image.h"

#include <string.h>

/* No object of an Engine's comes near; more is no Engine. */
#define OBJECT_MAX_BYTES (1UL << 20)

void push_release(struct push *push)
{
	str_release(&push->object);
	str_release(&push->digest);
	str_release(&push->failure);
}

static void take_digest(struct push *push, const char *digest)
{
	if (!image_digest_is_valid(digest))
		return;
	str_reset(&push->digest);
	str_adds(&push->digest, digest);
}

/*
 * "TAG: digest: sha256:... size: N" is the only place of the digest with podman and Engines before
 * 1.12; the others say it in `aux` too.
 */
static void take_digest_line(struct push *push, const char *status)
{
	size_t tag_len = strlen(push->tag);
	CLEANUP(str_release) struct str digest = STR_INIT;

	if (strncmp(status, push->tag, tag_len) != 0 ||
	    strncmp(status + tag_len, ": digest: ", 10) != 0)
		return;
	status += tag_len + 10;
	str_add(&digest, status, strcspn(status, " "));
	take_digest(push, digest.buf);
}

static uint64_t count_of(const json_t *detail, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(detail, key));

	return n > 0 ? (uint64_t)n : 0;
}

/* `current` may run past `total`: sizes before compression are estimates. */
static void report_layer(const struct push *push, const json_t *object, const char *id,
			 const char *status)
{
	const json_t *detail = json_object_get(object, "progressDetail");
	struct report_event event = {
		.kind = REPORT_PROGRESS,
		.source = id,
		.status = status,
		.done = count_of(detail, "current"),
		.total = count_of(detail, "total"),
	};

	if (event.total && event.done > event.total)
		event.done = event.total;
	push->report->emit(push->report, &event);
}

/*
 * The Engine counts its wait down, one message a second and layer, "Retrying in 5 seconds": one
 * warning where a count begins is enough.
 */
static void report_retry(struct push *push, const char *id, const char *status)
{
	const char *number = status + strlen("Retrying in ");
	struct slice digits = { number, strspn(number, "0123456789") };
	uint64_t seconds;

	if (!slice_to_u64(digits, 3600, &seconds))
		return;
	if (seconds > push->retry_seconds)
		report_warning(push->report, "layer %s: %s", id, status);
	push->retry_seconds = seconds;
}

static void take_status(struct push *push, const json_t *object, const char *status)
{
	const char *id = json_text(object, "id");

	if (!id) {
		take_digest_line(push, status);
		return;
	}
	if (strncmp(status, "Retrying in ", 12) == 0) {
		report_retry(push, id, status);
		return;
	}
	report_layer(push, object, id, status);
}

static void take_failure(struct push *push, const json_t *object)
{
	const char *text = json_text(json_object_get(object, "errorDetail"), "message");

	if (!text)
		text = json_text(object, "error");
	if (text && push->failure.len == 0)
		str_adds(&push->failure, *text ? text : "the push failed without a reason");
}

static void take_object(struct push *push)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *object = json_read(push->object.buf, push->object.len, &err);
	const char *digest = json_text(json_object_get(object, "aux"), "Digest");
	const char *status = json_text(object, "status");

	str_reset(&push->object);
	if (!object) {
		push->is_garbled = true;
		return;
	}
	take_failure(push, object);
	if (digest)
		take_digest(push, digest);
	if (status)
		take_status(push, object, status);
}

/* Follows one byte; true where it closes an object. Braces inside strings do not count. */
static bool closes_object(struct push *push, char c)
{
	if (push->in_string) {
		push->in_string = push->after_backslash || c != '"';
		push->after_backslash = !push->after_backslash && c == '\\';
		return false;
	}
	if (c == '"')
		push->in_string = true;
	else if (c == '{')
		push->depth++;
	else if (c == '}' && push->depth)
		return --push->depth == 0;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void push_add(struct push *push, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && !push->is_garbled; i++) {
		bool is_between = push->depth == 0;

		if (is_between && is_blank(bytes[i]))
			continue;
		push->is_garbled =
			(is_between && bytes[i] != '{') || push->object.len >= OBJECT_MAX_BYTES;
		if (push->is_garbled)
			return;
		str_addc(&push->object, bytes[i]);
		if (closes_object(push, bytes[i]))
			take_object(push);
	}
}

int push_finish(struct push *push, struct str *ret_digest, struct error *err)
{
	if (push->failure.len)
		return docker_failure_set(err, ERROR_PUBLISH, push->failure.buf);
	if (push->is_garbled) {
		error_set(err, ERROR_PUBLISH, "the Engine's answer is not a stream of JSON");
		return error_fix(err, "check that DOCKER_HOST names a Docker Engine");
	}
	if (push->digest.len == 0 || push->object.len) {
		error_set(err, ERROR_PUBLISH,
			  "the Engine's answer ended before it named the digest");
		return error_fix(err, "push again: what has arrived is not sent twice");
	}
	str_reset(ret_digest);
	str_add(ret_digest, push->digest.buf, push->digest.len);
	return 0;
}
