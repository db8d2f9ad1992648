#include "base/cleanup.h"
#include "base/random.h"
#include "repo/revision.h"
#include "stack/deletion.h"
#include "stack/deployment.h"
#include "stack/fact.h"
#include "stack/running.h"
#include "stack/status.h"
#include "sys/interrupt.h"

#include <string.h>

/* How often a stack is looked at while it is waited for, and how often that is said. */
#define LOOK_MS 5000
#define TELL_MS 60000

/* How long a stack may take to be deleted. */
#define DELETION_MS (60 * 60 * 1000)

bool deployment_exists(const struct deployment *d)
{
	return d->before.id.len && !d->is_create;
}

static int find_stack(struct deployment *d, const char *name_or_arn, struct error *err)
{
	if (cfn_describe_stack(d->request->client, name_or_arn, &d->before, err) == 0)
		return 0;
	if (!error_has_code(err, "StackNotFound"))
		return -1;
	error_release(err);
	cfn_stack_release(&d->before);
	return 0;
}

/* "since ..., by ..."; nothing where the events may not be read. */
static void describe_running(const struct deployment *d, struct str *out)
{
	CLEANUP(running_release) struct running running = RUNNING_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	if (running_find(d->request->client, d->before.id.buf, &running, &err) == 0)
		running_describe(&running, d->clock->wall_ms(d->clock), out);
}

static int busy(const struct deployment *d, struct error *err)
{
	CLEANUP(str_release) struct str who = STR_INIT;
	CLEANUP(str_release) struct str waited = STR_INIT;

	describe_running(d, &who);
	error_set(err, ERROR_BUSY, "another operation runs: the stack is in %s %s",
		  d->before.status.buf, who.buf);
	if (!d->has_waited)
		return error_fix(err, "wait until it is over, or give --wait MINUTES; 'deployer "
				      "watch' shows it");
	clock_format_duration(d->request->policy.wait_ms, &waited);
	return error_fix(err,
			 "it was waited for %s: give a longer --wait, or look at it with "
			 "'deployer watch'",
			 waited.buf);
}

static void tell_wait(const struct deployment *d)
{
	CLEANUP(str_release) struct str who = STR_INIT;

	describe_running(d, &who);
	report_note(d->request->report, "waiting for another operation: %s is in %s %s",
		    d->before.name.buf, d->before.status.buf, who.buf);
}

static bool is_busy(const struct deployment *d)
{
	return stack_status_start(d->before.status.buf) == START_BUSY;
}

/* Waits until the stack is at rest, by ARN. A look that fails is one that tells nothing. */
static int wait_until_idle(struct deployment *d, struct error *err)
{
	int64_t now_ms = d->clock->monotonic_ms(d->clock);
	int64_t until_ms = now_ms + d->request->policy.wait_ms, tell_ms = now_ms;

	while (is_busy(d)) {
		CLEANUP(str_release) struct str arn = STR_INIT;

		now_ms = d->clock->monotonic_ms(d->clock);
		if (now_ms >= until_ms)
			return busy(d, err);
		if (now_ms >= tell_ms) {
			tell_wait(d);
			tell_ms = now_ms + TELL_MS;
		}
		d->has_waited = true;
		d->clock->sleep_ms(d->clock, LOOK_MS);
		if (interrupt_check("waiting for another operation", err) < 0)
			return -1;
		str_adds(&arn, d->before.id.buf);
		if (find_stack(d, arn.buf, err) < 0) {
			if (err->kind != ERROR_BUSY && err->kind != ERROR_NETWORK)
				return -1;
			error_release(err);
		}
	}
	/* Gone while it was waited for: as if it had never been there (facts: A7, A9). */
	if (strcmp(d->before.status.buf, "DELETE_COMPLETE") == 0)
		cfn_stack_release(&d->before);
	return 0;
}

static int check_not_protected(const struct deployment *d, struct error *err)
{
	if (!d->before.is_protected)
		return 0;
	error_set(err, ERROR_CHANGE_SET, "termination protection keeps the failed stack");
	return error_fix(err, "switch it off for the stack, and run this again");
}

/* Deleting the stack would leave behind what its policy keeps: the next creation meets it. */
static int check_nothing_retained(const struct deployment *d, struct error *err)
{
	CLEANUP(cfn_resources_release) struct cfn_resources list = CFN_RESOURCES_INIT;

	if (cfn_list_resources(d->request->client, d->before.id.buf, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.items[i].status, "DELETE_SKIPPED") != 0)
			continue;
		error_set(err, ERROR_STUCK, "the failed stack has kept '%s' (%s)",
			  list.items[i].logical_id, list.items[i].type);
		return error_fix(err, "delete '%s' or import it, then delete the stack by hand",
				 list.items[i].physical_id);
	}
	return 0;
}

