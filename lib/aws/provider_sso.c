#include "aws/cache.h"
#include "aws/credentials_json.h"
#include "aws/provider.h"
#include "aws/sso_session.h"
#include "base/cleanup.h"
#include "base/mem.h"

/* IAM Identity Center: a role of an account, by the token of the last sign-in. */

/* The role that a profile names, borrowed. */
struct target {
	struct sso_session session;
	const char *account_id;
	const char *role_name;
};

static void cache_key(const struct target *target, struct str *out)
{
	const struct sso_session *session = &target->session;
	json_auto_t *args =
		json_pack("{s:s, s:s, s:s}", "accountId", target->account_id, "roleName",
			  target->role_name, session->session ? "sessionName" : "startUrl",
			  session->session ? session->session : session->start_url);

	aws_cache_key(args, true, out);
}

static void store(const struct aws_search *search, const char *key,
		  const struct aws_credentials *credentials)
{
	CLEANUP(aws_json_wipe)
	json_t *document = json_pack("{s:s, s:o}", "ProviderType", "sso", "Credentials",
				     aws_cache_credentials(credentials));

	if (!document)
		mem_fatal("json_pack");
	aws_cache_store(search, key, document);
}

/* The token was revoked, or the role taken away: a new sign-in tells which. */
static int refused(const struct aws_search *search, struct error *err)
{
	error_release(err);
	error_set(err, ERROR_AUTH, "profile '%s': the SSO sign-in is not accepted any more",
		  search->profile);
	return error_fix(err, "run 'deployer sso-login --profile %s'", search->profile);
}

static int ask(const struct aws_search *search, const struct target *target,
	       struct aws_credentials *ret, struct error *err)
{
	CLEANUP(sso_token_release) struct sso_token token = SSO_TOKEN_INIT;
	struct aws_caller caller;

	if (sso_session_token(search, &target->session, &token, err) < 0)
		return -1;
	aws_caller_init(&caller, search->settings, search->http, search->clock);
	if (sso_get_role_credentials(&caller, target->session.region, &token, target->account_id,
				     target->role_name, ret, err) == 0)
		return 0;
	if (error_has_code(err, "UnauthorizedException"))
		return refused(search, err);
	return error_wrap(err, "profile '%s'", search->profile);
}

static int read_target(const struct aws_search *search, struct target *ret, struct error *err)
{
	const struct aws_section *section = aws_search_section(search);
	int found = sso_session_find(search->files, search->profile, &ret->session, err);

	ret->account_id = aws_section_get(section, "sso_account_id");
	ret->role_name = aws_section_get(section, "sso_role_name");
	if (found < 0)
		return -1;
	if (found && ret->account_id && ret->role_name)
		return 0;
	error_set(err, ERROR_CONFIG, "profile '%s' signs in with SSO and has no %s",
		  search->profile,
		  !ret->account_id  ? "sso_account_id"
		  : !ret->role_name ? "sso_role_name"
				    : "sso_session");
	return error_fix(err, "see 'aws configure sso'");
}

static int sso_find(const struct aws_search *search, struct aws_credentials *ret,
		    struct str *ret_why, struct error *err)
{
	const struct aws_section *section = aws_search_section(search);
	CLEANUP(str_release) struct str key = STR_INIT;
	struct target target;

	/* With neither of the two, a session in a profile is for other services' tokens. */
	if (!aws_section_get(section, "sso_account_id") &&
	    !aws_section_get(section, "sso_role_name")) {
		str_addf(ret_why, "no sso_account_id in profile '%s'", search->profile);
		return 0;
	}
	if (read_target(search, &target, err) < 0)
		return -1;
	cache_key(&target, &key);
	if (!aws_cache_load(search, key.buf, ret)) {
		if (ask(search, &target, ret, err) < 0)
			return -1;
		store(search, key.buf, ret);
	}
	str_reset(&ret->source);
	str_addf(&ret->source, "SSO role '%s' of profile '%s'", target.role_name, search->profile);
	return 1;
}

const struct aws_provider aws_provider_sso = {
	.name = "SSO",
	.find = sso_find,
};
