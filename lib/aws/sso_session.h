#ifndef AWS_SSO_SESSION_H
#define AWS_SSO_SESSION_H

#include "aws/provider.h"
#include "aws/sso.h"

/*
 * Where a profile signs in with IAM Identity Center: by its [sso-session], or, in old profiles, by
 * keys of its own (session is then NULL). Borrowed from the files.
 */
struct sso_session {
	const char *session;
	const char *start_url;
	const char *region;
	const char *scopes; /* NULL in old profiles */
};

/*
 * What the profile says. 1, 0 where it has neither sso_session nor sso_start_url, and -1 with
 * ERROR_CONFIG where something is missing, or differs between profile and session (botocore,
 * credentials.py, SSOProvider).
 */
int sso_session_find(const struct aws_files *files, const char *profile, struct sso_session *ret,
		     struct error *err);

/*
 * The token of the last sign-in, from the cache that the AWS CLI keeps in ~/.aws/sso/cache;
 * refreshed when it ends within 15 minutes and the session is one that can be. ERROR_AUTH where
 * there is none that holds: the fix is to sign in.
 */
int sso_session_token(const struct aws_search *search, const struct sso_session *session,
		      struct sso_token *ret, struct error *err);

/* Shows a person where to agree to a sign-in. */
typedef void (*sso_show_fn)(void *ctx, const struct sso_device *device);

/*
 * Signs in by RFC 8628's device flow: shows where to agree, waits until the person has, and stores
 * the token. ERROR_CONFIG, before anybody is asked, where there is no home to keep it in;
 * ERROR_AUTH where they did not agree in time, ERROR_SIGNAL when interrupted.
 */
int sso_session_login(const struct aws_search *search, const struct sso_session *session,
		      sso_show_fn show, void *ctx, int64_t *ret_expires_ms, struct error *err);

#endif
