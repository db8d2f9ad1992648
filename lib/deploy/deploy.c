#include "deploy/deploy.h"

#include "base/cleanup.h"
#include "base/random.h"
#include "deploy/follow.h"
#include "deploy/stack_status.h"
#include "sys/interrupt.h"

#include <string.h>

/* How long a change set may take to be made: large templates take minutes. */
#define CHANGE_SET_MS (10 * 60 * 1000)

/* One deployment under way. */
struct deployment {
	const struct deploy_request *request;
	struct clock *clock;
	struct cfn_stack before; /* as it was found; status "" where there is none */
	struct cfn_parameters parameters;
	struct str change_set_name;
	struct str change_set_arn;
	struct str stack_arn;
	struct str token;
	struct cfn_change_set change_set;
	bool is_create;
	int64_t started_ms;
};

void deploy_result_release(struct deploy_result *result)
{
	cfn_stack_release(&result->stack);
}

static void deployment_release(struct deployment *d)
{
	cfn_stack_release(&d->before);
	cfn_parameters_release(&d->parameters);
	cfn_change_set_release(&d->change_set);
	str_release(&d->change_set_name);
	str_release(&d->change_set_arn);
	str_release(&d->stack_arn);
	str_release(&d->token);
}

static bool exists(const struct deployment *d)
{
	return d->before.id.len && !d->is_create;
}

static int find_stack(struct deployment *d, struct error *err)
{
	if (cfn_describe_stack(d->request->client, d->request->stack_name, &d->before, err) == 0)
		return 0;
	if (!error_has_code(err, "StackNotFound"))
		return -1;
	error_release(err);
	return 0;
}

/* Whether the stack, as it is, can be deployed to; what to do where it cannot. */
static int check_start(struct deployment *d, struct error *err)
{
	const char *status = d->before.status.buf;

	switch (stack_status_start(status)) {
	case START_CREATE:
		d->is_create = true;
		return 0;
	case START_UPDATE:
		return 0;
	case START_BUSY:
		error_set(err, ERROR_BUSY, "another operation runs: the stack is in %s", status);
		break;
	case START_CHOICE:
	case START_UNKNOWN:
		error_set(err, ERROR_REFUSED, "the stack is in %s", status);
		break;
	case START_STUCK:
		error_set(err, ERROR_STUCK, "the stack is in %s and cannot be updated", status);
		break;
	}
	return error_fix(err, "%s", stack_status_fix(status));
}

/* Whether every parameter asked for has its live value already; a masked one cannot be compared. */
static bool same_parameters(const struct deployment *d)
{
	for (size_t i = 0; i < d->parameters.count; i++) {
		const struct cfn_parameter *asked = &d->parameters.items[i];
		const struct cfn_parameter *live =
			cfn_parameters_find(&d->before.parameters, asked->key);

		if (!live || (!asked->use_previous && strcmp(live->value, asked->value) != 0))
			return false;
	}
	return d->parameters.count == d->before.parameters.count;
}

/*
 * Two calls instead of a change set: the live template and parameters are what is asked for. Tags,
 * role and notifications are left to the change set.
 */
static int is_up_to_date(struct deployment *d, bool *ret_same, struct error *err)
{
	CLEANUP(str_release) struct str live = STR_INIT;
	const struct deploy_request *request = d->request;

	*ret_same = false;
	if (!exists(d) || request->tags->count || request->notification_arns->count ||
	    !same_parameters(d))
		return 0;
	if (cfn_get_template(request->client, d->before.id.buf, &live, err) < 0) {
		/* Not allowed to read it: the change set will tell. */
		if (err->kind != ERROR_AUTH)
			return -1;
		error_release(err);
		return 0;
	}
	*ret_same = live.len == request->template->body.len &&
		    memcmp(live.buf, request->template->body.buf, live.len) == 0;
	return 0;
}

/* The change set went by the stack's name: it must be for the stack that was looked at. */
static int check_identity(const struct deployment *d, struct error *err)
{
	if (!exists(d) || strcmp(d->stack_arn.buf, d->before.id.buf) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "the stack was deleted and made anew in the meantime");
	return error_fix(err, "run this again to deploy to the new one");
}

static int create_change_set(struct deployment *d, struct error *err)
{
	const struct deploy_request *request = d->request;
	struct cfn_change_set_request asked = {
		.stack_name = request->stack_name,
		.type = d->is_create ? "CREATE" : "UPDATE",
		.description = request->description,
		.template_body = request->template->body.buf,
		.parameters = &d->parameters,
		.capabilities = request->capabilities,
		.tags = request->tags,
		.notification_arns = request->notification_arns,
		.role_arn = request->role_arn && *request->role_arn ? request->role_arn : NULL,
	};

	str_adds(&d->change_set_name, "deployer-");
	random_hex(&d->change_set_name, 16);
	str_adds(&d->token, "deployer-");
	random_hex(&d->token, 16);
	asked.change_set_name = d->change_set_name.buf;
	asked.client_token = d->token.buf;
	if (cfn_create_change_set(request->client, &asked, &d->change_set_arn, &d->stack_arn,
				  err) == 0)
		return check_identity(d, err);
	if (err->kind == ERROR_REMOTE)
		error_become(err, ERROR_CHANGE_SET);
	if (error_has_code(err, "InsufficientCapabilitiesException"))
		error_fix(err, "add the capability to stack.capabilities in deployer.yml");
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
		cfn_change_set_release(&d->change_set);
		if (cfn_describe_change_set(d->request->client, d->change_set_arn.buf,
					    &d->change_set, err) < 0)
			return -1;
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

/* Takes back what was made and not executed; what cannot be is worth a warning, not a failure. */
static void discard_change_set(struct deployment *d)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct aws_client *client = d->request->client;
	bool made_stack = d->is_create && !d->before.id.len;

	if (!d->change_set_arn.len)
		return;
	/* What interrupted the work must not interrupt the clean-up; a further signal may. */
	interrupt_clear();
	if (cfn_delete_change_set(client, d->change_set_arn.buf, &err) < 0 ||
	    (made_stack && cfn_delete_stack(client, d->stack_arn.buf, NULL, &err) < 0))
		report_warning(d->request->report, "change set '%s' is left behind: %s",
			       d->change_set_name.buf, err.msg.buf);
}

