#include "base/cleanup.h"
#include "canned_http.h"
#include "data/digest.h"
#include "docker/registry.h"
#include "test.h"

#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define URL	    "https://r.example"
#define MANIFEST    "{\"schemaVersion\": 2}\n"
/* Of something else. */
#define DIGEST "sha256:7f5e8a4ef1c1e9a8fee55ac9a23c5fa2ce6ed2c4b0b1ad6e3d5d5d5d5d5d5d5d"
#define OCI    "content-type: application/vnd.oci.image.manifest.v1+json"

static struct registry make_registry(struct canned_http *canned, const struct secret *password)
{
	return (struct registry){
		.http = &canned->http, .url = URL "/", .username = "AWS", .password = password
	};
}

/* The digest of MANIFEST, computed here so that no constant can be wrong. */
static const char *digest_of_manifest(struct str *out)
{
	str_reset(out);
	str_adds(out, "sha256:");
	digest_sha256_hex(out, MANIFEST, strlen(MANIFEST));
	return out->buf;
}

static void hashes_the_manifest_itself(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "GET", URL "/v2/team/app/manifests/1", 200, OCI, MANIFEST },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secret_release) struct secret password = SECRET_INIT;
	CLEANUP(str_release) struct str want = STR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	struct registry registry;

	(void)state;
	secret_sets(&password, "token");
	registry = make_registry(&canned, &password);
	assert_int_equal(registry_digest(&registry, "team/app", "1", &digest, &err), 0);
	assert_string_equal(digest.buf, digest_of_manifest(&want));
	assert_string_equal(canned_header(&canned, "Authorization"), "Basic QVdTOnRva2Vu");
	assert_non_null(strstr(canned_header(&canned, "Accept"), "oci.image.index"));
	canned_release(&canned);
}

static void does_not_believe_a_digest_that_the_bytes_deny(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "GET", URL "/v2/app/manifests/1", 200, "docker-content-digest: " DIGEST,
		  MANIFEST },
		{ "GET", URL "/v2/app/manifests/" DIGEST, 200, NULL, MANIFEST },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	struct secret password = SECRET_INIT;
	struct registry registry = make_registry(&canned, &password);

	(void)state;
	assert_int_equal(registry_digest(&registry, "app", "1", &digest, &err), -1);
	assert_int_equal(err.kind, ERROR_PUBLISH);
	error_release(&err);
	assert_int_equal(registry_tag(&registry, "app", DIGEST, "2", &err), -1);
	assert_int_equal(err.kind, ERROR_PUBLISH);
	assert_int_equal(canned.next, canned.count);
	canned_release(&canned);
}

#define INDEX                                                                                      \
	"{\"schemaVersion\": 2, \"manifests\": [{\"digest\": \"sha256:a\"}, {\"digest\": 7}, 1, "  \
	"{\"digest\": \"sha256:b\"}]}"

/* What was asked is asked again where the connection ended under it; nobody there is told at once.
 */
