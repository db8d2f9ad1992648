#ifndef AWS_SSO_H
#define AWS_SSO_H

#include "aws/call.h"
#include "aws/credentials.h"
#include "base/secret.h"

/*
 * IAM Identity Center: SSO and SSO OIDC, API versions 2019-06-10. All calls are unsigned; a token
 * or a client secret in them says who is asking. `region` is the one that the sign-in lives in.
 */

/* This program as registered with a sign-in (RegisterClient). */
struct sso_client {
	struct str id;
	struct secret secret;
	int64_t expires_ms;
};

#define SSO_CLIENT_INIT                                                                            \
	{                                                                                          \
		.id = STR_INIT, .secret = SECRET_INIT                                              \
	}

void sso_client_release(struct sso_client *client);

/* `scopes` are separated by commas or blanks; NULL for the sign-in of old profiles. */
int sso_register_client(struct aws_caller *caller, const char *region, const char *scopes,
			struct sso_client *ret, struct error *err);

/* What a person must do elsewhere before a token is given (StartDeviceAuthorization). */
struct sso_device {
	struct secret device_code;
	struct str user_code;
	struct str url;	      /* where to type user_code */
	struct str whole_url; /* the same with the code in it, "" where there is none */
	int64_t expires_ms;
	int64_t interval_ms;
};

#define SSO_DEVICE_INIT                                                                            \
	{                                                                                          \
		.device_code = SECRET_INIT, .user_code = STR_INIT, .url = STR_INIT,                \
		.whole_url = STR_INIT                                                              \
	}

void sso_device_release(struct sso_device *device);
int sso_start_device(struct aws_caller *caller, const char *region, const struct sso_client *client,
		     const char *start_url, struct sso_device *ret, struct error *err);

/* A sign-in: good for credentials of any role that it may have, until expires_ms. */
struct sso_token {
	struct secret access_token;
	struct secret refresh_token;
	int64_t expires_ms;
	struct sso_client client; /* whom it was given to; needed to refresh it */
};

#define SSO_TOKEN_INIT                                                                             \
	{                                                                                          \
		.access_token = SECRET_INIT, .refresh_token = SECRET_INIT,                         \
		.client = SSO_CLIENT_INIT                                                          \
	}

void sso_token_release(struct sso_token *token);

/*
 * Asks for a token, for a device code once the person agreed, or for a refresh token (CreateToken).
 * The error's code is the service's: AuthorizationPendingException, SlowDownException. Of *ret only
 * the access and refresh token and expires_ms change.
 */
int sso_create_token_for_device(struct aws_caller *caller, const char *region,
				const struct sso_client *client, const struct sso_device *device,
				struct sso_token *ret, struct error *err);
int sso_refresh_token(struct aws_caller *caller, const char *region, struct sso_token *token,
		      struct error *err);

/* The credentials of a role (GetRoleCredentials). All of *ret but its source. */
int sso_get_role_credentials(struct aws_caller *caller, const char *region,
			     const struct sso_token *token, const char *account_id,
			     const char *role_name, struct aws_credentials *ret, struct error *err);

#endif
