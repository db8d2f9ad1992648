#include "base/cleanup.h"
#include "secrets/fetch.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A service that answers every call with the input; its first byte is the status. */
struct peer {
	struct http http;
	const uint8_t *data;
	size_t size;
};

static int answer(struct http *http, const struct http_request *request, struct http_response *ret,
		  struct error *err)
{
	const struct peer *peer = (struct peer *)http;

	(void)request;
	(void)err;
	ret->status = peer->data[0] == '2' ? 200 : 400;
	str_add(&ret->body, peer->data + 1, peer->size - 1);
	strv_add(&ret->headers, "content-type: application/x-amz-json-1.1");
	return 0;
}

static int64_t no_time(struct clock *clock)
{
	(void)clock;
	return 1795432320000;
}

static void no_sleep(struct clock *clock, int64_t ms)
{
	(void)clock;
	(void)ms;
}

/* What comes of it can be handed to a program, or is an error that says something. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char id[] = "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", key[] = "AWS_SECRET_ACCESS_KEY=secret";
	static char attempts[] = "AWS_MAX_ATTEMPTS=1";
	static const struct aws_options options = { .region = "us-east-1", .no_cache = true };
	const struct env env = { (char *[]){ id, key, attempts, NULL } };
	const struct secrets_rules rules = { .skips_invalid = true, .report = &report_none };
	struct peer peer = { .http = { answer }, .data = data, .size = size };
	struct clock clock = { no_time, no_time, no_sleep };
	struct http *https[] = { &peer.http };
	struct aws_client *client = NULL;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secrets_references_release)
	struct secrets_references references = SECRETS_REFERENCES_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables got = SECRETS_VARIABLES_INIT;
	int result;

	if (size == 0)
		return 0;
	result = aws_client_new(&options,
				&(struct aws_context){ &peer.http, &clock, &env, &report_none },
				&client, &err);
	assert(result == 0);
	result = secrets_references_parse(&references, "app V=app:K", false, &err);
	assert(result == 0);
	result = secrets_references_parse(&references, "P=ssm:/p ssm:/path/", true, &err);
	assert(result == 0);
	result = secrets_collect(client, https, 1, &references, &rules, &got, &err);
	assert((result < 0) == (err.kind != ERROR_NONE) && (result == 0 || err.msg.len));
	for (size_t i = 0; i < got.count; i++) {
		const struct secret *value = &got.items[i].value;

		assert(secrets_is_variable(got.items[i].name, strlen(got.items[i].name)));
		assert(strlen(secret_bytes(value)) == secret_len(value));
	}
	aws_client_free(client);
	return 0;
}
