#include "data/digest.h"
#include "vectors.h"
#include "world.h"

#include "aws/sso_session.h"

#include <ctype.h>
#include <dirent.h>
#include <sys/stat.h>

/* Roles: who may be whose source, what is asked of STS, what the AWS CLI's cache then holds. */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- an STS, a metadata service and an SSO portal ---- */

/* A field of a form or a query, decoded; false where it is not there. */
static bool form_get(const char *form, const char *name, struct str *out)
{
	size_t len = strlen(name);

	str_reset(out);
	while (form && *form) {
		if (strncmp(form, name, len) == 0 && form[len] == '=') {
			url_decode(out, form + len + 1, strcspn(form + len + 1, "&"));
			return true;
		}
		form = strchr(form, '&');
		form = form ? form + 1 : NULL;
	}
	return false;
}

/* The key id that a request is signed with, "" where it is not. */
static void signer_of(const struct world *world, struct str *out)
{
	const char *credential = strstr(world_header(world, "Authorization"), "Credential=");

	if (credential)
		str_add(out, credential + 11, strcspn(credential + 11, "/"));
}

static void add_field(struct str *line, const char *body, const char *name, const char *label)
{
	CLEANUP(str_release) struct str value = STR_INIT;

	if (form_get(body, name, &value) && strncmp(value.buf, "deployer-session-", 17) != 0)
		str_addf(line, " %s=%s", label, value.buf);
}

/* What STS was asked, in one line a call. */
static void log_sts(struct strv *log, const struct world *world)
{
	CLEANUP(str_release) struct str line = STR_INIT, value = STR_INIT;
	const char *body = world->body.buf;

	(void)form_get(body, "Action", &value);
	str_adds(&line, value.buf);
	str_reset(&value);
	signer_of(world, &value);
	str_addf(&line, " by=%s", value.buf);
	add_field(&line, body, "RoleArn", "role");
	add_field(&line, body, "RoleSessionName", "session");
	add_field(&line, body, "ExternalId", "external");
	add_field(&line, body, "SerialNumber", "serial");
	add_field(&line, body, "TokenCode", "code");
	add_field(&line, body, "DurationSeconds", "duration");
	add_field(&line, body, "WebIdentityToken", "token");
	strv_add(log, line.buf);
}

/* Credentials named after the role: ASIARoleA, secretASIARoleA, tokenASIARoleA. */
static int answer_sts(struct world *world, struct strv *log, struct str *ret_body)
{
	CLEANUP(str_release) struct str arn = STR_INIT, action = STR_INIT;
	const char *name;

	log_sts(log, world);
	(void)form_get(world->body.buf, "Action", &action);
	(void)form_get(world->body.buf, "RoleArn", &arn);
	name = strrchr(arn.buf, '/');
	name = name ? name + 1 : arn.buf;
	str_addf(ret_body,
		 "<%sResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><%sResult>"
		 "<Credentials><AccessKeyId>ASIA%s</AccessKeyId>"
		 "<SecretAccessKey>secretASIA%s</SecretAccessKey>"
		 "<SessionToken>tokenASIA%s</SessionToken>"
		 "<Expiration>2026-11-23T17:12:05Z</Expiration></Credentials>"
		 "<AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId>"
		 "<Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>"
		 "</%sResult><ResponseMetadata><RequestId>0</RequestId></ResponseMetadata>"
		 "</%sResponse>",
		 action.buf, action.buf, name, name, name, action.buf, action.buf);
	return 200;
}

static int answer_imds(const struct http_request *request, struct str *ret_body)
{
	if (strcmp(request->method, "PUT") == 0)
		str_adds(ret_body, "TOKEN");
	else if (request->url[strlen(request->url) - 1] == '/')
		str_adds(ret_body, "role");
	else
		str_adds(ret_body, "{\"AccessKeyId\":\"INSTANCE\",\"SecretAccessKey\":\"s\","
				   "\"Token\":\"t\",\"Expiration\":\"2026-11-23T17:00:00Z\"}");
	return 200;
}

