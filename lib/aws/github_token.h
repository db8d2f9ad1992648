#ifndef AWS_GITHUB_TOKEN_H
#define AWS_GITHUB_TOKEN_H

#include "aws/provider.h"

/* Whether this is a job of GitHub Actions that may ask for a token ("permissions: id-token:
 * write").
 */
bool github_token_is_there(const struct env *env);

/*
 * Asks GitHub for an OpenID Connect token for STS, which proves which job of which repository this
 * is: ACTIONS_ID_TOKEN_REQUEST_URL with audience sts.amazonaws.com, and the job's own bearer token
 * (https://docs.github.com/actions/reference/openid-connect-reference). ERROR_AUTH otherwise;
 * ERROR_CONFIG for a URL that is neither https nor this machine's. The token never enters a
 * message.
 */
int github_token(const struct aws_search *search, struct secret *ret, struct error *err);

#endif
