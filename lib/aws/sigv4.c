#include "aws/sigv4.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/url.h"
#include "data/digest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

/* A header or a query parameter in its canonical form. `order` is that of its arrival. */
struct pair {
	struct str name;
	struct str value;
	size_t order;
};

struct pairs {
	size_t count;
	struct pair *items;
};

#define PAIRS_INIT                                                                                 \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

static void pairs_release(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		str_wipe(&pairs->items[i].name);
		str_wipe(&pairs->items[i].value);
	}
	free(pairs->items);
}

static struct pair *add_pair(struct pairs *pairs)
{
	struct pair *pair = mem_grow(&pairs->items, &pairs->count, sizeof(*pair));

	*pair = (struct pair){ STR_INIT, STR_INIT, pairs->count };
	return pair;
}

static int by_name_and_order(const void *a_, const void *b_)
{
	const struct pair *a = a_, *b = b_;
	int order = strcmp(a->name.buf, b->name.buf);

	return order ? order : (a->order > b->order) - (a->order < b->order);
}

static int by_name_and_value(const void *a_, const void *b_)
{
	const struct pair *a = a_, *b = b_;
	int order = strcmp(a->name.buf, b->name.buf);

	return order ? order : strcmp(a->value.buf, b->value.buf);
}

static void sort_pairs(struct pairs *pairs, int (*compare)(const void *, const void *))
{
	if (pairs->count)
		qsort(pairs->items, pairs->count, sizeof(*pairs->items), compare);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without blanks at the ends, every run of them inside made one space; folded lines are such runs.
 */
static void add_collapsed(struct str *out, struct slice value)
{
	value = slice_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		if (!is_blank(value.p[i]))
			str_addc(out, value.p[i]);
		else if (!is_blank(value.p[i + 1]))
			str_addc(out, ' ');
	}
}

/* Headers that are added or changed on the way cannot be signed. */
static bool is_unsignable(const char *name)
{
	static const char *const names[] = { "authorization",	  "connection", "expect",
					     "transfer-encoding", "user-agent", "x-amzn-trace-id" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_listed(const char *names, const char *name)
{
	size_t len = strlen(name);

	while (*names) {
		size_t n = strcspn(names, ";");

		if (n == len && memcmp(names, name, n) == 0)
			return true;
		names += n;
		names += *names == ';';
	}
	return false;
}

static void add_header(struct pairs *pairs, const char *header, const char *signed_headers)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	const char *colon = strchr(header, ':');
	struct pair *pair;

	if (!colon)
		return;
	for (const char *p = header; p < colon; p++)
		str_addc(&name, (char)tolower((unsigned char)*p));
	if (signed_headers ? !is_listed(signed_headers, name.buf) : is_unsignable(name.buf))
		return;
	pair = add_pair(pairs);
	str_adds(&pair->name, name.buf);
	add_collapsed(&pair->value, slice_of(colon + 1));
}

/* "name:value" lines, the values of a name in the order they arrived in, and the list of names. */
static void add_canonical_headers(struct str *out, struct str *names,
				  const struct sigv4_request *request, const char *signed_headers)
{
	CLEANUP(pairs_release) struct pairs pairs = PAIRS_INIT;

	for (size_t i = 0; i < request->headers->count; i++)
		add_header(&pairs, request->headers->v[i], signed_headers);
	sort_pairs(&pairs, by_name_and_order);
	for (size_t i = 0; i < pairs.count; i++) {
		const struct pair *pair = &pairs.items[i];

		if (i && strcmp(pair->name.buf, pair[-1].name.buf) == 0) {
			str_addf(out, ",%s", pair->value.buf);
			continue;
		}
		str_addf(out, "%s%s:%s", i ? "\n" : "", pair->name.buf, pair->value.buf);
		str_addf(names, "%s%s", i ? ";" : "", pair->name.buf);
	}
	if (pairs.count)
		str_addc(out, '\n');
}

/* Percent-encodes once what may be encoded already: the canonical form of a query's parts. */
static void add_encoded_once(struct str *out, struct slice text)
{
	CLEANUP(str_wipe) struct str plain = STR_INIT;

	url_decode(&plain, text.p, text.n);
	url_encode(out, plain.buf, plain.len);
}

static void add_parameter(struct pairs *pairs, struct slice text)
{
	const char *equals = memchr(text.p, '=', text.n);
	struct slice name = { text.p, equals ? (size_t)(equals - text.p) : text.n };
	struct slice value = { name.p + name.n + (equals ? 1 : 0),
			       text.n - name.n - (equals ? 1 : 0) };
	struct pair *pair;

	if (slice_is(name, "X-Amz-Signature"))
		return;
	pair = add_pair(pairs);
	add_encoded_once(&pair->name, name);
	add_encoded_once(&pair->value, value);
}

/* The parameters, encoded, sorted by name and value. */
static void add_canonical_query(struct str *out, const char *query)
{
	CLEANUP(pairs_release) struct pairs pairs = PAIRS_INIT;

	while (query && *query) {
		size_t len = strcspn(query, "&");

		if (len)
			add_parameter(&pairs, (struct slice){ query, len });
		query += len;
		query += *query == '&';
	}
	sort_pairs(&pairs, by_name_and_value);
	for (size_t i = 0; i < pairs.count; i++)
		str_addf(out, "%s%s=%s", i ? "&" : "", pairs.items[i].name.buf,
			 pairs.items[i].value.buf);
}

/* Cuts the last segment off a path that ends in '/': "/a/b/" becomes "/a/". */
static void drop_segment(struct str *path)
{
	if (path->len > 1)
		str_cut(path, path->len - 1);
	while (path->buf[path->len - 1] != '/')
		str_cut(path, path->len - 1);
}

/* Resolves ".", ".." and empty segments (RFC 3986 section 5.2.4, and "//" as one '/'). */
static void normalize_path(struct str *out, const char *path)
{
	size_t len = strlen(path);
	bool ends_in_slash = len && path[len - 1] == '/';

	str_addc(out, '/');
	while (*path) {
		struct slice segment = { path, strcspn(path, "/") };

		path += segment.n;
		if (slice_is(segment, ".."))
			drop_segment(out);
		else if (segment.n && !slice_is(segment, "."))
			str_addf(out, "%.*s%s", (int)segment.n, segment.p, *path ? "/" : "");
		path += *path == '/';
	}
	/* Unlike RFC 3986's, "/a/b/.." is "/a" to the services and their SDKs. */
	if (!ends_in_slash && out->len > 1 && out->buf[out->len - 1] == '/')
		str_cut(out, out->len - 1);
}

static void add_encoded_path(struct str *out, const char *path, bool double_encode)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (double_encode)
			url_encode(out, path, len);
		else
			add_encoded_once(out, (struct slice){ path, len });
		path += len;
		if (*path)
			str_addc(out, *path++);
	}
}

