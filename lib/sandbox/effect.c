#include "sandbox/effect.h"

#include "data/json.h"
#include "sandbox/ecr.h"
#include "sandbox/function.h"
#include "sandbox/log_store.h"
#include "sandbox/resource_type.h"
#include "sandbox/rollout.h"
#include "sandbox/task.h"

#include <string.h>

/* What a type's resources do when a step begins, when they are there, and when they go. */
struct effect {
	const char *type;
	void (*begin)(struct sandbox *sandbox, const struct effect_request *request, int64_t at_ms,
		      struct forecast *ret);
	void (*made)(struct sandbox *sandbox, const json_t *resource, int64_t at_ms);
	void (*removed)(struct sandbox *sandbox, const json_t *resource, int64_t at_ms);
};

static const char *id_of(const json_t *resource)
{
	return json_text(resource, "PhysicalResourceId");
}

/* ---- one function or three a type ---- */

static void make_repository(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	(void)at_ms;
	ecr_ensure_repository(
		sandbox, id_of(resource),
		json_text(json_object_get(resource, "Properties"), "ImageTagMutability"));
}

static void remove_repository(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	(void)at_ms;
	ecr_remove_repository(sandbox, id_of(resource));
}

static void make_cluster(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	(void)at_ms;
	(void)json_object_set_new(sandbox_map(sandbox, "Clusters"), id_of(resource), json_true());
}

static void remove_cluster(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	(void)at_ms;
	(void)json_object_del(sandbox_map(sandbox, "Clusters"), id_of(resource));
}

static void begin_service(struct sandbox *sandbox, const struct effect_request *request,
			  int64_t at_ms, struct forecast *ret)
{
	const struct rollout_request rollout = { .stack = request->stack,
						 .logical_id = request->logical_id,
						 .action = request->action,
						 .resource = request->resource };

	if (strcmp(request->action, "DELETE") != 0)
		rollout_begin(sandbox, &rollout, at_ms, ret);
}

static void remove_service(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	rollout_remove(sandbox, id_of(resource), at_ms);
}

static void remove_definition(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	task_definition_deregister(sandbox, id_of(resource), at_ms);
}

static void make_log_group(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	(void)at_ms;
	log_store_make_group(sandbox, id_of(resource));
}

static void remove_log_group(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	(void)at_ms;
	log_store_remove_group(sandbox, id_of(resource));
}

/* ---- the table ---- */

static const struct effect effects[] = {
	{ "AWS::ECR::Repository", NULL, make_repository, remove_repository },
	{ "AWS::ECS::Cluster", NULL, make_cluster, remove_cluster },
	{ "AWS::ECS::Service", begin_service, NULL, remove_service },
	{ "AWS::ECS::TaskDefinition", NULL, task_definition_register, remove_definition },
	{ "AWS::Logs::LogGroup", NULL, make_log_group, remove_log_group },
};

static const struct effect custom_effect = { "", function_begin, NULL, NULL };

static const struct effect *find_effect(const json_t *resource)
{
	const char *type = json_text(resource, "Type");

	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		if (strcmp(effects[i].type, type) == 0)
			return &effects[i];
	}
	return resource_type_is_custom(type) ? &custom_effect : NULL;
}

void effect_begin(struct sandbox *sandbox, const struct effect_request *request, int64_t at_ms,
		  struct forecast *ret)
{
	const struct effect *effect = find_effect(request->resource);

	if (effect && effect->begin)
		effect->begin(sandbox, request, at_ms, ret);
}

void effect_made(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	const struct effect *effect = find_effect(resource);

	if (effect && effect->made)
		effect->made(sandbox, resource, at_ms);
}

void effect_removed(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	const struct effect *effect = find_effect(resource);

	if (effect && effect->removed)
		effect->removed(sandbox, resource, at_ms);
}
