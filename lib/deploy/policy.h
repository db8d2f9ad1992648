#ifndef DEPLOY_POLICY_H
#define DEPLOY_POLICY_H

#include "base/str.h"
#include "base/strv.h"

#include <stdbool.h>

/* What somebody does, as far as it needs permissions; a command is a set of these. */
enum policy_use {
	POLICY_PULL = 1 << 0,		 /* log in to the registry, get images */
	POLICY_PUSH = 1 << 1,		 /* put images there */
	POLICY_MAKE_REPOSITORY = 1 << 2, /* publish --create */
	POLICY_WATCH = 1 << 3,		 /* follow a stack, and find out why it failed */
	POLICY_PLAN = 1 << 4,		 /* make change sets and take them away */
	POLICY_CHANGE = 1 << 5,		 /* execute them, cancel, recreate, protect */
	POLICY_RECOVER = 1 << 6,	 /* go on with a rollback that failed */
	POLICY_UPLOAD = 1 << 7,		 /* put a large template into the bucket */
	POLICY_READ_SECRETS = 1 << 8,
	POLICY_WRITE_SECRETS = 1 << 9,
};

/* What it is done to. Borrowed; NULL or "" for any. partition: "aws", "aws-cn" ... */
struct policy_scope {
	const char *partition;
	const char *region;
	const char *account;
	const char *stack;
	const char *repository; /* "team/app" */
	const char *bucket;	/* of large templates */
	const char *role;	/* ARN that CloudFormation is handed */
};

/* Whether a command is known, and what it does. POLICY_MAKE_REPOSITORY is none of it. */
bool policy_uses(const char *command, unsigned *ret_uses);

/*
 * Appends the least IAM policy for `uses`: one statement for the actions that share their
 * resources, as JSON that can be given to `aws iam create-policy`. Actions and which of them know
 * resources: https://docs.aws.amazon.com/service-authorization/latest/reference/ (ECR,
 * CloudFormation, ECS, CloudWatch Logs, S3, Secrets Manager, Systems Manager).
 * sts:GetCallerIdentity needs no permission. What the stack's own resources need is not in it: that
 * belongs to the role of CloudFormation.
 */
void policy_write(const struct policy_scope *scope, unsigned uses, struct str *out);

#endif
