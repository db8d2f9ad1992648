#include "aws/chain.h"

#include "aws/provider.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/prompt.h"

#include <assert.h>
#include <stdlib.h>

#define MINUTE_MS  (60 * 1000)
#define BACKOFF_MS (5 * MINUTE_MS) /* from one try to renew them early to the next */

/* The order of the AWS CLI v2: botocore, credentials.py, create_credential_resolver(). */
static const struct aws_provider *const before_profile[] = {
	&aws_provider_environment,
	&aws_provider_role,
	NULL,
};

const struct aws_provider *const aws_profile_providers[] = {
	&aws_provider_web_identity,
	&aws_provider_sso,
	&aws_provider_credentials_file,
	&aws_provider_login,
	&aws_provider_process,
	&aws_provider_config_file,
	NULL,
};

static const struct aws_provider *const after_profile[] = {
	&aws_provider_container,
	&aws_provider_instance,
	NULL,
};

static const struct aws_provider *const *const chain_order[] = {
	before_profile,
	aws_profile_providers,
	after_profile,
};

struct aws_chain {
	const struct aws_settings *settings;
	struct http *http;
	struct clock *clock;
	struct report *report;
	aws_prompt_fn prompt;
	struct aws_files files; /* read again after "expired"; empty until then */
	bool has_files;
	struct aws_credentials credentials;
	bool has_credentials;
	int64_t early_ms;   /* so long before their end they are asked for again, */
	int64_t not_before; /* but not before this moment of the monotonic clock */
};

struct aws_chain *aws_chain_new(const struct aws_settings *settings, struct http *http,
				struct clock *clock, struct report *report)
{
	struct aws_chain *chain = mem_zalloc(sizeof(*chain));

	chain->settings = settings;
	chain->http = http;
	chain->clock = clock;
	chain->report = report;
	chain->prompt = prompt_secret;
	chain->files = (struct aws_files)AWS_FILES_INIT;
	chain->credentials = (struct aws_credentials)AWS_CREDENTIALS_INIT;
	return chain;
}

void aws_chain_set_prompt(struct aws_chain *chain,
			  int (*prompt)(const char *question, struct secret *ret_answer,
					struct error *err))
{
	chain->prompt = prompt;
}

void aws_chain_free(struct aws_chain *chain)
{
	if (!chain)
		return;
	aws_credentials_release(&chain->credentials);
	aws_files_release(&chain->files);
	free(chain);
}

const struct aws_section *aws_search_section(const struct aws_search *search)
{
	return aws_profiles_find(&search->files->merged, AWS_SECTION_PROFILE, search->profile);
}

int aws_providers_find(const struct aws_provider *const *providers, const struct aws_search *search,
		       struct aws_credentials *ret, struct str *ret_why, struct error *err)
{
	for (; *providers; providers++) {
		CLEANUP(aws_credentials_release)
		struct aws_credentials found = AWS_CREDENTIALS_INIT;
		CLEANUP(str_release) struct str why = STR_INIT;
		int result = (*providers)->find(search, &found, &why, err);

		if (result < 0)
			return -1;
		if (result > 0) {
			aws_credentials_copy(ret, &found);
			return 1;
		}
		str_addf(ret_why, "%s%s (%s)", ret_why->len ? ", " : "", (*providers)->name,
			 why.buf);
	}
	return 0;
}

static int search_chain(struct aws_chain *chain, bool skip_cache, struct aws_credentials *ret,
			struct error *err)
{
	const struct aws_search search = {
		.settings = chain->settings,
		.files = chain->has_files ? &chain->files : &chain->settings->files,
		.http = chain->http,
		.clock = chain->clock,
		.report = chain->report,
		.prompt = chain->prompt,
		.profile = chain->settings->profile,
		.skip_environment = chain->settings->is_profile_by_option,
		.skip_cache = skip_cache,
	};
	CLEANUP(str_release) struct str why = STR_INIT;
	int result = 0;

