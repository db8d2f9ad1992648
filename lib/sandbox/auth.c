#include "sandbox/auth.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/url.h"
#include "data/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM     "AWS4-HMAC-SHA256"
#define MAX_SKEW_MS   (5 * 60 * 1000)
#define MAX_HEADERS   64
#define LEN_OF_DATE   8
#define INVALID_TOKEN "The security token included in the request is invalid."

/* ---- the Authorization header ---- */

void auth_claim_release(struct auth_claim *claim)
{
	free(claim->access_key_id);
	free(claim->date);
	free(claim->region);
	free(claim->service);
	free(claim->signature);
	strv_release(&claim->signed_headers);
	*claim = (struct auth_claim){ .signed_headers = STRV_INIT };
}

/* "AKID/20150830/us-east-1/service/aws4_request"; the key itself may hold slashes. */
static bool read_credential(const char *text, struct auth_claim *ret)
{
	CLEANUP(strv_release) struct strv parts = STRV_INIT;

	strv_split(&parts, text, "/");
	if (parts.count != 5 || strcmp(parts.v[4], "aws4_request") != 0)
		return false;
	ret->access_key_id = mem_strdup(parts.v[0]);
	ret->date = mem_strdup(parts.v[1]);
	ret->region = mem_strdup(parts.v[2]);
	ret->service = mem_strdup(parts.v[3]);
	return true;
}

static bool read_part(const char *part, struct auth_claim *ret)
{
	if (strncmp(part, "Credential=", 11) == 0 && !ret->access_key_id)
		return read_credential(part + 11, ret);
	if (strncmp(part, "SignedHeaders=", 14) == 0 && ret->signed_headers.count == 0)
		strv_split(&ret->signed_headers, part + 14, ";");
	else if (strncmp(part, "Signature=", 10) == 0 && !ret->signature)
		ret->signature = mem_strdup(part + 10);
	return true;
}

int auth_read_claim(const struct request *request, struct auth_claim *ret, struct error *err)
{
	CLEANUP(auth_claim_release) struct auth_claim claim = { .signed_headers = STRV_INIT };
	CLEANUP(strv_release) struct strv parts = STRV_INIT;
	const char *header = request_header(request, "authorization");
	bool is_whole = true;

	if (!header)
		return refuse(err, "MissingAuthenticationToken",
			      "Request is missing Authentication Token");
	if (strncmp(header, ALGORITHM " ", sizeof(ALGORITHM)) != 0)
		return refuse(err, "IncompleteSignature",
			      "Unsupported AWS 'algorithm': use " ALGORITHM ".");
	strv_split(&parts, header + sizeof(ALGORITHM), ", ");
	for (size_t i = 0; i < parts.count; i++)
		is_whole = is_whole && read_part(parts.v[i], &claim);
	if (!is_whole || !claim.access_key_id || !claim.signature ||
	    claim.signed_headers.count == 0 || claim.signed_headers.count > MAX_HEADERS)
		return refuse(err, "IncompleteSignature",
			      "Authorization header requires 'Credential', 'SignedHeaders' and "
			      "'Signature' parameters. Authorization=%s",
			      ALGORITHM);
	*ret = claim;
	claim = (struct auth_claim){ .signed_headers = STRV_INIT };
	return 0;
}

/* ---- the canonical request ---- */

/* The path as sent is encoded once more, and "." and ".." are resolved: every service but S3. */
static void add_path(struct str *out, struct slice path)
{
	CLEANUP(strv_release) struct strv kept = STRV_INIT;
	CLEANUP(strv_release) struct strv parts = STRV_INIT;
	CLEANUP_FREE char *text = slice_dup(path);
	bool is_folder = path.n && path.p[path.n - 1] == '/';

	strv_split(&parts, text, "/");
	for (size_t i = 0; i < parts.count; i++) {
		if (strcmp(parts.v[i], ".") == 0)
			continue;
		if (strcmp(parts.v[i], "..") != 0)
			strv_add(&kept, parts.v[i]);
		else if (kept.count)
			free(kept.v[--kept.count]);
	}
	for (size_t i = 0; i < kept.count; i++) {
		str_addc(out, '/');
		url_encode(out, kept.v[i], strlen(kept.v[i]));
	}
	if (kept.count == 0 || is_folder)
		str_addc(out, '/');
}

