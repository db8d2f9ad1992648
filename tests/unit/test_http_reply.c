#include "base/cleanup.h"
#include "net/amazon_roots.h"
#include "net/http_reply.h"
#include "sys/file.h"
#include "test.h"

#include <string.h>

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

/* "STATE STATUS BODY" or "STATE why"; a '+' where the connection can go on. */
static void read_reply(const char *bytes, size_t len, bool is_end, struct str *out)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	const struct http_reply reply = {
		.bytes = bytes, .len = len, .is_end = is_end, .max_body = 10
	};
	const char *why = "";
	bool is_kept = false;

	switch (http_reply_read(&reply, &response, &is_kept, &why)) {
	case HTTP_REPLY_PARTIAL:
		str_adds(out, "partial");
		return;
	case HTTP_REPLY_BROKEN:
		str_addf(out, "broken: %s", why);
		return;
	case HTTP_REPLY_WHOLE:
		str_addf(out, "%d %s%s", response.status, response.body.buf, is_kept ? "+" : "");
		return;
	}
}

static const struct {
	const char *text;
	const char *want;
	const char *want_at_end;
} rows[] = {
	{ OK_HEAD "Content-Length: 2\r\n\r\nab", "200 ab+", "200 ab" },
	{ OK_HEAD "Content-Length: 2\r\nconnection: Close\r\n\r\nab", "200 ab", "200 ab" },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", "200 ab", "200 ab" },
	{ OK_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", "200 ab+", "200 ab" },
	{ "HTTP/1.1 100 Continue\r\n\r\n" OK_HEAD "Content-Length: 0\r\n\r\n", "200 +", "200 " },
	{ "HTTP/1.1 204\r\n\r\n", "204 +", "204 " },
	{ OK_HEAD "Content-Length: 2\r\n\r\nabc", "200 ab", "200 ab" },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
	  "200 abc+", "200 abc" },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", "200 +", "200 " },
	{ OK_HEAD "\r\nabc", "partial", "200 abc" },
	{ OK_HEAD "Content-Length: 3\r\n\r\nab", "partial",
	  "broken: an answer that was cut short" },
	{ OK_HEAD "Content-Len", "partial", "broken: an answer that was cut short" },
	{ "", "partial", "broken: an answer that was cut short" },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "partial",
	  "broken: an answer that was cut short" },
	{ OK_HEAD "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab",
	  "broken: lengths that contradict each other",
	  "broken: lengths that contradict each other" },
	{ OK_HEAD "Content-Length: -1\r\n\r\n", "broken: lengths that contradict each other",
	  "broken: lengths that contradict each other" },
	{ OK_HEAD "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	  "broken: a length beside chunks", "broken: a length beside chunks" },
	{ OK_HEAD "Transfer-Encoding: gzip\r\n\r\n",
	  "broken: a transfer coding that was not asked for",
	  "broken: a transfer coding that was not asked for" },
	{ OK_HEAD "Content-Length: 11\r\n\r\n", "broken: a body that is too large",
	  "broken: a body that is too large" },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\nb\r\n",
	  "broken: a chunk that is none or too large",
	  "broken: a chunk that is none or too large" },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
	  "broken: a chunk longer than it says", "broken: a chunk longer than it says" },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
	  "broken: a chunk that is none or too large",
	  "broken: a chunk that is none or too large" },
	{ OK_HEAD " folded: x\r\n\r\n", "broken: a header line that is none",
	  "broken: a header line that is none" },
	{ OK_HEAD "A: \x01\r\n\r\n", "broken: a control character in a header",
	  "broken: a control character in a header" },
	{ "SSH-2.0-OpenSSH\r\n", "broken: not an HTTP/1 answer", "broken: not an HTTP/1 answer" },
	{ "HTTP/1.1 2x0 OK\r\n\r\n", "broken: a status that is none",
	  "broken: a status that is none" },
	{ "HTTP/2 200\r\n\r\n", "broken: not an HTTP/1 answer", "broken: not an HTTP/1 answer" },
};

static void reads_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str got = STR_INIT;
		CLEANUP(str_release) struct str at_end = STR_INIT;

		read_reply(rows[i].text, strlen(rows[i].text), false, &got);
		assert_string_equal(got.buf, rows[i].want);
		read_reply(rows[i].text, strlen(rows[i].text), true, &at_end);
		assert_string_equal(at_end.buf, rows[i].want_at_end);
	}
}

/* Whatever is whole is partial at each of its beginnings, and never another answer. */
static void waits_for_the_last_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].want[strlen(rows[i].want) - 1] != '+')
			continue;
		for (size_t len = 0; len < strlen(rows[i].text); len++) {
			CLEANUP(str_release) struct str got = STR_INIT;

			read_reply(rows[i].text, len, false, &got);
			assert_string_equal(got.buf, "partial");
		}
	}
}

static void has_the_roots_as_debian_has_them(void **state)
{
	static const char *const names[] = { "Amazon_Root_CA_1", "Amazon_Root_CA_2",
					     "Amazon_Root_CA_3", "Amazon_Root_CA_4",
					     "Starfield_Services_Root_Certificate_Authority_-_G2" };
	CLEANUP(str_release) struct str all = STR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CLEANUP(str_release) struct str path = STR_INIT, text = STR_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;

		str_addf(&path, "/usr/share/ca-certificates/mozilla/%s.crt", names[i]);
		if (!file_exists(path.buf))
			skip();
		assert_int_equal(file_read(path.buf, 10000, &text, &err), 0);
		str_adds(&all, text.buf);
	}
	assert_string_equal(amazon_roots_pem, all.buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_answers),
		cmocka_unit_test(waits_for_the_last_byte),
		cmocka_unit_test(has_the_roots_as_debian_has_them),
	};

	return cmocka_run_group_tests_name("http_reply", tests, NULL, NULL);
}
