#ifndef DEPLOY_DIAGNOSE_H
#define DEPLOY_DIAGNOSE_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/str.h"
#include "deploy/cause.h"

/*
 * Why the newest operation on a stack failed, read afterwards from the events that it left, those
 * of nested stacks included. Empty where nothing failed. Fails as cfn_describe_events() does.
 */
int diagnose(struct aws_client *client, const char *stack_arn, struct cause *ret,
	     struct error *err);

/* The same as one line (deploy/cause.h), appended. */
int diagnose_cause(struct aws_client *client, const char *stack_arn, struct str *out,
		   struct error *err);

#endif
