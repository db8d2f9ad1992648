#include "stack/log_line.h"

#include "base/cleanup.h"
#include "base/sanitize.h"
#include "base/slice.h"

#include <string.h>

/* What cannot stand in a URL as programs print them: blanks, quotation marks, brackets. */
#define URL_END " \t\r\n\"'`<>\\"

/* Appends the host and all after it, without the password before it and a signature behind it. */
static void add_url(const char *url, size_t len, struct str *out)
{
	size_t authority = strcspn(url, "/?#" URL_END);
	const char *at = memrchr(url, '@', authority);
	const char *colon = at ? memchr(url, ':', (size_t)(at - url)) : NULL;
	const char *query = memchr(url, '?', len);

	if (colon) {
		str_add(out, url, (size_t)(colon - url));
		str_adds(out, ":***");
		len -= (size_t)(at - url);
		url = at;
	}
	if (query && (memmem(query, len - (size_t)(query - url), "Signature=", 10) ||
		      memmem(query, len - (size_t)(query - url), "Security-Token=", 15))) {
		str_add(out, url, (size_t)(query + 1 - url));
		str_adds(out, "***");
		return;
	}
	str_add(out, url, len);
}

static void add_without_secrets(const char *line, struct str *out)
{
	const char *mark;

	while ((mark = strstr(line, "://"))) {
		size_t len = strcspn(mark + 3, URL_END);

		str_add(out, line, (size_t)(mark + 3 - line));
		add_url(mark + 3, len, out);
		line = mark + 3 + len;
	}
	str_adds(out, line);
}

static bool starts_with(const char *line, const char *head)
{
	return strncmp(line, head, strlen(head)) == 0;
}

/* Around each call: INIT_START, START, END and REPORT, which is kept where it tells of a failure.
 */
static bool is_frame(const char *line)
{
	return starts_with(line, "INIT_START ") || log_line_is_start(line) ||
	       starts_with(line, "END RequestId:") ||
	       (starts_with(line, "REPORT RequestId:") && !strstr(line, "Status:"));
}

bool log_line_clean(const char *line, struct str *out)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	struct slice trimmed = slice_trim(slice_of(line));
	size_t before = out->len;

	if (!trimmed.n || is_frame(line) || strstr(line, "ResponseURL"))
		return false;
	add_without_secrets(line, &text);
	while (text.len && strchr("\r\n \t", text.buf[text.len - 1]))
		str_cut(&text, text.len - 1);
	sanitize(out, text.buf, text.len);
	return out->len > before;
}

bool log_line_is_start(const char *line)
{
	return starts_with(line, "START RequestId:");
}

/* "arn:PARTITION:ecs:REGION:ACCOUNT:task/[CLUSTER/]ID": its length, 0 where it is another. */
static size_t task_arn_len(const char *arn)
{
	size_t len =
		strspn(arn, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:/");
	const char *resource = memmem(arn, len, ":task/", 6);
	const char *service = memmem(arn, len, ":ecs:", 5);

	return service && resource && service < resource && resource + strlen(":task/") < arn + len
		       ? len
		       : 0;
}

bool log_line_find_task(const char *line, struct str *ret_arn)
{
	const char *last = NULL;

	for (const char *at = line; (at = strstr(at, "arn:")); at += 4) {
		if (task_arn_len(at))
			last = at;
	}
	if (last)
		str_add(ret_arn, last, task_arn_len(last));
	return last;
}

bool log_line_find_stream(const char *reason, struct str *ret_stream)
{
	static const char head[] = "CloudWatch Log Stream: ";
	const char *at = strstr(reason, head);
	size_t len = at ? strcspn(at + strlen(head), " \t\r\n(),;\"'") : 0;

	if (len)
		str_add(ret_stream, at + strlen(head), len);
	return len;
}
