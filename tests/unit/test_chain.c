#include "vectors.h"
#include "world.h"

#include "base/words.h"

#include <sys/stat.h>

/* The chain as a whole, its settings, and the providers that ask nobody over the network. */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- who comes first ---- */

static const char two_profiles[] = "[default]\naws_access_key_id = DEFAULT\n"
				   "aws_secret_access_key = s\n[profile p]\n"
				   "AWS_Access_Key_Id = P\naws_secret_access_key = s\n"
				   "aws_session_token = t\naws_account_id = 123456789012\n";

static void takes_the_first_provider_that_has_credentials(void **state)
{
	static const struct {
		const char *vars[4]; /* name, value, ... */
		const char *profile, *id, *source;
	} rows[] = {
		{ { NULL }, NULL, "DEFAULT", "profile 'default' (" },
		{ { "AWS_PROFILE", "p" }, NULL, "P", "profile 'p' (" },
		{ { "AWS_DEFAULT_PROFILE", "p" }, NULL, "P", "profile 'p' (" },
		{ { "AWS_ACCESS_KEY_ID", "E", "AWS_SECRET_ACCESS_KEY", "s" },
		  NULL,
		  "E",
		  "environment" },
		{ { "AWS_ACCESS_KEY_ID", "E", "AWS_SECRET_ACCESS_KEY", "s" },
		  "p",
		  "P",
		  "profile 'p' (" },
		{ { "AWS_ACCESS_KEY_ID", " ", "AWS_SECRET_ACCESS_KEY", "" },
		  NULL,
		  "DEFAULT",
		  "profile 'default' (" },
		{ { "AWS_PROFILE", "" }, NULL, "DEFAULT", "profile 'default' (" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct aws_credentials *credentials;

		world_begin(&world);
		world_write(&world, ".aws/config", two_profiles);
		for (size_t k = 0; k < 4 && rows[i].vars[k]; k += 2)
			world_set(&world, rows[i].vars[k], rows[i].vars[k + 1]);
		assert_int_equal(world_resolve(&world, rows[i].profile, &credentials, &err), 0);
		assert_string_equal(credentials->access_key_id.buf, rows[i].id);
		assert_ptr_equal(strstr(credentials->source.buf, rows[i].source),
				 credentials->source.buf);
		assert_int_equal(world.requests.count, 0);
	}
}

static void names_every_provider_when_none_has_credentials(void **state)
{
	static const char *const names[] = {
		"environment (AWS_ACCESS_KEY_ID is not set)",
		"role (no role_arn in profile 'default')",
		"web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set",
		"SSO (no sso_account_id",
		"credentials file (no profile 'default' in",
		"credential_process (no credential_process",
		"config file (no profile 'default' in",
		"login (no login_session",
		"container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"EC2 instance (AWS_EC2_METADATA_DISABLED is true)",
	};
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_true(err.fix.len > 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strstr(err.msg.buf, names[i]))
			fail_msg("'%s' is not in: %s", names[i], err.msg.buf);
	}
}

static void ends_at_a_provider_that_is_configured_and_fails(void **state)
{
	static const struct {
		const char *config, *credentials, *id_in_env;
		const char *want;
		enum error_kind kind;
	} rows[] = {
		{ two_profiles, "", "E", "AWS_SECRET_ACCESS_KEY is not", ERROR_AUTH },
		{ "", "[default]\naws_access_key_id = X\n", NULL,
		  "has aws_access_key_id and no aws_secret_access_key", ERROR_AUTH },
		{ "[default]\nrole_arn = x\n", "", NULL,
		  "neither source_profile nor credential_source", ERROR_CONFIG },
		{ "[default]\nsso_account_id = 1\n", "", NULL, "has no sso_role_name",
		  ERROR_CONFIG },
		{ "[default]\nweb_identity_token_file = /x\n", "", NULL,
		  "a web identity token and no role", ERROR_CONFIG },
		{ "[default]\nrole_arn = x\ncredential_source = Moon\n", "", NULL,
		  "credential_source 'Moon' is not known", ERROR_CONFIG },
		{ "[default]\nrole_arn = x\ncredential_source = Environment\n", "", NULL,
		  "AWS_ACCESS_KEY_ID is not set", ERROR_AUTH },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct aws_credentials *credentials;

		world_begin(&world);
		world_write(&world, ".aws/config", rows[i].config);
		world_write(&world, ".aws/credentials", rows[i].credentials);
		world_set(&world, "AWS_ACCESS_KEY_ID", rows[i].id_in_env);
		assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("'%s' is not in: %s", rows[i].want, err.msg.buf);
	}
}