static int answer_sso(struct world *world, const struct http_request *request, struct strv *log,
		      struct str *ret_body)
{
	CLEANUP(str_release) struct str account = STR_INIT, role = STR_INIT;
	const char *query = strchr(request->url, '?') + 1;

	(void)form_get(query, "account_id", &account);
	(void)form_get(query, "role_name", &role);
	strv_addf(log, "SSO %.*s account=%s role=%s token=%s", (int)(query - 1 - request->url),
		  request->url, account.buf, role.buf,
		  world_header(world, "x-amz-sso_bearer_token"));
	str_adds(ret_body, "{\"roleCredentials\":{\"accessKeyId\":\"SSOKEY\","
			   "\"secretAccessKey\":\"s\",\"sessionToken\":\"t\","
			   "\"expiration\":1795453200000}}");
	return 200;
}

static int answer_aws(struct world *world, const struct http_request *request, struct str *ret_body)
{
	struct strv *log = world->ctx;

	if (strstr(request->url, "169.254.169.254"))
		return answer_imds(request, ret_body);
	if (strstr(request->url, "portal.sso"))
		return answer_sso(world, request, log, ret_body);
	return answer_sts(world, log, ret_body);
}

/* ---- the graphs of profiles ---- */

static void write_sections(struct str *config, const char *kind, const json_t *sections,
			   const char *token_path)
{
	const char *name, *key;
	json_t *section, *value;

	json_object_foreach((json_t *)(uintptr_t)sections, name, section)
	{
		str_addf(config, "[%s %s]\n", kind, name);
		json_object_foreach(section, key, value)
		{
			bool is_token = strcmp(key, "web_identity_token_file") == 0;

			str_addf(config, "%s = %s\n", key,
				 is_token ? token_path : json_string_value(value));
		}
	}
}

static void write_config(struct world *world, const json_t *input)
{
	CLEANUP(str_release) struct str config = STR_INIT;
	CLEANUP_FREE char *token_path = file_join(world->home, "token.jwt");

	world_write(world, "token.jwt", "JWT.TOKEN.X");
	write_sections(&config, "profile", json_object_get(input, "profiles"), token_path);
	write_sections(&config, "sso-session", json_object_get(input, "sso_sessions"), token_path);
	world_write(world, ".aws/config", config.buf);
}

static void write_sso_token(struct world *world, const char *name)
{
	CLEANUP(str_release) struct str path = STR_INIT;

	str_adds(&path, ".aws/sso/cache/");
	digest_sha1_hex(&path, name, strlen(name));
	str_adds(&path, ".json");
	world_write(world, path.buf,
		    "{\"accessToken\": \"SSOTOKEN\", \"expiresAt\": \"2026-11-23T20:00:00Z\"}");
}

static void want_role(struct strv *want, const char *action, const char *by, const json_t *link,
		      const char *token)
{
	const char *session = text_of(link, "role_session_name");
	const char *external = text_of(link, "external_id");

	strv_addf(want, "%s by=%s role=%s%s%s%s%s%s", action, by, text_of(link, "role_arn"),
		  session ? " session=" : "", session ? session : "", external ? " external=" : "",
		  external ? external : "", token);
}

