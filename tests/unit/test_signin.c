#include "aws/dpop.h"
#include "aws/sso_session.h"
#include "data/digest.h"
#include "vectors.h"
#include "world.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

/* Signing in by person: SSO with its device flow, and what 'aws login' left behind. */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- SSO ---- */

static const char sso_config[] = "[sso-session s]\nsso_start_url = https://x.example/start\n"
				 "sso_region = eu-north-1\n[profile p]\nsso_session = s\n"
				 "sso_account_id = 123456789012\nsso_role_name = R\n"
				 "[profile old]\nsso_start_url = https://x.example/start\n"
				 "sso_region = eu-north-1\nsso_account_id = 1\n"
				 "sso_role_name = R\n[profile plain]\nregion = x\n";

/* What the services do next; statuses 200 where not said otherwise. */
struct services {
	int portal_status;
	int token_status;
	unsigned pending;   /* answers "not yet" so often */
	unsigned slow_down; /* then "slower" so often */
	struct strv bodies; /* of the calls to OIDC */
};

static void services_release(struct services *services)
{
	strv_release(&services->bodies);
}

static int answer_token(struct services *services, struct str *ret_body)
{
	if (services->pending) {
		services->pending--;
		str_adds(ret_body, "{\"__type\": \"AuthorizationPendingException\", \"error\": "
				   "\"authorization_pending\"}");
		return 400;
	}
	if (services->slow_down) {
		services->slow_down--;
		str_adds(ret_body, "{\"__type\": \"SlowDownException\"}");
		return 400;
	}
	if (services->token_status) {
		str_adds(ret_body, "{\"__type\": \"InvalidGrantException\"}");
		return services->token_status;
	}
	str_adds(ret_body, "{\"accessToken\": \"NEWTOKEN\", \"refreshToken\": \"NEWREFRESH\", "
			   "\"expiresIn\": 28800}");
	return 200;
}

static int answer_portal(const struct services *services, struct str *ret_body)
{
	if (services->portal_status) {
		str_adds(ret_body, "{\"__type\": \"UnauthorizedException\", \"message\": \"Session "
				   "token not found or invalid\"}");
		return services->portal_status;
	}
	str_adds(ret_body, "{\"roleCredentials\": {\"accessKeyId\": \"SSOKEY\", "
			   "\"secretAccessKey\": \"s\", \"sessionToken\": \"t\", "
			   "\"expiration\": 1795453200000}}");
	return 200;
}

static int answer_sso(struct world *world, const struct http_request *request, struct str *ret_body)
{
	struct services *services = world->ctx;

	if (strstr(request->url, "https://portal.sso.eu-north-1.amazonaws.com/federation/"))
		return answer_portal(services, ret_body);
	strv_add(&services->bodies, world->body.buf);
	if (strcmp(request->url, "https://oidc.eu-north-1.amazonaws.com/token") == 0)
		return answer_token(services, ret_body);
	if (strcmp(request->url, "https://oidc.eu-north-1.amazonaws.com/client/register") == 0)
		str_adds(ret_body, "{\"clientId\": \"CLIENT\", \"clientSecret\": \"SECRET\", "
				   "\"clientSecretExpiresAt\": 1803208320}");
	else
		str_adds(ret_body, "{\"deviceCode\": \"DEVICE\", \"userCode\": \"ABCD-EFGH\", "
				   "\"verificationUri\": \"https://device.example/\", "
				   "\"verificationUriComplete\": "
				   "\"https://device.example/?c=ABCD-EFGH\", \"expiresIn\": 600, "
				   "\"interval\": 1}");
	return 200;
}

static char *token_name(const char *session)
{
	CLEANUP(str_release) struct str name = STR_INIT;

	str_adds(&name, ".aws/sso/cache/");
	digest_sha1_hex(&name, session, strlen(session));
	str_adds(&name, ".json");
	return str_detach(&name);
}

static void write_token(struct world *world, const char *session, const char *expires)
{
	CLEANUP_FREE char *name = token_name(session);
	CLEANUP_FREE char *text =
		mem_printf("{\"accessToken\": \"TOKEN\", \"expiresAt\": \"%s\", \"refreshToken\": "
			   "\"REFRESH\", "
			   "\"clientId\": \"CLIENT\", \"clientSecret\": \"SECRET\", "
			   "\"registrationExpiresAt\": \"2027-01-01T00:00:00Z\"}",
			   expires);

	world_write(world, name, text);
}

