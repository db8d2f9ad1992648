#ifndef STACK_ECS_H
#define STACK_ECS_H

#include "aws/cloudformation.h"
#include "base/strv.h"

/* What of a stack, and of those nested in it, is ECS's. The physical ids, which are ARNs but for
 * clusters. */
struct stack_ecs {
	struct strv clusters;
	struct strv definitions; /* of tasks */
	struct strv services;
	struct strv service_names; /* the logical ids, "Nested/Service", in the same order */
};

#define STACK_ECS_INIT                                                                             \
	{                                                                                          \
		.clusters = STRV_INIT, .definitions = STRV_INIT, .services = STRV_INIT,            \
		.service_names = STRV_INIT                                                         \
	}

void stack_ecs_release(struct stack_ecs *ecs);

/* Reads the resources of the stack and of those nested in it. Fails as cfn_list_resources() does.
 */
int stack_ecs_read(struct aws_client *client, const char *stack_arn, struct stack_ecs *ret,
		   struct error *err);

/*
 * The cluster of one of these services: that in its ARN or, where the ARN is of the form without,
 * the only one that there is. Appended; nothing where that is neither.
 */
void stack_ecs_cluster_of(const struct stack_ecs *ecs, const char *arn, struct str *out);

/*
 * The cluster of a service or task: that in its ARN or, where the ARN is of the form without, the
 * only one that the stack has. Appended; nothing, which is the default cluster, where that is
 * neither.
 */
int stack_ecs_cluster(struct aws_client *client, const char *stack_arn, const char *arn,
		      struct str *out, struct error *err);

#endif
