#include "net/http_reply.h"

#include "base/cleanup.h"
#include "base/slice.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_HEAD (64UL << 10)

/* The reading of one answer. */
struct reader {
	struct slice rest;
	const struct http_reply *reply;
	struct http_response response;
	bool is_http_1_0;
	const char *why;
};

static enum http_reply_state broken(struct reader *reader, const char *why)
{
	reader->why = why;
	return HTTP_REPLY_BROKEN;
}

static struct slice drop(struct slice text, size_t count)
{
	return (struct slice){ text.p + count, text.n - count };
}

/* Takes a line off, without its CR LF. PARTIAL where its end has not come yet. */
static enum http_reply_state take_line(struct reader *reader, struct slice *ret_line)
{
	const char *end = reader->rest.n ? memchr(reader->rest.p, '\n', reader->rest.n) : NULL;
	size_t len = end ? (size_t)(end - reader->rest.p) : reader->rest.n;

	if (len > MAX_HEAD)
		return broken(reader, "a header line without end");
	if (!end)
		return HTTP_REPLY_PARTIAL;
	*ret_line = (struct slice){ reader->rest.p, len };
	if (len && reader->rest.p[len - 1] == '\r')
		ret_line->n--;
	reader->rest = drop(reader->rest, len + 1);
	return HTTP_REPLY_WHOLE;
}

/* "HTTP/1.1 200 OK" (RFC 9112 section 4). */
static enum http_reply_state take_status(struct reader *reader)
{
	struct slice line;
	uint64_t status;
	enum http_reply_state state = take_line(reader, &line);

	if (state != HTTP_REPLY_WHOLE)
		return state;
	if (line.n < 12 ||
	    (!slice_starts_with(line, "HTTP/1.1 ") && !slice_starts_with(line, "HTTP/1.0 ")))
		return broken(reader, "not an HTTP/1 answer");
	if (!slice_to_u64((struct slice){ line.p + 9, 3 }, 599, &status) || status < 100 ||
	    (line.n > 12 && line.p[12] != ' '))
		return broken(reader, "a status that is none");
	reader->is_http_1_0 = line.p[7] == '0';
	reader->response.status = (int)status;
	return HTTP_REPLY_WHOLE;
}

static bool is_field_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!isalnum((unsigned char)name.p[i]) && !strchr("!#$%&'*+-.^_`|~", name.p[i]))
			return false;
	}
	return name.n > 0 && !memchr(name.p, '\0', name.n);
}

static bool has_control(struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (((unsigned char)value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7f)
			return true;
	}
	return false;
}

/* Keeps "name: value", the name in lower case. */
static enum http_reply_state keep_header(struct reader *reader, struct slice line)
{
	const char *colon = memchr(line.p, ':', line.n);
	size_t name_len = colon ? (size_t)(colon - line.p) : 0;
	struct slice value;
	CLEANUP(str_release) struct str text = STR_INIT;

	if (!colon || !is_field_name((struct slice){ line.p, name_len }))
		return broken(reader, "a header line that is none");
	value = slice_trim(drop(line, name_len + 1));
	if (has_control(value))
		return broken(reader, "a control character in a header");
	for (size_t i = 0; i < name_len; i++)
		str_addc(&text, (char)tolower((unsigned char)line.p[i]));
	str_adds(&text, ": ");
	str_add(&text, value.p, value.n);
	strv_take(&reader->response.headers, str_detach(&text));
	return HTTP_REPLY_WHOLE;
}

static enum http_reply_state take_headers(struct reader *reader)
{
	const char *start = reader->rest.p;

	for (;;) {
		struct slice line;
		enum http_reply_state state = take_line(reader, &line);

		if (state != HTTP_REPLY_WHOLE)
			return state;
		if (line.n == 0)
			return HTTP_REPLY_WHOLE;
		if ((size_t)(reader->rest.p - start) > MAX_HEAD)
			return broken(reader, "more than 64 KiB of headers");
		state = keep_header(reader, line);
		if (state != HTTP_REPLY_WHOLE)
			return state;
	}
}

/* The one value of all Content-Length headers; false where they differ or are none. */
static bool read_length(const struct reader *reader, bool *ret_is_there, uint64_t *ret_length)
{
	static const char name[] = "content-length: ";

	*ret_is_there = false;
	for (size_t i = 0; i < reader->response.headers.count; i++) {
		const char *header = reader->response.headers.v[i];
		uint64_t length;

		if (strncmp(header, name, sizeof(name) - 1) != 0)
			continue;
		if (!slice_to_u64(slice_of(header + sizeof(name) - 1), INT64_MAX, &length) ||
		    (*ret_is_there && length != *ret_length))
			return false;
		*ret_is_there = true;
		*ret_length = length;
	}
	return true;
}

