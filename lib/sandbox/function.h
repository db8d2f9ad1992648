#ifndef SANDBOX_FUNCTION_H
#define SANDBOX_FUNCTION_H

#include "sandbox/effect.h"

/*
 * The Lambda function behind a custom resource: what it logs in /aws/lambda/NAME, the ECS task that
 * it runs where the resource has Cluster and TaskDefinition among its properties, and its answer.
 *
 * Sources: AWS Lambda developer guide, "Lambda function logs" (START, END, REPORT); cfn-response
 * module ("See the details in CloudWatch Log Stream: ..."); AWS CloudFormation user guide, "Custom
 * resources" and the properties of AWS::CloudFormation::CustomResource (ServiceTimeout: 3600).
 */

/* A step on a custom resource begins. */
void function_begin(struct sandbox *sandbox, const struct effect_request *request, int64_t at_ms,
		    struct forecast *ret);

#endif
