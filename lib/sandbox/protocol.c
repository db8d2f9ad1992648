#include "sandbox/protocol.h"

#include "base/cleanup.h"
#include "base/sanitize.h"
#include "base/slice.h"
#include "data/digest.h"
#include "data/json.h"

#include <ctype.h>
#include <string.h>

/* No list of the operations here is longer; an index beyond it is refused by leaving it out. */
#define MAX_LIST 1000

/* ---- form parameters to JSON ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode_form(struct slice text, struct str *out)
{
	for (size_t i = 0; i < text.n; i++) {
		int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
		int low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;

		if (text.p[i] == '%' && high >= 0 && low >= 0) {
			str_addc(out, (char)(high * 16 + low));
			i += 2;
		} else {
			str_add(out, text.p[i] == '+' ? " " : text.p + i, 1);
		}
	}
}

static struct slice next_word(struct slice *path)
{
	const char *dot = memchr(path->p, '.', path->n);
	struct slice word = { path->p, dot ? (size_t)(dot - path->p) : path->n };
	size_t used = word.n + (dot ? 1 : 0);

	*path = (struct slice){ path->p + used, path->n - used };
	return word;
}

/* The array under `key`, or NULL where something else is there. */
static json_t *array_at(json_t *object, struct slice key)
{
	json_t *array = json_object_getn(object, key.p, key.n);

	if (array)
		return json_is_array(array) ? array : NULL;
	(void)json_object_setn_new(object, key.p, key.n, json_array());
	return json_object_getn(object, key.p, key.n);
}

/* The object that is element `number` (from 1), or the value itself put there. */
static json_t *element_at(json_t *array, uint64_t number, json_t *leaf)
{
	json_t *item;

	while (json_array_size(array) < number)
		(void)json_array_append_new(array, json_null());
	if (leaf) {
		(void)json_array_set(array, number - 1, leaf);
		return NULL;
	}
	item = json_array_get(array, number - 1);
	if (json_is_object(item))
		return item;
	(void)json_array_set_new(array, number - 1, json_object());
	return json_array_get(array, number - 1);
}

/* Puts `value` where a path such as "Tags.member.2.Key" leads. */
static void put(json_t *object, struct slice path, json_t *value)
{
	while (object) {
		struct slice key = next_word(&path);
		struct slice rest = path;
		uint64_t number;

		if (path.n == 0) {
			(void)json_object_setn(object, key.p, key.n, value);
			return;
		}
		if (!slice_is(next_word(&rest), "member")) {
			json_t *inner = json_object_getn(object, key.p, key.n);

			if (!inner)
				(void)json_object_setn_new(object, key.p, key.n, json_object());
			object = json_object_getn(object, key.p, key.n);
			continue;
		}
		if (!slice_to_u64(next_word(&rest), MAX_LIST, &number) || number == 0)
			return;
		path = rest;
		object = array_at(object, key);
		if (object)
			object = element_at(object, number, path.n ? NULL : value);
	}
}

static void put_pair(json_t *object, struct slice pair)
{
	CLEANUP(str_release) struct str key = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	const char *eq = memchr(pair.p, '=', pair.n);
	size_t len = eq ? (size_t)(eq - pair.p) : pair.n;
	json_auto_t *value = NULL;

	decode_form((struct slice){ pair.p, len }, &key);
	if (eq)
		decode_form((struct slice){ eq + 1, pair.n - len - 1 }, &text);
	value = json_stringn(text.buf, text.len);
	if (value && key.len && !memchr(key.buf, '\0', key.len))
		put(object, (struct slice){ key.buf, key.len }, value);
}

json_t *protocol_read_form(const char *text, size_t len)
{
	struct slice rest = { text, len };
	json_t *object = json_object();

	while (rest.n) {
		const char *amp = memchr(rest.p, '&', rest.n);
		size_t used = amp ? (size_t)(amp - rest.p) : rest.n;

		put_pair(object, (struct slice){ rest.p, used });
		used += amp ? 1 : 0;
		rest = (struct slice){ rest.p + used, rest.n - used };
	}
	return object;
}

/* ---- JSON to XML ---- */

/* XML 1.0 has no place for most control characters: they become '?'. */
void protocol_escape_xml(struct str *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '&')
			str_adds(out, "&amp;");
		else if (c == '<')
			str_adds(out, "&lt;");
		else if (c == '>')
			str_adds(out, "&gt;");
		else if (c == '\r')
			str_adds(out, "&#13;");
		else if (c < ' ' && c != '\n' && c != '\t')
			str_addc(out, '?');
		else
			str_addc(out, (char)c);
	}
}

static void write_xml(struct str *out, const char *name, const json_t *value);

static void write_members(struct str *out, const json_t *value)
{
	const char *key;
	json_t *item;
	void *at;

	for (at = json_object_iter((json_t *)(uintptr_t)value); at;
	     at = json_object_iter_next((json_t *)(uintptr_t)value, at)) {
		key = json_object_iter_key(at);
		item = json_object_iter_value(at);
		write_xml(out, key, item);
	}
}

static void write_content(struct str *out, const json_t *value)
{
	if (json_is_object(value))
		write_members(out, value);
	else if (json_is_array(value))
		for (size_t i = 0; i < json_array_size(value); i++)
			write_xml(out, "member", json_array_get(value, i));
	else if (json_is_string(value))
		protocol_escape_xml(out, json_string_value(value));
	else if (json_is_integer(value))
		str_addf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		str_adds(out, json_is_true(value) ? "true" : "false");
}

