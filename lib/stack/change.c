#include "base/cleanup.h"
#include "base/random.h"
#include "stack/deletion.h"
#include "stack/deployment.h"
#include "stack/fact.h"
#include "stack/hidden.h"
#include "stack/running.h"
#include "stack/status.h"
#include "sys/interrupt.h"

#include <string.h>

/* How long a change set may take to be made: large templates take minutes. */
#define CHANGE_SET_MS (10 * 60 * 1000)

/* How long an empty stack may take to be deleted: seconds, as a rule. */
#define UNMAKE_MS (2 * 60 * 1000)

/* A change set that is still being worked on is executed this often, this far apart. */
#define EXECUTE_TRIES 5
#define EXECUTE_MS    3000

bool change_met_busy_stack(const struct error *err)
{
	return error_has_code(err, "ValidationError") && strstr(err->msg.buf, "_IN_PROGRESS state");
}

/* A service may quote what it was sent. */
static void hide_values(const struct deployment *d, struct error *err)
{
	CLEANUP(strv_wipe) struct strv hidden = STRV_INIT;

	hidden_add(d->request->template, d->request->parameters, &hidden);
	for (size_t i = 0; i < hidden.count; i++)
		error_mask(err, hidden.v[i]);
}

/* The change set went by the stack's name: it must be for the stack that was looked at. */
static int check_identity(const struct deployment *d, struct error *err)
{
	if (!deployment_exists(d) || strcmp(d->stack_arn.buf, d->before.id.buf) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "the stack was deleted and made anew in the meantime");
	return error_fix(err, "run this again to deploy to the new one");
}

/* The name is random, so that a change set of it is ours (reliability rule R2). */
static bool find_made(struct deployment *d)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;

	if (cfn_find_change_set(d->request->client, d->request->stack_name, d->change_set_name.buf,
				&set, &blind) < 0)
		return false;
	str_adds(&d->change_set_arn, set.id.buf);
	str_adds(&d->stack_arn, set.stack_id.buf);
	return true;
}

/* The answer was lost, or the call was made twice. */
static bool was_made(struct deployment *d, const struct error *err)
{
	return (err->kind == ERROR_NETWORK || err->kind == ERROR_BUSY ||
		error_has_code(err, "AlreadyExistsException")) &&
	       find_made(d);
}

/* Nobody waits for the answer any more: what the call has made all the same is to be discarded. */
static void find_interrupted(struct deployment *d, const struct error *err)
{
	if (err->kind != ERROR_SIGNAL)
		return;
	interrupt_tell(d->request->report, "the change set");
	interrupt_clear();
	(void)find_made(d);
}

/* Executing a change set deletes all others of the stack (API reference, ExecuteChangeSet). */
static int gone(struct error *err)
{
	error_become(err, ERROR_REFUSED);
	return error_fix(err, "somebody else deployed in between: plan again");
}

/* Other stacks export it, or none does by now. */
static int fix_export(struct error *err)
{
	if (!strstr(err->msg.buf, "No export named "))
		return -1;
	return error_fix(err, "deploy the stack that exports it, to the same account and region; "
			      "'aws cloudformation list-exports' shows what there is");
}

static int explain_refusal(struct error *err)
{
	/* There was none, or an empty one, a moment ago. */
	if (error_has_code(err, "ValidationError") &&
	    strstr(err->msg.buf, "already exists and cannot be created again"))
		return gone(err);
	if (err->kind == ERROR_REMOTE)
		error_become(err, ERROR_CHANGE_SET);
	if (error_has_code(err, "InsufficientCapabilitiesException"))
		error_fix(err, "add the capability to stack.capabilities in deployer.yml");
	if (error_has_code(err, "LimitExceededException"))
		error_fix(err, "delete change sets that nobody needs from the stack");
	return fix_export(err);
}

static int create(struct deployment *d, struct error *err)
{
	const struct deploy_request *request = d->request;
	CLEANUP(str_release) struct str url = STR_INIT;
	struct cfn_change_set_request asked = {
		.stack_name = request->stack_name,
		.type = d->is_create ? "CREATE" : "UPDATE",
		.description = request->description,
		.parameters = &d->parameters,
		.capabilities = request->capabilities,
		.tags = request->tags,
		.notification_arns = request->notification_arns,
		.role_arn = request->role_arn && *request->role_arn ? request->role_arn : NULL,
	};

	if (template_upload(request->client, request->template, &request->bucket, &url, err) < 0)
		return -1;
	if (url.len)
		asked.template_url = url.buf;
	else
		asked.template_body = request->template->body.buf;
	str_adds(&d->change_set_name, "deployer-");
	random_hex(&d->change_set_name, 16);
	str_adds(&d->token, "deployer-");
	random_hex(&d->token, 16);
	asked.change_set_name = d->change_set_name.buf;
	asked.client_token = d->token.buf;
	if (cfn_create_change_set(request->client, &asked, &d->change_set_arn, &d->stack_arn,
				  err) == 0)
		return check_identity(d, err);
	if (was_made(d, err)) {
		error_release(err);
		return check_identity(d, err);
	}
	find_interrupted(d, err);
	(void)explain_refusal(err);
	hide_values(d, err);
	return error_wrap(err, "creating the change set");
}

