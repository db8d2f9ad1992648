#include "aws/cache.h"
#include "aws/provider.h"
#include "aws/role.h"
#include "base/cleanup.h"
#include "base/slice.h"

#include <string.h>

/*
 * role_arn with source_profile or credential_source (AWS CLI user guide, "Use an IAM role"). The
 * rules of who may be whose source are botocore's: credentials.py, AssumeRoleProvider.
 */

static const struct {
	const char *name;
	const struct aws_provider *provider;
} named_sources[] = {
	{ "Environment", &aws_provider_environment },
	{ "Ec2InstanceMetadata", &aws_provider_instance },
	{ "EcsContainer", &aws_provider_container },
};

/* A profile with a token file is the web identity provider's. */
static bool has_role(const struct aws_section *section)
{
	return aws_section_get(section, "role_arn") &&
	       !aws_section_get(section, "web_identity_token_file");
}

static bool has_keys(const struct aws_section *section)
{
	return aws_section_get(section, "aws_access_key_id") ||
	       aws_section_get(section, "aws_secret_access_key");
}

/* Each role of a chain is another call of STS: nobody needs more. */
#define MAX_CHAIN 32

static unsigned count_visits(const struct aws_search *search)
{
	unsigned count = 0;

	for (const struct aws_visit *visit = search->visits; visit; visit = visit->previous)
		count++;
	return count;
}

static bool was_visited(const struct aws_search *search, const char *profile)
{
	for (const struct aws_visit *visit = search->visits; visit; visit = visit->previous) {
		if (strcmp(visit->profile, profile) == 0)
			return true;
	}
	return false;
}

static void read_role(const struct aws_search *search, const struct aws_section *section,
		      struct aws_role *role)
{
	const char *duration = aws_section_get(section, "duration_seconds");
	uint64_t seconds = 0;

	*role = (struct aws_role){
		.arn = aws_section_get(section, "role_arn"),
		.session_name = aws_section_get(section, "role_session_name"),
		.external_id = aws_section_get(section, "external_id"),
		.mfa_serial = aws_section_get(section, "mfa_serial"),
	};
	/* The AWS CLI passes over a value that is no number. */
	if (duration && !slice_to_u64(slice_of(duration), 1000000, &seconds))
		report_warning(search->report, "profile '%s': duration_seconds '%s' is no number",
			       search->profile, duration);
	role->duration_s = (unsigned)seconds;
}

static int find_named(const struct aws_search *search, const char *name,
		      struct aws_credentials *ret, struct error *err)
{
	struct aws_search inner = *search;
	CLEANUP(str_release) struct str why = STR_INIT;
	int result;

	inner.skip_environment = false;
	for (size_t i = 0; i < sizeof(named_sources) / sizeof(named_sources[0]); i++) {
		if (strcmp(named_sources[i].name, name) != 0)
			continue;
		result = named_sources[i].provider->find(&inner, ret, &why, err);
		if (result != 0)
			return result < 0 ? -1 : 0;
		return error_set(err, ERROR_AUTH, "credential_source %s has no credentials: %s",
				 name, why.buf);
	}
	error_set(err, ERROR_CONFIG, "credential_source '%s' is not known", name);
	return error_fix(err, "write Environment, Ec2InstanceMetadata or EcsContainer");
}

/* A profile may name itself, for the keys that stand beside its role. */
static int check_source(const struct aws_search *search, const char *source,
			const struct aws_section *section, struct error *err)
{
	if (!section)
		return error_set(err, ERROR_CONFIG, "source_profile '%s' is not there", source);
	if (count_visits(search) >= MAX_CHAIN) {
		error_set(err, ERROR_CONFIG, "a chain of more than %d roles", MAX_CHAIN);
		return error_fix(err, "let a profile near the end have credentials of its own");
	}
	if (!was_visited(search, source))
		return 0;
	if (strcmp(source, search->profile) == 0 && has_keys(section))
		return 0;
	error_set(err, ERROR_CONFIG, "source_profile '%s' leads back to itself", source);
	return error_fix(err, "end the chain with a profile that has credentials of its own");
}

static int role_find(const struct aws_search *search, struct aws_credentials *ret,
		     struct str *ret_why, struct error *err);

static int find_source_profile(const struct aws_search *search, const char *source,
			       struct aws_credentials *ret, struct error *err)
{
	const struct aws_section *section =
		aws_profiles_find(&search->files->merged, AWS_SECTION_PROFILE, source);
	CLEANUP(str_release) struct str why = STR_INIT;
	struct aws_search inner = *search;
	int result;

	if (check_source(search, source, section, err) < 0)
		return -1;
	inner.profile = source;
	inner.skip_environment = true;
	if (has_role(section) && !has_keys(section))
		result = role_find(&inner, ret, &why, err);
	else
		result = aws_providers_find(aws_profile_providers, &inner, ret, &why, err);
	if (result > 0)
		return 0;
	if (result < 0)
		return -1;
	error_set(err, ERROR_AUTH, "source_profile '%s' has no credentials; tried: %s", source,
		  why.buf);
	return error_fix(err, "give profile '%s' keys, a role, SSO or a credential_process",
			 source);
}

static int find_source(const struct aws_search *search, const struct aws_section *section,
		       struct aws_credentials *ret, struct error *err)
{
	const char *profile = aws_section_get(section, "source_profile");
	const char *named = aws_section_get(section, "credential_source");

	if (profile && named) {
		error_set(err, ERROR_CONFIG, "both source_profile and credential_source are set");
		return error_fix(err, "keep one of them");
	}
	if (!profile && !named) {
		error_set(err, ERROR_CONFIG,
			  "role_arn is set, and neither source_profile nor credential_source");
		return error_fix(err, "name the profile whose credentials may take the role on");
	}
	if (named)
		return find_named(search, named, ret, err);
	return find_source_profile(search, profile, ret, err);
}

static int find_role(const struct aws_search *search, const struct aws_section *section,
		     struct aws_credentials *ret, struct error *err)
{
	CLEANUP(aws_credentials_release) struct aws_credentials source = AWS_CREDENTIALS_INIT;
	CLEANUP(str_release) struct str key = STR_INIT;
	struct aws_role role;

	read_role(search, section, &role);
	aws_role_key(&role, &key);
	if (aws_cache_load(search, key.buf, ret))
		return 0;
	if (find_source(search, section, &source, err) < 0)
		return error_wrap(err, "profile '%s'", search->profile);
	return aws_role_assume(search, &role, &source, ret, err);
}

static int role_find(const struct aws_search *search, struct aws_credentials *ret,
		     struct str *ret_why, struct error *err)
{
	const struct aws_section *section = aws_search_section(search);
	const struct aws_visit visit = { search->profile, search->visits };
	struct aws_search inner = *search;

	if (!has_role(section)) {
		str_addf(ret_why, "no role_arn in profile '%s'", search->profile);
		return 0;
	}
	inner.visits = &visit;
	if (find_role(&inner, section, ret, err) < 0)
		return -1;
	str_reset(&ret->source);
	str_addf(&ret->source, "role '%s' of profile '%s'", aws_section_get(section, "role_arn"),
		 search->profile);
	return 1;
}

const struct aws_provider aws_provider_role = {
	.name = "role",
	.find = role_find,
};