/* What the services should be asked for a chain, and the key that it ends with in *ret_key. */
static void want_chain(const json_t *chain, struct strv *want, struct str *ret_key)
{
	const json_t *link, *role;
	size_t i;

	json_array_foreach(chain, i, link)
	{
		const char *arn;

		if ((role = json_object_get(link, "AccessKey"))) {
			str_adds(ret_key, text_of(role, "access_key_id"));
			continue;
		}
		if (json_object_get(link, "NamedSource")) {
			str_adds(ret_key, "INSTANCE");
			continue;
		}
		if ((role = json_object_get(link, "Sso"))) {
			strv_addf(want,
				  "SSO https://portal.sso.%s.amazonaws.com/federation/credentials "
				  "account=%s role=%s token=SSOTOKEN",
				  text_of(role, "sso_region"), text_of(role, "sso_account_id"),
				  text_of(role, "sso_role_name"));
			str_adds(ret_key, "SSOKEY");
			continue;
		}
		if ((role = json_object_get(link, "WebIdentityToken")))
			want_role(want, "AssumeRoleWithWebIdentity", "", role,
				  " token=JWT.TOKEN.X");
		else if ((role = json_object_get(link, "AssumeRole")))
			want_role(want, "AssumeRole", ret_key->buf, role, "");
		arn = text_of(role, "role_arn");
		str_reset(ret_key);
		str_addf(ret_key, "ASIA%s", strrchr(arn, '/') ? strrchr(arn, '/') + 1 : arn);
	}
}

static bool same_lines(const struct strv *got, const struct strv *want)
{
	bool same = got->count == want->count;

	for (size_t i = 0; same && i < got->count; i++)
		same = strcmp(got->v[i], want->v[i]) == 0;
	for (size_t i = 0; !same && i < got->count; i++)
		print_message("# got  %s\n", got->v[i]);
	for (size_t i = 0; !same && i < want->count; i++)
		print_message("# want %s\n", want->v[i]);
	return same;
}

/* A profile that signs in and names no role is for tokens: what counts is which sign-in it means.
 */
static bool run_token_profile(struct world *world, const char *profile, const json_t *want)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct sso_session session;

	return world_load(world, profile, &err) == 0 &&
	       sso_session_find(&world->settings.files, profile, &session, &err) == 1 &&
	       strcmp(session.session, text_of(want, "sso_session")) == 0 &&
	       strcmp(session.region, text_of(want, "sso_region")) == 0 &&
	       strcmp(session.start_url, text_of(want, "sso_start_url")) == 0;
}

static bool run_graph(const json_t *test)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv log = STRV_INIT, want = STRV_INIT;
	CLEANUP(str_release) struct str key = STR_INIT;
	const json_t *input = json_object_get(test, "input");
	const json_t *chain = json_object_get(json_object_get(test, "output"), "ProfileChain");
	const json_t *first = json_array_get(chain, 0), *sso = json_object_get(first, "Sso");
	const char *profile = text_of(input, "selected_profile");
	const struct aws_credentials *credentials;
	int got;

	world_begin(&world);
	world.answer = answer_aws;
	world.ctx = &log;
	write_config(&world, input);
	if (sso && text_of(sso, "sso_session"))
		return run_token_profile(&world, profile, sso);
	if (sso)
		write_sso_token(&world, text_of(sso, "sso_start_url"));
	if (json_object_get(first, "NamedSource"))
		world_set(&world, "AWS_EC2_METADATA_DISABLED", NULL);
	got = world_resolve(&world, profile, &credentials, &err);
	if (!chain)
		return got < 0 && log.count == 0;
	want_chain(chain, &want, &key);
	if (got < 0)
		print_message("# %s\n", err.msg.buf);
	return got == 0 && same_lines(&log, &want) &&
	       strcmp(credentials->access_key_id.buf, key.buf) == 0;
}

static void follows_every_graph_of_profiles(void **state)
{
	json_auto_t *spec = vectors_read("credential-chain/assume-role-tests.json");
	size_t i, passed = 0, count = json_array_size(spec);
	const json_t *test;

	(void)state;
	json_array_foreach(spec, i, test)
	{
		bool ok = run_graph(test);

		passed += ok ? 1 : 0;
		if (!ok)
			print_message("# fails: %s\n", text_of(test, "docs"));
	}
	print_message("# assume-role graphs: %zu/%zu\n", passed, count);
	assert_int_equal(count, 28);
	assert_int_equal(passed, count);
}

/* ---- the AWS CLI's cache ---- */

static char asked[256];