static void add_canonical_path(struct str *out, const struct sigv4_request *request,
			       const struct sigv4_options *options)
{
	CLEANUP(str_release) struct str path = STR_INIT;

	if (options->normalize)
		normalize_path(&path, request->path);
	else
		str_adds(&path, *request->path ? request->path : "/");
	add_encoded_path(out, path.buf, options->double_encode);
}

static void add_payload_hash(struct str *out, const struct sigv4_request *request)
{
	if (request->payload_hash)
		str_adds(out, request->payload_hash);
	else
		digest_sha256_hex(out, request->body ? request->body : "", request->body_len);
}

static void make_canonical_request(const struct sigv4_request *request,
				   const struct sigv4_options *options, const char *signed_headers,
				   struct sigv4 *steps)
{
	struct str *out = &steps->canonical_request;

	str_addf(out, "%s\n", request->method);
	add_canonical_path(out, request, options);
	str_addc(out, '\n');
	add_canonical_query(out, request->query);
	str_addc(out, '\n');
	add_canonical_headers(out, &steps->signed_headers, request, signed_headers);
	str_addf(out, "\n%s\n", steps->signed_headers.buf);
	add_payload_hash(out, request);
}

/* "20150830/us-east-1/service/aws4_request" */
static void add_scope(struct str *out, const struct sigv4_options *options)
{
	CLEANUP(str_release) struct str time = STR_INIT;

	clock_format_compact(options->time_ms, &time);
	str_addf(out, "%.8s/%s/%s/aws4_request", time.buf, options->region, options->service);
}

static void make_string_to_sign(const struct sigv4_options *options, struct sigv4 *steps)
{
	struct str *out = &steps->string_to_sign;

	str_adds(out, ALGORITHM "\n");
	clock_format_compact(options->time_ms, out);
	str_addc(out, '\n');
	add_scope(out, options);
	str_addc(out, '\n');
	digest_sha256_hex(out, steps->canonical_request.buf, steps->canonical_request.len);
}

static void make_signature(const struct sigv4_options *options, const struct secret *secret_key,
			   struct sigv4 *steps)
{
	CLEANUP(str_wipe) struct str key = STR_INIT;
	CLEANUP(str_release) struct str time = STR_INIT;
	unsigned char mac[DIGEST_SHA256_LEN];

	clock_format_compact(options->time_ms, &time);
	str_cut(&time, 8);
	str_addf(&key, "AWS4%s", secret_bytes(secret_key));
	digest_hmac_sha256(key.buf, key.len, time.buf, time.len, mac);
	digest_hmac_sha256(mac, sizeof(mac), options->region, strlen(options->region), mac);
	digest_hmac_sha256(mac, sizeof(mac), options->service, strlen(options->service), mac);
	digest_hmac_sha256(mac, sizeof(mac), "aws4_request", strlen("aws4_request"), mac);
	digest_hmac_sha256(mac, sizeof(mac), steps->string_to_sign.buf, steps->string_to_sign.len,
			   mac);
	hex_encode(&steps->signature, mac, sizeof(mac));
	explicit_bzero(mac, sizeof(mac));
}