static int wait_until_deleted(const struct deployment *d, struct error *err)
{
	CLEANUP(str_release) struct str status = STR_INIT;

	if (deletion_wait(d->request->client, d->before.id.buf, DELETION_MS,
			  "deleting the failed stack", &status, err) < 0)
		return -1;
	if (deletion_is_done(status.buf))
		return 0;
	error_set(err, ERROR_STUCK, "the failed stack could not be deleted: it is in %s",
		  status.buf);
	return error_fix(err, "%s", stack_status_fix("DELETE_FAILED"));
}

/* Only what never lived is deleted, and only on request. */
static bool may_recreate(const struct deployment *d)
{
	static const char *const failed[] = { "ROLLBACK_COMPLETE", "ROLLBACK_FAILED",
					      "CREATE_FAILED" };

	for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++) {
		if (strcmp(d->before.status.buf, failed[i]) == 0)
			return d->request->policy.recreate;
	}
	return false;
}

/* The answer was lost: the stack tells, or nobody knows (reliability rule R2). */
static bool is_being_deleted(const struct deployment *d, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack now = CFN_STACK_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;

	if (err->kind != ERROR_NETWORK && err->kind != ERROR_BUSY)
		return false;
	if (cfn_describe_stack(d->request->client, d->before.id.buf, &now, &blind) == 0)
		return strncmp(now.status.buf, "DELETE_", 7) == 0;
	if (error_has_code(&blind, "StackNotFound"))
		return true;
	error_become(err, ERROR_OUTCOME);
	return false;
}

static int recreate(struct deployment *d, struct error *err)
{
	CLEANUP(str_release) struct str token = STR_INIT;

	if (check_not_protected(d, err) < 0 || check_nothing_retained(d, err) < 0)
		return -1;
	str_adds(&token, "deployer-");
	random_hex(&token, 16);
	report_note(d->request->report, "deleting %s, whose creation failed (%s)",
		    d->before.name.buf, d->before.status.buf);
	if (cfn_delete_stack(d->request->client, d->before.id.buf, token.buf, err) < 0 &&
	    !is_being_deleted(d, err))
		return err->kind == ERROR_REMOTE ? error_become(err, ERROR_CHANGE_SET) : -1;
	error_release(err);
	fact_tell(d->request->report, FACT_DEPLOYED, "%s (the failed one was deleted)",
		  d->before.name.buf);
	if (wait_until_deleted(d, err) < 0)
		return -1;
	cfn_stack_release(&d->before);
	d->is_create = true;
	return 0;
}

/* Whether the stack, as it is, can be deployed to; what to do where it cannot. */
static int check_status(struct deployment *d, struct error *err)
{
	const char *status = d->before.status.buf;

	d->is_create = false;
	switch (stack_status_start(status)) {
	case START_CREATE:
		d->is_create = true;
		return 0;
	case START_UPDATE:
		return 0;
	case START_BUSY:
		return busy(d, err);
	case START_CHOICE:
		if (d->request->policy.fix_forward)
			return 0;
		error_set(err, ERROR_REFUSED, "the stack is in %s", status);
		break;
	case START_UNKNOWN:
		error_set(err, ERROR_REFUSED, "the stack is in %s", status);
		break;
	case START_STUCK:
		error_set(err, ERROR_STUCK, "the stack is in %s and cannot be updated", status);
		break;
	}
	return error_fix(err, "%s", stack_status_fix(status));
}

/*
 * Jobs that queue for one stack: the one that waited must not take back what a later commit has
 * brought meanwhile (sceptre#759). Tags that are no commits here cannot be compared.
 */
static int check_not_older(const struct deployment *d, struct error *err)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	const char *key = d->request->tag_parameter ? d->request->tag_parameter : "";
	const struct cfn_parameter *live = cfn_parameters_find(&d->before.parameters, key);
	const struct cfn_parameter *ours = cfn_parameters_find(d->request->parameters, key);
	bool is_older;

	if (!d->has_waited || d->request->policy.allow_older || !live || !ours ||
	    !d->request->dir || strcmp(live->value, ours->value) == 0)
		return 0;
	if (revision_is_ancestor(d->request->dir, ours->value, live->value, &is_older, &unknown) <
	    0) {
		report_note(d->request->report, "%s and %s cannot be compared: %s", ours->value,
			    live->value, unknown.msg.buf);
		return 0;
	}
	if (!is_older)
		return 0;
	error_set(err, ERROR_REFUSED, "'%s' is older than '%s', which is live since the wait",
		  ours->value, live->value);
	return error_fix(err, "nothing is left to do, unless to go back: --allow-older");
}

int start_prepare(struct deployment *d, struct error *err)
{
	if (find_stack(d, d->request->stack_name, err) < 0)
		return -1;
	if (is_busy(d) && d->request->policy.wait_ms && wait_until_idle(d, err) < 0)
		return -1;
	if (may_recreate(d))
		return recreate(d, err);
	if (check_status(d, err) < 0)
		return -1;
	return check_not_older(d, err);
}