static void write_xml(struct str *out, const char *name, const json_t *value)
{
	str_addf(out, "<%s>", name);
	write_content(out, value);
	str_addf(out, "</%s>", name);
}

/* ---- replies ---- */

static void write_rest_output(const json_t *output, struct reply *ret)
{
	const char *body = json_text(output, "Body"), *name;
	json_t *value;

	json_object_foreach(json_object_get(output, "Headers"), name, value)
		strv_addf(&ret->headers, "%s: %s", name, json_string_value(value));
	if (body)
		(void)base64_decode(&ret->body, body, strlen(body));
}

void protocol_write_output(const struct call *call, const json_t *output, struct reply *ret)
{
	const char *name = call->operation->name;

	ret->status = 200;
	strv_addf(&ret->headers, "x-amzn-RequestId: %s", call->request_id);
	if (call->service->protocol == PROTOCOL_JSON) {
		strv_add(&ret->headers, "Content-Type: application/x-amz-json-1.1");
		json_write(output, &ret->body);
		return;
	}
	if (call->service->protocol == PROTOCOL_REST_XML) {
		write_rest_output(output, ret);
		return;
	}
	strv_add(&ret->headers, "Content-Type: text/xml");
	str_addf(&ret->body, "<%sResponse xmlns=\"%s\"><%sResult>", name,
		 call->service->xml_namespace, name);
	write_content(&ret->body, output);
	str_addf(&ret->body,
		 "</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>"
		 "</%sResponse>\n",
		 name, call->request_id, name);
}

/* One error: its code in the query protocol, its name in the JSON protocol, its HTTP status. */
struct error_row {
	const char *code;
	const char *json_code;
	int status;
	int json_status;
};

/*
 * What differs from a plain 400: CloudFormation's and STS's API references, "Common Errors", and
 * the errors that the JSON services really give (facts: D31, D33, D35).
 */
static const struct error_row error_rows[] = {
	{ "AccessDenied", "AccessDeniedException", 403, 400 },
	{ "BucketAlreadyOwnedByYou", NULL, 409, 409 },
	{ "ChangeSetNotFound", NULL, 404, 404 },
	{ "ExpiredToken", "ExpiredTokenException", 403, 400 },
	{ "IncompleteSignature", "IncompleteSignatureException", 403, 400 },
	{ "InternalFailure", "InternalFailure", 500, 500 },
	{ "InvalidAction", "UnknownOperationException", 400, 400 },
	{ "InvalidClientTokenId", "UnrecognizedClientException", 403, 400 },
	{ "MissingAuthenticationToken", "MissingAuthenticationTokenException", 403, 400 },
	{ "NoSuchBucket", NULL, 404, 404 },
	{ "NoSuchKey", NULL, 404, 404 },
	{ "OperationNotFound", NULL, 404, 404 },
	{ "ServiceUnavailable", "ServiceUnavailableException", 503, 503 },
	{ "SignatureDoesNotMatch", "InvalidSignatureException", 403, 400 },
	{ "Throttling", "ThrottlingException", 400, 400 },
};

static const struct error_row *find_error(const char *code)
{
	for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++) {
		if (strcmp(error_rows[i].code, code) == 0)
			return &error_rows[i];
	}
	return NULL;
}

static void write_json_error(const char *code, const char *message, struct reply *ret)
{
	strv_add(&ret->headers, "Content-Type: application/x-amz-json-1.1");
	str_adds(&ret->body, "{\"__type\": ");
	json_quote(&ret->body, code);
	str_adds(&ret->body, ", \"message\": ");
	json_quote(&ret->body, message);
	str_addc(&ret->body, '}');
}

static void write_xml_error(const struct service *service, const char *request_id,
			    const struct error *err, struct reply *ret)
{
	strv_add(&ret->headers, "Content-Type: text/xml");
	str_addf(&ret->body, "<ErrorResponse xmlns=\"%s\"><Error><Type>%s</Type><Code>%s</Code>",
		 service->xml_namespace, ret->status < 500 ? "Sender" : "Receiver", err->code);
	str_adds(&ret->body, "<Message>");
	protocol_escape_xml(&ret->body, err->msg.buf);
	str_addf(&ret->body, "</Message></Error><RequestId>%s</RequestId></ErrorResponse>\n",
		 request_id);
}

/* S3 wraps its errors in nothing (S3 API reference, "REST error responses"). */
static void write_rest_error(const char *request_id, const struct error *err, struct reply *ret)
{
	strv_add(&ret->headers, "Content-Type: application/xml");
	str_addf(&ret->body, "<Error><Code>%s</Code><Message>", err->code);
	protocol_escape_xml(&ret->body, err->msg.buf);
	str_addf(&ret->body, "</Message><RequestId>%s</RequestId></Error>\n", request_id);
}

void protocol_write_error(const struct service *service, const char *request_id,
			  const struct error *err, struct reply *ret)
{
	const struct error_row *row = find_error(err->code);
	bool is_json = service->protocol == PROTOCOL_JSON;

	ret->status = !row ? 400 : is_json ? row->json_status : row->status;
	strv_addf(&ret->headers, "x-amzn-RequestId: %s", request_id);
	if (is_json)
		write_json_error(row && row->json_code ? row->json_code : err->code, err->msg.buf,
				 ret);
	else if (service->protocol == PROTOCOL_REST_XML)
		write_rest_error(request_id, err, ret);
	else
		write_xml_error(service, request_id, err, ret);
}
