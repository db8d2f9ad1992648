#include "data/gzip.h"

#include "base/library.h"
#include "base/mem.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* RFC 1951: a stored block holds 65,535 bytes at most and costs 5 more; then there are the bits of
 * an unfinished block, and the empty one that ends a piece. */
#define STORED_MAX_BYTES 65535
#define STORED_COST	 5
#define PIECE_COST	 64

struct gzip {
	struct isal_zstream stream;
	uint8_t level[ISAL_DEF_LVL1_DEFAULT];
};

/* Loaded when the first image is compressed: its tables are 0.2 MB. */
static struct isal {
	__typeof__(&crc32_gzip_refl) crc;
	__typeof__(&isal_deflate_stateless_init) init;
	__typeof__(&isal_deflate_stateless) deflate;
} isal;

int gzip_load(struct error *err)
{
	static const struct library_function functions[] = {
		{ "crc32_gzip_refl", offsetof(struct isal, crc) },
		{ "isal_deflate_stateless_init", offsetof(struct isal, init) },
		{ "isal_deflate_stateless", offsetof(struct isal, deflate) },
	};
	static const struct library library = {
		.name = "ISA-L",
		.file = "libisal.so.2",
		.package = "libisal2",
		.functions = functions,
		.count = sizeof(functions) / sizeof(functions[0]),
	};

	return isal.crc ? 0 : library_load(&library, &isal, err);
}

void gzip_write_head(unsigned char ret_bytes[GZIP_HEAD_LEN])
{
	/* Magic, deflate, no flags, no time, nothing about the effort, an unknown system. */
	static const unsigned char head[GZIP_HEAD_LEN] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };

	memcpy(ret_bytes, head, sizeof(head));
}

static void write_le32(uint32_t value, unsigned char *out)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(value >> (8 * i));
}

void gzip_write_tail(uint32_t crc, uint64_t len, unsigned char ret_bytes[GZIP_TAIL_LEN])
{
	/* RFC 1951 section 3.2.4: the last block, stored, of no bytes. */
	static const unsigned char last_block[] = { 1, 0, 0, 0xff, 0xff };

	memcpy(ret_bytes, last_block, sizeof(last_block));
	write_le32(crc, ret_bytes + sizeof(last_block));
	write_le32((uint32_t)len, ret_bytes + sizeof(last_block) + 4);
}

uint32_t gzip_crc(uint32_t crc, const void *bytes, size_t len)
{
	return isal.crc(crc, bytes, len);
}

size_t gzip_bound(size_t len)
{
	return len + (len / STORED_MAX_BYTES + 1) * STORED_COST + PIECE_COST;
}

struct gzip *gzip_new(void)
{
	return mem_zalloc(sizeof(struct gzip));
}

void gzip_free(struct gzip *gzip)
{
	free(gzip);
}

size_t gzip_compress(struct gzip *gzip, const void *bytes, size_t len, unsigned char *out)
{
	struct isal_zstream *stream = &gzip->stream;
	size_t max = gzip_bound(len);
	uint8_t *input;

	/* Declared without const, and only read. */
	memcpy(&input, &bytes, sizeof(input));
	isal.init(stream);
	stream->level = 1;
	stream->level_buf = gzip->level;
	stream->level_buf_size = sizeof(gzip->level);
	/* Nothing before a piece is referred to in it, and it ends with a whole byte. */
	stream->flush = FULL_FLUSH;
	stream->end_of_stream = 0;
	stream->next_in = input;
	stream->avail_in = (uint32_t)len;
	stream->next_out = out;
	stream->avail_out = (uint32_t)max;
	if (isal.deflate(stream) != COMP_OK || stream->avail_in)
		mem_fatal("gzip_bound");
	return max - stream->avail_out;
}
