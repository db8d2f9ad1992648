#include "data/tar.h"

#include "base/slice.h"

#include <string.h>
#include <sys/types.h>

#define EXTENSION_MAX_BYTES (1UL << 20)

/* Beyond what any file system holds; sums of such sizes cannot overflow. */
#define SIZE_MAX_BYTES (1ULL << 60)

/* The fields of a header: where they begin and how long they are. */
#define FIELD_NAME     0, 100
#define FIELD_SIZE     124, 12
#define FIELD_CHECKSUM 148, 8
#define FIELD_PREFIX   345, 155
#define TYPE_AT	       156
#define MAGIC_AT       257

void tar_release(struct tar *tar)
{
	str_release(&tar->extension);
	str_release(&tar->name);
}

static struct slice field(const char *block, size_t at, size_t len)
{
	return (struct slice){ block + at, strnlen(block + at, len) };
}

/* Octal digits, with blanks around them. */
static bool read_octal(struct slice text, uint64_t *ret)
{
	struct slice digits = slice_trim(text);
	uint64_t value = 0;

	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '7')
			return false;
		value = value * 8 + (uint64_t)(digits.p[i] - '0');
	}
	*ret = value;
	return true;
}

/* GNU: a first byte of 0x80 says that the others are the number, its highest byte first. */
static bool read_size(const char *block, uint64_t *ret)
{
	const unsigned char *bytes = (const unsigned char *)block + 124;
	uint64_t value = 0;

	if (bytes[0] != 0x80)
		return read_octal(field(block, FIELD_SIZE), ret);
	for (size_t i = 1; i < 12; i++) {
		if (value > SIZE_MAX_BYTES >> 8)
			return false;
		value = value << 8 | bytes[i];
	}
	*ret = value;
	return true;
}

/* The sum of the header's bytes, its own field counted as blanks. */
static bool has_valid_checksum(const char *block)
{
	uint64_t told = 0;
	uint64_t sum = 8UL * ' ';

	for (size_t i = 0; i < TAR_BLOCK_LEN; i++) {
		if (i < 148 || i >= 156)
			sum += (unsigned char)block[i];
	}
	return read_octal(field(block, FIELD_CHECKSUM), &told) && told == sum;
}

static bool is_zero(const char *block)
{
	for (size_t i = 0; i < TAR_BLOCK_LEN; i++) {
		if (block[i])
			return false;
	}
	return true;
}

static int broken(struct error *err, const char *why)
{
	return error_set(err, ERROR_REMOTE, "the tar archive is broken: %s", why);
}

/* Types 1 to 6 are links, devices, folders and pipes: a size of theirs has no bytes behind it. */
static enum tar_content content_of(char type)
{
	switch (type) {
	case '\0':
	case '0':
	case '7':
		return TAR_CONTENT_FILE;
	case 'x':
		return TAR_CONTENT_PAX;
	case 'L':
		return TAR_CONTENT_NAME;
	default:
		return TAR_CONTENT_SKIPPED;
	}
}

/* The name of an entry: an extension's, or the header's own in one or two pieces. */
static void settle_name(struct tar *tar)
{
	struct slice prefix = field(tar->block, FIELD_PREFIX);
	struct slice name = field(tar->block, FIELD_NAME);

	if (tar->name.len)
		return;
	/* GNU's own format, "ustar  ", has other things where the prefix is. */
	if (prefix.n && memcmp(tar->block + MAGIC_AT, "ustar", 6) == 0) {
		str_add(&tar->name, prefix.p, prefix.n);
		str_addc(&tar->name, '/');
	}
	str_add(&tar->name, name.p, name.n);
}

static void expect(struct tar *tar, enum tar_content content, uint64_t size)
{
	tar->content = content;
	tar->left = size;
	tar->padding = (TAR_BLOCK_LEN - size % TAR_BLOCK_LEN) % TAR_BLOCK_LEN;
	tar->is_inside = true;
}

static int begin_extension(struct tar *tar, enum tar_content content, uint64_t size,
			   struct error *err)
{
	if (size > EXTENSION_MAX_BYTES)
		return broken(err, "an extended header has more than 1 MiB");
	str_reset(&tar->extension);
	expect(tar, content, size);
	return 0;
}

/* What an extension said holds for one entry. */
static void forget_extensions(struct tar *tar)
{
	str_reset(&tar->name);
	tar->size = UINT64_MAX;
}

static int begin_entry(struct tar *tar, uint64_t size, struct error *err)
{
	char type = tar->block[TYPE_AT];
	enum tar_content content = content_of(type);

	if (content == TAR_CONTENT_PAX || content == TAR_CONTENT_NAME)
		return begin_extension(tar, content, size, err);
	if (type == 'S')
		return broken(err, "it has a sparse file, which is not supported");
	if (tar->size != UINT64_MAX && type != 'g' && type != 'K')
		size = tar->size;
	if (type >= '1' && type <= '6')
		size = 0;
	expect(tar, content, size);
	/* These stand between an extension and its entry. */
	if (type == 'g' || type == 'K')
		return 0;
	settle_name(tar);
	if (content == TAR_CONTENT_FILE &&
	    tar->sink->begin(tar->sink->ctx, tar->name.buf, size, err) < 0)
		return -1;
	forget_extensions(tar);
	return 0;
}

