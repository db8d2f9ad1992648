#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mem_fatal(const char *what)
{
	(void)fprintf(stderr, "deployer: out of resources: %s\n", what);
	abort();
}

void *mem_realloc(void *p, size_t size)
{
	void *fresh = realloc(p, size);

	if (!fresh)
		mem_fatal("realloc");
	return fresh;
}

void *mem_zalloc(size_t size)
{
	void *fresh = calloc(1, size ? size : 1);

	if (!fresh)
		mem_fatal("calloc");
	return fresh;
}

char *mem_strndup(const char *bytes, size_t len)
{
	char *copy = mem_zalloc(len + 1);

	memcpy(copy, bytes, len);
	return copy;
}

char *mem_strdup(const char *text)
{
	return mem_strndup(text, strlen(text));
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		mem_fatal("vasprintf");
	return text;
}

void *mem_grow(void *list, size_t *count, size_t size)
{
	size_t n = *count;
	char *base;

	memcpy(&base, list, sizeof(base));
	if ((n & (n - 1)) == 0) {
		base = mem_realloc(base, (n ? n * 2 : 1) * size);
		memcpy(list, &base, sizeof(base));
	}
	*count = n + 1;
	return memset(base + n * size, 0, size);
}
