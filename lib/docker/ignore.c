#include "docker/ignore.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/str.h"
#include "base/strv.h"

#include <string.h>

/* Longer patterns are nobody's; the C library's expressions would take long over them. */
#define PATTERN_MAX_LEN 512

/* Of one file: the C library makes some 500 bytes of each. */
#define PATTERNS_MAX_LEN ((size_t)24 << 10)

static const char wildcards[] = "*?[\\";

void ignore_release(struct ignore *ignore)
{
	for (size_t i = 0; i < ignore->count; i++) {
		struct ignore_pattern *pattern = &ignore->items[i];

		if (pattern->regex)
			regfree(pattern->regex);
		free(pattern->regex);
		free(pattern->text);
	}
	free(ignore->items);
	*ignore = (struct ignore)IGNORE_INIT;
}

/* As Go's filepath.Clean() has it: no ".", no empty part, ".." takes the part before it away. */
static char *clean(struct slice text)
{
	CLEANUP_FREE char *copy = slice_dup(text);
	CLEANUP(strv_release) struct strv parts = STRV_INIT;
	struct str out = STR_INIT;
	size_t kept = 0;
	char *part;

	strv_split(&parts, copy, "/");
	for (size_t i = 0; i < parts.count; i++) {
		if (strcmp(parts.v[i], ".") == 0)
			continue;
		if (strcmp(parts.v[i], "..") == 0 && kept > 0 &&
		    strcmp(parts.v[kept - 1], "..") != 0) {
			kept--;
			continue;
		}
		part = parts.v[i];
		parts.v[i] = parts.v[kept];
		parts.v[kept++] = part;
	}
	for (size_t i = 0; i < kept; i++)
		str_addf(&out, "%s%s", i ? "/" : "", parts.v[i]);
	return str_detach(&out);
}

/* "**" is any number of folders, "*" and "?" stay within one (patternmatcher.go, compile()). */
static void translate(const char *p, struct str *out)
{
	str_addc(out, '^');
	for (; *p; p++) {
		if (p[0] == '*' && p[1] == '*') {
			p += p[2] == '/' ? 2 : 1;
			str_adds(out, p[1] ? "(.*/)?" : ".*");
		} else if (*p == '*') {
			str_adds(out, "[^/]*");
		} else if (*p == '?') {
			str_adds(out, "[^/]");
		} else {
			if (strchr(".+(){}|^$", *p))
				str_addc(out, '\\');
			str_addc(out, *p);
		}
	}
	str_addc(out, '$');
}

static regex_t *compile(const char *text)
{
	CLEANUP(str_release) struct str expression = STR_INIT;
	regex_t *regex;

	if (strpbrk(text, "[]\\") || strlen(text) > PATTERN_MAX_LEN)
		return NULL;
	translate(text, &expression);
	regex = mem_zalloc(sizeof(*regex));
	if (regcomp(regex, expression.buf, REG_EXTENDED | REG_NOSUB) == 0)
		return regex;
	free(regex);
	return NULL;
}

static void add_line(struct ignore *ignore, struct slice line, size_t *room)
{
	struct ignore_pattern *pattern;
	size_t len;
	bool is_exception;

	if (slice_starts_with(line, "#"))
		return;
	line = slice_trim(line);
	is_exception = slice_starts_with(line, "!");
	if (is_exception)
		line = slice_trim((struct slice){ line.p + 1, line.n - 1 });
	if (line.n == 0 || memchr(line.p, '\0', line.n))
		return;
	pattern = mem_grow(&ignore->items, &ignore->count, sizeof(*ignore->items));
	pattern->is_exception = is_exception;
	pattern->text = clean(line);
	len = strlen(pattern->text);
	pattern->regex = len <= *room ? compile(pattern->text) : NULL;
	*room -= len <= *room ? len : *room;
}

void ignore_read(const char *text, size_t len, struct ignore *ret)
{
	struct slice rest = { text, len };
	size_t room = PATTERNS_MAX_LEN;

	if (slice_starts_with(rest, "\xef\xbb\xbf"))
		rest = (struct slice){ rest.p + 3, rest.n - 3 };
	while (rest.n)
		add_line(ret, slice_next_line(&rest), &room);
}

/* The pattern fits the path or a folder above it. */
static bool fits(const struct ignore_pattern *pattern, const char *path)
{
	CLEANUP_FREE char *head = mem_strdup(path);
	char *slash;

	if (!pattern->regex)
		return pattern->is_exception;
	for (;;) {
		if (regexec(pattern->regex, head, 0, NULL, 0) == 0)
			return true;
		slash = strrchr(head, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
}

bool ignore_has(const struct ignore *ignore, const char *path)
{
	bool is_ignored = false;

	for (size_t i = 0; i < ignore->count; i++) {
		const struct ignore_pattern *pattern = &ignore->items[i];

		if (pattern->is_exception == is_ignored && fits(pattern, path))
			is_ignored = !is_ignored;
	}
	return is_ignored;
}

/* Up to its first wildcard, the pattern leads into the folder, or the folder to it. */
bool ignore_may_return(const struct ignore *ignore, const char *folder)
{
	size_t folder_len = strlen(folder);

	for (size_t i = 0; i < ignore->count; i++) {
		const struct ignore_pattern *pattern = &ignore->items[i];
		size_t len = strcspn(pattern->text, wildcards);

		if (pattern->is_exception &&
		    strncmp(pattern->text, folder, len < folder_len ? len : folder_len) == 0)
			return true;
	}
	return false;
}
