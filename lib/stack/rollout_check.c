#include "stack/rollout_check.h"

#include "aws/ecr.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "docker/image.h"
#include "stack/ecs.h"
#include "stack/rollout.h"
#include "sys/interrupt.h"

#include <string.h>

/* ECS calls a deployment complete soon after CloudFormation finds its service stable. */
#define COMPLETION_MS (10 * 60 * 1000)
#define LOOK_MS	      5000

#define FIX_VERIFY                                                                                 \
	"allow ecs:DescribeServices, ecs:ListTasks, ecs:DescribeTasks and "                        \
	"cloudformation:ListStackResources, or set ecs.verify: false in deployer.yml"

static size_t family_len(const char *definition)
{
	const char *colon = strrchr(definition, ':');

	return colon ? (size_t)(colon - definition) : strlen(definition);
}

const char *rollout_check_expected(const struct strv *definitions, const char *definition)
{
	size_t len = family_len(definition);

	for (size_t i = 0; i < definitions->count; i++) {
		if (family_len(definitions->v[i]) == len &&
		    strncmp(definitions->v[i], definition, len) == 0)
			return definitions->v[i];
	}
	return NULL;
}

/* What ECS starts the service's tasks from. */
static const char *actual_definition(const struct ecs_service *service)
{
	const struct ecs_deployment *primary = ecs_service_primary(service);

	return primary ? primary->task_definition : service->task_definition.buf;
}

const char *rollout_check_missed(const struct strv *definitions, const struct ecs_service *service)
{
	const char *actual = actual_definition(service);
	const char *expected = rollout_check_expected(definitions, actual);

	return !expected || strcmp(expected, actual) == 0 ? NULL : expected;
}

/* "ECS has rolled back: app:2 is deployed, but app:1 runs", and why, where ECS says. */
static void describe_missed(const char *missed, const struct ecs_service *service, struct str *out)
{
	const struct ecs_deployment *primary = ecs_service_primary(service);

	str_addf(out, "ECS has rolled back: %s is deployed, but %s runs", ecs_arn_name(missed),
		 ecs_arn_name(actual_definition(service)));
	if (primary && strcasestr(primary->rollout_reason, "rolling back"))
		str_addf(out, ": %s", primary->rollout_reason);
}

/* Not seen is neither success nor failure; an interruption and a session's end are that too. */
static int unseen(const char *name, struct error *err)
{
	bool is_denied = err->kind == ERROR_AUTH;

	error_wrap(err, "the stack is deployed, but whether %s runs it cannot be said", name);
	error_become(err, ERROR_OUTCOME);
	if (!is_denied)
		return error_fix(err, "look again: deployer watch");
	if (err->fix.len)
		str_adds(&err->fix, "; or set ecs.verify: false in deployer.yml");
	return error_fix(err, FIX_VERIFY);
}

/* One service of the stack, under the eyes of a check. */
struct subject {
	const struct rollout_check *check;
	const struct stack_ecs *ecs;
	struct rollout rollout;
};

static void subject_release(struct subject *subject)
{
	rollout_release(&subject->rollout);
}

/* The task definition of the stack is not what ECS starts tasks from. */
static int refuse_former(const struct subject *s, const char *missed,
			 const struct ecs_service *service, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	describe_missed(missed, service, &text);
	error_set(err, ERROR_ROLLED_BACK, "%s: %s", s->rollout.name, text.buf);
	return error_fix(err, "the old version runs, although the stack says otherwise: mend the "
			      "cause and deploy another version");
}

static int check_definition(const struct subject *s, const struct ecs_service *service,
			    struct error *err)
{
	const char *missed = rollout_check_missed(&s->ecs->definitions, service);

	if (!*actual_definition(service))
		return error_set(err, ERROR_REMOTE, "ECS tells no task definition of it");
	return missed ? refuse_former(s, missed, service, err) : 0;
}

static bool is_complete(const struct ecs_service *service)
{
	const struct ecs_deployment *primary = ecs_service_primary(service);

	return !primary || !*primary->rollout_state ||
	       strcmp(primary->rollout_state, "COMPLETED") == 0;
}

static int refuse_failing(const struct subject *s, struct error *err)
{
	error_set(err, ERROR_STUCK, "%s: the stack is deployed, but %s", s->rollout.name,
		  s->rollout.reason.buf);
	return error_fix(err, "mend the cause and deploy again");
}