	for (size_t i = 0; result == 0 && i < sizeof(chain_order) / sizeof(chain_order[0]); i++)
		result = aws_providers_find(chain_order[i], &search, ret, &why, err);
	if (result > 0)
		return 0;
	if (result < 0)
		return error_wrap(err, "credentials");
	error_set(err, ERROR_AUTH, "no AWS credentials; tried: %s", why.buf);
	error_set_code(err, AWS_CODE_NO_CREDENTIALS);
	return error_fix(err,
			 "sign in with 'aws configure' or 'deployer sso-login', name a profile "
			 "with --profile or AWS_PROFILE, or set AWS_ACCESS_KEY_ID and "
			 "AWS_SECRET_ACCESS_KEY");
}

/* A tool beside us may have written new keys to the files meanwhile. */
static int reload_files(struct aws_chain *chain, struct error *err)
{
	struct aws_files fresh = AWS_FILES_INIT;

	if (aws_files_load(chain->settings->env, chain->report, &fresh, err) < 0)
		return -1;
	aws_files_release(&chain->files);
	chain->files = fresh;
	chain->has_files = true;
	return 0;
}

static int64_t remaining_ms(const struct aws_chain *chain,
			    const struct aws_credentials *credentials)
{
	if (credentials->expires_ms == 0)
		return INT64_MAX;
	return credentials->expires_ms - chain->clock->wall_ms(chain->clock);
}

/* The rule of AWS's SDKs of 2026 (botocore, credential-refresh-tests.json), by how long they last.
 */
static int64_t early_of(int64_t lifetime_ms)
{
	if (lifetime_ms <= 20 * MINUTE_MS)
		return 5 * MINUTE_MS;
	return (lifetime_ms < 90 * MINUTE_MS ? 15 : 60) * MINUTE_MS;
}

static void take(struct aws_chain *chain, const struct aws_credentials *fresh)
{
	aws_credentials_copy(&chain->credentials, fresh);
	chain->has_credentials = true;
	chain->early_ms = early_of(remaining_ms(chain, fresh));
}

static int search_again(struct aws_chain *chain, bool skip_cache, struct error *err)
{
	CLEANUP(aws_credentials_release) struct aws_credentials fresh = AWS_CREDENTIALS_INIT;

	if (skip_cache && reload_files(chain, err) < 0)
		return -1;
	if (search_chain(chain, skip_cache, &fresh, err) < 0)
		return -1;
	take(chain, &fresh);
	return 0;
}

/* The old credentials still hold: a failure is only worth a warning, and none are taken that ended.
 */
static void refresh_early(struct aws_chain *chain)
{
	CLEANUP(aws_credentials_release) struct aws_credentials fresh = AWS_CREDENTIALS_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	int64_t now = chain->clock->monotonic_ms(chain->clock);

	if (now < chain->not_before)
		return;
	chain->not_before = now + BACKOFF_MS;
	if (search_chain(chain, false, &fresh, &err) < 0)
		report_warning(chain->report, "credentials could not be refreshed yet: %s",
			       err.msg.buf);
	else if (remaining_ms(chain, &fresh) > 0)
		take(chain, &fresh);
}

static int check_expiry(const struct aws_chain *chain, struct error *err)
{
	CLEANUP(str_release) struct str when = STR_INIT;

	if (remaining_ms(chain, &chain->credentials) > 0)
		return 0;
	clock_format_rfc3339(chain->credentials.expires_ms, &when);
	error_set(err, ERROR_AUTH, "the credentials from %s ended at %s",
		  chain->credentials.source.buf, when.buf);
	return error_fix(err, "sign in again, or have whatever provides them renew them");
}

int aws_chain_resolve(struct aws_chain *chain, bool force_refresh,
		      const struct aws_credentials **ret_credentials, struct error *err)
{
	int64_t rest_ms = remaining_ms(chain, &chain->credentials);

	if (force_refresh || !chain->has_credentials || rest_ms <= 0) {
		if (search_again(chain, force_refresh, err) < 0)
			return -1;
	} else if (rest_ms <= chain->early_ms) {
		refresh_early(chain);
	}
	if (check_expiry(chain, err) < 0)
		return -1;
	*ret_credentials = &chain->credentials;
	return 0;
}