/* Escapes are decoded and written anew, so that "%7e" and "~" are one. A plus is a plus here. */
static void add_query_text(struct str *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		char byte = text.p[i];

		if (byte == '%' && i + 2 < text.n) {
			char digits[3] = { text.p[i + 1], text.p[i + 2], '\0' };
			char *end;
			unsigned long code = strtoul(digits, &end, 16);

			if (end == digits + 2) {
				byte = (char)code;
				i += 2;
			}
		}
		url_encode(out, &byte, 1);
	}
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Sorted by encoded name, then by encoded value. Name and value stay apart by a byte that sorts
 * before all others, so that "a=" comes before "a-b=".
 */
static void add_query(struct str *out, const char *query)
{
	CLEANUP(strv_release) struct strv raw = STRV_INIT;
	CLEANUP(strv_release) struct strv sorted = STRV_INIT;

	strv_split(&raw, query, "&");
	for (size_t i = 0; i < raw.count; i++) {
		CLEANUP(str_release) struct str pair = STR_INIT;
		const char *eq = strchrnul(raw.v[i], '=');

		add_query_text(&pair, (struct slice){ raw.v[i], (size_t)(eq - raw.v[i]) });
		str_addc(&pair, '\1');
		add_query_text(&pair, slice_of(*eq ? eq + 1 : ""));
		strv_take(&sorted, str_detach(&pair));
	}
	if (sorted.count)
		qsort(sorted.v, sorted.count, sizeof(*sorted.v), compare_texts);
	for (size_t i = 0; i < sorted.count; i++) {
		char *mark = strchr(sorted.v[i], '\1');

		assert(mark);
		*mark = '=';
		str_addf(out, "%s%s", i ? "&" : "", sorted.v[i]);
	}
}

/* Blanks at the ends go, runs of blanks inside become one. */
static void add_trimmed(struct str *out, struct slice value)
{
	value = slice_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		bool is_blank = value.p[i] == ' ' || value.p[i] == '\t';

		if (!is_blank)
			str_addc(out, value.p[i]);
		else if (value.p[i + 1] != ' ' && value.p[i + 1] != '\t')
			str_addc(out, ' ');
	}
}

/* "name:value,value\n"; several headers of a name are joined in the order they came in. */
static void add_header(struct str *out, const struct request *request, const char *name)
{
	size_t len = strlen(name), found = 0;

	str_addf(out, "%s:", name);
	for (size_t i = 0; i < request->headers.count; i++) {
		const char *header = request->headers.v[i];

		if (strncmp(header, name, len) != 0 || header[len] != ':')
			continue;
		if (found++)
			str_addc(out, ',');
		add_trimmed(out, slice_of(header + len + 1));
	}
	str_addc(out, '\n');
}

/* S3 takes paths as they are sent, and says what it has counted of the body. */
static bool is_s3(const struct auth_claim *claim)
{
	return strcmp(claim->service, "s3") == 0;
}

static void canonical_request(const struct request *request, const struct auth_claim *claim,
			      struct str *out)
{
	size_t path_len = strcspn(request->target, "?");
	const char *query = request->target + path_len;
	const char *declared = request_header(request, "x-amz-content-sha256");

