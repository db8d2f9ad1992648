#ifndef DATA_TAR_H
#define DATA_TAR_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A block of an archive; headers fill one, contents are padded to whole ones. */
#define TAR_BLOCK_LEN 512

/* What is made of the files of an archive. Each function returns 0, or -1 with the error set, which
 * ends the reading. Only regular files are told of; links, folders and devices are passed over. */
struct tar_sink {
	int (*begin)(void *ctx, const char *name, uint64_t size, struct error *err);
	int (*data)(void *ctx, const char *bytes, size_t len, struct error *err);
	int (*end)(void *ctx, struct error *err);
	void *ctx;
};

/* What the bytes after a header are. */
enum tar_content {
	TAR_CONTENT_FILE,
	TAR_CONTENT_SKIPPED,
	TAR_CONTENT_PAX,  /* extended header of the next entry */
	TAR_CONTENT_NAME, /* GNU: the name of the next entry */
};

/*
 * Reads a tar archive as it arrives, cut anywhere: ustar (POSIX.1-2001, pax, "ustar Interchange
 * Format"), with pax extended headers' path and size, and GNU tar's long names and base-256 sizes
 * (gnu.org/software/tar/manual, "Basic Tar Format"). Nothing is written anywhere, and memory is
 * bounded: an extended header has at most 1 MiB. Sparse files are refused.
 *
 * ERROR_REMOTE where it is no whole archive. `sink` is borrowed; the rest is the reader's own.
 */
struct tar {
	const struct tar_sink *sink;
	char block[TAR_BLOCK_LEN];
	size_t block_len;
	uint64_t left;	  /* of the contents */
	uint64_t padding; /* after them */
	enum tar_content content;
	bool is_inside; /* between a header and the end of what follows it */
	struct str extension;
	struct str name; /* of the next entry, "" where no extension names it */
	uint64_t size;	 /* of the next entry, UINT64_MAX where no extension says so */
	bool is_over;	 /* the end of the archive was read; what follows does not count */
};

#define TAR_INIT(to)                                                                               \
	{                                                                                          \
		.sink = (to), .extension = STR_INIT, .name = STR_INIT, .size = UINT64_MAX          \
	}

void tar_release(struct tar *tar);

/* Takes the next bytes. After a failure no more may be given. */
int tar_add(struct tar *tar, const char *bytes, size_t len, struct error *err);

/* Fails where the archive is not over: the rest of it was lost. */
int tar_finish(const struct tar *tar, struct error *err);

#endif
