#include "stack/rollout.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* How many distinct tasks prove that the next one will fare no better; also ROLLOUT_EXITS. */
#define MANY_STARTS    2
#define MANY_UNHEALTHY 3

/* A task that runs for so long is no crash at the start. */
#define LASTING_MS 60000

/* Capacity may scale: a task without a place is told of first, and given up later. */
#define UNPLACED_WARNING_MS (2 * 60 * 1000)
#define UNPLACED_MS	    (5 * 60 * 1000)

void rollout_init(struct rollout *rollout, struct aws_client *client, struct report *report,
		  const char *name, const char *cluster, const char *service)
{
	*rollout = (struct rollout){
		.client = client,
		.report = report,
		.name = mem_strdup(name),
		.cluster = mem_strdup(cluster),
		.service = mem_strdup(service),
		.deployment = STR_INIT,
		.task_definition = STR_INIT,
		.seen = STRV_INIT,
		.told = STR_INIT,
		.last_stop = STR_INIT,
		.reason = STR_INIT,
	};
}

void rollout_release(struct rollout *rollout)
{
	free(rollout->name);
	free(rollout->cluster);
	free(rollout->service);
	str_release(&rollout->deployment);
	str_release(&rollout->task_definition);
	strv_release(&rollout->seen);
	str_release(&rollout->told);
	str_release(&rollout->last_stop);
	str_release(&rollout->reason);
}

static const char *cluster_of(const struct rollout *r)
{
	return *r->cluster ? r->cluster : NULL;
}

static void replace(struct str *s, const char *text)
{
	str_reset(s);
	str_adds(s, text);
}

/* A deployment that takes the place of the one watched starts with no failures. */
static void pin(struct rollout *r, const struct ecs_deployment *primary)
{
	if (strcmp(r->deployment.buf, primary->id) == 0)
		return;
	replace(&r->deployment, primary->id);
	replace(&r->task_definition, primary->task_definition);
	strv_release(&r->seen);
	memset(r->stops, 0, sizeof(r->stops));
	memset(r->lives_ms, 0, sizeof(r->lives_ms));
	r->last_stop_ms = 0;
	r->unplaced_since_ms = 0;
	r->has_warned = false;
}

void rollout_restart(struct rollout *rollout, int64_t since_ms)
{
	str_reset(&rollout->deployment);
	str_reset(&rollout->last_stop);
	str_reset(&rollout->reason);
	rollout->since_ms = since_ms;
	rollout->is_over = false;
	if (rollout->verdict != ROLLOUT_UNSEEN)
		rollout->verdict = ROLLOUT_UNDER_WAY;
}

/* Stopped tasks */

/* Whether it is one of this rollout's: of its deployment, and made in its time. */
static bool is_own(const struct rollout *r, const struct ecs_task *task)
{
	return strcmp(task->started_by, r->deployment.buf) == 0 &&
	       (!task->created_ms || task->created_ms >= r->since_ms);
}

static void note_life(struct rollout *r, const struct ecs_task *task)
{
	int64_t life_ms = task->started_ms ? task->stopped_ms - task->started_ms : 0;

	for (size_t i = 0; i < ROLLOUT_EXITS; i++) {
		int64_t longest_ms = r->lives_ms[i];

		if (life_ms <= longest_ms)
			continue;
		r->lives_ms[i] = life_ms;
		life_ms = longest_ms;
	}
}

static void count_stop(struct rollout *r, const struct ecs_task *task)
{
	enum task_stop kind = task_stop_kind(task);

	r->stops[kind]++;
	if (kind == TASK_STOP_EXIT)
		note_life(r, task);
	if (kind == TASK_STOP_EXPECTED || task->stopped_ms < r->last_stop_ms)
		return;
	r->last_stop_ms = task->stopped_ms;
	str_reset(&r->last_stop);
	task_stop_describe(task, &r->last_stop);
}

