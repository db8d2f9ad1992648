#include "aws/sso_session.h"

#include "aws/cache.h"
#include "aws/credentials_json.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "data/digest.h"
#include "sys/interrupt.h"

#include <assert.h>
#include <string.h>

#define DIR	  "sso/cache"
#define WINDOW_MS (15 * 60 * 1000)

/* What the AWS CLI asks for where a session names no scopes of its own. */
#define DEFAULT_SCOPES "sso:account:access"

/* RFC 8628 section 3.5: slow_down lengthens the interval by five seconds. */
#define SLOW_DOWN_MS 5000

/* ---- which session ---- */

/* A value of the session; the profile may repeat it, and not differ. */
static int take_value(const struct aws_section *profile, const struct aws_section *session,
		      const char *name, const char **ret_value, struct error *err)
{
	const char *mine = aws_section_get(profile, name), *its = aws_section_get(session, name);

	if (session && mine && its && strcmp(mine, its) != 0) {
		error_set(err, ERROR_CONFIG, "%s is '%s', and '%s' in sso-session '%s'", name, mine,
			  its, session->name);
		return error_fix(err, "keep it in the sso-session only");
	}
	*ret_value = session ? its : mine;
	if (*ret_value)
		return 0;
	if (session)
		return error_set(err, ERROR_CONFIG, "sso-session '%s' has no %s", session->name,
				 name);
	return error_set(err, ERROR_CONFIG, "there is no %s", name);
}

static int take_values(const struct aws_section *profile, const struct aws_section *session,
		       struct sso_session *ret, struct error *err)
{
	const char *scopes = aws_section_get(session, "sso_registration_scopes");

	if (take_value(profile, session, "sso_start_url", &ret->start_url, err) < 0 ||
	    take_value(profile, session, "sso_region", &ret->region, err) < 0)
		return -1;
	ret->session = session ? session->name : NULL;
	ret->scopes = session && !scopes ? DEFAULT_SCOPES : scopes;
	return 0;
}

int sso_session_find(const struct aws_files *files, const char *profile, struct sso_session *ret,
		     struct error *err)
{
	const struct aws_section *section =
		aws_profiles_find(&files->merged, AWS_SECTION_PROFILE, profile);
	const struct aws_section *session = NULL;
	const char *name = aws_section_get(section, "sso_session");

	if (!name && !aws_section_get(section, "sso_start_url"))
		return 0;
	if (name) {
		session = aws_profiles_find(&files->merged, AWS_SECTION_SSO_SESSION, name);
		if (!session) {
			error_set(err, ERROR_CONFIG, "profile '%s': there is no sso-session '%s'",
				  profile, name);
			return error_fix(err, "write [sso-session %s] to the config file", name);
		}
	}
	if (take_values(section, session, ret, err) < 0)
		return error_wrap(err, "profile '%s'", profile);
	return 1;
}

/* ---- the token cache ---- */

static char *token_path(const struct env *env, const struct sso_session *session)
{
	const char *name = session->session ? session->session : session->start_url;
	CLEANUP(str_release) struct str key = STR_INIT;

	digest_sha1_hex(&key, name, strlen(name));
	return aws_cache_path(env, DIR, key.buf);
}

static bool load_token(const struct env *env, const struct sso_session *session,
		       struct sso_token *ret)
{
	CLEANUP_FREE char *path = token_path(env, session);
	CLEANUP(aws_json_wipe) json_t *document = path ? aws_cache_read(path) : NULL;
	const char *access = json_text(document, "accessToken");
	const char *expires = json_text(document, "expiresAt");
	const char *id = json_text(document, "clientId");
	const char *registered = json_text(document, "registrationExpiresAt");

	if (!access || !expires || !clock_parse_rfc3339(expires, &ret->expires_ms))
		return false;
	secret_sets(&ret->access_token, access);
	secret_sets(&ret->refresh_token, json_text(document, "refreshToken"));
	str_adds(&ret->client.id, id ? id : "");
	secret_sets(&ret->client.secret, json_text(document, "clientSecret"));
	if (!registered || !clock_parse_rfc3339(registered, &ret->client.expires_ms))
		ret->client.expires_ms = 0;
	return true;
}

static void set_time(json_t *document, const char *name, int64_t time_ms)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	clock_format_rfc3339(time_ms, &text);
	(void)json_object_set_new(document, name, json_string(text.buf));
}

