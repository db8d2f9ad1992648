#include "data/assignments.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES      ((size_t)1 << 20)
#define MAX_LINE_BYTES ((size_t)1 << 16)

static const char bom[] = "\xef\xbb\xbf";

struct assignment *assignments_add(struct assignments *list, struct slice key, struct slice value)
{
	struct assignment *item = mem_grow(&list->items, &list->count, sizeof(*item));

	item->key = pool_add(&list->strings, key);
	item->value = pool_add(&list->strings, value);
	return item;
}

void assignments_release(struct assignments *list)
{
	free(list->items);
	free(list->sorted);
	pool_release(&list->strings);
	*list = (struct assignments)ASSIGNMENTS_INIT;
}

struct slice assignments_skip_bom(const char *text, size_t len)
{
	struct slice all = { text, len };

	if (slice_starts_with(all, bom))
		all = (struct slice){ text + strlen(bom), len - strlen(bom) };
	return all;
}

/* A key: its place in the list, and its first bytes as a number that sorts as they do. */
struct assignment_key {
	uint64_t head;
	size_t at;
};

static struct assignment_key key_of(const char *text, size_t at)
{
	struct assignment_key key = { .head = 0, .at = at };

	memcpy(&key.head, text, strnlen(text, sizeof(key.head)));
	key.head = be64toh(key.head);
	return key;
}

/* Same keys become neighbours, in the order of the list. Most differ in their heads already. */
static int compare(const void *a_, const void *b_, void *list_)
{
	const struct assignment_key *a = a_, *b = b_;
	const struct assignments *list = list_;
	int order;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	order = strcmp(list->items[a->at].key, list->items[b->at].key);
	if (order != 0)
		return order;
	return (a->at > b->at) - (a->at < b->at);
}

static void sort(struct assignments *list)
{
	free(list->sorted);
	list->sorted = mem_zalloc(list->count * sizeof(*list->sorted));
	list->sorted_count = list->count;
	for (size_t i = 0; i < list->count; i++)
		list->sorted[i] = key_of(list->items[i].key, i);
	qsort_r(list->sorted, list->count, sizeof(*list->sorted), compare, list);
}

int assignments_check_unique(struct assignments *list, struct error *err)
{
	sort(list);
	for (size_t i = 1; i < list->count; i++) {
		const struct assignment_key *last = &list->sorted[i - 1], *next = last + 1;
		const struct assignment *one = &list->items[last->at];
		const struct assignment *other = &list->items[next->at];

		if (last->head != next->head || strcmp(one->key, other->key) != 0)
			continue;
		error_set(err, ERROR_REFUSED, "'%s' is there twice: lines %u and %u", one->key,
			  one->line, other->line);
		error_at(err, other->line, 1);
		return error_fix(err, "take one of them out");
	}
	return 0;
}

/* Below 0 where the key sorts before that of the list, above where behind it. */
static int compare_text(const struct assignments *list, const struct assignment_key *wanted,
			const char *text, const struct assignment_key *key)
{
	if (wanted->head != key->head)
		return wanted->head < key->head ? -1 : 1;
	return strcmp(text, list->items[key->at].key);
}

static const struct assignment *search(const struct assignments *list, const char *text)
{
	const struct assignment_key wanted = key_of(text, 0);
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_text(list, &wanted, text, &list->sorted[middle]);

		if (order == 0)
			return &list->items[list->sorted[middle].at];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct assignment *assignments_find(const struct assignments *list, const char *key)
{
	if (list->count && list->sorted_count == list->count)
		return search(list, key);
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].key, key) == 0)
			return &list->items[i];
	return NULL;
}

static bool is_key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == ':' || c == '-';
}

bool assignments_is_key(struct slice name)
{
	size_t len = 0;

	while (len < name.n && is_key_byte(name.p[len]))
		len++;
	return len && len == name.n;
}

static size_t key_len(struct slice line)
{
	size_t len = 0;

	while (len < line.n && is_key_byte(line.p[len]))
		len++;
	return len < line.n && line.p[len] == '=' ? len : 0;
}

static bool is_comment(struct slice line)
{
	struct slice text = slice_trim(line);

	return text.n == 0 || text.p[0] == '#';
}

/* Whether none of eight bytes is below ' ' or above '~': the lowest such sets its top bit. */
static bool are_printable(const char *bytes)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t eight;

	memcpy(&eight, bytes, sizeof(eight));
	return (((eight - each * ' ') | (eight + each) | eight) & each * 0x80) == 0;
}