	str_addf(out, "%s\n", request->method);
	if (is_s3(claim))
		str_add(out, request->target, path_len);
	else
		add_path(out, (struct slice){ request->target, path_len });
	str_addc(out, '\n');
	add_query(out, *query ? query + 1 : query);
	str_addc(out, '\n');
	for (size_t i = 0; i < claim->signed_headers.count; i++)
		add_header(out, request, claim->signed_headers.v[i]);
	str_addc(out, '\n');
	for (size_t i = 0; i < claim->signed_headers.count; i++)
		str_addf(out, "%s%s", i ? ";" : "", claim->signed_headers.v[i]);
	str_addc(out, '\n');
	if (declared && strcmp(declared, "UNSIGNED-PAYLOAD") == 0)
		str_adds(out, declared);
	else
		digest_sha256_hex(out, request->body.buf, request->body.len);
}

static void derive_key(const struct auth_claim *claim, const char *secret,
		       unsigned char ret_key[DIGEST_SHA256_LEN])
{
	const char *const scope[] = { claim->region, claim->service, "aws4_request" };
	CLEANUP(str_wipe) struct str start = STR_INIT;

	str_addf(&start, "AWS4%s", secret);
	digest_hmac_sha256(start.buf, start.len, claim->date, strlen(claim->date), ret_key);
	for (size_t i = 0; i < sizeof(scope) / sizeof(scope[0]); i++)
		digest_hmac_sha256(ret_key, DIGEST_SHA256_LEN, scope[i], strlen(scope[i]), ret_key);
}

void auth_sign(const struct request *request, const struct auth_claim *claim, const char *secret,
	       struct str *ret_signature)
{
	CLEANUP(str_release) struct str canonical = STR_INIT;
	CLEANUP(str_release) struct str to_sign = STR_INIT;
	const char *date = request_header(request, "x-amz-date");
	unsigned char key[DIGEST_SHA256_LEN], mac[DIGEST_SHA256_LEN];

	canonical_request(request, claim, &canonical);
	str_addf(&to_sign, ALGORITHM "\n%s\n%s/%s/%s/aws4_request\n", date ? date : "", claim->date,
		 claim->region, claim->service);
	digest_sha256_hex(&to_sign, canonical.buf, canonical.len);
	derive_key(claim, secret, key);
	digest_hmac_sha256(key, sizeof(key), to_sign.buf, to_sign.len, mac);
	hex_encode(ret_signature, mac, sizeof(mac));
}

/* ---- the checks ---- */

/* The texts carry the request's time, the limit, the service's time and what lies between them. */
static int refuse_date(const char *date, int64_t now_ms, bool is_late, struct error *err)
{
	CLEANUP(str_release) struct str limit = STR_INIT;
	CLEANUP(str_release) struct str now = STR_INIT;

	clock_format_compact(now_ms + (is_late ? -MAX_SKEW_MS : MAX_SKEW_MS), &limit);
	clock_format_compact(now_ms, &now);
	return refuse(err, "SignatureDoesNotMatch",
		      is_late ? "Signature expired: %s is now earlier than %s (%s - 5 min.)"
			      : "Signature not yet current: %s is still later than %s (%s + 5 "
				"min.)",
		      date, limit.buf, now.buf);
}

static int check_date(const struct request *request, const struct auth_claim *claim, int64_t now_ms,
		      struct error *err)
{
	const char *date = request_header(request, "x-amz-date");
	int64_t sent_ms;

	if (!date || !clock_parse_rfc3339(date, &sent_ms))
		return refuse(err, "IncompleteSignature",
			      "Date must be in ISO-8601 'basic format'. Got '%s'. See "
			      "http://en.wikipedia.org/wiki/ISO_8601",
			      date ? date : "");
	if (sent_ms < now_ms - MAX_SKEW_MS || sent_ms > now_ms + MAX_SKEW_MS)
		return refuse_date(date, now_ms, sent_ms < now_ms, err);
	if (strncmp(date, claim->date, LEN_OF_DATE) != 0 || strlen(claim->date) != LEN_OF_DATE)
		return refuse(err, "SignatureDoesNotMatch",
			      "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
			      "version of date from HTTP: '%s' != '%.8s', from '%s'.",
			      claim->date, date, date);
	return 0;
}

