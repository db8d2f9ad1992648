#include "deploy/status.h"

#include "aws/cloudformation.h"
#include "aws/ecr.h"
#include "aws/ecs.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "stack/ecs.h"
#include "stack/parameters.h"
#include "stack/rollout_check.h"
#include "stack/status.h"

#include <pthread.h>
#include <string.h>

void status_release(struct status *status)
{
	str_release(&status->environment);
	str_release(&status->version);
	str_release(&status->git);
	str_release(&status->file_name);
	str_release(&status->file);
	str_release(&status->digest);
	str_release(&status->stack_name);
	str_release(&status->stack_arn);
	str_release(&status->live);
	str_release(&status->stack_status);
}

/* ---- the parameter file ---- */

static int find_in_file(const struct status_request *request, struct status *status,
			struct error *err)
{
	const struct config *config = request->config;
	CLEANUP(cfn_parameters_release) struct cfn_parameters list = CFN_PARAMETERS_INIT;
	CLEANUP_FREE char *path = config_path(config, CONFIG_STACK_PARAMETERS);
	const struct cfn_parameter *found;

	if (!path)
		return 0;
	str_adds(&status->file_name, config_text(config, CONFIG_STACK_PARAMETERS));
	if (parameters_read(path, config->environment, &list, err) < 0)
		return -1;
	found = cfn_parameters_find(&list, config_text(config, CONFIG_STACK_TAG_PARAMETER));
	str_adds(&status->file, found ? found->value : "");
	return 0;
}

/* ---- the stack ---- */

/* The account is the fifth part of an ARN. */
static int check_account(const struct config *config, const char *arn, struct error *err)
{
	const char *wanted = config_text(config, CONFIG_AWS_ACCOUNT);
	CLEANUP(strv_release) struct strv parts = STRV_INIT;

	strv_split(&parts, arn, ":");
	if (!*wanted || parts.count < 5 || strcmp(parts.v[4], wanted) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "the credentials belong to account %s, not to %s", parts.v[4],
		  wanted);
	return error_fix(err, "use --profile or aws.profile for account %s, or change aws.account",
			 wanted);
}

static int find_stack(const struct status_request *request, struct status *status,
		      struct error *err)
{
	const struct config *config = request->config;
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const struct cfn_parameter *found;

	str_adds(&status->stack_name, config_text(config, CONFIG_STACK_NAME));
	if (cfn_describe_stack(request->client, status->stack_name.buf, &stack, err) < 0) {
		if (!error_has_code(err, "StackNotFound"))
			return -1;
		error_release(err);
		return 0;
	}
	found = cfn_parameters_find(&stack.parameters,
				    config_text(config, CONFIG_STACK_TAG_PARAMETER));
	str_adds(&status->stack_arn, stack.id.buf);
	str_adds(&status->stack_status, stack.status.buf);
	str_adds(&status->live, found ? found->value : "");
	return check_account(config, stack.id.buf, err);
}

/* ---- the registry ---- */

/* An index has a digest of its own, which is none of the images that run. */
static bool is_index(const struct ecr_image *image)
{
	return strstr(image->media_type, "index") || strstr(image->media_type, "manifest.list");
}

static bool is_absence(const struct error *err)
{
	return error_has_code(err, "ImageNotFoundException") ||
	       error_has_code(err, "RepositoryNotFoundException");
}

/* *ret_comparable: running images have the digest too. */
static void find_image(const struct status_request *request, struct status *status,
		       bool *ret_comparable)
{
	CLEANUP(ecr_images_release) struct ecr_images images = ECR_IMAGES_INIT;
	CLEANUP(ecr_repository_release) struct ecr_repository repository = ECR_REPOSITORY_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	*ret_comparable = false;
	status->is_registry_unknown = true;
	if (!*request->repository || !status->version.len)
		return;
	str_addf(&repository.uri, "/%s", request->repository);
	if (ecr_describe_images(request->client, &repository, status->version.buf, &images, &err) <
	    0) {
		status->is_registry_unknown = !is_absence(&err);
		return;
	}
	status->is_registry_unknown = false;
	if (images.count == 0)
		return;
	str_adds(&status->digest, images.items[0].digest);
	*ret_comparable = !is_index(&images.items[0]);
}

/* ---- the tasks ---- */

/* Whether the image's name ends in ":VERSION" of the repository. */
static bool is_version(const struct status_request *request, const struct status *status,
		       const char *image)
{
	CLEANUP(str_release) struct str tail = STR_INIT;
	CLEANUP(str_release) struct str name = STR_INIT;

	str_addf(&tail, "/%s:%s", request->repository, status->version.buf);
	str_adds(&name, image);
	return str_ends_with(&name, tail.buf);
}

static bool is_stranger(const struct status_request *request, const struct status *status,
			const struct ecs_task *task)
{
	for (size_t i = 0; i < task->container_count; i++) {
		const struct ecs_container *container = &task->containers[i];

		if (*container->image_digest && is_version(request, status, container->image) &&
		    strcmp(container->image_digest, status->digest.buf) != 0)
			return true;
	}
	return false;
}