/* What nearly every line is; eight bytes at a time, since a file may have a million. */
static bool is_printable_ascii(struct slice line)
{
	size_t at = 0;

	while (at + sizeof(uint64_t) <= line.n && are_printable(line.p + at))
		at += sizeof(uint64_t);
	while (at < line.n && line.p[at] >= ' ' && line.p[at] < 0x7f)
		at++;
	return at == line.n;
}

/* Control characters and broken UTF-8 are a slip of some program; TAB is a character like others.
 */
static bool is_text(struct slice line)
{
	if (is_printable_ascii(line))
		return true;
	for (size_t at = 0; at < line.n;) {
		unsigned code = (unsigned char)line.p[at];
		size_t size = 1;

		if (code < ' ' || code >= 0x7f)
			size = utf8_decode(line.p + at, line.n - at, &code);
		if (size == 0 || (code < ' ' && code != '\t') || code == 0x7f)
			return false;
		at += size;
	}
	return true;
}

static int refuse_line(struct slice line, unsigned number, struct error *err)
{
	struct slice trimmed = slice_trim(line);
	size_t len = 0;

	while (len < trimmed.n && is_key_byte(trimmed.p[len]))
		len++;
	error_set(err, ERROR_CONFIG, "line %u is not KEY=VALUE", number);
	error_at(err, number, 1);
	if (len && memchr(trimmed.p + len, '=', trimmed.n - len))
		return error_fix(err, "take out the blanks before '%.*s' and around its '='",
				 (int)len, trimmed.p);
	return error_fix(err, "write KEY=VALUE, or put a # before a comment");
}

/* KEY=VALUE, and nothing but. */
static int read_plain(struct assignments *list, const char *start, struct slice line,
		      unsigned number, struct error *err)
{
	size_t len = key_len(line);
	struct assignment *item;
	struct slice value;

	if (len == 0)
		return refuse_line(line, number, err);
	value = (struct slice){ line.p + len + 1, line.n - len - 1 };
	item = assignments_add(list, (struct slice){ line.p, len }, value);
	item->line = number;
	item->value_at = (size_t)(value.p - start);
	item->value_len = value.n;
	return 0;
}

static int check_line(struct slice line, unsigned number, struct error *err)
{
	if (line.n > MAX_LINE_BYTES) {
		error_set(err, ERROR_CONFIG, "line %u is longer than 64 KiB", number);
		return error_at(err, number, 1);
	}
	if (!is_text(line)) {
		error_set(err, ERROR_CONFIG,
			  "line %u has bytes that are no text (UTF-8 is expected)", number);
		return error_at(err, number, 1);
	}
	return 0;
}

static struct slice next_line(struct slice *rest)
{
	struct slice line = slice_next_line(rest);

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

int assignments_check_text(const char *text, size_t len, struct error *err)
{
	struct slice rest = assignments_skip_bom(text, len);

	for (unsigned number = 1; rest.n; number++) {
		struct slice line = next_line(&rest);

		if (check_line(line, number, err) < 0)
			return -1;
	}
	return 0;
}

int assignments_read_lines(const char *text, size_t len, assignments_line_fn *read_line,
			   struct assignments *ret, struct error *err)
{
	CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;
	struct slice rest = assignments_skip_bom(text, len);
	struct assignments old;

	if (len > MAX_BYTES)
		return error_set(err, ERROR_CONFIG, "larger than 1 MiB");
	for (unsigned number = 1; rest.n; number++) {
		struct slice line = next_line(&rest);

		if (check_line(line, number, err) < 0)
			return -1;
		if (!is_comment(line) && read_line(&list, text, line, number, err) < 0)
			return -1;
	}
	if (assignments_check_unique(&list, err) < 0)
		return -1;
	old = *ret;
	*ret = list;
	list = old;
	return 0;
}

int assignments_read(const char *text, size_t len, struct assignments *ret, struct error *err)
{
	return assignments_read_lines(text, len, read_plain, ret, err);
}

bool assignments_recognise(const char *text, size_t len)
{
	struct slice rest = assignments_skip_bom(text, len);

	while (rest.n) {
		struct slice line = slice_next_line(&rest);

		if (!is_comment(line))
			return key_len(line) > 0;
	}
	return true;
}
