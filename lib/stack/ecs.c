#include "stack/ecs.h"

#include "aws/ecs.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <string.h>

/* CloudFormation nests no deeper than this would need; a list that says otherwise is broken. */
#define MAX_STACKS 200

void stack_ecs_release(struct stack_ecs *ecs)
{
	strv_release(&ecs->clusters);
	strv_release(&ecs->definitions);
	strv_release(&ecs->services);
	strv_release(&ecs->service_names);
}

/* Stacks still to be read, with what stands before the names of their resources. */
struct queue {
	struct strv arns;
	struct strv prefixes;
};

static void queue_release(struct queue *queue)
{
	strv_release(&queue->arns);
	strv_release(&queue->prefixes);
}

static void take(struct stack_ecs *ecs, struct queue *queue, const char *prefix,
		 const struct cfn_resource *resource)
{
	const char *type = resource->type, *id = resource->physical_id;

	if (!*id || strcmp(resource->status, "DELETE_COMPLETE") == 0)
		return;
	if (strcmp(type, "AWS::ECS::Cluster") == 0) {
		strv_add(&ecs->clusters, id);
	} else if (strcmp(type, "AWS::ECS::TaskDefinition") == 0) {
		strv_add(&ecs->definitions, id);
	} else if (strcmp(type, "AWS::ECS::Service") == 0) {
		strv_add(&ecs->services, id);
		strv_addf(&ecs->service_names, "%s%s", prefix, resource->logical_id);
	} else if (strcmp(type, "AWS::CloudFormation::Stack") == 0 && !strv_has(&queue->arns, id)) {
		strv_add(&queue->arns, id);
		strv_addf(&queue->prefixes, "%s%s/", prefix, resource->logical_id);
	}
}

int stack_ecs_read(struct aws_client *client, const char *stack_arn, struct stack_ecs *ret,
		   struct error *err)
{
	CLEANUP(stack_ecs_release) struct stack_ecs ecs = STACK_ECS_INIT;
	CLEANUP(queue_release) struct queue queue = { STRV_INIT, STRV_INIT };

	strv_add(&queue.arns, stack_arn);
	strv_add(&queue.prefixes, "");
	for (size_t i = 0; i < queue.arns.count && i < MAX_STACKS; i++) {
		CLEANUP(cfn_resources_release) struct cfn_resources list = CFN_RESOURCES_INIT;
		CLEANUP_FREE char *prefix = mem_strdup(queue.prefixes.v[i]);

		if (cfn_list_resources(client, queue.arns.v[i], &list, err) < 0)
			return -1;
		for (size_t j = 0; j < list.count; j++)
			take(&ecs, &queue, prefix, &list.items[j]);
	}
	stack_ecs_release(ret);
	*ret = ecs;
	ecs = (struct stack_ecs)STACK_ECS_INIT;
	return 0;
}

void stack_ecs_cluster_of(const struct stack_ecs *ecs, const char *arn, struct str *out)
{
	size_t len = out->len;

	ecs_arn_cluster(arn, out);
	if (out->len == len && ecs->clusters.count == 1)
		str_adds(out, ecs->clusters.v[0]);
}

int stack_ecs_cluster(struct aws_client *client, const char *stack_arn, const char *arn,
		      struct str *out, struct error *err)
{
	CLEANUP(stack_ecs_release) struct stack_ecs ecs = STACK_ECS_INIT;
	size_t len = out->len;

	ecs_arn_cluster(arn, out);
	if (out->len > len)
		return 0;
	if (stack_ecs_read(client, stack_arn, &ecs, err) < 0)
		return -1;
	stack_ecs_cluster_of(&ecs, arn, out);
	return 0;
}
