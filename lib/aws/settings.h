#ifndef AWS_SETTINGS_H
#define AWS_SETTINGS_H

#include "aws/client.h"
#include "aws/profile.h"
#include "base/env.h"
#include "base/error.h"
#include "base/report.h"

#include <stdbool.h>

/* How calls are repeated (AWS_RETRY_MODE, retry_mode); "legacy" counts as standard. */
enum aws_retry_mode { AWS_RETRY_STANDARD, AWS_RETRY_ADAPTIVE };

/*
 * Everything that the command line, the environment and the configuration files say about AWS, read
 * once. In this order of precedence for each value: option, environment, profile (AWS CLI v2, user
 * guide, "Configuration settings and precedence").
 *
 * Strings are owned here but for `env` and what `options` pointed to. `*_source` is for people:
 * "--region", "AWS_REGION", "profile 'dev'".
 */
struct aws_settings {
	const struct env *env;
	struct aws_profiles profiles;	 /* config and credentials file, merged */
	struct aws_profiles credentials; /* the credentials file alone */
	char *config_path;
	char *credentials_path;

	char *profile; /* the name in use, "default" where nothing names one */
	char *profile_source;
	bool is_profile_by_option; /* then the keys of the environment are not looked at */

	char *region; /* NULL where none is set */
	char *region_source;

	const char *endpoint_option; /* --endpoint-url, or NULL */
	bool ignore_configured_endpoint_urls;
	bool use_fips;
	bool use_dualstack;

	char *ca_bundle; /* PEM file, or NULL: the system's roots */
	enum aws_retry_mode retry_mode;
	unsigned max_attempts; /* 0: the retry mode's own number */
};

#define AWS_SETTINGS_INIT                                                                          \
	{                                                                                          \
		.profiles = AWS_PROFILES_INIT, .credentials = AWS_PROFILES_INIT                    \
	}

/*
 * Reads the settings. `options` and `env` are borrowed for the life of *ret. ERROR_CONFIG where a
 * file is not in the grammar, where the profile that was named is not there, or where a value (a
 * boolean, a number) is none. `report` is warned of what the reader made of doubtful lines.
 */
int aws_settings_load(const struct aws_options *options, const struct env *env,
		      struct report *report, struct aws_settings *ret, struct error *err);
void aws_settings_release(struct aws_settings *settings);

/* The section of the profile in use, or NULL where it has none. Borrowed. */
const struct aws_section *aws_settings_section(const struct aws_settings *settings);

/*
 * The endpoint that was configured for a service, or NULL: --endpoint-url,
 * AWS_ENDPOINT_URL_SERVICE, AWS_ENDPOINT_URL, the profile's services section, the profile's
 * endpoint_url, in this order; with ignore_configured_endpoint_urls only the first (AWS SDKs and
 * Tools Reference Guide, "Service-specific endpoints"). `service` is the service id in the form of
 * the services section: "sts", "secrets_manager", "cloudwatch_logs", "sso_oidc". Owned by the
 * caller (free()).
 */
char *aws_settings_endpoint_url(const struct aws_settings *settings, const char *service);

/*
 * The proxy for a request to `url`, borrowed, or NULL: https_proxy, HTTPS_PROXY (http_proxy,
 * HTTP_PROXY for http URLs) unless no_proxy or NO_PROXY names the host; the lower-case names come
 * first, as in the AWS CLI (Python's urllib).
 */
const char *aws_settings_proxy(const struct aws_settings *settings, const char *url);

#endif