static json_t *read_token(const struct world *world, const char *session)
{
	CLEANUP_FREE char *name = token_name(session);
	CLEANUP_FREE char *path = file_join(world->home, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	return json_load_file(path, 0, NULL);
}

static void sso_begin(struct world *world, struct services *services)
{
	world_begin(world);
	world->answer = answer_sso;
	world->ctx = services;
	world_write(world, ".aws/config", sso_config);
}

static void gets_the_role_of_a_session_and_of_an_old_profile(void **state)
{
	static const struct {
		const char *profile, *token, *cached;
	} rows[] = {
		/* Python: json.dumps({...}, sort_keys=True, separators=(',', ':')) */
		{ "p", "s",
		  "{\"accountId\":\"123456789012\",\"roleName\":\"R\",\"sessionName\":\"s\"}" },
		{ "old", "https://x.example/start",
		  "{\"accountId\":\"1\",\"roleName\":\"R\",\"startUrl\":"
		  "\"https://x.example/start\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(services_release) struct services services = { 0 };
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str cache = STR_INIT;
		const struct aws_credentials *credentials;

		sso_begin(&world, &services);
		write_token(&world, rows[i].token, "2026-11-23T20:00:00Z");
		assert_int_equal(world_resolve(&world, rows[i].profile, &credentials, &err), 0);
		assert_string_equal(credentials->access_key_id.buf, "SSOKEY");
		assert_true(credentials->expires_ms == 1795453200000);
		assert_string_equal(world_header(&world, "x-amz-sso_bearer_token"), "TOKEN");
		assert_int_equal(world.requests.count, 1);
		str_addf(&cache, "%s/.aws/cli/cache/", world.home);
		digest_sha1_hex(&cache, rows[i].cached, strlen(rows[i].cached));
		str_adds(&cache, ".json");
		assert_true(file_exists(cache.buf));
		assert_int_equal(world_resolve(&world, rows[i].profile, &credentials, &err), 0);
		assert_int_equal(world.requests.count, 1);
	}
}

static void refreshes_the_token_of_a_session(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(services_release) struct services services = { 0 };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;
	json_auto_t *token = NULL;

	(void)state;
	sso_begin(&world, &services);
	write_token(&world, "s", "2026-11-23T11:20:00Z");
	assert_int_equal(world_resolve(&world, "p", &credentials, &err), 0);
	assert_string_equal(world_header(&world, "x-amz-sso_bearer_token"), "NEWTOKEN");
	assert_string_equal(services.bodies.v[0],
			    "{\"grantType\":\"refresh_token\",\"refreshToken\":\"REFRESH\","
			    "\"clientId\":\"CLIENT\",\"clientSecret\":\"SECRET\"}");
	token = read_token(&world, "s");
	assert_string_equal(text_of(token, "accessToken"), "NEWTOKEN");
	assert_string_equal(text_of(token, "refreshToken"), "NEWREFRESH");
	assert_string_equal(text_of(token, "expiresAt"), "2026-11-23T19:12:00Z");
	assert_string_equal(text_of(token, "registrationExpiresAt"), "2027-01-01T00:00:00Z");
}

static void uses_a_token_that_still_holds_when_it_cannot_be_refreshed(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(services_release) struct services services = { .token_status = 400 };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	sso_begin(&world, &services);
	write_token(&world, "s", "2026-11-23T11:20:00Z");
	assert_int_equal(world_resolve(&world, "p", &credentials, &err), 0);
	assert_string_equal(world_header(&world, "x-amz-sso_bearer_token"), "TOKEN");
}

static void says_how_to_sign_in_when_nobody_has(void **state)
{
	static const struct {
		const char *profile, *session, *expires;
		int portal_status, token_status;
		const char *want;
	} rows[] = {
		{ "p", NULL, NULL, 0, 0, "nobody has signed in with SSO" },
		{ "p", "s", "2026-11-23T11:00:00Z", 0, 400, "the SSO sign-in has ended" },
		{ "old", "https://x.example/start", "2026-11-23T11:00:00Z", 0, 0,
		  "the SSO sign-in has ended" },
		{ "p", "s", "2026-11-23T20:00:00Z", 401, 0,
		  "the SSO sign-in is not accepted any more" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(services_release)
		struct services services = { .portal_status = rows[i].portal_status,
					     .token_status = rows[i].token_status };
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *fix =
			mem_printf("run 'deployer sso-login --profile %s'", rows[i].profile);
		const struct aws_credentials *credentials;

		sso_begin(&world, &services);
		if (rows[i].session)
			write_token(&world, rows[i].session, rows[i].expires);
		assert_int_equal(world_resolve(&world, rows[i].profile, &credentials, &err), -1);
		assert_int_equal(err.kind, ERROR_AUTH);
		assert_string_equal(err.fix.buf, fix);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("'%s' is not in: %s", rows[i].want, err.msg.buf);
	}
}

static void finds_what_is_wrong_with_a_session(void **state)
{
	static const struct {
		const char *config, *want;
	} rows[] = {
		{ "[default]\nsso_session = s\n", "there is no sso-session 's'" },
		{ "[default]\nsso_session = s\n[sso-session s]\nsso_region = x\n",
		  "sso-session 's' has no sso_start_url" },
		{ "[default]\nsso_session = s\nsso_region = y\n[sso-session s]\nsso_region = x\n"
		  "sso_start_url = u\n",
		  "sso_region is 'y', and 'x' in sso-session 's'" },
		{ "[default]\nsso_start_url = u\n", "there is no sso_region" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct sso_session session;

		world_begin(&world);
		world_write(&world, ".aws/config", rows[i].config);
		assert_int_equal(world_load(&world, NULL, &err), 0);
		assert_int_equal(sso_session_find(&world.settings.files, "default", &session, &err),
				 -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("'%s' is not in: %s", rows[i].want, err.msg.buf);
	}
}

/* ---- answers that lack something ---- */

struct answer {
	const char *url; /* the end of it, of a query's path */
	int status;
	const char *body;
};

static bool is_asked(const struct http_request *request, const char *end)
{
	size_t len = strcspn(request->url, "?"), end_len = strlen(end);

	return len >= end_len && memcmp(request->url + len - end_len, end, end_len) == 0;
}

/* As the services answer, but for the one answer that is given. */
static int answer_or_else(struct world *world, const struct http_request *request,
			  struct str *ret_body)
{
	const struct answer *answer = world->ctx;
	struct services services = { 0 };
	int status;

	if (is_asked(request, answer->url)) {
		str_adds(ret_body, answer->body);
		return answer->status;
	}
	world->ctx = &services;
	status = answer_sso(world, request, ret_body);
	world->ctx = (void *)(uintptr_t)answer;
	services_release(&services);
	return status;
}

static void says_why_the_portal_gave_no_role(void **state)
{
	static const struct {
		struct answer answer;
		const char *want, *fix;
	} rows[] = {
		{ { "/credentials", 200, "{\"roleCredentials\": {}}" },
		  "profile 'p': SSO GetRoleCredentials: the answer: no 'accessKeyId' in it",
		  "" },
		{ { "/credentials", 200,
		    "{\"roleCredentials\": {\"accessKeyId\": \"A\", \"secretAccessKey\": "
		    "\"s\", \"expiration\": true}}" },
		  "profile 'p': SSO GetRoleCredentials: the answer: 'expiration' is not a time",
		  "" },
		{ { "/credentials", 403,
		    "{\"__type\": \"ForbiddenException\", \"message\": \"No access\"}" },
		  "profile 'p': ",
		  "have the role of the account assigned to you in IAM Identity Center" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct aws_credentials *credentials;

		sso_begin(&world, NULL);
		world.answer = answer_or_else;
		world.ctx = (void *)(uintptr_t)&rows[i].answer;
		write_token(&world, "s", "2026-11-23T20:00:00Z");
		assert_int_equal(world_resolve(&world, "p", &credentials, &err), -1);
		assert_int_equal(err.kind, ERROR_AUTH);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("'%s' is not in: %s", rows[i].want, err.msg.buf);
		assert_string_equal(err.fix.buf, rows[i].fix);
		assert_null(strstr(err.msg.buf, "TOKEN"));
	}
}

static void count_shown(void *ctx, const struct sso_device *device)
{
	assert_string_equal(device->user_code.buf, "ABCD-EFGH");
	assert_string_equal(device->whole_url.buf, "https://device.example/?c=ABCD-EFGH");
	++*(unsigned *)ctx;
}

static int login(struct world *world, unsigned *shown, struct error *err)
{
	struct aws_search search = {
		.settings = &world->settings,
		.files = &world->settings.files,
		.http = &world->http,
		.clock = &world->clock,
		.report = &report_none,
		.profile = "p",
	};
	struct sso_session session;
	int64_t expires_ms;

	assert_int_equal(sso_session_find(search.files, "p", &session, err), 1);
	return sso_session_login(&search, &session, count_shown, shown, &expires_ms, err);
}

static void signs_in_once_the_person_has_agreed(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(services_release) struct services services = { .pending = 3, .slow_down = 2 };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *token = NULL;
	unsigned shown = 0;

	(void)state;
	sso_begin(&world, &services);
	assert_int_equal(world_load(&world, "p", &err), 0);
	assert_int_equal(login(&world, &shown, &err), 0);
	assert_int_equal(shown, 1);
	assert_int_equal(services.bodies.count, 8);
	assert_string_equal(services.bodies.v[0],
			    "{\"clientName\":\"deployer\",\"clientType\":\"public\","
			    "\"scopes\":[\"sso:account:access\"]}");
	assert_string_equal(services.bodies.v[1],
			    "{\"clientId\":\"CLIENT\",\"clientSecret\":\"SECRET\","
			    "\"startUrl\":\"https://x.example/start\"}");
	/* 1 s four times, 6 s, 11 s */
	assert_true(world.now_ms == WORLD_NOW_MS + 21000);
	token = read_token(&world, "s");
	assert_string_equal(text_of(token, "accessToken"), "NEWTOKEN");
	assert_string_equal(text_of(token, "startUrl"), "https://x.example/start");
	assert_string_equal(text_of(token, "region"), "eu-north-1");
	assert_string_equal(text_of(token, "clientSecret"), "SECRET");
}

static void gives_up_when_the_person_does_not_agree_in_time(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(services_release) struct services services = { .pending = 100000 };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	unsigned shown = 0;

	(void)state;
	sso_begin(&world, &services);
	assert_int_equal(world_load(&world, "p", &err), 0);
	assert_int_equal(login(&world, &shown, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_string_equal(err.msg.buf, "nobody agreed to the sign-in in time");
	assert_true(world.now_ms == WORLD_NOW_MS + 600000);
}

static void names_what_an_answer_of_the_sign_in_lacks(void **state)
{
	static const struct {
		struct answer answer;
		const char *want;
	} rows[] = {
		{ { "/client/register", 200, "{}" }, "RegisterClient: no 'clientId'" },
		{ { "/client/register", 200, "{\"clientId\": \"C\"}" },
		  "RegisterClient: no 'clientSecret'" },
		{ { "/device_authorization", 200, "{}" },
		  "StartDeviceAuthorization: no 'deviceCode'" },
		{ { "/device_authorization", 200, "{\"deviceCode\": \"D\", \"userCode\": \"U\"}" },
		  "StartDeviceAuthorization: no 'verificationUri'" },
		{ { "/device_authorization", 200,
		    "{\"deviceCode\": \"D\", \"verificationUri\": \"u\"}" },
		  "StartDeviceAuthorization: no 'userCode'" },
		{ { "/token", 200, "{}" }, "CreateToken: no 'accessToken'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *want = mem_printf("%s in the answer", rows[i].want);
		unsigned shown = 0;

		sso_begin(&world, NULL);
		world.answer = answer_or_else;
		world.ctx = (void *)(uintptr_t)&rows[i].answer;
		assert_int_equal(world_load(&world, "p", &err), 0);
		assert_int_equal(login(&world, &shown, &err), -1);
		assert_string_equal(err.msg.buf, want);
		assert_int_equal(err.kind, shown ? ERROR_AUTH : ERROR_REMOTE);
	}
}

/* Before anything is asked: a person would agree in vain. */
static void signs_nobody_in_without_a_home(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(services_release) struct services services = { 0 };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = NULL;
	unsigned shown = 0;

	(void)state;
	sso_begin(&world, &services);
	path = file_join(world.home, ".aws/config");
	world_set(&world, "AWS_CONFIG_FILE", path);
	world_set(&world, "HOME", NULL);
	assert_int_equal(world_load(&world, "p", &err), 0);
	assert_int_equal(login(&world, &shown, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_string_equal(err.msg.buf, "HOME is not set: nowhere to keep a sign-in");
	assert_string_equal(err.fix.buf, "set HOME");
	assert_int_equal(world.requests.count, 0);
}

/* ---- 'aws login' ---- */

/* A new key for the proof of possession, as JSON has it. */
static char *make_key(void)
{
	CLEANUP(str_release) struct str quoted = STR_INIT;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	CLEANUP_FREE char *pem = NULL;
	char *bytes;
	long len;

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	len = BIO_get_mem_data(bio, &bytes);
	pem = mem_strndup(bytes, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(key);
	json_quote(&quoted, pem);
	return str_detach(&quoted);
}

/* What 'aws login' left for the session "me": it ends in a minute, so it must be renewed. */
static void write_login(struct world *world, const char *secret, const char *key)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	CLEANUP_FREE char *text = mem_printf(
		"{\"accessToken\": {\"accessKeyId\": \"A\", \"secretAccessKey\": \"%s\", "
		"\"sessionToken\": \"t\", \"expiresAt\": \"2026-11-23T11:13:00Z\"}, "
		"\"refreshToken\": \"r\", \"clientId\": \"c\", \"dpopKey\": %s}",
		secret, key);

	str_adds(&name, ".aws/login/cache/");
	digest_sha256_hex(&name, "me", 2);
	str_adds(&name, ".json");
	world_write(world, name.buf, text);
}

static const char bad_key[] = "\"no key\"";

static const struct {
	const char *config, *region, *secret, *key; /* NULL: a good one */
	struct answer answer;
	enum error_kind kind;
	const char *want, *fix;
} not_renewed[] = {
	{ "",
	  NULL,
	  "s",
	  NULL,
	  { "", 0, "" },
	  ERROR_CONFIG,
	  "no region is set",
	  "set --region, AWS_REGION, or region in the profile" },
	{ "use_fips_endpoint = true\n",
	  "us-east-1",
	  "s",
	  NULL,
	  { "", 0, "" },
	  ERROR_AUTH,
	  "a sign-in can be renewed at plain endpoints of AWS, AWS China and AWS GovCloud "
	  "only",
	  "run 'aws login'" },
	{ "",
	  "us-iso-east-1",
	  "s",
	  NULL,
	  { "", 0, "" },
	  ERROR_AUTH,
	  "a sign-in can be renewed at plain endpoints of AWS, AWS China and AWS GovCloud "
	  "only",
	  "run 'aws login'" },
	{ "",
	  "us-east-1",
	  "",
	  NULL,
	  { "", 0, "" },
	  ERROR_AUTH,
	  "no 'secretAccessKey' in it",
	  "run 'aws login'" },
	{ "",
	  "us-east-1",
	  "s",
	  bad_key,
	  { "", 0, "" },
	  ERROR_AUTH,
	  "'dpopKey': ",
	  "run 'aws login'" },
	{ "",
	  "us-east-1",
	  "s",
	  NULL,
	  { "/token", 403, "{}" },
	  ERROR_AUTH,
	  "the sign-in service refused to renew it: status 403",
	  "run 'aws login'" },
	{ "",
	  "us-east-1",
	  "s",
	  NULL,
	  { "/token", 200, "<html>" },
	  ERROR_NETWORK,
	  "line 1, column 1: ",
	  "" },
	{ "",
	  "us-east-1",
	  "s",
	  NULL,
	  { "/token", 200, "{\"expiresIn\": 900}" },
	  ERROR_NETWORK,
	  "the sign-in service gave no whole answer",
	  "" },
};

static void says_why_a_sign_in_is_not_renewed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(not_renewed) / sizeof(not_renewed[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *key =
			not_renewed[i].key ? mem_strdup(not_renewed[i].key) : make_key();
		CLEANUP_FREE char *config =
			mem_printf("[default]\nlogin_session = me\n%s", not_renewed[i].config);
		CLEANUP_FREE char *want = mem_printf(
			"credentials: login_session of profile 'default': %s", not_renewed[i].want);
		const struct aws_credentials *credentials;

		world_begin(&world);
		world.answer = answer_or_else;
		world.ctx = (void *)(uintptr_t)&not_renewed[i].answer;
		world_write(&world, ".aws/config", config);
		write_login(&world, not_renewed[i].secret, key);
		world_set(&world, "AWS_REGION", not_renewed[i].region);
		assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
		if (strncmp(err.msg.buf, want, strlen(want)) != 0)
			fail_msg("'%s' is not the begin of: %s", want, err.msg.buf);
		assert_string_equal(err.fix.buf, not_renewed[i].fix);
		assert_int_equal(err.kind, not_renewed[i].kind);
		assert_int_equal(world.requests.count, *not_renewed[i].answer.url ? 1 : 0);
	}
}

/* Checks the request of the vectors and answers as they say. */
static int answer_login(struct world *world, const struct http_request *request,
			struct str *ret_body)
{
	const json_t *call = json_array_get(json_object_get(world->ctx, "mockApiCalls"), 0);
	const json_t *want = json_object_get(json_object_get(call, "request"), "tokenInput");
	const json_t *output = json_object_get(json_object_get(call, "response"), "tokenOutput");
	json_auto_t *got = json_loads(world->body.buf, 0, NULL);

	assert_string_equal(request->url, "https://us-east-1.signin.aws.amazon.com/v1/token");
	assert_true(json_equal(got, want));
	assert_true(strlen(world_header(world, "DPoP")) > 300);
	if (!output)
		return (int)json_integer_value(json_object_get(call, "responseCode"));
	json_write(output, ret_body);
	return 200;
}

static void write_login_cache(struct world *world, const json_t *files)
{
	const char *name;
	json_t *content;

	json_object_foreach((json_t *)(uintptr_t)files, name, content)
	{
		CLEANUP_FREE char *text = json_dumps(content, 0);
		CLEANUP_FREE char *path = mem_printf(".aws/login/cache/%s", name);

		world_write(world, path, text);
	}
}

static bool same_login_cache(const struct world *world, const json_t *outcome)
{
	const char *name;
	json_t *want;

	json_object_foreach((json_t *)(uintptr_t)outcome, name, want)
	{
		CLEANUP_FREE char *path = mem_printf("%s/.aws/login/cache/%s", world->home, name);
		json_auto_t *got = json_load_file(path, 0, NULL);

		if (strcmp(name, "result") != 0 && !json_equal(got, want))
			return false;
	}
	return true;
}

static bool same_login_credentials(const struct aws_credentials *got, const json_t *want)
{
	int64_t expires_ms;

	return strcmp(got->access_key_id.buf, text_of(want, "accessKeyId")) == 0 &&
	       strcmp(secret_bytes(&got->secret_key), text_of(want, "secretAccessKey")) == 0 &&
	       strcmp(secret_bytes(&got->session_token), text_of(want, "sessionToken")) == 0 &&
	       strcmp(got->account_id.buf, text_of(want, "accountId")) == 0 &&
	       clock_parse_rfc3339(text_of(want, "expiresAt"), &expires_ms) &&
	       got->expires_ms == expires_ms;
}

static bool run_login(json_t *test)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const json_t *outcomes = json_object_get(test, "outcomes"), *outcome;
	const struct aws_credentials *credentials = NULL;
	size_t i;
	int got;

	world_begin(&world);
	world.answer = answer_login;
	world.ctx = test;
	world.now_ms = 1763510400000; /* 2025-11-19T00:00:00Z */
	world_write(&world, ".aws/config", text_of(test, "configContents"));
	write_login_cache(&world, json_object_get(test, "cacheContents"));
	got = world_resolve(&world, "signin", &credentials, &err);
	json_array_foreach(outcomes, i, outcome)
	{
		const char *result = text_of(outcome, "result");

		if (strcmp(result, "error") == 0 && got == 0)
			return false;
		if (strcmp(result, "credentials") == 0 &&
		    (got < 0 || !same_login_credentials(credentials, outcome)))
			return false;
		if (strcmp(result, "cacheContents") == 0 && !same_login_cache(&world, outcome))
			return false;
	}
	return true;
}

static void renews_what_aws_login_left(void **state)
{
	static const char *const files[] = {
		"credential-chain/login-provider-test-cases.json",
		"credential-chain/login-provider-test-cases.sec1-keys.json",
	};

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		json_auto_t *spec = vectors_read("%s", files[f]);
		size_t i, passed = 0, count = json_array_size(spec);
		json_t *test;

		json_array_foreach(spec, i, test)
		{
			bool ok = run_login(test);

			passed += ok ? 1 : 0;
			if (!ok)
				print_message("# fails: %s\n", text_of(test, "documentation"));
		}
		print_message("# login_session, %s: %zu/%zu\n", f ? "SEC 1 keys" : "PKCS #8 keys",
			      passed, count);
		assert_int_equal(count, 8);
		assert_int_equal(passed, count);
	}
}

/* ---- the proof of possession ---- */

static void unpack(const char *text, size_t len, struct str *out)
{
	CLEANUP(str_release) struct str plain = STR_INIT;

	for (size_t i = 0; i < len; i++)
		str_add(&plain, text[i] == '-' ? "+" : text[i] == '_' ? "/" : text + i, 1);
	while (plain.len % 4)
		str_addc(&plain, '=');
	assert_true(base64_decode(out, plain.buf, plain.len));
}

/* By OpenSSL's own reading of the signature: the numbers back into ASN.1. */
static bool is_signed_by(EVP_PKEY *key, const char *signed_text, size_t len, const struct str *raw)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char der[80];
	size_t der_len = 2;
	int result;

	assert_int_equal(raw->len, 64);
	for (size_t half = 0; half < 2; half++) {
		const unsigned char *number = (const unsigned char *)raw->buf + half * 32;
		size_t skip = 0;

		while (skip < 31 && number[skip] == 0)
			skip++;
		der[der_len++] = 2;
		der[der_len++] = (unsigned char)(32 - skip + (number[skip] >> 7));
		if (number[skip] >> 7)
			der[der_len++] = 0;
		memcpy(der + der_len, number + skip, 32 - skip);
		der_len += 32 - skip;
	}
	der[0] = 0x30;
	der[1] = (unsigned char)(der_len - 2);
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
	result = EVP_DigestVerify(context, der, der_len, (const unsigned char *)signed_text, len);
	EVP_MD_CTX_free(context);
	return result == 1;
}

static void proves_that_it_holds_the_key(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes;
	long len;

	(void)state;
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	len = BIO_get_mem_data(bio, &bytes);
	for (int i = 0; i < 50; i++) {
		CLEANUP(str_release)
		struct str proof = STR_INIT, header = STR_INIT, payload = STR_INIT,
			   signature = STR_INIT;
		CLEANUP_FREE char *pem = mem_strndup(bytes, (size_t)len);
		const char *dot, *last;

		assert_int_equal(
			dpop_prove(pem, "https://a/\"b", 1763510400999, "ID", &proof, &err), 0);
		dot = strchr(proof.buf, '.');
		last = strrchr(proof.buf, '.');
		unpack(proof.buf, (size_t)(dot - proof.buf), &header);
		unpack(dot + 1, (size_t)(last - dot - 1), &payload);
		unpack(last + 1, strlen(last + 1), &signature);
		assert_non_null(strstr(header.buf, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\","));
		assert_string_equal(payload.buf, "{\"htm\":\"POST\",\"htu\":\"https://a/\\\"b\","
						 "\"iat\":1763510400,\"jti\":\"ID\"}");
		assert_true(is_signed_by(key, proof.buf, (size_t)(last - proof.buf), &signature));
	}
	BIO_free(bio);
	EVP_PKEY_free(key);
}

static void refuses_a_key_that_is_not_of_the_curve(void **state)
{
	static const char *const keys[] = { "", "-----BEGIN PRIVATE KEY-----\nAAAA\n", "x" };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str proof = STR_INIT;

		assert_int_equal(dpop_prove(keys[i], "https://a", 0, "ID", &proof, &err), -1);
		assert_int_equal(err.kind, ERROR_AUTH);
		assert_int_equal(proof.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gets_the_role_of_a_session_and_of_an_old_profile),
		cmocka_unit_test(refreshes_the_token_of_a_session),
		cmocka_unit_test(uses_a_token_that_still_holds_when_it_cannot_be_refreshed),
		cmocka_unit_test(says_how_to_sign_in_when_nobody_has),
		cmocka_unit_test(finds_what_is_wrong_with_a_session),
		cmocka_unit_test(says_why_the_portal_gave_no_role),
		cmocka_unit_test(signs_in_once_the_person_has_agreed),
		cmocka_unit_test(gives_up_when_the_person_does_not_agree_in_time),
		cmocka_unit_test(names_what_an_answer_of_the_sign_in_lacks),
		cmocka_unit_test(signs_nobody_in_without_a_home),
		cmocka_unit_test(says_why_a_sign_in_is_not_renewed),
		cmocka_unit_test(renews_what_aws_login_left),
		cmocka_unit_test(proves_that_it_holds_the_key),
		cmocka_unit_test(refuses_a_key_that_is_not_of_the_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