static int list(const struct rollout *r, const char *status, struct strv *ret, struct error *err)
{
	/* "When you specify startedBy as the filter, it must be the only filter that you use." */
	const struct ecs_task_filter filter = {
		.cluster = cluster_of(r),
		.service = ecs_arn_name(r->service),
		.desired_status = status,
	};

	return ecs_list_tasks(r->client, &filter, ret, err);
}

/* Counts the tasks that have stopped since the last look. One that is still stopping comes next
 * time. */
static int count_stops(struct rollout *r, struct error *err)
{
	CLEANUP(strv_release) struct strv listed = STRV_INIT;
	CLEANUP(strv_release) struct strv fresh = STRV_INIT;
	CLEANUP(strv_release) struct strv seen = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;

	if (list(r, "STOPPED", &listed, err) < 0)
		return -1;
	for (size_t i = 0; i < listed.count; i++)
		strv_add(strv_has(&r->seen, listed.v[i]) ? &seen : &fresh, listed.v[i]);
	if (fresh.count && ecs_describe_tasks(r->client, cluster_of(r), &fresh, &tasks, err) < 0)
		return -1;
	for (size_t i = 0; i < tasks.count; i++) {
		if (strcmp(tasks.items[i].status, "STOPPED") != 0)
			continue;
		strv_add(&seen, tasks.items[i].arn);
		if (is_own(r, &tasks.items[i]))
			count_stop(r, &tasks.items[i]);
	}
	strv_release(&r->seen);
	r->seen = seen;
	seen = (struct strv)STRV_INIT;
	return 0;
}

/* To last is to outlive a start, and what many did that crashed later: of tasks that begin at
 * different times and end after two minutes each, one is always older than a minute. */
static int64_t lasting_ms(const struct rollout *r)
{
	int64_t many_ms = r->lives_ms[ROLLOUT_EXITS - 1];

	return many_ms > LASTING_MS ? many_ms : LASTING_MS;
}

/* Whether a task of the deployment had been running for a while when the last one ended. */
static int has_lasting_task(const struct rollout *r, bool *ret, struct error *err)
{
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;

	*ret = false;
	if (list(r, "RUNNING", &arns, err) < 0 ||
	    (arns.count && ecs_describe_tasks(r->client, cluster_of(r), &arns, &tasks, err) < 0))
		return -1;
	for (size_t i = 0; i < tasks.count; i++) {
		const struct ecs_task *task = &tasks.items[i];

		*ret = *ret ||
		       (is_own(r, task) && strcmp(task->status, "RUNNING") == 0 &&
			task->started_ms && task->started_ms + lasting_ms(r) <= r->last_stop_ms);
	}
	return 0;
}

/* Places for tasks */

/* When the service last said so, in an event of this rollout's time; 0: never. */
static int64_t newest_event_ms(const struct rollout *r, const struct ecs_service *service,
			       const char *text)
{
	int64_t newest_ms = 0;

	for (size_t i = 0; i < service->event_count; i++) {
		const struct ecs_event *event = &service->events[i];

		if (event->time_ms >= r->since_ms && event->time_ms > newest_ms &&
		    strstr(event->message, text))
			newest_ms = event->time_ms;
	}
	return newest_ms;
}

/* "was unable to place a task because ..." until "has started N tasks" comes after it. */
static void note_places(struct rollout *r, const struct ecs_service *service, int64_t now_ms)
{
	int64_t unplaced_ms = newest_event_ms(r, service, "unable to place a task");

	if (!unplaced_ms || newest_event_ms(r, service, "has started ") > unplaced_ms) {
		r->unplaced_since_ms = 0;
		r->has_warned = false;
	} else if (!r->unplaced_since_ms) {
		r->unplaced_since_ms = now_ms;
	}
	if (!r->unplaced_since_ms || r->has_warned ||
	    now_ms - r->unplaced_since_ms < UNPLACED_WARNING_MS)
		return;
	r->has_warned = true;
	report_warning(r->report, "%s: a task finds no place in the cluster for 2 minutes",
		       r->name);
}

/* The verdict */