/* Whoever has a token to store read it from below the home, or looked whether there is one. */
static int store_token(const struct env *env, const struct sso_session *session,
		       const struct sso_token *token, struct error *err)
{
	CLEANUP_FREE char *path = token_path(env, session);
	CLEANUP(aws_json_wipe)
	json_t *document = json_pack(
		"{s:s, s:s, s:s, s:s, s:s}", "startUrl", session->start_url, "region",
		session->region, "accessToken", secret_bytes(&token->access_token), "clientId",
		token->client.id.buf, "clientSecret", secret_bytes(&token->client.secret));

	assert(path);
	if (!document)
		mem_fatal("json_pack");
	set_time(document, "expiresAt", token->expires_ms);
	set_time(document, "registrationExpiresAt", token->client.expires_ms);
	if (secret_is_set(&token->refresh_token))
		(void)json_object_set_new(document, "refreshToken",
					  json_string(secret_bytes(&token->refresh_token)));
	return aws_cache_write(path, document, err);
}

/* ---- the token in use ---- */

static bool can_refresh(const struct sso_session *session, const struct sso_token *token,
			int64_t now_ms)
{
	return session->session && secret_is_set(&token->refresh_token) && token->client.id.len &&
	       secret_is_set(&token->client.secret) && token->client.expires_ms > now_ms;
}

/* A token that still holds stays in use where it cannot be refreshed. */
static int refresh(const struct aws_search *search, const struct sso_session *session,
		   struct sso_token *token)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct aws_caller caller;

	aws_caller_init(&caller, search->settings, search->http, search->clock);
	if (sso_refresh_token(&caller, session->region, token, &err) == 0 &&
	    store_token(search->settings->env, session, token, &err) == 0)
		return 0;
	report_warning(search->report, "the SSO token could not be refreshed: %s", err.msg.buf);
	return -1;
}

static int sign_in_again(const struct aws_search *search, const char *what, struct error *err)
{
	error_set(err, ERROR_AUTH, "profile '%s': %s", search->profile, what);
	return error_fix(err, "run 'deployer sso-login --profile %s'", search->profile);
}

int sso_session_token(const struct aws_search *search, const struct sso_session *session,
		      struct sso_token *ret, struct error *err)
{
	int64_t now_ms = search->clock->wall_ms(search->clock);

	if (!load_token(search->settings->env, session, ret))
		return sign_in_again(search, "nobody has signed in with SSO", err);
	if (ret->expires_ms - now_ms < WINDOW_MS && can_refresh(session, ret, now_ms))
		(void)refresh(search, session, ret);
	if (ret->expires_ms <= now_ms)
		return sign_in_again(search, "the SSO sign-in has ended", err);
	return 0;
}

/* ---- signing in ---- */

/* Before anybody is asked: nobody is to agree to what cannot be kept. */
static int check_home(const struct env *env, struct error *err)
{
	if (env_home(env))
		return 0;
	error_set(err, ERROR_CONFIG, "HOME is not set: nowhere to keep a sign-in");
	return error_fix(err, "set HOME");
}

static int wait_for_consent(const struct aws_search *search, struct aws_caller *caller,
			    const struct sso_session *session, struct sso_device *device,
			    struct sso_token *token, struct error *err)
{
	for (;;) {
		search->clock->sleep_ms(search->clock, device->interval_ms);
		if (interrupt_check("waiting for the sign-in", err) < 0)
			return -1;
		if (sso_create_token_for_device(caller, session->region, &token->client, device,
						token, err) == 0)
			return 0;
		if (error_has_code(err, "SlowDownException"))
			device->interval_ms += SLOW_DOWN_MS;
		else if (!error_has_code(err, "AuthorizationPendingException"))
			return error_become(err, ERROR_AUTH);
		error_release(err);
		if (search->clock->wall_ms(search->clock) >= device->expires_ms) {
			error_set(err, ERROR_AUTH, "nobody agreed to the sign-in in time");
			return error_fix(err, "run 'deployer sso-login' again");
		}
	}
}

int sso_session_login(const struct aws_search *search, const struct sso_session *session,
		      sso_show_fn show, void *ctx, int64_t *ret_expires_ms, struct error *err)
{
	CLEANUP(sso_device_release) struct sso_device device = SSO_DEVICE_INIT;
	CLEANUP(sso_token_release) struct sso_token token = SSO_TOKEN_INIT;
	struct aws_caller caller;

	if (check_home(search->settings->env, err) < 0)
		return -1;
	aws_caller_init(&caller, search->settings, search->http, search->clock);
	if (sso_register_client(&caller, session->region, session->scopes, &token.client, err) <
		    0 ||
	    sso_start_device(&caller, session->region, &token.client, session->start_url, &device,
			     err) < 0)
		return -1;
	show(ctx, &device);
	if (wait_for_consent(search, &caller, session, &device, &token, err) < 0)
		return -1;
	if (store_token(search->settings->env, session, &token, err) < 0)
		return -1;
	*ret_expires_ms = token.expires_ms;
	return 0;
}