static int look(struct subject *s, bool *ret_complete, struct error *err)
{
	CLEANUP(ecs_service_release) struct ecs_service service = ECS_SERVICE_INIT;
	struct aws_client *client = s->check->client;
	struct clock *clock = aws_client_clock(client);
	const char *cluster = *s->rollout.cluster ? s->rollout.cluster : NULL;

	if (ecs_describe_service(client, cluster, s->rollout.service, &service, err) < 0 ||
	    check_definition(s, &service, err) < 0)
		return -1;
	*ret_complete = is_complete(&service);
	if (*ret_complete)
		return 0;
	if (rollout_step(&s->rollout, clock->monotonic_ms(clock), err) < 0)
		return -1;
	return s->rollout.verdict == ROLLOUT_FAILING ? refuse_failing(s, err) : 0;
}

static int wait_until_complete(struct subject *s, struct error *err)
{
	struct clock *clock = aws_client_clock(s->check->client);
	int64_t until_ms = clock->monotonic_ms(clock) + COMPLETION_MS;
	bool is_over = false;

	for (;;) {
		if (look(s, &is_over, err) < 0)
			return -1;
		if (is_over)
			return 0;
		if (clock->monotonic_ms(clock) >= until_ms)
			return error_set(err, ERROR_OUTCOME,
					 "ECS still replaces its tasks after %d minutes",
					 COMPLETION_MS / 60000);
		clock->sleep_ms(clock, LOOK_MS);
		if (interrupt_check("looking at the service", err) < 0)
			return -1;
	}
}

/* Images */

/* The digest behind a tag in ECR; "" where it is not ECR's, or may not be asked for. */
static void ask_registry(const struct rollout_check *check, const char *image, struct str *digest)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(image_ref_release) struct image_ref ref = IMAGE_REF_INIT;
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str region = STR_INIT;
	CLEANUP(ecr_repository_release) struct ecr_repository repository = ECR_REPOSITORY_INIT;
	CLEANUP(ecr_images_release) struct ecr_images images = ECR_IMAGES_INIT;

	if (*check->digest && strcmp(image, check->image) == 0) {
		str_adds(digest, check->digest);
		return;
	}
	if (image_ref_parse(image, &ref, &err) < 0 || !ref.tag.len ||
	    !ecr_host_parse(ref.host.buf, &account, &region))
		return;
	str_addf(&repository.uri, "%s/%s", ref.host.buf, ref.name.buf);
	str_adds(&repository.registry_id, account.buf);
	if (ecr_describe_images(check->client, &repository, ref.tag.buf, &images, &err) < 0 ||
	    images.count != 1)
		return;
	str_adds(digest, images.items[0].digest);
}

/* A tag may be that of an index: then ECS tells the digest of the image for its platform. */
static bool is_in_index(const struct rollout_check *check, const char *image, const char *index,
			const char *digest)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(image_ref_release) struct image_ref ref = IMAGE_REF_INIT;
	bool is_there = false;

	return check->registry && strcmp(image, check->image) == 0 &&
	       image_ref_parse(image, &ref, &err) == 0 &&
	       registry_index_has(check->registry, ref.name.buf, index, digest, &is_there, &err) ==
		       0 &&
	       is_there;
}

/* What is known of the images met so far: "IMAGE" and its digest, in the same order. */
struct known_images {
	struct strv names;
	struct strv digests;
};

static void known_images_release(struct known_images *known)
{
	strv_release(&known->names);
	strv_release(&known->digests);
}

/* The digest that a tag stands for, asked for once; "" where nobody knows. */
static const char *wanted_digest(const struct rollout_check *check, struct known_images *known,
				 const char *image)
{
	CLEANUP(str_release) struct str digest = STR_INIT;

	for (size_t i = 0; i < known->names.count; i++) {
		if (strcmp(known->names.v[i], image) == 0)
			return known->digests.v[i];
	}
	ask_registry(check, image, &digest);
	strv_add(&known->names, image);
	strv_add(&known->digests, digest.buf);
	return known->digests.v[known->digests.count - 1];
}

static int check_container(const struct subject *s, struct known_images *known,
			   const struct ecs_task *task, const struct ecs_container *container,
			   struct error *err)
{
	const char *wanted = wanted_digest(s->check, known, container->image);