/* ---- how long they last ---- */

/* How long a container's credentials last from the moment they are asked for, or that it fails. */
struct container {
	int64_t lifetime_s;
	bool fails;
	size_t asked;
};

static int answer_lifetime(struct world *world, const struct http_request *request,
			   struct str *ret_body)
{
	struct container *container = world->ctx;
	CLEANUP(str_release) struct str end = STR_INIT;

	(void)request;
	container->asked++;
	if (container->fails)
		return 500;
	clock_format_rfc3339(world->now_ms + container->lifetime_s * 1000, &end);
	str_addf(ret_body,
		 "{\"AccessKeyId\":\"%zu\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
		 "\"Expiration\":\"%s\"}",
		 container->asked, end.buf);
	return 200;
}

static void begin_container(struct world *world, struct container *container, struct error *err)
{
	world_begin(world);
	world->answer = answer_lifetime;
	world->ctx = container;
	world_set(world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	assert_int_equal(world_load(world, NULL, err), 0);
}

static const char *id_after(struct world *world, int64_t minutes, bool force)
{
	struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;
	int result;

	world->now_ms += minutes * 60 * 1000;
	result = aws_chain_resolve(world->chain, force, &credentials, &err);
	error_release(&err);
	return result < 0 ? "none" : credentials->access_key_id.buf;
}

/*
 * The cases of AWS's SDKs (botocore, credential-refresh-tests.json) in a container that has given
 * credentials for an hour, or none yet. Left out are nine: what has ended is never handed out, as
 * the command can say why it has nothing better (four); a sign-in that has ended is no reason to
 * give up what still holds (three); no window is configured; nobody else renews meanwhile.
 */
static const struct refresh_step {
	const char *name;   /* begins a case */
	int64_t wait_s;	    /* since the step before it, */
	int64_t lifetime_s; /* ... and what the container gives then; 0: it fails */
	bool is_called_expired;
	const char *want; /* the answer that is used, "none" */
	size_t asked;	  /* so far; a failure is asked for three times */
} refresh_steps[] = {
	{ "valid", 0, 3600, false, "1", 1 },
	{ NULL, 2699, 3600, false, "1", 1 },
	{ "advisory, renewed", 0, 3600, false, "1", 1 },
	{ NULL, 2760, 3600, false, "2", 2 },
	{ "advisory, fails", 0, 3600, false, "1", 1 },
	{ NULL, 2760, 0, false, "1", 4 },
	{ "mandatory, renewed", 0, 3600, false, "1", 1 },
	{ NULL, 3570, 3600, false, "2", 2 },
	{ "mandatory, fails", 0, 3600, false, "1", 1 },
	{ NULL, 3570, 0, false, "1", 4 },
	{ "ended, renewed", 0, 3600, false, "1", 1 },
	{ NULL, 3601, 3600, false, "2", 2 },
	{ "none, fails, then not", 0, 0, false, "none", 3 },
	{ NULL, 0, 3600, false, "4", 4 },
	{ "none, fails for good, then not", 0, 0, false, "none", 3 },
	{ NULL, 6, 3600, false, "4", 4 },
	{ "advisory, has ended already", 0, 3600, false, "1", 1 },
	{ NULL, 2760, -1, false, "1", 2 },
	{ "mandatory, has ended already", 0, 3600, false, "1", 1 },
	{ NULL, 3570, -1, false, "1", 2 },
	{ "ten minutes: five before", 0, 600, false, "1", 1 },
	{ NULL, 299, 600, false, "1", 1 },
	{ NULL, 1, 600, false, "2", 2 },
	{ "20.5 minutes: 15 before", 0, 1230, false, "1", 1 },
	{ NULL, 329, 1230, false, "1", 1 },
	{ NULL, 1, 1230, false, "2", 2 },
	{ "six hours: 60 before", 0, 21600, false, "1", 1 },
	{ NULL, 17999, 21600, false, "1", 1 },
	{ NULL, 1, 21600, false, "2", 2 },
	{ "six hours, then ten minutes", 0, 21600, false, "1", 1 },
	{ NULL, 18060, 600, false, "2", 2 },
	{ NULL, 299, 600, false, "2", 2 },
	{ NULL, 1, 600, false, "3", 3 },
	{ "called expired, renewed", 0, 3600, false, "1", 1 },
	{ NULL, 0, 3600, true, "2", 2 },
};

#define REFRESH_STEPS (sizeof(refresh_steps) / sizeof(refresh_steps[0]))

/* One case, from its first step; returns the step behind its last one. */
static const struct refresh_step *play_refresh(const struct refresh_step *step)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct container container = { .lifetime_s = 0 };
	const char *name = step->name;

	begin_container(&world, &container, &err);
	do {
		world.now_ms += step->wait_s * 1000;
		container.lifetime_s = step->lifetime_s;
		container.fails = step->lifetime_s == 0;
		if (strcmp(id_after(&world, 0, step->is_called_expired), step->want) != 0 ||
		    container.asked != step->asked)
			fail_msg("'%s', step %td", name, step - refresh_steps);
		step++;
	} while (step < refresh_steps + REFRESH_STEPS && !step->name);
	return step;
}