static int compare_tasks(const struct status_request *request, const char *cluster,
			 const char *service, struct status *status, struct error *err)
{
	const struct ecs_task_filter filter = { .cluster = cluster, .service = service };
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;

	if (ecs_list_tasks(request->client, &filter, &arns, err) < 0)
		return -1;
	if (arns.count && ecs_describe_tasks(request->client, cluster, &arns, &tasks, err) < 0)
		return -1;
	for (size_t i = 0; i < tasks.count; i++)
		status->strangers += is_stranger(request, status, &tasks.items[i]);
	return 0;
}

/* While the stack is brought to another state, a service has yet to get its task definition. */
static bool is_at_rest(const struct status *status)
{
	return stack_status_start(status->stack_status.buf) != START_BUSY;
}

static int find_service(const struct status_request *request, const struct stack_ecs *ecs,
			size_t index, bool compare, struct status *status, struct error *err)
{
	CLEANUP(ecs_service_release) struct ecs_service service = ECS_SERVICE_INIT;
	CLEANUP(str_release) struct str name = STR_INIT;
	const char *arn = ecs->services.v[index];
	const char *cluster;

	stack_ecs_cluster_of(ecs, arn, &name);
	cluster = name.len ? name.buf : NULL;

	if (ecs_describe_service(request->client, cluster, arn, &service, err) < 0)
		return -1;
	status->services++;
	status->desired += service.desired;
	status->running += service.running;
	status->rolled_back +=
		is_at_rest(status) && rollout_check_missed(&ecs->definitions, &service);
	return compare ? compare_tasks(request, cluster, arn, status, err) : 0;
}

static int find_tasks(const struct status_request *request, bool compare, struct status *status,
		      struct error *err)
{
	CLEANUP(stack_ecs_release) struct stack_ecs ecs = STACK_ECS_INIT;

	if (!status->stack_arn.len)
		return 0;
	if (stack_ecs_read(request->client, status->stack_arn.buf, &ecs, err) < 0)
		return -1;
	for (size_t i = 0; i < ecs.services.count; i++) {
		if (find_service(request, &ecs, i, compare, status, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- all of it ---- */

static int find(const struct status_request *request, struct status *status, struct error *err)
{
	CLEANUP(error_release) struct error unseen = ERROR_INIT;
	const char *environment = request->config->environment;
	bool is_comparable;

	str_adds(&status->environment, environment ? environment : "");
	str_adds(&status->git, request->git);
	if (find_in_file(request, status, err) < 0 || find_stack(request, status, err) < 0)
		return -1;
	if (request->version)
		str_adds(&status->version, request->version);
	else
		str_adds(&status->version, status->live.len ? status->live.buf : request->git);
	find_image(request, status, &is_comparable);
	if (find_tasks(request, is_comparable, status, &unseen) < 0) {
		if (unseen.kind == ERROR_SIGNAL)
			return error_set_signal(err, unseen.signal, "looking");
		status->are_tasks_unknown = true;
	}
	return 0;
}

int status_find(const struct status_request *request, struct status *ret, struct error *err)
{
	CLEANUP(status_release) struct status status = STATUS_INIT;

	if (find(request, &status, err) < 0)
		return error_wrap(err, "status of stack '%s'",
				  config_text(request->config, CONFIG_STACK_NAME));
	*ret = status;
	status = (struct status)STATUS_INIT;
	return 0;
}

bool status_stack_is_ok(const struct status *status)
{
	return stack_status_verdict(status->stack_status.buf) == VERDICT_DONE &&
	       strcmp(status->live.buf, status->version.buf) == 0;
}

bool status_agrees(const struct status *status)
{
	const char *version = status->version.buf;

	return *version && status_stack_is_ok(status) &&
	       (!status->git.len || strcmp(status->git.buf, version) == 0) &&
	       (!status->file_name.len || strcmp(status->file.buf, version) == 0) &&
	       (status->digest.len || status->is_registry_unknown) &&
	       status->running == status->desired && !status->strangers && !status->rolled_back;
}

/* ---- several at once ---- */

struct asker {
	const struct status_request *request;
	struct status_answer *answer;
	pthread_t thread;
	bool is_started;
};

static void *ask(void *ctx)
{
	const struct asker *asker = ctx;

	(void)status_find(asker->request, &asker->answer->status, &asker->answer->err);
	return NULL;
}

void status_find_all(const struct status_request *requests, size_t count,
		     struct status_answer *ret_answers)
{
	CLEANUP_FREE struct asker *askers = mem_zalloc((count + 1) * sizeof(*askers));

	for (size_t i = 0; i < count; i++) {
		askers[i] = (struct asker){ .request = &requests[i], .answer = &ret_answers[i] };
		/* What was not even to be asked has its error already. */
		if (ret_answers[i].err.kind == ERROR_NONE)
			askers[i].is_started =
				pthread_create(&askers[i].thread, NULL, ask, &askers[i]) == 0;
		if (!askers[i].is_started && ret_answers[i].err.kind == ERROR_NONE)
			(void)ask(&askers[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (askers[i].is_started)
			(void)pthread_join(askers[i].thread, NULL);
	}
}
