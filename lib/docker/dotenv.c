#include "docker/dotenv.h"

#include "base/slice.h"

#include <string.h>

static struct slice from(struct slice s, size_t skip)
{
	return (struct slice){ s.p + skip, s.n - skip };
}

/* "export " before a name is the shell's. */
static struct slice without_export(struct slice line)
{
	if (slice_starts_with(line, "export ") || slice_starts_with(line, "export\t"))
		return slice_trim(from(line, 7));
	return line;
}

/* What is in the quotes that the value begins with, else all up to a comment. */
static struct slice value_of(struct slice text)
{
	const char *end;

	text = slice_trim(text);
	if (text.n > 1 && (text.p[0] == '"' || text.p[0] == '\'')) {
		end = memchr(text.p + 1, text.p[0], text.n - 1);
		if (end)
			return (struct slice){ text.p + 1, (size_t)(end - text.p) - 1 };
	}
	end = memmem(text.p, text.n, " #", 2);
	if (end)
		text.n = (size_t)(end - text.p);
	return slice_trim(text);
}

bool dotenv_find(const char *text, size_t len, const char *name, struct str *ret_value)
{
	struct slice rest = { text, len };
	bool is_found = false;

	while (rest.n) {
		struct slice line = without_export(slice_trim(slice_next_line(&rest)));
		const char *equals = memchr(line.p, '=', line.n);
		size_t name_len = equals ? (size_t)(equals - line.p) : 0;
		struct slice value;

		if (!equals || !slice_is(slice_trim((struct slice){ line.p, name_len }), name))
			continue;
		value = value_of(from(line, name_len + 1));
		str_reset(ret_value);
		str_add(ret_value, value.p, value.n);
		is_found = true;
	}
	return is_found;
}