static enum http_reply_state take_counted(struct reader *reader, uint64_t length)
{
	if (length > reader->reply->max_body)
		return broken(reader, "a body that is too large");
	if (reader->rest.n < length)
		return HTTP_REPLY_PARTIAL;
	str_add(&reader->response.body, reader->rest.p, (size_t)length);
	reader->rest = drop(reader->rest, (size_t)length);
	return HTTP_REPLY_WHOLE;
}

/* The size before a chunk, in hexadecimal; what follows a ';' is passed over (section 7.1.1). */
static bool read_chunk_size(struct slice line, size_t max, size_t *ret_size)
{
	size_t size = 0, at = 0;

	for (; at < line.n && isxdigit((unsigned char)line.p[at]); at++) {
		int digit = tolower((unsigned char)line.p[at]);

		size = size * 16 + (size_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
		if (size > max)
			return false;
	}
	*ret_size = size;
	return at > 0 && (at == line.n || strchr("; \t", line.p[at]));
}

static enum http_reply_state take_chunk(struct reader *reader, bool *ret_is_last)
{
	size_t size, room = reader->reply->max_body - reader->response.body.len;
	struct slice line;
	enum http_reply_state state = take_line(reader, &line);

	if (state != HTTP_REPLY_WHOLE)
		return state;
	if (!read_chunk_size(line, room, &size))
		return broken(reader, "a chunk that is none or too large");
	*ret_is_last = size == 0;
	if (size == 0)
		return take_headers(reader);
	if (reader->rest.n < size)
		return HTTP_REPLY_PARTIAL;
	str_add(&reader->response.body, reader->rest.p, size);
	reader->rest = drop(reader->rest, size);
	state = take_line(reader, &line);
	if (state == HTTP_REPLY_WHOLE && line.n)
		return broken(reader, "a chunk longer than it says");
	return state;
}

static enum http_reply_state take_chunks(struct reader *reader)
{
	bool is_last = false;
	enum http_reply_state state = HTTP_REPLY_WHOLE;

	while (state == HTTP_REPLY_WHOLE && !is_last)
		state = take_chunk(reader, &is_last);
	return state;
}

static enum http_reply_state take_until_end(struct reader *reader)
{
	if (reader->rest.n > reader->reply->max_body)
		return broken(reader, "a body that is too large");
	if (!reader->reply->is_end)
		return HTTP_REPLY_PARTIAL;
	return take_counted(reader, reader->rest.n);
}

/* RFC 9112 section 6.3. */
static enum http_reply_state take_body(struct reader *reader)
{
	const char *coding = http_header(&reader->response, "transfer-encoding");
	int status = reader->response.status;
	bool has_length;
	uint64_t length = 0;

	if (!read_length(reader, &has_length, &length))
		return broken(reader, "lengths that contradict each other");
	if (reader->reply->has_no_body || status == 204 || status == 304)
		return HTTP_REPLY_WHOLE;
	if (coding && has_length)
		return broken(reader, "a length beside chunks");
	if (coding && strcasecmp(coding, "chunked") != 0)
		return broken(reader, "a transfer coding that was not asked for");
	if (coding)
		return take_chunks(reader);
	return has_length ? take_counted(reader, length) : take_until_end(reader);
}

static bool is_kept(const struct reader *reader)
{
	const char *connection = http_header(&reader->response, "connection");

	return reader->rest.n == 0 && !reader->reply->is_end && !reader->is_http_1_0 &&
	       !(connection && strcasestr(connection, "close"));
}

/* The head of the final answer; interim ones before it are dropped. */
static enum http_reply_state take_head(struct reader *reader)
{
	enum http_reply_state state;

	do {
		strv_release(&reader->response.headers);
		state = take_status(reader);
		if (state == HTTP_REPLY_WHOLE)
			state = take_headers(reader);
	} while (state == HTTP_REPLY_WHOLE && reader->response.status < 200);
	return state;
}

enum http_reply_state http_reply_read(const struct http_reply *reply, struct http_response *ret,
				      bool *ret_is_kept, const char **ret_why)
{
	struct reader reader = {
		.rest = { reply->bytes, reply->len },
		.reply = reply,
		.response = HTTP_RESPONSE_INIT,
	};
	enum http_reply_state state;

	/* One allocation, so that growing leaves no copy of a secret behind. */
	str_reserve(&reader.response.body, reply->len);
	state = take_head(&reader);
	if (state == HTTP_REPLY_WHOLE)
		state = take_body(&reader);
	if (state == HTTP_REPLY_PARTIAL && reply->is_end)
		state = broken(&reader, "an answer that was cut short");
	if (state == HTTP_REPLY_WHOLE) {
		*ret_is_kept = is_kept(&reader);
		http_response_release(ret);
		*ret = reader.response;
		return state;
	}
	*ret_why = reader.why;
	http_response_release(&reader.response);
	return state;
}