static int check_change_set(struct deployment *d, struct error *err)
{
	if (strcmp(d->change_set.status.buf, "CREATE_COMPLETE") == 0)
		return 0;
	return error_set(err, ERROR_CHANGE_SET, "the change set is %s: %s",
			 d->change_set.status.buf, d->change_set.status_reason.buf);
}

static void show_changes(const struct deployment *d)
{
	for (size_t i = 0; i < d->change_set.change_count; i++) {
		const struct cfn_change *change = &d->change_set.changes[i];

		report_note(d->request->report, "%s %s (%s)%s", change->action, change->logical_id,
			    change->type,
			    strcmp(change->replacement, "True") == 0	      ? ", replaced"
			    : strcmp(change->replacement, "Conditional") == 0 ? ", perhaps replaced"
									      : "");
	}
}

/*
 * Executes it. Where the answer is lost, the change set itself tells whether it runs: it has a
 * random name, so whatever runs it is this deployment.
 */
static int execute(struct deployment *d, struct error *err)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set now = CFN_CHANGE_SET_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;

	if (cfn_execute_change_set(d->request->client, d->change_set_arn.buf, d->token.buf, err) ==
	    0)
		return 0;
	error_wrap(err, "executing the change set");
	if (cfn_describe_change_set(d->request->client, d->change_set_arn.buf, &now, &blind) < 0)
		return err->kind == ERROR_REMOTE ? error_become(err, ERROR_CHANGE_SET)
						 : error_become(err, ERROR_OUTCOME);
	if (strncmp(now.execution_status.buf, "EXECUTE_", 8) == 0 &&
	    !status_is_failed(now.execution_status.buf)) {
		error_release(err);
		return 0;
	}
	if (strcmp(now.execution_status.buf, "OBSOLETE") == 0) {
		error_become(err, ERROR_REFUSED);
		return error_fix(err, "somebody else deployed in between: run this again");
	}
	return error_become(err, ERROR_CHANGE_SET);
}

static int run_to_the_end(struct deployment *d, struct error *err)
{
	CLEANUP(follow_release) struct follow follow;

	follow_init(&follow, d->request->client, d->request->report, d->stack_arn.buf,
		    d->change_set_arn.buf, d->token.buf);
	follow.is_create = d->is_create;
	follow.progress.total = d->change_set.change_count;
	if (follow_skip_history(&follow, err) < 0 || interrupt_check("deploying", err) < 0 ||
	    execute(d, err) < 0) {
		if (err->kind != ERROR_OUTCOME)
			discard_change_set(d);
		return -1;
	}
	return follow_to_the_end(&follow, err);
}

static int prepare(struct deployment *d, bool *ret_nothing, struct error *err)
{
	const struct deploy_request *request = d->request;

	*ret_nothing = false;
	if (find_stack(d, err) < 0 || check_start(d, err) < 0)
		return -1;
	if (stack_template_match_parameters(request->template, request->parameters,
					    exists(d) ? &d->before.parameters : NULL,
					    &d->parameters, err) < 0)
		return -1;
	if (is_up_to_date(d, ret_nothing, err) < 0)
		return -1;
	if (*ret_nothing)
		return 0;
	if (create_change_set(d, err) < 0 || wait_for_change_set(d, err) < 0) {
		discard_change_set(d);
		return -1;
	}
	*ret_nothing = is_empty(&d->change_set);
	if (!*ret_nothing && check_change_set(d, err) == 0)
		return 0;
	discard_change_set(d);
	return *ret_nothing ? 0 : -1;
}

static int deploy(struct deployment *d, struct deploy_result *ret, struct error *err)
{
	bool nothing;
	const char *stack;

	if (prepare(d, &nothing, err) < 0)
		return -1;
	ret->outcome = nothing ? DEPLOY_UNCHANGED : d->is_create ? DEPLOY_CREATED : DEPLOY_UPDATED;
	ret->changed = d->change_set.change_count;
	if (!nothing) {
		show_changes(d);
		if (run_to_the_end(d, err) < 0)
			return -1;
	}
	stack = d->stack_arn.len ? d->stack_arn.buf : d->before.id.buf;
	ret->elapsed_ms = d->clock->monotonic_ms(d->clock) - d->started_ms;
	return cfn_describe_stack(d->request->client, stack, &ret->stack, err);
}

int deploy_stack(const struct deploy_request *request, struct deploy_result *ret, struct error *err)
{
	CLEANUP(deploy_result_release) struct deploy_result result = DEPLOY_RESULT_INIT;
	CLEANUP(deployment_release)
	struct deployment d = {
		.request = request,
		.clock = aws_client_clock(request->client),
		.before = CFN_STACK_INIT,
		.parameters = CFN_PARAMETERS_INIT,
		.change_set_name = STR_INIT,
		.change_set_arn = STR_INIT,
		.stack_arn = STR_INIT,
		.token = STR_INIT,
		.change_set = CFN_CHANGE_SET_INIT,
	};

	d.started_ms = d.clock->monotonic_ms(d.clock);
	if (deploy(&d, &result, err) < 0)
		return error_wrap(err, "stack '%s'", request->stack_name);
	*ret = result;
	result = (struct deploy_result)DEPLOY_RESULT_INIT;
	return 0;
}
