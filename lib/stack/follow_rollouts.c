#include "stack/follow_rollouts.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "stack/ecs.h"

#include <string.h>

static struct rollout *find(struct follow *f, const char *service)
{
	for (size_t i = 0; i < f->rollout_count; i++) {
		if (strcmp(f->rollouts[i].service, service) == 0)
			return &f->rollouts[i];
	}
	return NULL;
}

static struct rollout *add(struct follow *f, const char *stack_arn, const struct cfn_event *event,
			   const char *name)
{
	CLEANUP(str_release) struct str cluster = STR_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct rollout *rollout;

	if (stack_ecs_cluster(f->client, stack_arn, event->physical_id, &cluster, &err) < 0)
		report_warning(f->report, "%s: its cluster could not be found: %s", name,
			       err.msg.buf);
	rollout = mem_grow(&f->rollouts, &f->rollout_count, sizeof(*rollout));
	rollout_init(rollout, f->client, f->report, name, cluster.buf, event->physical_id);
	rollout->is_over = true;
	return rollout;
}

void follow_note_service(struct follow *follow, const char *stack_arn,
			 const struct cfn_event *event, const char *name)
{
	bool is_running = strcmp(event->status, "CREATE_IN_PROGRESS") == 0 ||
			  strcmp(event->status, "UPDATE_IN_PROGRESS") == 0;
	struct rollout *rollout;

	/* The first event of a creation comes before there is an ARN. */
	if (strcmp(event->type, "AWS::ECS::Service") != 0 ||
	    strncmp(event->physical_id, "arn:", 4) != 0)
		return;
	rollout = find(follow, event->physical_id);
	if (!rollout && is_running)
		rollout = add(follow, stack_arn, event, name);
	if (!rollout)
		return;
	if (is_running && rollout->is_over)
		rollout_restart(rollout, event->time_ms);
	rollout->is_over = !is_running;
}

/* A failing rollout as a failure of its resource, so that it is looked into like one. */
static void read_evidence(struct follow *f, const struct rollout *rollout)
{
	static char type[] = "AWS::ECS::Service", none[] = "";
	CLEANUP_FREE char *stack = mem_strdup(f->stack_arn);
	const struct failure failure = {
		.name = rollout->name,
		.type = type,
		.status = none,
		.reason = none,
		.physical_id = rollout->service,
		.stack_id = stack,
	};

	evidence_read(f->client, &failure, rollout->since_ms, &f->evidence);
	evidence_hide(&f->evidence, f->hidden);
}

static bool in_rollback(const struct follow *f)
{
	return strstr(f->root_status.buf, "ROLLBACK") || f->is_cancelled;
}

/* A rollback that fails too is worth knowing, but there is nothing left to turn back. */
static void take_failing(struct follow *f, const struct rollout *rollout)
{
	report_warning(f->report, "%s: %s%s", rollout->name,
		       in_rollback(f) ? "the rollback fails as well: " : "", rollout->reason.buf);
	if (in_rollback(f) || f->failing.len)
		return;
	str_addf(&f->failing, "%s: %s", rollout->name, rollout->reason.buf);
	read_evidence(f, rollout);
	follow_tell_evidence(f);
	f->last_told_ms = aws_client_clock(f->client)->monotonic_ms(aws_client_clock(f->client));
}

static void look_at(struct follow *f, struct rollout *rollout)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct clock *clock = aws_client_clock(f->client);
	enum rollout_verdict before = rollout->verdict;

	if (rollout_step(rollout, clock->monotonic_ms(clock), &err) < 0) {
		if (err.kind != ERROR_AUTH)
			return;
		rollout->verdict = ROLLOUT_UNSEEN;
		report_warning(f->report, "%s: its tasks may not be watched (%s)", rollout->name,
			       err.msg.buf);
	} else if (rollout->verdict == ROLLOUT_FAILING && before != ROLLOUT_FAILING) {
		take_failing(f, rollout);
	}
}

void follow_look_at_rollouts(struct follow *follow)
{
	for (size_t i = 0; i < follow->rollout_count; i++) {
		if (!follow->rollouts[i].is_over)
			look_at(follow, &follow->rollouts[i]);
	}
}

static void look_into(struct follow *f, const struct failure *failure)
{
	evidence_read(f->client, failure, f->first_event_ms, &f->evidence);
	evidence_hide(&f->evidence, f->hidden);
}

void follow_look_into_failure(struct follow *follow)
{
	if (follow->evidence.resource.len)
		return;
	for (size_t i = 0; i < follow->cause.count; i++) {
		const struct failure *failure = &follow->cause.items[i];

		if (failure->rank != 0 || !evidence_exists(failure))
			continue;
		look_into(follow, failure);
		return;
	}
}

void follow_look_into_cancelled(struct follow *follow)
{
	for (size_t i = 0; i < follow->cause.count && !follow->evidence.resource.len; i++) {
		const struct failure *failure = &follow->cause.items[i];

		if (strcmp(failure->type, "AWS::ECS::Service") != 0)
			continue;
		look_into(follow, failure);
		if (!follow->evidence.summary.len)
			evidence_release(&follow->evidence);
	}
}

void follow_tell_evidence(struct follow *follow)
{
	if (!follow->is_evidence_told)
		evidence_tell(&follow->evidence, follow->report);
	follow->is_evidence_told = true;
}
