#include "repo/packs.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "base/str.h"
#include "sys/file.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* git follows alternates of alternates this far. */
#define MAX_ALTERNATE_DEPTH 5

#define MAX_ALTERNATES_BYTES ((size_t)1 << 20)

/* The last of a fan-out table's 256 counters is the number of objects. */
#define FANOUT_LAST ((uint64_t)255 * 4)

/* A multi-pack index: how many objects it has, and the indexes it stands for, each ended by NUL. */
struct midx {
	uint64_t count;
	struct str names;
};

#define MIDX_INIT                                                                                  \
	{                                                                                          \
		.count = 0, .names = STR_INIT                                                      \
	}

/* More pack indexes than this in one multi-pack index are not believed. */
#define MAX_MIDX_NAMES_BYTES ((uint64_t)1 << 24)

static void midx_release(struct midx *midx)
{
	str_release(&midx->names);
}

static bool read_at(int fd, uint64_t offset, void *buf, size_t len)
{
	return pread(fd, buf, len, (off_t)offset) == (ssize_t)len;
}

static bool read_u32(int fd, uint64_t offset, uint64_t *ret)
{
	uint32_t number;

	if (!read_at(fd, offset, &number, sizeof(number)))
		return false;
	*ret = be32toh(number);
	return true;
}

static bool read_u64(int fd, uint64_t offset, uint64_t *ret)
{
	uint64_t number;

	if (!read_at(fd, offset, &number, sizeof(number)))
		return false;
	*ret = be64toh(number);
	return true;
}

static bool read_names(int fd, uint64_t start, uint64_t end, struct str *ret)
{
	char chunk[4096];

	if (end < start || end - start > MAX_MIDX_NAMES_BYTES)
		return false;
	while (start < end) {
		size_t len = end - start < sizeof(chunk) ? (size_t)(end - start) : sizeof(chunk);

		if (!read_at(fd, start, chunk, len))
			return false;
		str_add(ret, chunk, len);
		start += len;
	}
	return true;
}

/* One row of the chunk table: four letters and an offset, up to the next row's. */
static bool read_chunk(int fd, uint64_t row, struct midx *midx)
{
	char id[4];
	uint64_t start, end;

	if (!read_at(fd, row, id, sizeof(id)) || !read_u64(fd, row + 4, &start) ||
	    !read_u64(fd, row + 16, &end))
		return false;
	if (memcmp(id, "OIDF", 4) == 0)
		return read_u32(fd, start + FANOUT_LAST, &midx->count);
	if (memcmp(id, "PNAM", 4) == 0)
		return read_names(fd, start, end, &midx->names);
	return true;
}

/* Header: "MIDX", version, hash version, number of chunks, base files; four bytes of packs. */
static void read_midx(int pack_dir, struct midx *ret)
{
	CLEANUP_CLOSE int fd = openat(pack_dir, "multi-pack-index", O_RDONLY | O_CLOEXEC);
	unsigned char header[12];

	if (fd < 0 || !read_at(fd, 0, header, sizeof(header)) || memcmp(header, "MIDX", 4) != 0)
		return;
	for (unsigned i = 0; i < header[6]; i++)
		if (!read_chunk(fd, sizeof(header) + (uint64_t)i * 12, ret))
			return;
}

static bool midx_has(const struct midx *midx, const char *name)
{
	const char *at = midx->names.buf;
	const char *end = at + midx->names.len;

	for (; at < end; at += strlen(at) + 1)
		if (strcmp(at, name) == 0)
			return true;
	return false;
}

/* An index without its pack is of no use to git. */
static bool has_pack(int pack_dir, struct slice index)
{
	CLEANUP(str_release) struct str pack = STR_INIT;

	str_add(&pack, index.p, index.n - strlen("idx"));
	str_adds(&pack, "pack");
	return faccessat(pack_dir, pack.buf, F_OK, 0) == 0;
}

/* Version 2 starts with "\377tOc" and its number; version 1 with the fan-out table at once. */
static uint64_t count_index(int pack_dir, const char *name)
{
	CLEANUP_CLOSE int fd = openat(pack_dir, name, O_RDONLY | O_CLOEXEC);
	char head[4];
	uint64_t count;

	if (fd < 0 || !read_at(fd, 0, head, sizeof(head)))
		return 0;
	if (!read_u32(fd, FANOUT_LAST + (memcmp(head, "\377tOc", 4) == 0 ? 8 : 0), &count))
		return 0;
	return count;
}

static uint64_t count_packs(const char *objects_dir)
{
	CLEANUP_FREE char *path = file_join(objects_dir, "pack");
	CLEANUP(midx_release) struct midx midx = MIDX_INIT;
	DIR *dir = opendir(path);
	struct dirent *entry;
	uint64_t count;

	if (!dir)
		return 0;
	read_midx(dirfd(dir), &midx);
	count = midx.count;
	while ((entry = readdir(dir))) {
		struct slice name = slice_of(entry->d_name);

		if (name.n > 4 && memcmp(name.p + name.n - 4, ".idx", 4) == 0 &&
		    !midx_has(&midx, entry->d_name) && has_pack(dirfd(dir), name))
			count += count_index(dirfd(dir), entry->d_name);
	}
	(void)closedir(dir);
	return count;
}

static uint64_t count_store(const char *objects_dir, unsigned depth)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str alternates = STR_INIT;
	CLEANUP_FREE char *path = file_join(objects_dir, "info/alternates");
	uint64_t count = count_packs(objects_dir);
	struct slice rest;

	if (file_read(path, MAX_ALTERNATES_BYTES, &alternates, &err) < 0)
		return count;
	rest = (struct slice){ alternates.buf, alternates.len };
	while (rest.n && depth < MAX_ALTERNATE_DEPTH) {
		CLEANUP_FREE char *line = slice_dup(slice_next_line(&rest));
		CLEANUP_FREE char *other = file_join(objects_dir, line);

		if (*line && *line != '#')
			count += count_store(other, depth + 1);
	}
	return count;
}

uint64_t packs_count_objects(const char *objects_dir)
{
	return count_store(objects_dir, 0);
}
