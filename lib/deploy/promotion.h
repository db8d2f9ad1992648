#ifndef DEPLOY_PROMOTION_H
#define DEPLOY_PROMOTION_H

#include "aws/ecr.h"
#include "base/error.h"
#include "base/str.h"
#include "deploy/pipeline.h"

/*
 * An image of one environment on its way to the next: where it is, and what it is. The other
 * environment may be of another account or region; what arrives there has the same digest.
 */
struct promotion {
	struct http *http; /* to its registry: borrowed, not that of the target */
	struct ecr_authorization authorization;
	struct str environment;
	struct str repository_name;
	struct str version;
	struct str digest;
};

#define PROMOTION_INIT                                                                             \
	{                                                                                          \
		.http = NULL, .authorization = ECR_AUTHORIZATION_INIT, .environment = STR_INIT,    \
		.repository_name = STR_INIT, .version = STR_INIT, .digest = STR_INIT               \
	}

void promotion_release(struct promotion *promotion);

/*
 * Finds the image of an environment: of `version`, or, where that is NULL, of the version that its
 * stack runs, which then must be at rest with it. ERROR_REFUSED where there is none, where the
 * registry has no image of it, and where the credentials are of another account than aws.account.
 */
int promotion_find(const struct pipeline *source, const char *version, struct promotion *ret,
		   struct error *err);

#endif