static bool is_pending(const struct cfn_change_set *set)
{
	return strcmp(set->status.buf, "CREATE_PENDING") == 0 ||
	       strcmp(set->status.buf, "CREATE_IN_PROGRESS") == 0;
}

static int wait_for_change_set(struct deployment *d, struct error *err)
{
	int64_t until = d->clock->monotonic_ms(d->clock) + CHANGE_SET_MS;
	int64_t wait_ms = 250;

	for (;;) {
		if (cfn_describe_change_set_values(d->request->client, d->change_set_arn.buf,
						   &d->change_set, err) < 0)
			return error_has_code(err, "ChangeSetNotFound") ? gone(err) : -1;
		if (!is_pending(&d->change_set))
			return 0;
		if (d->clock->monotonic_ms(d->clock) > until)
			return error_set(err, ERROR_CHANGE_SET,
					 "the change set is still in %s after %d minutes",
					 d->change_set.status.buf, CHANGE_SET_MS / 60000);
		d->clock->sleep_ms(d->clock, wait_ms);
		if (interrupt_check("waiting for the change set", err) < 0)
			return -1;
		wait_ms = wait_ms < 4000 ? wait_ms * 2 : 5000;
	}
}

/*
 * The two texts with which the service says that there is nothing to do; as a prefix only, since
 * other reasons quote them (facts: B1 to B3).
 */