static int take_header(struct tar *tar, struct error *err)
{
	uint64_t size;

	tar->block_len = 0;
	if (is_zero(tar->block)) {
		tar->is_over = true;
		return 0;
	}
	if (!has_valid_checksum(tar->block))
		return broken(err, "a header's checksum is wrong");
	if (!read_size(tar->block, &size) || size > SIZE_MAX_BYTES)
		return broken(err, "a header's size is no number");
	return begin_entry(tar, size, err);
}

/* "LENGTH KEY=VALUE\n", the length that of the whole record. */
static bool next_record(struct slice *rest, struct slice *ret_key, struct slice *ret_value)
{
	const char *blank = memchr(rest->p, ' ', rest->n);
	const char *equals;
	struct slice record;
	uint64_t len;

	if (!blank ||
	    !slice_to_u64((struct slice){ rest->p, (size_t)(blank - rest->p) }, rest->n, &len) ||
	    len < (size_t)(blank - rest->p) + 2 || rest->p[len - 1] != '\n')
		return false;
	record = (struct slice){ blank + 1, (size_t)len - (size_t)(blank - rest->p) - 2 };
	equals = memchr(record.p, '=', record.n);
	if (!equals)
		return false;
	*ret_key = (struct slice){ record.p, (size_t)(equals - record.p) };
	*ret_value = (struct slice){ equals + 1, record.n - ret_key->n - 1 };
	*rest = (struct slice){ rest->p + len, rest->n - (size_t)len };
	return true;
}

static int take_pax(struct tar *tar, struct error *err)
{
	struct slice rest = { tar->extension.buf, tar->extension.len };
	struct slice key;
	struct slice value;

	while (rest.n) {
		if (!next_record(&rest, &key, &value))
			return broken(err, "an extended header is none");
		if (slice_is(key, "path")) {
			str_reset(&tar->name);
			str_add(&tar->name, value.p, value.n);
		} else if (slice_is(key, "size") &&
			   !slice_to_u64(value, SIZE_MAX_BYTES, &tar->size)) {
			return broken(err, "an extended header's size is no number");
		} else if (slice_starts_with(key, "GNU.sparse.")) {
			return broken(err, "it has a sparse file, which is not supported");
		}
	}
	return 0;
}

/* All of the contents have come. */
static int end_content(struct tar *tar, struct error *err)
{
	switch (tar->content) {
	case TAR_CONTENT_FILE:
		return tar->sink->end(tar->sink->ctx, err);
	case TAR_CONTENT_PAX:
		return take_pax(tar, err);
	case TAR_CONTENT_NAME:
		str_reset(&tar->name);
		str_add(&tar->name, tar->extension.buf,
			strnlen(tar->extension.buf, tar->extension.len));
		return 0;
	case TAR_CONTENT_SKIPPED:
		break;
	}
	return 0;
}

static int take_content(struct tar *tar, const char *bytes, size_t len, struct error *err)
{
	tar->left -= len;
	if (tar->content == TAR_CONTENT_FILE)
		return tar->sink->data(tar->sink->ctx, bytes, len, err);
	if (tar->content != TAR_CONTENT_SKIPPED)
		str_add(&tar->extension, bytes, len);
	return 0;
}

static size_t least(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

/* Takes what it can of the bytes after a header; returns how many, or -1. */
static ssize_t add_inside(struct tar *tar, const char *bytes, size_t len, struct error *err)
{
	size_t n = least(tar->left, len);
	bool was_left = tar->left > 0;
	size_t pad;

	if (n && take_content(tar, bytes, n, err) < 0)
		return -1;
	if (tar->left)
		return (ssize_t)n;
	if ((was_left || tar->padding == 0) && end_content(tar, err) < 0)
		return -1;
	pad = least(tar->padding, len - n);
	tar->padding -= pad;
	tar->is_inside = tar->padding > 0;
	return (ssize_t)(n + pad);
}

int tar_add(struct tar *tar, const char *bytes, size_t len, struct error *err)
{
	while (len && !tar->is_over) {
		ssize_t n;

		if (tar->is_inside) {
			n = add_inside(tar, bytes, len, err);
			if (n < 0)
				return -1;
		} else {
			n = (ssize_t)least(TAR_BLOCK_LEN - tar->block_len, len);
			memcpy(tar->block + tar->block_len, bytes, (size_t)n);
			tar->block_len += (size_t)n;
			if (tar->block_len == TAR_BLOCK_LEN && take_header(tar, err) < 0)
				return -1;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int tar_finish(const struct tar *tar, struct error *err)
{
	return tar->is_over ? 0 : broken(err, "its end is missing");
}