static void renews_as_the_sdks_do(void **state)
{
	const struct refresh_step *step = refresh_steps;
	size_t cases = 0;

	(void)state;
	for (; step < refresh_steps + REFRESH_STEPS; cases++)
		step = play_refresh(step);
	print_message("# credential refresh: %zu/%zu cases, 9 left out\n", cases, cases);
	assert_int_equal(cases, 15);
}

static void keeps_the_old_ones_to_their_end(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct container container = { .lifetime_s = 3600 };
	size_t asked;

	(void)state;
	begin_container(&world, &container, &err);
	assert_string_equal(id_after(&world, 0, false), "1");
	container.fails = true;
	assert_string_equal(id_after(&world, 46, false), "1");
	asked = world.requests.count;
	assert_true(asked > 1);
	/* Not at each call, but again after five minutes. */
	assert_string_equal(id_after(&world, 4, false), "1");
	assert_int_equal(world.requests.count, asked);
	assert_string_equal(id_after(&world, 1, false), "1");
	assert_true(world.requests.count > asked);
	assert_string_equal(id_after(&world, 8, false), "1");
	assert_string_equal(id_after(&world, 1, false), "none");
	container.fails = false;
	assert_string_not_equal(id_after(&world, 0, false), "none");
}

static void reads_the_files_again_when_a_service_called_the_keys_expired(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	world_begin(&world);
	world_write(&world, ".aws/credentials",
		    "[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n");
	assert_int_equal(world_load(&world, NULL, &err), 0);
	assert_string_equal(id_after(&world, 0, false), "OLD");
	world_write(&world, ".aws/credentials",
		    "[default]\naws_access_key_id = NEW\naws_secret_access_key = s\n");
	assert_string_equal(id_after(&world, 0, false), "OLD");
	assert_string_equal(id_after(&world, 0, true), "NEW");
}

static void refuses_keys_of_the_environment_that_have_ended(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	world_set(&world, "AWS_ACCESS_KEY_ID", "E");
	world_set(&world, "AWS_SECRET_ACCESS_KEY", "s");
	world_set(&world, "AWS_CREDENTIAL_EXPIRATION", "2026-11-23T11:11:00Z");
	assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_string_equal(err.msg.buf,
			    "the credentials from environment ended at 2026-11-23T11:11:00Z");
}

/* ---- credential_process ---- */

static int run_process(struct world *world, const char *command, const struct aws_credentials **ret,
		       struct error *err)
{
	CLEANUP(str_release) struct str config = STR_INIT;

	str_addf(&config, "[default]\ncredential_process = %s\naws_account_id = 42\n", command);
	world_write(world, ".aws/config", config.buf);
	return world_resolve(world, NULL, ret, err);
}

static void reads_what_a_credential_process_prints(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	assert_int_equal(run_process(&world,
				     "printf '%s' '{\"Version\": 1, \"AccessKeyId\": \"A B\", "
				     "\"SecretAccessKey\": \"s\", \"Expiration\": "
				     "\"2026-11-23T17:00:00+01:00\"}'",
				     &credentials, &err),
			 0);
	assert_string_equal(credentials->access_key_id.buf, "A B");
	assert_string_equal(credentials->account_id.buf, "42");
	assert_true(credentials->expires_ms == WORLD_NOW_MS + 4 * 3600000 + 48 * 60000);
}

