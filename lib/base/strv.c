#include "base/strv.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strv_release(struct strv *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct strv)STRV_INIT;
}

void strv_wipe(struct strv *list)
{
	for (size_t i = 0; i < list->count; i++)
		explicit_bzero(list->v[i], strlen(list->v[i]));
	strv_release(list);
}

void strv_take(struct strv *list, char *text)
{
	list->v = mem_realloc(list->v, (list->count + 2) * sizeof(*list->v));
	list->v[list->count++] = text;
	list->v[list->count] = NULL;
}

void strv_add(struct strv *list, const char *text)
{
	strv_take(list, mem_strdup(text));
}

void strv_addf(struct strv *list, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		mem_fatal("vasprintf");
	strv_take(list, text);
}

void strv_add_all(struct strv *list, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, list);
	while ((text = va_arg(ap, const char *)))
		strv_add(list, text);
	va_end(ap);
}

void strv_add_list(struct strv *list, const struct strv *more)
{
	for (size_t i = 0; i < more->count; i++)
		strv_add(list, more->v[i]);
}

static void strv_remove(struct strv *list, size_t at)
{
	free(list->v[at]);
	memmove(list->v + at, list->v + at + 1, (list->count - at) * sizeof(*list->v));
	list->count--;
}

void strv_set_env(struct strv *list, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = list->count; i-- > 0;) {
		if (strncmp(list->v[i], name, len) == 0 && list->v[i][len] == '=')
			strv_remove(list, i);
	}
	if (value)
		strv_addf(list, "%s=%s", name, value);
}

bool strv_has(const struct strv *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->v[i], text) == 0)
			return true;
	}
	return false;
}

void strv_split(struct strv *list, const char *text, const char *separators)
{
	while (*text) {
		size_t len = strcspn(text, separators);

		if (len)
			strv_take(list, mem_strndup(text, len));
		text += len;
		text += strspn(text, separators);
	}
}

char **strv_array(const struct strv *list)
{
	static char *none[1];

	return list->v ? list->v : none;
}