static int check_key(const struct sandbox_key *key, const struct request *request, int64_t now_ms,
		     struct error *err)
{
	const char *token = request_header(request, "x-amz-security-token");

	if (!key || strcmp(secret_bytes(&key->token), token ? token : "") != 0)
		return refuse(err, "InvalidClientTokenId", INVALID_TOKEN);
	if (key->expires_ms && now_ms >= key->expires_ms)
		return refuse(err, "ExpiredToken",
			      "The security token included in the request is expired");
	return 0;
}

static int check_scope(const struct sandbox *sandbox, const struct auth_claim *claim,
		       const struct request *request, struct error *err)
{
	bool has_host = strv_has(&claim->signed_headers, "host");

	if (strcmp(claim->region, sandbox_region(sandbox)) != 0 &&
	    strcmp(claim->service, "sts") != 0)
		return refuse(err, "SignatureDoesNotMatch",
			      "Credential should be scoped to a valid region, not '%s'. ",
			      claim->region);
	if (!has_host)
		return refuse(err, "SignatureDoesNotMatch",
			      "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
			      "Authorization.");
	for (size_t i = 0; i < request->headers.count; i++) {
		const char *header = request->headers.v[i];
		CLEANUP_FREE char *name = mem_strndup(header, strcspn(header, ":"));

		if (strncmp(name, "x-amz-", 6) == 0 && !strv_has(&claim->signed_headers, name) &&
		    strcmp(name, "x-amz-security-token") != 0)
			return refuse(err, "AccessDenied",
				      "There were headers present in the request which were not "
				      "signed: %s",
				      name);
	}
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	unsigned char difference = strlen(a) != strlen(b);

	for (; *a && *b; a++, b++)
		difference |= (unsigned char)(*a ^ *b);
	return difference == 0;
}

/* The body is what the signature is of: S3 needs its digest in a header. */
static int check_content(const struct request *request, const struct auth_claim *claim,
			 struct error *err)
{
	const char *declared = request_header(request, "x-amz-content-sha256");
	CLEANUP(str_release) struct str digest = STR_INIT;

	if (!is_s3(claim))
		return 0;
	if (!declared)
		return refuse(err, "InvalidRequest",
			      "Missing required header for this request: x-amz-content-sha256");
	digest_sha256_hex(&digest, request->body.buf, request->body.len);
	if (strcmp(declared, "UNSIGNED-PAYLOAD") == 0 || strcmp(declared, digest.buf) == 0)
		return 0;
	return refuse(err, "XAmzContentSHA256Mismatch",
		      "The provided 'x-amz-content-sha256' header does not match what was "
		      "computed.");
}

int auth_check(const struct sandbox *sandbox, const struct request *request, int64_t now_ms,
	       const struct sandbox_key **ret_caller, struct error *err)
{
	CLEANUP(auth_claim_release) struct auth_claim claim = { .signed_headers = STRV_INIT };
	CLEANUP(str_release) struct str signature = STR_INIT;
	const struct sandbox_key *key;

	if (auth_read_claim(request, &claim, err) < 0)
		return -1;
	assert(claim.date && claim.region && claim.service);
	key = sandbox_find_key(sandbox, claim.access_key_id);
	if (check_key(key, request, now_ms, err) < 0 ||
	    check_date(request, &claim, now_ms, err) < 0 ||
	    check_scope(sandbox, &claim, request, err) < 0 ||
	    check_content(request, &claim, err) < 0)
		return -1;
	auth_sign(request, &claim, secret_bytes(&key->secret), &signature);
	if (!is_same_text(signature.buf, claim.signature))
		return refuse(
			err, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you "
			"provided. Check your AWS Secret Access Key and signing method. "
			"Consult the service documentation for details.");
	*ret_caller = key;
	return 0;
}