/* ECS's own words are sentences: no full stop before what follows. */
static void fail_with(struct rollout *r, const char *what)
{
	r->verdict = ROLLOUT_FAILING;
	str_reset(&r->reason);
	str_adds(&r->reason, what);
	if (!r->last_stop.len)
		return;
	if (str_ends_with(&r->reason, "."))
		str_cut(&r->reason, r->reason.len - 1);
	str_addf(&r->reason, ": %s", r->last_stop.buf);
}

/* ECS has given up a deployment of this rollout's time, and may be going back already. */
static const struct ecs_deployment *given_up(const struct rollout *r,
					     const struct ecs_service *service)
{
	for (size_t i = 0; i < service->deployment_count; i++) {
		const struct ecs_deployment *deployment = &service->deployments[i];

		if (strcmp(deployment->rollout_state, "FAILED") == 0 &&
		    deployment->created_ms >= r->since_ms)
			return deployment;
	}
	return NULL;
}

static int judge_stops(struct rollout *r, int64_t now_ms, struct error *err)
{
	bool lives = false;

	if (r->stops[TASK_STOP_START] >= MANY_STARTS)
		fail_with(r, "its tasks cannot start");
	else if (r->stops[TASK_STOP_UNHEALTHY] >= MANY_UNHEALTHY)
		fail_with(r, "its tasks fail their health checks");
	else if (r->unplaced_since_ms && now_ms - r->unplaced_since_ms >= UNPLACED_MS)
		fail_with(r, "its tasks find no place in the cluster");
	else if (r->stops[TASK_STOP_EXIT] >= ROLLOUT_EXITS) {
		if (has_lasting_task(r, &lives, err) < 0)
			return -1;
		if (!lives)
			fail_with(r, "its tasks crash one after another");
	}
	return 0;
}

static bool is_steady(const struct ecs_deployment *primary)
{
	return primary->running == primary->desired &&
	       (!*primary->rollout_state || strcmp(primary->rollout_state, "COMPLETED") == 0);
}

static void tell(struct rollout *r, const struct ecs_deployment *primary)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	unsigned failed = 0;

	for (int kind = TASK_STOP_START; kind < TASK_STOP_KINDS; kind++)
		failed += r->stops[kind];
	str_addf(&text, "%u of %u tasks run", primary->running, primary->desired);
	if (failed)
		str_addf(&text, ", %u failed", failed);
	if (primary->pending)
		str_addf(&text, ", %u start", primary->pending);
	if (strcmp(text.buf, r->told.buf) == 0)
		return;
	replace(&r->told, text.buf);
	report_state(r->report, r->name, text.buf);
}

static int judge(struct rollout *r, const struct ecs_service *service, int64_t now_ms,
		 struct error *err)
{
	const struct ecs_deployment *primary = ecs_service_primary(service);
	const struct ecs_deployment *failed = given_up(r, service);

	if (failed) {
		fail_with(r, *failed->rollout_reason ? failed->rollout_reason
						     : "ECS gave the deployment up");
		return 0;
	}
	if (!primary)
		return 0;
	tell(r, primary);
	r->verdict = is_steady(primary) ? ROLLOUT_STEADY : ROLLOUT_UNDER_WAY;
	return r->verdict == ROLLOUT_STEADY ? 0 : judge_stops(r, now_ms, err);
}

int rollout_step(struct rollout *rollout, int64_t now_ms, struct error *err)
{
	CLEANUP(ecs_service_release) struct ecs_service service = ECS_SERVICE_INIT;
	const struct ecs_deployment *primary;

	if (rollout->verdict == ROLLOUT_FAILING || rollout->verdict == ROLLOUT_UNSEEN)
		return 0;
	if (ecs_describe_service(rollout->client, cluster_of(rollout), rollout->service, &service,
				 err) < 0)
		return -1;
	primary = ecs_service_primary(&service);
	if (primary) {
		pin(rollout, primary);
		if (count_stops(rollout, err) < 0)
			return -1;
		note_places(rollout, &service, now_ms);
	}
	return judge(rollout, &service, now_ms, err);
}