static bool is_empty(const struct cfn_change_set *set)
{
	static const char *const texts[] = { "The submitted information didn't contain changes.",
					     "No updates are to be performed." };

	if (strcmp(set->status.buf, "FAILED") != 0)
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strncmp(set->status_reason.buf, texts[i], strlen(texts[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Whether the stack that the change set was made for never lived, and nobody else is about to
 * create it: change sets of all who find no stack are made for the same empty one, and executing
 * one of them deletes the others.
 */
static int is_ours_to_unmake(const struct deployment *d, bool *ret, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	bool has_others = false;

	*ret = false;
	if (cfn_describe_stack(d->request->client, d->stack_arn.buf, &stack, err) < 0) {
		if (!error_has_code(err, "StackNotFound"))
			return -1;
		error_release(err);
		return 0;
	}
	if (strcmp(stack.status.buf, "REVIEW_IN_PROGRESS") != 0)
		return 0;
	if (cfn_has_change_sets(d->request->client, d->stack_arn.buf, &has_others, err) < 0)
		return -1;
	*ret = !has_others;
	return 0;
}

/*
 * The empty stack is gone only when its deletion is over: until then whoever comes next would find
 * it busy.
 */
static int unmake_stack(const struct deployment *d, struct error *err)
{
	CLEANUP(str_release) struct str status = STR_INIT;
	bool is_ours = false;

	if (is_ours_to_unmake(d, &is_ours, err) < 0)
		return -1;
	if (!is_ours)
		return 0;
	if (cfn_delete_stack(d->request->client, d->stack_arn.buf, NULL, err) < 0 &&
	    err->kind != ERROR_NETWORK && err->kind != ERROR_BUSY)
		return -1;
	/* Where no answer came, the stack tells whether it was deleted. */
	error_release(err);
	if (deletion_wait(d->request->client, d->stack_arn.buf, UNMAKE_MS,
			  "waiting until the empty stack is deleted", &status, err) < 0)
		return -1;
	if (deletion_is_done(status.buf))
		return 0;
	return error_set(err, ERROR_STUCK, "its empty stack is in %s", status.buf);
}

/* The answer was lost: the change set itself tells whether it is gone (reliability rule R2). */
static bool was_deleted(const struct deployment *d, const struct error *err)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;
	CLEANUP(error_release) struct error reason = ERROR_INIT;

	return (err->kind == ERROR_NETWORK || err->kind == ERROR_BUSY) &&
	       cfn_describe_change_set(d->request->client, d->change_set_arn.buf, &set, &reason) <
		       0 &&
	       error_has_code(&reason, "ChangeSetNotFound");
}

/* *ret_deleted: the change set is, whatever became of its stack. */
static int discard(const struct deployment *d, bool *ret_deleted, struct error *err)
{
	*ret_deleted = false;
	if (cfn_delete_change_set(d->request->client, d->change_set_arn.buf, err) < 0) {
		if (!error_has_code(err, "ChangeSetNotFound") && !was_deleted(d, err))
			return -1;
		error_release(err);
	}
	*ret_deleted = true;
	return d->is_create && !d->before.id.len ? unmake_stack(d, err) : 0;
}

void change_discard(struct deployment *d)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	bool is_deleted;

	if (!d->change_set_arn.len || d->is_reviewed)
		return;
	interrupt_tell(d->request->report, "the change set");
	/* What interrupted the work must not interrupt the clean-up; a further signal may. */
	interrupt_clear();
	if (discard(d, &is_deleted, &err) < 0)
		report_warning(d->request->report, "%s '%s' is left behind: %s",
			       is_deleted ? "the empty stack of change set" : "change set",
			       d->change_set_name.buf, err.msg.buf);
}

/*
 * What a validation before the deployment found: the change set's own reason only names the
 * validation and the operation to ask (CloudFormation user guide, "Validate stack deployments").
 */
static void add_findings(const struct deployment *d, struct str *out)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(cfn_events_release) struct cfn_events events = CFN_EVENTS_INIT;

	if (!strstr(d->change_set.status_reason.buf, "EarlyValidation"))
		return;
	if (cfn_describe_failures(d->request->client, CFN_EVENTS_OF_CHANGE_SET,
				  d->change_set_arn.buf, &events, &err) < 0) {
		str_addf(out, "; what it found could not be read: %s", err.msg.buf);
		return;
	}
	for (size_t i = events.count; i-- > 0;)
		str_addf(out, "; %s: %s", events.items[i].logical_id, events.items[i].reason);
}

static int check_change_set(const struct deployment *d, struct error *err)
{
	CLEANUP(str_release) struct str findings = STR_INIT;

	if (strcmp(d->change_set.status.buf, "CREATE_COMPLETE") == 0)
		return 0;
	add_findings(d, &findings);
	error_set(err, ERROR_CHANGE_SET, "the change set is %s: %s%s", d->change_set.status.buf,
		  d->change_set.status_reason.buf, findings.buf);
	return fix_export(err);
}

/* Where another run finds the operation, whatever becomes of this one. */
static void tell_change(const struct deployment *d)
{
	struct report *report = d->request->report;
	const char *key = d->request->tag_parameter ? d->request->tag_parameter : "";
	const struct cfn_parameter *live = cfn_parameters_find(&d->before.parameters, key);

	fact_tell(report, FACT_STACK_ARN, "%s", d->stack_arn.buf);
	fact_tell(report, FACT_CHANGE_SET, "%s", d->change_set_arn.buf);
	fact_tell(report, FACT_TOKEN, "%s", d->token.buf);
	fact_tell(report, FACT_REPLACED, "%s", live ? live->value : "");
}

int change_make(struct deployment *d, bool *ret_nothing, struct error *err)
{
	*ret_nothing = false;
	if (create(d, err) < 0) {
		change_discard(d);
		return -1;
	}
	tell_change(d);
	if (wait_for_change_set(d, err) < 0) {
		change_discard(d);
		return -1;
	}
	*ret_nothing = is_empty(&d->change_set);
	if (!*ret_nothing && check_change_set(d, err) == 0)
		return 0;
	change_discard(d);
	return *ret_nothing ? 0 : -1;
}

/* By somebody else, or by an earlier run of ours that lost sight of it: nothing is left to do. */
static int executed_before(const struct deployment *d, struct error *err)
{
	error_set(err, ERROR_REFUSED, "change set '%s' was executed already (%s)",
		  d->change_set_name.buf, d->change_set.execution_status.buf);
	return error_fix(err, "'deployer watch' shows how that ends or ended");
}

int change_adopt(struct deployment *d, struct error *err)
{
	const char *arn = d->request->policy.change_set;

	d->is_reviewed = true;
	str_adds(&d->change_set_arn, arn);
	str_adds(&d->token, "deployer-");
	random_hex(&d->token, 16);
	if (cfn_describe_change_set_values(d->request->client, arn, &d->change_set, err) < 0)
		return error_has_code(err, "ChangeSetNotFound") ? gone(err) : -1;
	str_adds(&d->stack_arn, d->change_set.stack_id.buf);
	str_adds(&d->change_set_name, d->change_set.name.buf);
	if (d->before.id.len && strcmp(d->stack_arn.buf, d->before.id.buf) != 0) {
		error_set(err, ERROR_REFUSED, "change set '%s' is for another stack, '%s'", arn,
			  d->stack_arn.buf);
		return error_fix(err, "name the change set of stack '%s'", d->request->stack_name);
	}
	if (check_change_set(d, err) < 0)
		return -1;
	if (strncmp(d->change_set.execution_status.buf, "EXECUTE_", 8) == 0)
		return executed_before(d, err);
	tell_change(d);
	if (strcmp(d->change_set.execution_status.buf, "OBSOLETE") != 0)
		return 0;
	error_set(err, ERROR_REFUSED, "change set '%s' is OBSOLETE", d->change_set_name.buf);
	return gone(err);
}

/* Whether the stack's newest operation carries our token: then there is one to be followed. */
static bool has_run(const struct deployment *d)
{
	CLEANUP(running_release) struct running running = RUNNING_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;

	return running_find(d->request->client, d->stack_arn.buf, &running, &blind) == 0 &&
	       strcmp(running.token.buf, d->token.buf) == 0;
}

enum execution { RUNS, RUNS_NOT, MAY_RUN_AGAIN, GONE, UNSEEN };

/* Whether it runs, from the change set itself: whatever runs it with our token is this deployment.
 */
static enum execution look(struct deployment *d)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set now = CFN_CHANGE_SET_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;
	const char *status;

	if (cfn_describe_change_set(d->request->client, d->change_set_arn.buf, &now, &blind) < 0)
		return error_has_code(&blind, "ChangeSetNotFound") ? GONE : UNSEEN;
	status = now.execution_status.buf;
	if (strcmp(status, "OBSOLETE") == 0)
		return GONE;
	if (strcmp(status, "AVAILABLE") == 0)
		return MAY_RUN_AGAIN;
	/* It may have run and failed before anybody looked. */
	if (status_is_failed(status))
		return has_run(d) ? RUNS : RUNS_NOT;
	return strncmp(status, "EXECUTE_", 8) == 0 ? RUNS : RUNS_NOT;
}