static int answer_prompt(const char *question, struct secret *ret_answer, struct error *err)
{
	(void)err;
	(void)snprintf(asked, sizeof(asked), "%s", question);
	secret_sets(ret_answer, "123456");
	return 0;
}

static void write_golden_config(struct world *world, const char *config)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	const char *mark = strstr(config, "%HOME%");

	if (mark) {
		str_add(&text, config, (size_t)(mark - config));
		str_addf(&text, "%s%s", world->home, mark + 6);
	} else {
		str_adds(&text, config);
	}
	world_write(world, ".aws/config", text.buf);
	world_write(world, "tok", "JWT.TOKEN.X");
}

static void want_call(struct strv *want, const json_t *call)
{
	static const char *const fields[][2] = {
		{ "RoleArn", "role" },		 { "RoleSessionName", "session" },
		{ "ExternalId", "external" },	 { "SerialNumber", "serial" },
		{ "TokenCode", "code" },	 { "DurationSeconds", "duration" },
		{ "WebIdentityToken", "token" },
	};
	CLEANUP(str_release) struct str line = STR_INIT;

	str_adds(&line, text_of(call, "Action"));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *value = text_of(call, fields[i][0]);

		if (value && !strstr(value, "<epoch>"))
			str_addf(&line, " %s=%s", fields[i][1], value);
	}
	strv_add(want, line.buf);
}

/* The same calls, whoever signs them. */
static bool same_calls(const struct strv *log, const json_t *calls)
{
	CLEANUP(strv_release) struct strv want = STRV_INIT, got = STRV_INIT;
	const json_t *call;
	size_t i;

	json_array_foreach(calls, i, call) want_call(&want, call);
	for (i = 0; i < log->count; i++) {
		const char *by = strstr(log->v[i], " by=");

		strv_addf(&got, "%.*s%s", (int)(by - log->v[i]), log->v[i],
			  by + 1 + strcspn(by + 1, " "));
	}
	return same_lines(&got, &want);
}

static json_t *read_cache(const struct world *world, const char *name)
{
	CLEANUP_FREE char *path = mem_printf("%s/.aws/cli/cache/%s", world->home, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	return json_load_file(path, 0, NULL);
}

static size_t count_cache(const struct world *world)
{
	CLEANUP_FREE char *path = mem_printf("%s/.aws/cli/cache", world->home);
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		(void)closedir(dir);
	return count;
}

/* The moment of the recording and the headers of its reply are its own. */
static json_t *comparable(const json_t *content)
{
	json_t *copy = json_deep_copy(content);

	(void)json_object_del(copy, "ResponseMetadata");
	(void)json_object_set_new(json_object_get(copy, "Credentials"), "Expiration",
				  json_string("2026-11-23T17:12:05+00:00"));
	return copy;
}

static bool same_files(const struct world *world, const json_t *files)
{
	const char *name;
	json_t *file;

	if (count_cache(world) != json_object_size(files))
		return false;
	json_object_foreach((json_t *)(uintptr_t)files, name, file)
	{
		json_auto_t *got = read_cache(world, name);
		json_auto_t *want = comparable(json_object_get(file, "content"));

		if (!json_equal(got, want))
			return false;
	}
	return true;
}

static bool run_golden(const json_t *test)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv log = STRV_INIT;
	const struct aws_credentials *credentials;
	const char *prompt = text_of(test, "prompt");

	asked[0] = '\0';
	world_begin(&world);
	world.answer = answer_aws;
	world.ctx = &log;
	write_golden_config(&world, text_of(test, "config"));
	if (world_load(&world, "t", &err) < 0)
		return false;
	aws_chain_set_prompt(world.chain, answer_prompt);
	if (aws_chain_resolve(world.chain, false, &credentials, &err) < 0)
		return false;
	return same_calls(&log, json_object_get(test, "sts_calls")) &&
	       same_files(&world, json_object_get(test, "cache_files")) &&
	       strcmp(asked, prompt ? prompt : "") == 0;
}