static void asks_again_where_an_answer_was_lost(void **state)
{
	static const struct {
		int status[4]; /* of the attempts; 1: there is none */
		int want;
	} rows[] = {
		{ { -52, 200, 1 }, 0 },	 { { -56, -55, 200, 1 }, 0 },
		{ { -18, 200, 1 }, 0 },	 { { -52, -52, -52, 1 }, -1 },
		{ { 0, 1 }, -1 },	 { { -28, 1 }, -1 },
		{ { -52, 404, 1 }, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct canned_exchange exchanges[4];
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str digest = STR_INIT;
		struct secret password = SECRET_INIT;
		struct registry registry = make_registry(&canned, &password);

		for (canned.count = 0; rows[i].status[canned.count] != 1; canned.count++)
			exchanges[canned.count] =
				(struct canned_exchange){ "GET", URL "/v2/app/manifests/1",
							  rows[i].status[canned.count], OCI,
							  MANIFEST };
		assert_int_equal(registry_digest(&registry, "app", "1", &digest, &err),
				 rows[i].want);
		assert_int_equal(canned.next, canned.count);
		canned_release(&canned);
	}
}

/* No answer to any attempt: what the tag names tells. */
static void a_put_that_nobody_answers_is_looked_for(void **state)
{
	static const struct {
		int status; /* of the tag afterwards */
		int want;
	} rows[] = { { 200, 0 }, { 404, -1 }, { 500, -1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(str_release) struct str digest = STR_INIT;
		CLEANUP(str_release) struct str url = STR_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct secret password = SECRET_INIT;

		str_addf(&url, URL "/v2/app/manifests/%s", digest_of_manifest(&digest));
		const struct canned_exchange exchanges[] = {
			{ "GET", url.buf, 200, OCI, MANIFEST },
			{ "PUT", URL "/v2/app/manifests/2", -52, NULL, NULL },
			{ "PUT", URL "/v2/app/manifests/2", -52, NULL, NULL },
			{ "PUT", URL "/v2/app/manifests/2", -52, NULL, NULL },
			{ "GET", URL "/v2/app/manifests/2", rows[i].status, OCI, MANIFEST },
		};
		struct canned_http canned = CANNED(exchanges);
		struct registry registry = make_registry(&canned, &password);

		assert_int_equal(registry_tag(&registry, "app", digest.buf, "2", &err),
				 rows[i].want);
		assert_int_equal(error_has_code(&err, "Unseen"), rows[i].status == 500);
		assert_int_equal(canned.next, canned.count);
		canned_release(&canned);
	}
}

/* It is there, or it is not: nobody can say where the registry does not answer what the tag names.
 */
static void a_put_whose_effect_cannot_be_seen_is_told_as_such(void **state)
{
	static const struct {
		int status;
		bool is_unseen;
	} rows[] = { { 500, true }, { -7, true }, { 404, false }, { 401, false } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(str_release) struct str digest = STR_INIT;
		CLEANUP(str_release) struct str url = STR_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct secret password = SECRET_INIT;

		str_addf(&url, URL "/v2/app/manifests/%s", digest_of_manifest(&digest));
		const struct canned_exchange exchanges[] = {
			{ "GET", url.buf, 200, OCI, MANIFEST },
			{ "PUT", URL "/v2/app/manifests/2", 201, NULL, NULL },
			{ "GET", URL "/v2/app/manifests/2", rows[i].status, OCI, MANIFEST },
		};
		struct canned_http canned = CANNED(exchanges);
		struct registry registry = make_registry(&canned, &password);

		assert_int_equal(registry_tag(&registry, "app", digest.buf, "2", &err), -1);
		assert_int_equal(error_has_code(&err, "Unseen"), rows[i].is_unseen);
		canned_release(&canned);
	}
}

/* The answer to a PUT was lost, and the second one meets the tag that the first has made. */
static void a_lost_put_has_one_effect(void **state)
{
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP(str_release) struct str url = STR_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct secret password = SECRET_INIT;

	(void)state;
	str_addf(&url, URL "/v2/app/manifests/%s", digest_of_manifest(&digest));
	const struct canned_exchange exchanges[] = {
		{ "GET", url.buf, 200, OCI, MANIFEST },
		{ "PUT", URL "/v2/app/manifests/2", -52, NULL, NULL },
		{ "PUT", URL "/v2/app/manifests/2", 400, NULL,
		  "{\"errors\":[{\"code\":\"TAG_INVALID\",\"message\":\"The image tag '2' already "
		  "exists in "
		  "the 'app' repository and cannot be overwritten because the repository is "
		  "immutable.\"}]}" },
		{ "GET", URL "/v2/app/manifests/2", 200, OCI, MANIFEST },
	};
	struct canned_http canned = CANNED(exchanges);
	struct registry registry = make_registry(&canned, &password);

	assert_int_equal(registry_tag(&registry, "app", digest.buf, "2", &err), 0);
	assert_int_equal(canned.next, canned.count);
	canned_release(&canned);
}

/* An index stands for each manifest that it lists; a manifest for none. */
static void finds_a_manifest_in_an_index(void **state)
{
	static const struct {
		const char *body, *digest;
		bool want;
	} rows[] = {
		{ INDEX, "sha256:b", true },
		{ INDEX, "sha256:c", false },
		{ MANIFEST, "sha256:a", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = {
			{ "GET", URL "/v2/team/app/manifests/1", 200, OCI, rows[i].body },
			{ "GET", URL "/v2/team/app/manifests/1", 404, "", "" },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(secret_release) struct secret password = SECRET_INIT;
		struct registry registry;
		bool is_there = false;

		secret_sets(&password, "token");
		registry = make_registry(&canned, &password);
		assert_int_equal(registry_index_has(&registry, "team/app", "1", rows[i].digest,
						    &is_there, &err),
				 0);
		assert_int_equal(is_there, rows[i].want);
		assert_int_equal(registry_index_has(&registry, "team/app", "1", rows[i].digest,
						    &is_there, &err),
				 -1);
		canned_release(&canned);
	}
}

static void puts_the_same_bytes_under_another_tag(void **state)
{
	CLEANUP(str_release) struct str want = STR_INIT;
	CLEANUP(str_release) struct str by_digest = STR_INIT;
	const char *digest = digest_of_manifest(&want);
	struct canned_exchange exchanges[] = {
		{ "GET", NULL, 200, OCI, MANIFEST },
		{ "PUT", URL "/v2/app/manifests/latest", 201, NULL, "" },
		{ "GET", URL "/v2/app/manifests/latest", 200, OCI, MANIFEST },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct secret password = SECRET_INIT;
	struct registry registry = make_registry(&canned, &password);

	(void)state;
	str_addf(&by_digest, "%s/v2/app/manifests/%s", URL, digest);
	exchanges[0].url = by_digest.buf;
	assert_int_equal(registry_tag(&registry, "app", digest, "latest", &err), 0);
	assert_int_equal(canned.next, 3);
	assert_string_equal(canned.body.buf, MANIFEST);
	assert_string_equal(canned.body_type.buf, "application/vnd.oci.image.manifest.v1+json");
	canned_release(&canned);
}

#define IMAGE_ID  "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER_ID  "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OF(id)	  "{\"schemaVersion\":2,\"config\":{\"digest\":\"" id "\"}}"
#define OCI_INDEX "content-type: application/vnd.oci.image.index.v1+json"

/* An index as buildx pushes it: an image for each platform, and an attestation of the first. */
static void write_index(struct str *out, const char *first, const char *second)
{
	CLEANUP(str_release) struct str first_hex = STR_INIT;
	CLEANUP(str_release) struct str second_hex = STR_INIT;

	digest_sha256_hex(&first_hex, first, strlen(first));
	digest_sha256_hex(&second_hex, second, strlen(second));
	str_addf(out,
		 "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:%s\",\"platform\":{"
		 "\"os\":\"linux\",\"architecture\":\"arm64\"}},{\"digest\":\"%s\",\"platform\":{"
		 "\"os\":\"unknown\",\"architecture\":\"unknown\"}},{\"digest\":\"sha256:%s\"},"
		 "{\"digest\":\"no digest\"}]}",
		 first_hex.buf, DIGEST, second_hex.buf);
}

static char *url_of(const char *bytes)
{
	CLEANUP(str_release) struct str url = STR_INIT;

	str_adds(&url, URL "/v2/app/manifests/sha256:");
	digest_sha256_hex(&url, bytes, strlen(bytes));
	return str_detach(&url);
}

static void finds_an_image_among_those_of_an_index(void **state)
{
	static const struct {
		const char *first, *second;
		bool want;
	} rows[] = {
		{ OF(OTHER_ID), OF(IMAGE_ID), true },
		{ OF(IMAGE_ID), OF(OTHER_ID), true },
		{ OF(OTHER_ID), OF(OTHER_ID) " ", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(str_release) struct str index = STR_INIT;
		CLEANUP_FREE char *first = url_of(rows[i].first);
		CLEANUP_FREE char *second = url_of(rows[i].second);
		const struct canned_exchange exchanges[] = {
			{ "GET", URL "/v2/app/manifests/1", 200, OCI_INDEX,
			  (write_index(&index, rows[i].first, rows[i].second), index.buf) },
			{ "GET", first, 200, OCI, rows[i].first },
			{ "GET", second, 200, OCI, rows[i].second },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct secret password = SECRET_INIT;
		struct registry registry = make_registry(&canned, &password);
		bool has_it = !rows[i].want;

		assert_int_equal(registry_has_image(&registry, "app", "1", IMAGE_ID, &has_it, &err),
				 0);
		assert_int_equal(has_it, rows[i].want);
		assert_int_equal(canned.next, 3);
		canned_release(&canned);
	}
}

/* No manifest, one among those of an index, a count of them that is nobody's, and one that is gone.
 */
static void finds_no_image_in_what_is_no_manifest(void **state)
{
	static const char many[] = "{\"manifests\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
				   "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
				   "1,1,1,1,1,1,1,1,1,1,1]}";
	CLEANUP(str_release) struct str index = STR_INIT;
	CLEANUP_FREE char *first = url_of("nothing");
	const struct {
		const char *body;
		int status; /* of the first in the index; 0: not asked for */
		enum error_kind kind;
		const char *msg, *also;
	} rows[] = {
		{ "nothing", 0, ERROR_REMOTE, "manifest of app:1: ", "" },
		{ (write_index(&index, "nothing", OF(IMAGE_ID)), index.buf), 200, ERROR_REMOTE,
		  "looking into app:1: manifest of app:sha256:", "" },
		{ index.buf, 404, ERROR_PUBLISH,
		  "looking into app:1: registry r.example: ", "manifest unknown" },
		{ many, 0, ERROR_REMOTE, "looking into app:1: an index of 65 images", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = {
			{ "GET", URL "/v2/app/manifests/1", 200, OCI_INDEX, rows[i].body },
			{ "GET", first, rows[i].status, OCI,
			  rows[i].status == 200
				  ? "nothing"
				  : "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}" },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct secret password = SECRET_INIT;
		struct registry registry = make_registry(&canned, &password);
		bool has_it = false;

		canned.count = rows[i].status ? 2 : 1;
		assert_int_equal(registry_has_image(&registry, "app", "1", IMAGE_ID, &has_it, &err),
				 -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(strncmp(err.msg.buf, rows[i].msg, strlen(rows[i].msg)), 0);
		assert_non_null(strstr(err.msg.buf, rows[i].also));
		assert_false(has_it);
		assert_int_equal(canned.next, canned.count);
		canned_release(&canned);
	}
}

static void finds_no_image_under_a_tag_that_is_not_there(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "GET", URL "/v2/app/manifests/1", 404, NULL, "" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct secret password = SECRET_INIT;
	struct registry registry = make_registry(&canned, &password);
	bool has_it = false;

	(void)state;
	assert_int_equal(registry_has_image(&registry, "app", "1", IMAGE_ID, &has_it, &err), -1);
	assert_int_equal(err.kind, ERROR_PUBLISH);
	assert_true(error_has_code(&err, "NotFound"));
	assert_string_equal(err.msg.buf, "looking up app:1: registry r.example: HTTP status 404");
	canned_release(&canned);
}

static void takes_an_image_s_id_for_that_of_its_manifest_or_configuration(void **state)
{
	CLEANUP(str_release) struct str id = STR_INIT;
	const char *ids[] = { IMAGE_ID, NULL };

	(void)state;
	str_adds(&id, "sha256:");
	digest_sha256_hex(&id, OF(IMAGE_ID), strlen(OF(IMAGE_ID)));
	ids[1] = id.buf;
	for (size_t i = 0; i < COUNT(ids); i++) {
		const struct canned_exchange exchanges[] = {
			{ "GET", URL "/v2/app/manifests/1", 200, OCI, OF(IMAGE_ID) },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct secret password = SECRET_INIT;
		struct registry registry = make_registry(&canned, &password);
		bool has_it = false;

		assert_int_equal(registry_has_image(&registry, "app", "1", ids[i], &has_it, &err),
				 0);
		assert_true(has_it);
		canned_release(&canned);
	}
}

static void takes_an_immutable_tag_with_the_same_manifest_for_done(void **state)
{
	static const char refusal[] =
		"{\"errors\":[{\"code\":\"TAG_INVALID\",\"message\":\"The image tag '1' already "
		"exists in the 'app' repository and cannot be overwritten because the repository "
		"is immutable.\"}]}";
	static const char *const now[] = { MANIFEST, "{\"schemaVersion\": 3}" };

	(void)state;
	for (size_t i = 0; i < COUNT(now); i++) {
		CLEANUP(str_release) struct str want = STR_INIT;
		CLEANUP(str_release) struct str by_digest = STR_INIT;
		const char *digest = digest_of_manifest(&want);
		struct canned_exchange exchanges[] = {
			{ "GET", NULL, 200, OCI, MANIFEST },
			{ "PUT", URL "/v2/app/manifests/1", 400, NULL, refusal },
			{ "GET", URL "/v2/app/manifests/1", 200, OCI, now[i] },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct secret password = SECRET_INIT;
		struct registry registry = make_registry(&canned, &password);

		str_addf(&by_digest, "%s/v2/app/manifests/%s", URL, digest);
		exchanges[0].url = by_digest.buf;
		assert_int_equal(registry_tag(&registry, "app", digest, "1", &err),
				 i == 0 ? 0 : -1);
		if (i > 0)
			assert_string_equal(err.code, "TagIsImmutable");
		assert_int_equal(canned.next, canned.count);
		canned_release(&canned);
	}
}

static void tells_what_a_registry_refuses(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum error_kind kind;
		const char *code;
		const char *msg;
	} rows[] = {
		{ 404,
		  "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\","
		  "\"detail\":{}}]}",
		  ERROR_PUBLISH, "NotFound",
		  "looking up app:1: registry r.example: manifest unknown: manifest unknown" },
		{ 404,
		  "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"The repository with name "
		  "'app' does not exist\"}]}",
		  ERROR_PUBLISH, "NotFound",
		  "looking up app:1: registry r.example: name unknown: The repository with name "
		  "'app' does not exist" },
		{ 401,
		  "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication "
		  "required\"}]}",
		  ERROR_AUTH, "NoCredentials",
		  "looking up app:1: registry r.example: unauthorized: authentication required" },
		{ 401, "Not Authorized\n", ERROR_AUTH, "NoCredentials",
		  "looking up app:1: registry r.example: HTTP status 401" },
		{ 403,
		  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"Your authorization token has "
		  "expired. Reauthenticate and try again.\"}]}",
		  ERROR_AUTH, "ExpiredToken",
		  "looking up app:1: registry r.example: denied: Your authorization token has "
		  "expired. Reauthenticate and try again." },
		{ 429, "", ERROR_BUSY, "",
		  "looking up app:1: registry r.example: HTTP status 429" },
		{ 307, "", ERROR_PUBLISH, "",
		  "looking up app:1: registry r.example: HTTP status 307" },
		{ 500, "{\"errors\":[]}", ERROR_REMOTE, "",
		  "looking up app:1: registry r.example: HTTP status 500" },
		{ 500, "null", ERROR_REMOTE, "",
		  "looking up app:1: registry r.example: HTTP status 500" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = {
			{ "GET", URL "/v2/app/manifests/1", rows[i].status, NULL, rows[i].body },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str digest = STR_INIT;
		struct secret password = SECRET_INIT;
		struct registry registry = make_registry(&canned, &password);

		assert_int_equal(registry_digest(&registry, "app", "1", &digest, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_string_equal(err.code, rows[i].code);
		assert_string_equal(err.msg.buf, rows[i].msg);
		canned_release(&canned);
	}
}

static void checks_the_credentials_alone(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "GET", URL "/v2/", 200, NULL, "{}" },
		{ "GET", URL "/v2/", 401, NULL, "" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct secret password = SECRET_INIT;
	struct registry registry = make_registry(&canned, &password);

	(void)state;
	assert_int_equal(registry_check(&registry, &err), 0);
	assert_int_equal(registry_check(&registry, &err), -1);
	assert_int_equal(error_exit_status(&err), 4);
	assert_true(err.fix.len > 0);
	canned_release(&canned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_the_manifest_itself),
		cmocka_unit_test(does_not_believe_a_digest_that_the_bytes_deny),
		cmocka_unit_test(finds_a_manifest_in_an_index),
		cmocka_unit_test(puts_the_same_bytes_under_another_tag),
		cmocka_unit_test(finds_an_image_among_those_of_an_index),
		cmocka_unit_test(finds_no_image_in_what_is_no_manifest),
		cmocka_unit_test(finds_no_image_under_a_tag_that_is_not_there),
		cmocka_unit_test(takes_an_image_s_id_for_that_of_its_manifest_or_configuration),
		cmocka_unit_test(asks_again_where_an_answer_was_lost),
		cmocka_unit_test(a_lost_put_has_one_effect),
		cmocka_unit_test(a_put_that_nobody_answers_is_looked_for),
		cmocka_unit_test(a_put_whose_effect_cannot_be_seen_is_told_as_such),
		cmocka_unit_test(takes_an_immutable_tag_with_the_same_manifest_for_done),
		cmocka_unit_test(tells_what_a_registry_refuses),
		cmocka_unit_test(checks_the_credentials_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
