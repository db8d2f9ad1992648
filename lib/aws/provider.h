#ifndef AWS_PROVIDER_H
#define AWS_PROVIDER_H

#include "aws/credentials.h"
#include "aws/settings.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/http.h"

#include <stdbool.h>
#include <stddef.h>

/* Asks a person for something that must not be seen: prompt_secret(), or a test's stand-in. */
typedef int (*aws_prompt_fn)(const char *question, struct secret *ret_answer, struct error *err);

/* The profiles that a chain of source_profile has come through, to find a loop. On the stack. */
struct aws_visit {
	const char *profile;
	const struct aws_visit *previous;
};

/*
 * Where a provider is to look. `profile` is the one in use or a source_profile; for the latter, and
 * with --profile, the environment is not looked at. `skip_cache`: what lies in a cache was called
 * expired by a service. Everything is borrowed.
 */
struct aws_search {
	const struct aws_settings *settings;
	const struct aws_files *files;
	struct http *http;
	struct clock *clock;
	struct report *report;
	aws_prompt_fn prompt;
	const char *profile;
	const struct aws_visit *visits;
	bool skip_environment;
	bool skip_cache;
};

/* The section of `search->profile` with the values of both files, or NULL. */
const struct aws_section *aws_search_section(const struct aws_search *search);

/*
 * One way to credentials; each is whole in aws/provider_NAME.c.
 *
 * `find` returns 1 with *ret filled in, 0 where nothing of this kind is configured, which *ret_why
 * then explains in a few words, and -1 where it is configured and fails: the search ends there, it
 * does not go on behind the user's back. `name` is for people.
 */
struct aws_provider {
	const char *name;
	int (*find)(const struct aws_search *search, struct aws_credentials *ret,
		    struct str *ret_why, struct error *err);
};

extern const struct aws_provider aws_provider_environment;
extern const struct aws_provider aws_provider_role;
extern const struct aws_provider aws_provider_web_identity;
extern const struct aws_provider aws_provider_sso;
extern const struct aws_provider aws_provider_credentials_file;
extern const struct aws_provider aws_provider_login;
extern const struct aws_provider aws_provider_process;
extern const struct aws_provider aws_provider_config_file;
extern const struct aws_provider aws_provider_container;
extern const struct aws_provider aws_provider_instance;

/*
 * The region of the EC2 instance that this runs on, appended: 1; 0 where it is none or does not
 * tell (also with AWS_EC2_METADATA_DISABLED); -1 where a setting is wrong or a signal asks to stop.
 */
int aws_instance_region(const struct aws_search *search, struct str *ret_region, struct error *err);

/*
 * Asks providers in turn (a NULL ends the list). Returns as a provider does; where none has
 * anything, *ret_why lists them all: "environment (AWS_ACCESS_KEY_ID is not set), ...".
 */
int aws_providers_find(const struct aws_provider *const *providers, const struct aws_search *search,
		       struct aws_credentials *ret, struct str *ret_why, struct error *err);

/* Those that look at a profile only, in their order: what a source_profile can be. */
extern const struct aws_provider *const aws_profile_providers[];

#endif
