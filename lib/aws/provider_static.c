#include "aws/provider.h"

/*
 * Keys that stand in a profile: those of the credentials file and those of the config file are two
 * providers, each looking at its own file only, as in botocore.
 */

static void fill(const struct aws_section *section, const char *id, const char *secret,
		 struct aws_credentials *ret)
{
	const char *token = aws_section_get(section, "aws_security_token");
	const char *account = aws_section_get(section, "aws_account_id");

	str_adds(&ret->access_key_id, id);
	secret_sets(&ret->secret_key, secret);
	secret_sets(&ret->session_token,
		    token ? token : aws_section_get(section, "aws_session_token"));
	str_adds(&ret->account_id, account ? account : "");
}

static int find_in(const struct aws_profiles *profiles, const char *path,
		   const struct aws_search *search, struct aws_credentials *ret,
		   struct str *ret_why, struct error *err)
{
	const struct aws_section *section =
		aws_profiles_find(profiles, AWS_SECTION_PROFILE, search->profile);
	const char *id = aws_section_get(section, "aws_access_key_id");
	const char *secret = aws_section_get(section, "aws_secret_access_key");

	if (!id) {
		str_addf(ret_why, "%s profile '%s' in %s",
			 section ? "no aws_access_key_id in" : "no", search->profile,
			 path ? path : "~/.aws");
		return 0;
	}
	if (!secret) {
		error_set(err, ERROR_AUTH,
			  "profile '%s' in '%s' has aws_access_key_id and no "
			  "aws_secret_access_key",
			  search->profile, path);
		return error_fix(err, "write both to the same profile of the same file");
	}
	fill(section, id, secret, ret);
	str_addf(&ret->source, "profile '%s' (%s)", search->profile, path);
	return 1;
}

static int credentials_file_find(const struct aws_search *search, struct aws_credentials *ret,
				 struct str *ret_why, struct error *err)
{
	return find_in(&search->files->credentials, search->files->credentials_path, search, ret,
		       ret_why, err);
}

static int config_file_find(const struct aws_search *search, struct aws_credentials *ret,
			    struct str *ret_why, struct error *err)
{
	return find_in(&search->files->config, search->files->config_path, search, ret, ret_why,
		       err);
}

const struct aws_provider aws_provider_credentials_file = {
	.name = "credentials file",
	.find = credentials_file_find,
};

const struct aws_provider aws_provider_config_file = {
	.name = "config file",
	.find = config_file_find,
};
