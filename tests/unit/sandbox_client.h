#ifndef TESTS_UNIT_SANDBOX_CLIENT_H
#define TESTS_UNIT_SANDBOX_CLIENT_H

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/url.h"
#include "data/xml.h"
#include "sandbox/auth.h"
#include "sandbox/call.h"
#include "sandbox/sandbox.h"
#include "test.h"

#include <stdarg.h>
#include <string.h>

/* An account without sockets, under a clock that only the test moves: 2026-01-01T00:00:00Z. */
#define CLIENT_START_MS 1767225600000

struct client {
	struct clock clock; /* first: the functions get its address */
	int64_t now_ms;
	struct sandbox *sandbox;
	struct reply reply;
	struct xml_node *xml;
};

static inline int64_t client_now(struct clock *clock)
{
	return ((struct client *)clock)->now_ms;
}

static inline void client_sleep(struct clock *clock, int64_t ms)
{
	((struct client *)clock)->now_ms += ms;
}

/* A second here is a second of AWS's. */
static inline void client_open(struct client *client)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct sandbox_options options = { .speed = 1, .clock = &client->clock };

	*client = (struct client){ .clock = { client_now, client_now, client_sleep },
				   .now_ms = CLIENT_START_MS,
				   .reply = REPLY_INIT };
	assert_int_equal(sandbox_open(&options, &client->sandbox, &err), 0);
}

static inline void client_close(struct client *client)
{
	sandbox_free(client->sandbox);
	reply_release(&client->reply);
	xml_free(client->xml);
}

/* Signs what is in `request` with `secret`, as a caller would. */
static inline void client_sign(const struct client *client, struct request *request,
			       const char *service, const char *secret)
{
	CLEANUP(str_release) struct str date = STR_INIT;
	CLEANUP(str_release) struct str signature = STR_INIT;
	CLEANUP(auth_claim_release) struct auth_claim claim = { .signed_headers = STRV_INIT };

	clock_format_compact(client->now_ms, &date);
	strv_add(&request->headers, "host: 127.0.0.1:1");
	strv_addf(&request->headers, "x-amz-date: %s", date.buf);
	claim.date = mem_strndup(date.buf, 8);
	claim.region = mem_strdup(sandbox_region(client->sandbox));
	claim.service = mem_strdup(service);
	strv_add_all(&claim.signed_headers, "host", "x-amz-date", NULL);
	if (request_header(request, "x-amz-target"))
		strv_add(&claim.signed_headers, "x-amz-target");
	auth_sign(request, &claim, secret, &signature);
	strv_addf(&request->headers,
		  "authorization: AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, "
		  "SignedHeaders=host;x-amz-date%s, Signature=%s",
		  client->sandbox->keys[0].access_key_id, claim.date, claim.region, service,
		  request_header(request, "x-amz-target") ? ";x-amz-target" : "", signature.buf);
}

static inline void client_answer(struct client *client, const struct request *request)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	reply_release(&client->reply);
	client->reply = (struct reply)REPLY_INIT;
	xml_freep(&client->xml);
	sandbox_answer(client->sandbox, request, &client->reply);
	client->xml = xml_read(client->reply.body.buf, client->reply.body.len, &err);
}

/*
 * Calls a query operation: client_call(&c, "cloudformation", "DescribeStacks", "StackName", "x",
 * NULL). The reply is then in client->reply and client->xml. Returns the HTTP status.
 */
static inline int client_call(struct client *client, const char *service, const char *action, ...)
{
	CLEANUP(request_release) struct request request = REQUEST_INIT;
	const char *name;
	va_list ap;

	request.method = "POST";
	request.target = "/";
	str_addf(&request.body, "Action=%s&Version=2010-05-15", action);
	va_start(ap, action);
	while ((name = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);

		str_addf(&request.body, "&%s=", name);
		url_encode(&request.body, value, strlen(value));
	}
	va_end(ap);
	client_sign(client, &request, service, secret_bytes(&client->sandbox->keys[0].secret));
	client_answer(client, &request);
	return client->reply.status;
}

static inline const char *client_text(const struct client *client, const char *path)
{
	return xml_text(client->xml, path);
}

/* Fails unless the last call was refused with this code and message. */
#define assert_refused(client, code, message)                                                      \
	do {                                                                                       \
		assert_string_equal(client_text(client, "Error/Code"), code);                      \
		assert_string_equal(client_text(client, "Error/Message"), message);                \
	} while (0)

#endif