/* An answer that leaves open whether it was done, or says that it will be possible soon. */
static bool is_worth_another_try(const struct error *err)
{
	return err->kind == ERROR_NETWORK || err->kind == ERROR_BUSY ||
	       error_has_code(err, "InvalidChangeSetStatus") ||
	       error_has_code(err, "OperationInProgressException");
}

/* What a failed call has led to; *ret_again: nothing yet. A reviewed one may be run by others. */
static int reconcile(struct deployment *d, bool *ret_again, struct error *err)
{
	bool ours = !d->is_reviewed || err->kind == ERROR_NETWORK || err->kind == ERROR_BUSY ||
		    error_has_code(err, "TokenAlreadyExistsException");

	*ret_again = false;
	switch (look(d)) {
	case RUNS:
		if (!ours)
			return gone(err);
		error_release(err);
		return 0;
	case MAY_RUN_AGAIN:
		*ret_again = is_worth_another_try(err);
		break;
	case GONE:
		return gone(err);
	case UNSEEN:
		/* An answer in words is a refusal; without one, nobody knows. */
		return err->kind == ERROR_REMOTE ? error_become(err, ERROR_CHANGE_SET)
						 : error_become(err, ERROR_OUTCOME);
	case RUNS_NOT:
		*ret_again = error_has_code(err, "InvalidChangeSetStatus");
		break;
	}
	(void)explain_refusal(err);
	return err->kind == ERROR_SIGNAL ? -1 : error_become(err, ERROR_CHANGE_SET);
}

/* The same after a failure by a signal: whether it runs is asked first, and then the signal counts.
 */
static int settle(struct deployment *d, bool *ret_again, struct error *err)
{
	int signum = err->kind == ERROR_SIGNAL ? err->signal : 0;
	int result;

	if (signum)
		interrupt_clear();
	error_wrap(err, "executing the change set");
	result = reconcile(d, ret_again, err);
	if (signum && result == 0)
		interrupt_renew(signum);
	return result;
}

/*
 * As deployer.yml has it; what failed without a rollback is updated without one (user guide, "Stack
 * failure options").
 */
static bool disables_rollback(const struct deployment *d)
{
	const char *wanted = d->request->disable_rollback ? d->request->disable_rollback : "";

	return strcmp(wanted, "true") == 0 ||
	       stack_status_start(d->before.status.buf) == START_CHOICE;
}

int change_execute(struct deployment *d, struct error *err)
{
	bool disable_rollback = disables_rollback(d);

	for (unsigned tries = 1;; tries++) {
		bool again;

		if (cfn_execute_change_set(d->request->client, d->change_set_arn.buf, d->token.buf,
					   disable_rollback, err) == 0)
			return 0;
		if (settle(d, &again, err) == 0)
			return 0;
		if (!again || tries == EXECUTE_TRIES || interrupt_pending())
			return -1;
		error_release(err);
		d->clock->sleep_ms(d->clock, EXECUTE_MS);
	}
}