static void explains_a_credential_process_that_fails(void **state)
{
	static const struct {
		const char *command, *want;
	} rows[] = {
		{ "false", "exited with status 1" },
		{ "ls /nonesuch-7", "nonesuch-7" },
		{ "nonesuch-program-7", "nonesuch-program-7" },
		{ "echo hello", "line 1" },
		{ "echo {}", "\"Version\": 1" },
		{ "printf '%s' '{\"Version\": 2}'", "\"Version\": 1" },
		{ "printf '%s' '{\"Version\": 1, \"AccessKeyId\": \"A\"}'",
		  "no 'SecretAccessKey' in it" },
		{ "echo 'x", "no closing '" },
		{ "echo x\\", "nothing follows the last backslash" },
		{ "echo $(touch injected); touch injected", "line 1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct aws_credentials *credentials;

		world_begin(&world);
		assert_int_equal(run_process(&world, rows[i].command, &credentials, &err), -1);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("'%s' is not in: %s", rows[i].want, err.msg.buf);
		assert_false(file_exists("injected"));
	}
}

static void stops_a_credential_process_that_asks_for_its_own_profile(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	world_set(&world, "DEPLOYER_CREDENTIAL_PROCESS", "default");
	assert_int_equal(run_process(&world, "true", &credentials, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_non_null(strstr(err.msg.buf, "the profile that it stands in"));
}

static void splits_a_command_as_a_shell_would(void **state)
{
	static const struct {
		const char *text, *words[5];
	} rows[] = {
		{ "a b  c", { "a", "b", "c" } },
		{ "  'a b' \"c d\"e ", { "a b", "c de" } },
		{ "a\\ b \"\\\"\\x\" ''", { "a b", "\"\\x", "" } },
		{ "a'$(b)`c`'", { "a$(b)`c`" } },
		{ "", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(strv_release) struct strv words = STRV_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		size_t count = 0;

		assert_int_equal(words_split(&words, rows[i].text, &err), 0);
		for (; rows[i].words[count]; count++)
			assert_string_equal(words.v[count], rows[i].words[count]);
		assert_int_equal(words.count, count);
	}
}

/* ---- settings ---- */

static void reads_settings_from_the_nearest_place(void **state)
{
	static const struct aws_options options = { .region = "eu-west-9" };
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(aws_settings_release) struct aws_settings settings = AWS_SETTINGS_INIT;

	(void)state;
	world_begin(&world);
	world_write(&world, ".aws/config",
		    "[default]\nregion = from-file\nca_bundle = /file.pem\nretry_mode = adaptive\n"
		    "max_attempts = 7\nuse_fips_endpoint = TRUE\n");
	assert_int_equal(world_load(&world, NULL, &err), 0);
	assert_string_equal(world.settings.region, "us-east-1");
	assert_string_equal(world.settings.region_source, "AWS_REGION");
	world_set(&world, "AWS_REGION", NULL);
	assert_int_equal(world_load(&world, NULL, &err), 0);
	assert_string_equal(world.settings.region, "from-file");
	assert_string_equal(world.settings.region_source, "profile 'default'");
	assert_string_equal(world.settings.ca_bundle, "/file.pem");
	assert_int_equal(world.settings.retry_mode, AWS_RETRY_ADAPTIVE);
	assert_int_equal(world.settings.max_attempts, 7);
	assert_true(world.settings.use_fips);
	assert_int_equal(aws_settings_load(&options, &world.env, &report_none, &settings, &err), 0);
	assert_string_equal(settings.region, "eu-west-9");
	assert_string_equal(settings.region_source, "--region");
}

static void names_the_setting_that_has_no_meaning(void **state)
{
	static const struct {
		const char *variable, *value, *want;
	} rows[] = {
		{ "AWS_USE_FIPS_ENDPOINT", "yes", "'yes' is neither true nor false" },
		{ "AWS_MAX_ATTEMPTS", "0", "'0' is not a number" },
		{ "AWS_MAX_ATTEMPTS", "three", "'three' is not a number" },
		{ "AWS_RETRY_MODE", "hard", "'hard' is none of" },
		{ "AWS_PROFILE", "nonesuch",
		  "there is no profile 'nonesuch' (named by "
		  "AWS_PROFILE)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;

		world_begin(&world);
		world_set(&world, rows[i].variable, rows[i].value);
		assert_int_equal(world_load(&world, NULL, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("'%s' is not in: %s", rows[i].want, err.msg.buf);
	}
}

static void add_lines(struct str *text, const char *form, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		str_addf(text, form[0] == '[' ? "[profile p%u]\n" : "k%u = v\n", i);
}

static void bounds_what_the_files_may_hold(void **state)
{
	static const struct {
		const char *head, *form;
		unsigned count;
		const char *tail;
		unsigned sections;
		const char *want, *fix;
	} rows[] = {
		{ "", "[", 5001, "", 0, "/.aws/config': line 5001: more than 5000 sections",
		  "take out what is not used" },
		{ "[default]\n", "k", 501, "", 0,
		  "/.aws/config': line 502: more than 500 keys in a section",
		  "take out what is not used" },
		{ "[DEFAULT]\n", "k", 400, "", 130,
		  "/.aws/config': more than 50000 keys with those of [DEFAULT]",
		  "write them into the profiles that use them" },
		{ "[default]\n", "k", 1, "=\n", 0, "/.aws/config': line 3: ",
		  "write '[SECTION]', 'NAME = VALUE', or lines indented below one" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str config = STR_INIT;

		str_adds(&config, rows[i].head);
		add_lines(&config, rows[i].form, rows[i].count);
		str_adds(&config, rows[i].tail);
		add_lines(&config, "[", rows[i].sections);
		world_begin(&world);
		world_write(&world, ".aws/config", config.buf);
		assert_int_equal(world_load(&world, NULL, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("'%s' is not in: %s", rows[i].want, err.msg.buf);
		assert_string_equal(err.fix.buf, rows[i].fix);
	}
}

static void refuses_a_file_that_is_no_file_of_settings(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str config = STR_INIT;

	(void)state;
	for (unsigned i = 0; i <= (2U << 20) / 16; i++)
		str_adds(&config, "# 456789 123456\n");
	world_begin(&world);
	world_write(&world, ".aws/credentials", config.buf);
	assert_int_equal(world_load(&world, NULL, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_non_null(strstr(err.msg.buf, "/.aws/credentials' is larger than"));
}

static void takes_the_proxy_unless_the_host_is_excepted(void **state)
{
	static const struct {
		const char *no_proxy, *url;
		bool proxied;
	} rows[] = {
		{ NULL, "https://sts.amazonaws.com/", true },
		{ NULL, "http://sts.amazonaws.com/", false },
		{ "*", "https://sts.amazonaws.com/", false },
		{ "amazonaws.com", "https://sts.amazonaws.com/", false },
		{ ".amazonaws.com, x", "https://sts.amazonaws.com:8443/", false },
		{ "sts.amazonaws.com:8443", "https://sts.amazonaws.com:8443/", false },
		{ "zonaws.com", "https://sts.amazonaws.com/", true },
		{ "x,AMAZONAWS.COM", "https://sts.amazonaws.com/", false },
		{ "x amazonaws.com", "https://sts.amazonaws.com/", true },
		{ "x, amazonaws.com", "https://sts.amazonaws.com/", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const char *proxy;

		world_begin(&world);
		world_set(&world, "HTTPS_PROXY", "http://upper:1");
		world_set(&world, "https_proxy", "http://lower:1");
		world_set(&world, "no_proxy", rows[i].no_proxy);
		assert_int_equal(world_load(&world, NULL, &err), 0);
		proxy = aws_settings_proxy(&world.settings, rows[i].url);
		if (rows[i].proxied)
			assert_string_equal(proxy, "http://lower:1");
		else
			assert_null(proxy);
	}
}

static void warns_of_keys_that_others_can_read(void **state)
{
	static const struct aws_options options = { .profile = NULL };
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(aws_settings_release) struct aws_settings settings = AWS_SETTINGS_INIT;
	CLEANUP_FREE char *path = NULL;
	struct keeper keeper = { { keep }, STR_INIT };

	(void)state;
	world_begin(&world);
	world_write(&world, ".aws/credentials", "[default]\nx = y\n");
	path = file_join(world.home, ".aws/credentials");
	assert_int_equal(chmod(path, 0644), 0);
	world.env.vars = strv_array(&world.vars);
	assert_int_equal(aws_settings_load(&options, &world.env, &keeper.report, &settings, &err),
			 0);
	assert_non_null(strstr(keeper.text.buf, "its mode is 0644"));
	str_release(&keeper.text);
}

/* ---- endpoints, against the AWS CLI's own cases ---- */

static void write_block(struct str *config, const char *kind, const json_t *sections)
{
	const char *name, *key, *inner;
	json_t *section, *value, *text;

	json_object_foreach((json_t *)(uintptr_t)sections, name, section)
	{
		bool bare = strcmp(name, "default") == 0;

		str_addf(config, "[%s%s%s]\n", bare ? "" : kind, bare ? "" : " ", name);
		json_object_foreach(section, key, value)
		{
			str_addf(config, "%s = %s\n", key,
				 json_is_string(value) ? json_string_value(value)
				 : json_is_true(value) ? "true"
						       : "");
			json_object_foreach(value, inner, text)
				str_addf(config, "  %s = %s\n", inner, json_string_value(text));
		}
	}
}

static bool run_endpoint(const json_t *suite, const json_t *test, const char *config)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(aws_settings_release) struct aws_settings settings = AWS_SETTINGS_INIT;
	CLEANUP_FREE char *url = NULL;
	const json_t *client = json_object_get(json_object_get(suite, "client_configs"),
					       text_of(test, "client_config"));
	const json_t *environment = json_object_get(json_object_get(suite, "environments"),
						    text_of(test, "environment"));
	const struct aws_options options = { .profile = text_of(test, "profile"),
					     .endpoint_url = text_of(client, "endpoint_url") };
	const char *want = text_of(json_object_get(test, "output"), "endpointUrl"), *name;
	json_t *value;

	world_begin(&world);
	world_write(&world, ".aws/config", config);
	json_object_foreach((json_t *)(uintptr_t)environment, name, value)
		world_set(&world, name, json_string_value(value));
	world.env.vars = strv_array(&world.vars);
	if (aws_settings_load(&options, &world.env, &report_none, &settings, &err) < 0)
		return false;
	/* A client of an SDK can be told in code; here only the settings can. */
	if (text_of(client, "ignore_configured_endpoint_urls"))
		settings.ignore_configured_endpoint_urls = true;
	url = aws_settings_endpoint_url(&settings, text_of(test, "service"));
	/* Where nothing is configured, the rules make an address below amazonaws.com. */
	return url ? strcmp(url, want) == 0 : strstr(want, ".amazonaws.com") != NULL;
}

static void finds_every_configured_endpoint(void **state)
{
	json_auto_t *spec = vectors_read("endpoint-url/profile-tests.json");
	const json_t *suite = json_array_get(json_object_get(spec, "testSuites"), 0), *test;
	const json_t *tests = json_object_get(suite, "endpointUrlTests");
	CLEANUP(str_release) struct str config = STR_INIT;
	size_t i, passed = 0, count = json_array_size(tests);

	(void)state;
	write_block(&config, "profile", json_object_get(suite, "profiles"));
	write_block(&config, "services", json_object_get(suite, "services"));
	json_array_foreach(tests, i, test)
	{
		bool ok = run_endpoint(suite, test, config.buf);

		passed += ok ? 1 : 0;
		if (!ok)
			print_message("# fails: %s\n", text_of(test, "name"));
	}
	print_message("# configured endpoints: %zu/%zu\n", passed, count);
	assert_int_equal(count, 39);
	assert_int_equal(passed, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_first_provider_that_has_credentials),
		cmocka_unit_test(names_every_provider_when_none_has_credentials),
		cmocka_unit_test(ends_at_a_provider_that_is_configured_and_fails),
		cmocka_unit_test(renews_as_the_sdks_do),
		cmocka_unit_test(keeps_the_old_ones_to_their_end),
		cmocka_unit_test(reads_the_files_again_when_a_service_called_the_keys_expired),
		cmocka_unit_test(refuses_keys_of_the_environment_that_have_ended),
		cmocka_unit_test(reads_what_a_credential_process_prints),
		cmocka_unit_test(explains_a_credential_process_that_fails),
		cmocka_unit_test(stops_a_credential_process_that_asks_for_its_own_profile),
		cmocka_unit_test(splits_a_command_as_a_shell_would),
		cmocka_unit_test(reads_settings_from_the_nearest_place),
		cmocka_unit_test(names_the_setting_that_has_no_meaning),
		cmocka_unit_test(bounds_what_the_files_may_hold),
		cmocka_unit_test(refuses_a_file_that_is_no_file_of_settings),
		cmocka_unit_test(takes_the_proxy_unless_the_host_is_excepted),
		cmocka_unit_test(warns_of_keys_that_others_can_read),
		cmocka_unit_test(finds_every_configured_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