static void writes_the_cache_as_the_aws_cli(void **state)
{
	json_auto_t *spec = vectors_read("credential-chain/cli-cache-golden.json");
	const json_t *cases = json_object_get(spec, "cases"), *test;
	size_t i, passed = 0, count = json_array_size(cases);

	(void)state;
	json_array_foreach(cases, i, test)
	{
		bool ok = run_golden(test);

		passed += ok ? 1 : 0;
		if (!ok)
			print_message("# fails: %s\n", text_of(test, "name"));
	}
	print_message("# cache written as recorded: %zu/%zu\n", passed, count);
	assert_true(count > 0);
	assert_int_equal(passed, count);
}

/* With what the AWS CLI wrote, nobody is asked. */
static bool run_golden_back(const json_t *test)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const json_t *files = json_object_get(test, "cache_files");
	const struct aws_credentials *credentials;
	const char *name;
	json_t *file;

	world_begin(&world);
	write_golden_config(&world, text_of(test, "config"));
	json_object_foreach((json_t *)(uintptr_t)files, name, file)
	{
		CLEANUP_FREE char *text = json_dumps(json_object_get(file, "content"), 0);
		CLEANUP_FREE char *path = mem_printf(".aws/cli/cache/%s", name);

		world_write(&world, path, text);
	}
	return world_resolve(&world, "t", &credentials, &err) == 0 && world.requests.count == 0 &&
	       strncmp(credentials->access_key_id.buf, "ASIARole", 8) == 0 &&
	       strcmp(credentials->account_id.buf, "123456789012") == 0 &&
	       credentials->expires_ms > WORLD_NOW_MS;
}

static void reads_the_cache_that_the_aws_cli_wrote(void **state)
{
	json_auto_t *spec = vectors_read("credential-chain/cli-cache-golden.json");
	const json_t *cases = json_object_get(spec, "cases"), *test;
	size_t i, passed = 0, count = json_array_size(cases);

	(void)state;
	json_array_foreach(cases, i, test) passed += run_golden_back(test) ? 1 : 0;
	print_message("# cache read back as recorded: %zu/%zu\n", passed, count);
	assert_int_equal(passed, count);
}

/* ---- our own ---- */

static const char mfa_config[] = "[profile base]\naws_access_key_id = K\n"
				 "aws_secret_access_key = s\n[profile t]\n"
				 "role_arn = arn:aws:iam::1:role/R\nsource_profile = base\n"
				 "mfa_serial = arn:aws:iam::1:mfa/me\n";