	if (!*wanted || !*container->image_digest || strcmp(wanted, container->image_digest) == 0 ||
	    is_in_index(s->check, container->image, wanted, container->image_digest))
		return 0;
	error_set(err, ERROR_STUCK,
		  "%s: container '%s' of task %s runs %s, but '%s' is %s in the registry",
		  s->rollout.name, container->name, ecs_arn_name(task->arn),
		  container->image_digest, container->image, wanted);
	return error_fix(err, "the tag was moved: deploy a tag of its own, or start new tasks with "
			      "aws ecs update-service --force-new-deployment");
}

static int check_task(const struct subject *s, struct known_images *known,
		      const struct ecs_task *task, struct error *err)
{
	if (strcmp(task->status, "RUNNING") != 0)
		return 0;
	for (size_t i = 0; i < task->container_count; i++) {
		if (check_container(s, known, task, &task->containers[i], err) < 0)
			return -1;
	}
	return 0;
}

static int check_images(const struct subject *s, struct error *err)
{
	CLEANUP(known_images_release) struct known_images known = { STRV_INIT, STRV_INIT };
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;
	const struct ecs_task_filter filter = {
		.cluster = *s->rollout.cluster ? s->rollout.cluster : NULL,
		.service = ecs_arn_name(s->rollout.service),
	};

	if (ecs_list_tasks(s->check->client, &filter, &arns, err) < 0 ||
	    (arns.count &&
	     ecs_describe_tasks(s->check->client, filter.cluster, &arns, &tasks, err) < 0))
		return -1;
	for (size_t i = 0; i < tasks.count; i++) {
		if (check_task(s, &known, &tasks.items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int check_service(const struct rollout_check *check, const struct stack_ecs *ecs,
			 size_t index, struct error *err)
{
	CLEANUP(str_release) struct str cluster = STR_INIT;
	CLEANUP(subject_release) struct subject subject = { .check = check, .ecs = ecs };

	stack_ecs_cluster_of(ecs, ecs->services.v[index], &cluster);
	rollout_init(&subject.rollout, check->client, check->report, ecs->service_names.v[index],
		     cluster.buf, ecs->services.v[index]);
	if (wait_until_complete(&subject, err) == 0 && check_images(&subject, err) == 0)
		return 0;
	if (err->kind == ERROR_ROLLED_BACK || err->kind == ERROR_STUCK)
		return -1;
	return unseen(ecs->service_names.v[index], err);
}

int rollout_check(const struct rollout_check *check, struct error *err)
{
	CLEANUP(stack_ecs_release) struct stack_ecs ecs = STACK_ECS_INIT;

	if (stack_ecs_read(check->client, check->stack_arn, &ecs, err) < 0)
		return unseen("ECS", err);
	for (size_t i = 0; i < ecs.services.count; i++) {
		if (check_service(check, &ecs, i, err) < 0)
			return -1;
	}
	return 0;
}

/* What ECS has done behind the stack's back */

void rolled_back_service_release(struct rolled_back_service *service)
{
	str_release(&service->name);
	str_release(&service->arn);
	str_release(&service->reason);
}

static int look_for_former(struct aws_client *client, const struct stack_ecs *ecs, size_t index,
			   struct rolled_back_service *ret, struct error *err)
{
	CLEANUP(ecs_service_release) struct ecs_service service = ECS_SERVICE_INIT;
	CLEANUP(str_release) struct str cluster = STR_INIT;
	const char *arn = ecs->services.v[index];
	const char *missed;

	stack_ecs_cluster_of(ecs, arn, &cluster);
	if (ecs_describe_service(client, cluster.len ? cluster.buf : NULL, arn, &service, err) < 0)
		return -1;
	missed = rollout_check_missed(&ecs->definitions, &service);
	if (!missed)
		return 0;
	str_adds(&ret->name, ecs->service_names.v[index]);
	str_adds(&ret->arn, arn);
	describe_missed(missed, &service, &ret->reason);
	return 0;
}

int rollout_check_find_rolled_back(struct aws_client *client, const char *stack_arn,
				   struct rolled_back_service *ret, struct error *err)
{
	CLEANUP(stack_ecs_release) struct stack_ecs ecs = STACK_ECS_INIT;

	if (stack_ecs_read(client, stack_arn, &ecs, err) < 0)
		return -1;
	for (size_t i = 0; i < ecs.services.count && !ret->name.len; i++) {
		if (look_for_former(client, &ecs, i, ret, err) < 0)
			return error_wrap(err, "%s", ecs.service_names.v[i]);
	}
	return 0;
}