void sigv4_compute(const struct sigv4_request *request, const struct sigv4_options *options,
		   const char *signed_headers, const struct secret *secret_key,
		   struct sigv4 *ret_steps)
{
	sigv4_release(ret_steps);
	make_canonical_request(request, options, signed_headers, ret_steps);
	make_string_to_sign(options, ret_steps);
	make_signature(options, secret_key, ret_steps);
}

/* Adds the headers that signing brings, but for Authorization. */
static void add_signing_headers(const struct sigv4_request *request,
				const struct sigv4_options *options,
				const struct aws_credentials *credentials, struct strv *headers)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	clock_format_compact(options->time_ms, &text);
	strv_addf(headers, "X-Amz-Date: %s", text.buf);
	if (secret_is_set(&credentials->session_token) && !options->omit_token)
		strv_addf(headers, "X-Amz-Security-Token: %s",
			  secret_bytes(&credentials->session_token));
	if (!options->sign_body)
		return;
	str_reset(&text);
	add_payload_hash(&text, request);
	strv_addf(headers, "x-amz-content-sha256: %s", text.buf);
}

static void add_authorization(const struct sigv4_options *options,
			      const struct aws_credentials *credentials, const struct sigv4 *steps,
			      struct strv *headers)
{
	CLEANUP(str_release) struct str scope = STR_INIT;

	add_scope(&scope, options);
	if (secret_is_set(&credentials->session_token) && options->omit_token)
		strv_addf(headers, "X-Amz-Security-Token: %s",
			  secret_bytes(&credentials->session_token));
	strv_addf(headers,
		  "Authorization: " ALGORITHM " Credential=%s/%s, SignedHeaders=%s, "
		  "Signature=%s",
		  credentials->access_key_id.buf, scope.buf, steps->signed_headers.buf,
		  steps->signature.buf);
}

void sigv4_sign(const struct sigv4_request *request, const struct sigv4_options *options,
		const struct aws_credentials *credentials, struct strv *ret_headers,
		struct sigv4 *ret_steps)
{
	CLEANUP(strv_wipe) struct strv headers = STRV_INIT;
	struct sigv4_request whole = *request;

	strv_add_list(&headers, request->headers);
	add_signing_headers(request, options, credentials, &headers);
	whole.headers = &headers;
	sigv4_compute(&whole, options, NULL, &credentials->secret_key, ret_steps);
	add_signing_headers(request, options, credentials, ret_headers);
	add_authorization(options, credentials, ret_steps, ret_headers);
}

static void add_query(struct str *query, const char *name, const char *value)
{
	str_addf(query, "%s%s=", query->len ? "&" : "", name);
	url_encode(query, value, strlen(value));
}

static void add_signing_query(struct str *query, const struct sigv4_options *options,
			      const struct aws_credentials *credentials, const char *signed_headers)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	add_query(query, "X-Amz-Algorithm", ALGORITHM);
	str_addf(&text, "%s/", credentials->access_key_id.buf);
	add_scope(&text, options);
	add_query(query, "X-Amz-Credential", text.buf);
	str_reset(&text);
	clock_format_compact(options->time_ms, &text);
	add_query(query, "X-Amz-Date", text.buf);
	str_reset(&text);
	str_addf(&text, "%u", options->expires_s);
	add_query(query, "X-Amz-Expires", text.buf);
	add_query(query, "X-Amz-SignedHeaders", signed_headers);
	if (secret_is_set(&credentials->session_token) && !options->omit_token)
		add_query(query, "X-Amz-Security-Token", secret_bytes(&credentials->session_token));
}

void sigv4_presign(const struct sigv4_request *request, const struct sigv4_options *options,
		   const struct aws_credentials *credentials, struct str *ret_query,
		   struct sigv4 *ret_steps)
{
	CLEANUP(str_wipe) struct str query = STR_INIT;
	CLEANUP(str_release) struct str headers = STR_INIT;
	CLEANUP(str_release) struct str names = STR_INIT;
	struct sigv4_request whole = *request;

	str_adds(&query, request->query ? request->query : "");
	add_canonical_headers(&headers, &names, request, NULL);
	add_signing_query(&query, options, credentials, names.buf);
	whole.query = query.buf;
	sigv4_compute(&whole, options, NULL, &credentials->secret_key, ret_steps);
	if (secret_is_set(&credentials->session_token) && options->omit_token)
		add_query(&query, "X-Amz-Security-Token",
			  secret_bytes(&credentials->session_token));
	add_query(&query, "X-Amz-Signature", ret_steps->signature.buf);
	str_add(ret_query, query.buf, query.len);
}

void sigv4_release(struct sigv4 *sigv4)
{
	str_release(&sigv4->signed_headers);
	str_wipe(&sigv4->canonical_request);
	str_release(&sigv4->string_to_sign);
	str_release(&sigv4->signature);
}
