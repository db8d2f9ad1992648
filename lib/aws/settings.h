#ifndef AWS_SETTINGS_H
#define AWS_SETTINGS_H

#include "aws/client.h"
#include "aws/profile.h"
#include "base/env.h"
#include "base/error.h"
#include "base/report.h"

#include <stdbool.h>

/*
 * The configuration and the credentials file, and both merged: where both name a profile, the
 * credentials file's values win (AWS CLI v2).
 */
struct aws_files {
	char *config_path; /* NULL where there is no home to look in */
	char *credentials_path;
	struct aws_profiles config;
	struct aws_profiles credentials;
	struct aws_profiles merged;
};

#define AWS_FILES_INIT                                                                             \
	{                                                                                          \
		.config = AWS_PROFILES_INIT, .credentials = AWS_PROFILES_INIT,                     \
		.merged = AWS_PROFILES_INIT                                                        \
	}

/*
 * Reads AWS_CONFIG_FILE (~/.aws/config) and AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials). A
 * file that is not there says nothing. ERROR_CONFIG where one is not in the grammar. `report` is
 * warned of what is doubtful: a key that stands twice, keys that others can read.
 */
int aws_files_load(const struct env *env, struct report *report, struct aws_files *ret_files,
		   struct error *err);
void aws_files_release(struct aws_files *files);

/* How calls are repeated (AWS_RETRY_MODE, retry_mode). "legacy" counts as standard. */
enum aws_retry_mode { AWS_RETRY_STANDARD, AWS_RETRY_ADAPTIVE };

/*
 * Everything that the command line, the environment and the files say about AWS, read once. For
 * each value the option comes first, then the environment, then the profile (AWS CLI user guide,
 * "Configuration settings and precedence").
 *
 * Owns its strings but for `env` and `endpoint_option`. `*_source` is for people: "--region",
 * "AWS_REGION", "profile 'dev'".
 */
struct aws_settings {
	const struct env *env;
	struct aws_files files;

	char *profile; /* the name in use, "default" where nothing names one */
	char *profile_source;
	bool is_profile_by_option; /* then the keys of the environment are passed over */

	char *region; /* NULL where none is set */
	char *region_source;

	const char *endpoint_option; /* --endpoint-url, or NULL */
	bool no_cache;
	bool ignore_configured_endpoint_urls;
	bool use_fips;
	bool use_dualstack;

	char *ca_bundle; /* PEM file, or NULL: the system's roots */
	enum aws_retry_mode retry_mode;
	unsigned max_attempts; /* 0: the retry mode's own number */
};

#define AWS_SETTINGS_INIT                                                                          \
	{                                                                                          \
		.files = AWS_FILES_INIT                                                            \
	}

/*
 * Reads the settings. `options` and `env` are borrowed for the life of *ret_settings. ERROR_CONFIG
 * as aws_files_load(), where the profile that was named is not there, and where a value is none (a
 * boolean, a number, a retry mode).
 */
int aws_settings_load(const struct aws_options *options, const struct env *env,
		      struct report *report, struct aws_settings *ret_settings, struct error *err);
void aws_settings_release(struct aws_settings *settings);

/* A value of the environment variable, else of the profile in use: borrowed, or NULL. */
const char *aws_settings_get(const struct aws_settings *settings, const char *variable,
			     const char *property);

/*
 * The endpoint that was configured for a service, or NULL: --endpoint-url,
 * AWS_ENDPOINT_URL_SERVICE, AWS_ENDPOINT_URL, the profile's services section, the profile's
 * endpoint_url, in this order; with ignore_configured_endpoint_urls only the first (AWS SDKs and
 * Tools Reference Guide, "Service-specific endpoints"; the order is the AWS CLI's). `service` is
 * the service id as the services section writes it: "sts", "secrets_manager", "cloudwatch_logs",
 * "sso_oidc". Owned by the caller (free()).
 */
char *aws_settings_endpoint_url(const struct aws_settings *settings, const char *service);

/*
 * The proxy for a request to `url`, borrowed, or NULL: https_proxy or HTTPS_PROXY (http_proxy or
 * HTTP_PROXY for http), unless no_proxy or NO_PROXY names the host. The lower-case name comes
 * first, as in the AWS CLI (Python's urllib).
 */
const char *aws_settings_proxy(const struct aws_settings *settings, const char *url);

/* The name of the variable that says so, or NULL. */
const char *aws_settings_proxy_variable(const struct aws_settings *settings, const char *url);

#endif
