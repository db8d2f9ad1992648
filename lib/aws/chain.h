#ifndef AWS_CHAIN_H
#define AWS_CHAIN_H

#include "aws/credentials.h"
#include "aws/settings.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "net/http.h"

#include <stdbool.h>

/*
 * The credential chain: asks each provider in the AWS CLI v2's order until one has credentials, and
 * keeps them while they last.
 */
struct aws_chain;

/* Everything is borrowed for the life of the chain; nothing is looked for yet. */
struct aws_chain *aws_chain_new(const struct aws_settings *settings, struct http *http,
				struct clock *clock, struct report *report);
void aws_chain_free(struct aws_chain *chain);

/* Has MFA codes asked for in another way than at the terminal (sys/prompt.h). For tests. */
void aws_chain_set_prompt(struct aws_chain *chain,
			  int (*prompt)(const char *question, struct secret *ret_answer,
					struct error *err));

/*
 * The credentials to sign the next request with. Borrowed until the next call.
 *
 * Found when first asked for; asked for again before their end, as AWS's SDKs do since 2026: 5
 * minutes where they last up to 20, 15 where they last less than 90, else 60. Whoever fails then is
 * reported, asked again after 5 minutes, and the old ones stay in use to their end; a failure is an
 * error after it. `force_refresh`: a service called them expired; caches are passed over too.
 *
 * ERROR_AUTH where no provider has any: the message names each and why. Also where one that is
 * configured fails: the chain does not go on behind the user's back.
 */
int aws_chain_resolve(struct aws_chain *chain, bool force_refresh,
		      const struct aws_credentials **ret_credentials, struct error *err);

#endif