static void never_asks_for_a_code_in_a_pipeline(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	asked[0] = '\0';
	world_begin(&world);
	world_set(&world, "CI", "true");
	world_write(&world, ".aws/config", mfa_config);
	assert_int_equal(world_load(&world, "t", &err), 0);
	aws_chain_set_prompt(world.chain, answer_prompt);
	assert_int_equal(aws_chain_resolve(world.chain, false, &credentials, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_string_equal(asked, "");
	assert_int_equal(world.requests.count, 0);
}

static int refuse_code(struct world *world, const struct http_request *request,
		       struct str *ret_body)
{
	(void)world;
	(void)request;
	str_adds(ret_body,
		 "<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication"
		 " failed with invalid MFA one time pass code.</Message></Error>"
		 "<RequestId>0</RequestId></ErrorResponse>");
	return 403;
}

static void asks_once_more_when_a_code_is_refused(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	world.answer = refuse_code;
	world_write(&world, ".aws/config", mfa_config);
	assert_int_equal(world_load(&world, "t", &err), 0);
	aws_chain_set_prompt(world.chain, answer_prompt);
	assert_int_equal(aws_chain_resolve(world.chain, false, &credentials, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_int_equal(world.requests.count, 2);
	assert_null(strstr(err.msg.buf, "123456"));
}

static int answer_nothing(const char *question, struct secret *ret_answer, struct error *err)
{
	(void)question;
	(void)ret_answer;
	return error_set(err, ERROR_AUTH, "there is no terminal to ask at");
}

static int answer_a_word(const char *question, struct secret *ret_answer, struct error *err)
{
	(void)question;
	(void)err;
	secret_sets(ret_answer, "12345x");
	return 0;
}

static void asks_sts_nothing_without_a_code(void **state)
{
	static const struct {
		aws_prompt_fn prompt;
		const char *message, *fix;
	} rows[] = {
		{ answer_nothing,
		  "credentials: role 'arn:aws:iam::1:role/R': the role wants an MFA code of "
		  "'arn:aws:iam::1:mfa/me': there is no terminal to ask at",
		  "run 'deployer whoami' at a terminal first: the session that it gets is kept "
		  "for an hour" },
		{ answer_a_word,
		  "credentials: role 'arn:aws:iam::1:role/R': an MFA code is six digits",
		  "run the command again with the next code of 'arn:aws:iam::1:mfa/me'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct aws_credentials *credentials;

		world_begin(&world);
		world_write(&world, ".aws/config", mfa_config);
		assert_int_equal(world_load(&world, "t", &err), 0);
		aws_chain_set_prompt(world.chain, rows[i].prompt);
		assert_int_equal(aws_chain_resolve(world.chain, false, &credentials, &err), -1);
		assert_int_equal(err.kind, ERROR_AUTH);
		assert_string_equal(err.msg.buf, rows[i].message);
		assert_string_equal(err.fix.buf, rows[i].fix);
		assert_int_equal(world.requests.count, 0);
	}
}

/* Each of the profiles p0 to p39 takes its credentials from the next one. */
static void follows_no_endless_chain(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str config = STR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		str_addf(&config, "[profile p%u]\nrole_arn = r%u\nsource_profile = p%u\n", i, i,
			 i + 1);
	str_adds(&config, "[profile p40]\naws_access_key_id = K\naws_secret_access_key = s\n");
	world_begin(&world);
	world_write(&world, ".aws/config", config.buf);
	assert_int_equal(world_resolve(&world, "p0", &credentials, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_non_null(strstr(err.msg.buf, "profile 'p31': a chain of more than 32 roles"));
	assert_string_equal(err.fix.buf, "let a profile near the end have credentials of its own");
	assert_int_equal(world.requests.count, 0);
}

static int answer_role(struct world *world, const struct http_request *request,
		       struct str *ret_body)
{
	CLEANUP(strv_release) struct strv log = STRV_INIT;

	(void)request;
	return answer_sts(world, &log, ret_body);
}

/* A cache that cannot be written is a warning: here its file is a link to itself. */
static void goes_on_where_the_cache_cannot_be_written(void **state)
{
	static const char config[] = "[profile base]\naws_access_key_id = K\n"
				     "aws_secret_access_key = s\n[profile t]\n"
				     "role_arn = arn:aws:iam::123456789012:role/RoleA\n"
				     "source_profile = base\n";
	static const char name[] = "330942beff5b0648244cebd8031e0bfca87ac4a0.json";
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = NULL, *dir = NULL;
	const struct aws_credentials *credentials;
	struct keeper keeper = { { keep }, STR_INIT };

	(void)state;
	world_begin(&world);
	world.answer = answer_role;
	world_write(&world, ".aws/config", config);
	dir = file_join(world.home, ".aws/cli/cache");
	path = file_join(dir, name);
	assert_int_equal(file_make_dirs(dir, &err), 0);
	assert_int_equal(symlink(name, path), 0);
	assert_int_equal(world_load(&world, "t", &err), 0);
	aws_chain_free(world.chain);
	world.chain = aws_chain_new(&world.settings, &world.http, &world.clock, &keeper.report);
	assert_int_equal(aws_chain_resolve(world.chain, false, &credentials, &err), 0);
	assert_string_equal(credentials->access_key_id.buf, "ASIARoleA");
	assert_non_null(strstr(keeper.text.buf, "the credentials cache: '"));
	assert_non_null(strstr(keeper.text.buf, "Too many levels of symbolic links"));
	str_release(&keeper.text);
}

static void passes_over_a_cache_that_ends_too_soon_or_was_called_expired(void **state)
{
	static const char config[] = "[profile base]\naws_access_key_id = K\n"
				     "aws_secret_access_key = s\n[profile t]\n"
				     "role_arn = arn:aws:iam::123456789012:role/RoleA\n"
				     "source_profile = base\n";
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv log = STRV_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	world.answer = answer_aws;
	world.ctx = &log;
	world_write(&world, ".aws/config", config);
	world_write(&world, ".aws/cli/cache/330942beff5b0648244cebd8031e0bfca87ac4a0.json",
		    "{\"Credentials\": {\"AccessKeyId\": \"OLD\", \"SecretAccessKey\": \"s\", "
		    "\"SessionToken\": \"t\", \"Expiration\": \"2026-11-23T11:30:00Z\"}}");
	assert_int_equal(world_resolve(&world, "t", &credentials, &err), 0);
	assert_string_equal(credentials->access_key_id.buf, "OLD");
	world.now_ms += 13 * 60 * 1000;
	assert_int_equal(aws_chain_resolve(world.chain, false, &credentials, &err), 0);
	assert_string_equal(credentials->access_key_id.buf, "ASIARoleA");
	assert_int_equal(log.count, 1);
	assert_int_equal(aws_chain_resolve(world.chain, false, &credentials, &err), 0);
	assert_int_equal(log.count, 1);
	assert_int_equal(aws_chain_resolve(world.chain, true, &credentials, &err), 0);
	assert_int_equal(log.count, 2);
}

static void takes_the_web_identity_of_the_environment(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv log = STRV_INIT;
	CLEANUP_FREE char *path = NULL;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	world.answer = answer_aws;
	world.ctx = &log;
	path = file_join(world.home, "jwt");
	world_write(&world, "jwt", "a.b.c");
	world_set(&world, "AWS_WEB_IDENTITY_TOKEN_FILE", path);
	world_set(&world, "AWS_ROLE_ARN", "arn:aws:iam::1:role/CI");
	assert_int_equal(world_resolve(&world, NULL, &credentials, &err), 0);
	assert_int_equal(log.count, 1);
	assert_string_equal(log.v[0], "AssumeRoleWithWebIdentity by= role=arn:aws:iam::1:role/CI "
				      "token=a.b.c");
}

static void says_that_sts_refused_a_token(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = NULL;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	world.answer = refuse_code;
	path = file_join(world.home, "jwt");
	world_write(&world, "jwt", "a.b.c");
	world_set(&world, "AWS_WEB_IDENTITY_TOKEN_FILE", path);
	world_set(&world, "AWS_ROLE_ARN", "arn:aws:iam::1:role/CI");
	assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_non_null(strstr(err.msg.buf, "role 'arn:aws:iam::1:role/CI': "));
	assert_true(error_has_code(&err, "AccessDenied"));
	assert_null(strstr(err.msg.buf, "a.b.c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_every_graph_of_profiles),
		cmocka_unit_test(writes_the_cache_as_the_aws_cli),
		cmocka_unit_test(reads_the_cache_that_the_aws_cli_wrote),
		cmocka_unit_test(never_asks_for_a_code_in_a_pipeline),
		cmocka_unit_test(asks_once_more_when_a_code_is_refused),
		cmocka_unit_test(asks_sts_nothing_without_a_code),
		cmocka_unit_test(follows_no_endless_chain),
		cmocka_unit_test(goes_on_where_the_cache_cannot_be_written),
		cmocka_unit_test(passes_over_a_cache_that_ends_too_soon_or_was_called_expired),
		cmocka_unit_test(takes_the_web_identity_of_the_environment),
		cmocka_unit_test(says_that_sts_refused_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
