#include "stack/deploy.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "stack/approval.h"
#include "stack/deployment.h"
#include "stack/fact.h"
#include "stack/follow.h"
#include "stack/hidden.h"
#include "stack/preview.h"
#include "stack/rollout_check.h"
#include "sys/interrupt.h"

#include <string.h>

/* How often a stack that turns out to be busy is waited for anew. */
#define ROUNDS 3

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
	if (!deployment_exists(d) || request->tags->count || request->notification_arns->count ||
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

/* Forgets a change set that came to nothing, so that another can be made. */
static void reset_change(struct deployment *d)
{
	cfn_parameters_release(&d->parameters);
	cfn_change_set_release(&d->change_set);
	str_reset(&d->change_set_name);
	str_reset(&d->change_set_arn);
	str_reset(&d->stack_arn);
	str_reset(&d->token);
}

static int prepare(struct deployment *d, bool *ret_nothing, struct error *err)
{
	const struct deploy_request *request = d->request;

	*ret_nothing = false;
	reset_change(d);
	if (start_prepare(d, err) < 0)
		return -1;
	if (request->policy.change_set)
		return change_adopt(d, err);
	if (stack_template_match_parameters(request->template, request->parameters,
					    deployment_exists(d) ? &d->before.parameters : NULL,
					    &d->parameters, err) < 0)
		return -1;
	if (is_up_to_date(d, ret_nothing, err) < 0)
		return -1;
	return *ret_nothing ? 0 : change_make(d, ret_nothing, err);
}

static struct preview preview_of(const struct deployment *d)
{
	return (struct preview){
		.stack_name = d->request->stack_name,
		.is_create = d->is_create,
		.tag_parameter = d->request->tag_parameter ? d->request->tag_parameter : "",
		.template = d->request->template,
		.live = &d->before.parameters,
		.asked = d->request->policy.change_set ? &d->change_set.parameters : &d->parameters,
		.set = &d->change_set,
	};
}

static void tell_lines(struct report *report, const char *text)
{
	CLEANUP(strv_release) struct strv lines = STRV_INIT;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.count; i++)
		report_note(report, "%s", lines.v[i]);
}

/* Values that the console changed and the file undoes: worth a look before and after. */
static void warn_of_drift(const struct deployment *d, const struct preview *preview)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	preview_drift(preview, &text);
	if (text.len)
		report_warning(d->request->report, "%s", text.buf);
}

/* Shows what will be done, and asks where the policy wants a person's yes. */
static int approve(const struct deployment *d, struct error *err)
{
	const struct preview preview = preview_of(d);
	CLEANUP(str_release) struct str text = STR_INIT;

	preview_text(&preview, &text);
	tell_lines(d->request->report, text.buf);
	warn_of_drift(d, &preview);
	return approval_ask(&d->request->policy, &preview, d->request->report, err);
}

static int start(struct deployment *d, struct follow *follow, struct error *err)
{
	if (follow_skip_history(follow, err) == 0 && interrupt_check("deploying", err) == 0 &&
	    change_execute(d, err) == 0)
		return 0;
	if (err->kind != ERROR_OUTCOME)
		change_discard(d);
	return -1;
}

static int run_to_the_end(struct deployment *d, struct cfn_stack *ret, struct error *err)
{
	CLEANUP(follow_release) struct follow follow;
	CLEANUP(strv_wipe) struct strv hidden = STRV_INIT;

	hidden_add(d->request->template, d->request->parameters, &hidden);
	follow_init(&follow, d->request->client, d->request->report, d->stack_arn.buf,
		    d->change_set_arn.buf, d->token.buf);
	follow.hidden = &hidden;
	follow.is_create = d->is_create;
	follow.progress.total = d->change_set.change_count;
	follow.on_interrupt = d->request->policy.on_interrupt;
	follow.on_failing = d->request->policy.on_failing;
	follow.timeout_ms = d->request->policy.timeout_ms;
	if (start(d, &follow, err) < 0 || follow_to_the_end(&follow, err) < 0)
		return -1;
	return follow_take_stack(&follow, ret, err);
}

/* Until the change set is made and approved: one that meets a busy stack is made anew after it. */
static int prepare_approved(struct deployment *d, bool *ret_nothing, struct error *err)
{
	unsigned round = 1;

	while (prepare(d, ret_nothing, err) < 0) {
		if (!change_met_busy_stack(err) || !d->request->policy.wait_ms || round++ == ROUNDS)
			return change_met_busy_stack(err) ? error_become(err, ERROR_BUSY) : -1;
		error_release(err);
	}
	if (*ret_nothing || approve(d, err) == 0)
		return 0;
	change_discard(d);
	return -1;
}

/* The answer was lost: the stack tells, or nobody knows (reliability rule R2). */
static bool was_protected(const struct deployment *d, const struct cfn_stack *stack,
			  bool is_protected, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack now = CFN_STACK_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;

	if (err->kind != ERROR_NETWORK && err->kind != ERROR_BUSY)
		return false;
	if (cfn_describe_stack(d->request->client, stack->id.buf, &now, &blind) < 0)
		error_become(err, ERROR_OUTCOME);
	return now.is_protected == is_protected && now.id.len;
}

static int protect(const struct deployment *d, const struct cfn_stack *stack, struct error *err)
{
	const char *wanted = d->request->protection ? d->request->protection : "";
	bool is_protected = strcmp(wanted, "true") == 0;

	if (!*wanted || stack->is_protected == is_protected)
		return 0;
	if (cfn_protect_stack(d->request->client, stack->id.buf, is_protected, err) < 0 &&
	    !was_protected(d, stack, is_protected, err))
		return error_wrap(err,
				  err->kind == ERROR_OUTCOME
					  ? "the stack is %s; whether its termination protection "
					    "was changed is not known"
					  : "the stack is %s, but its termination protection is "
					    "as it was",
				  stack->status.buf);
	error_release(err);
	report_note(d->request->report, "termination protection is %s now",
		    is_protected ? "on" : "off");
	return 0;
}

/*
 * Whether the stack may have services: the template that was sent says, unless something else was
 * executed, or makes more of it.
 */
static bool may_have_services(const struct deployment *d)
{
	const json_t *root = d->request->template->root;
	const char *name;
	json_t *resource;

	if (d->request->policy.change_set || json_object_get(root, "Transform"))
		return true;
	json_object_foreach(json_object_get(root, "Resources"), name, resource)
	{
		const char *type = json_text(resource, "Type");

		if (type && (strcmp(type, "AWS::ECS::Service") == 0 ||
			     strcmp(type, "AWS::CloudFormation::Stack") == 0))
			return true;
	}
	return false;
}

/* Success is what runs, not what CloudFormation says of it. */
static int verify(const struct deployment *d, const char *stack_arn, struct error *err)
{
	const struct deploy_request *request = d->request;
	const struct rollout_check check = {
		.client = request->client,
		.report = request->report,
		.stack_arn = stack_arn,
		.image = request->image ? request->image : "",
		.digest = request->digest ? request->digest : "",
		.registry = request->registry,
	};

	if ((request->verify && strcmp(request->verify, "false") == 0) || !may_have_services(d))
		return 0;
	return rollout_check(&check, err);
}

/* What is known of the stack without another call: as it ended, or as it was found. */
static int bring_about(struct deployment *d, struct deploy_result *ret, struct error *err)
{
	bool nothing;

	if (prepare_approved(d, &nothing, err) < 0)
		return -1;
	ret->changed = d->change_set.change_count;
	if (!nothing) {
		ret->outcome = d->is_create ? DEPLOY_CREATED : DEPLOY_UPDATED;
		return run_to_the_end(d, &ret->stack, err);
	}
	ret->outcome = DEPLOY_UNCHANGED;
	ret->stack = d->before;
	d->before = (struct cfn_stack)CFN_STACK_INIT;
	return 0;
}

/* The stack is changed, also where ECS or its protection could not be seen to. `but`: of ECS. */
static void tell_changed(const struct deployment *d, const struct deploy_result *result,
			 const char *but)
{
	if (result->outcome != DEPLOY_UNCHANGED)
		fact_tell(d->request->report, FACT_DEPLOYED, "%s (%zu changed%s)",
			  result->stack.name.buf, result->changed, but);
}

static int deploy(struct deployment *d, struct deploy_result *ret, struct error *err)
{
	if (bring_about(d, ret, err) < 0)
		return -1;
	if (verify(d, ret->stack.id.buf, err) < 0) {
		if (err->kind == ERROR_OUTCOME)
			tell_changed(d, ret, "");
		else if (err->kind == ERROR_ROLLED_BACK)
			tell_changed(d, ret, ", but ECS runs the old version");
		return -1;
	}
	tell_changed(d, ret, "");
	ret->elapsed_ms = d->clock->monotonic_ms(d->clock) - d->started_ms;
	return protect(d, &ret->stack, err);
}

static struct deployment deployment_of(const struct deploy_request *request)
{
	struct clock *clock = aws_client_clock(request->client);

	return (struct deployment){
		.request = request,
		.clock = clock,
		.before = CFN_STACK_INIT,
		.parameters = CFN_PARAMETERS_INIT,
		.change_set_name = STR_INIT,
		.change_set_arn = STR_INIT,
		.stack_arn = STR_INIT,
		.token = STR_INIT,
		.change_set = CFN_CHANGE_SET_INIT,
		.started_ms = clock->monotonic_ms(clock),
	};
}

int deploy_stack(const struct deploy_request *request, struct deploy_result *ret, struct error *err)
{
	CLEANUP(deploy_result_release) struct deploy_result result = DEPLOY_RESULT_INIT;
	CLEANUP(deployment_release) struct deployment d = deployment_of(request);

	if (deploy(&d, &result, err) < 0)
		return error_wrap(err, "stack '%s'", request->stack_name);
	*ret = result;
	result = (struct deploy_result)DEPLOY_RESULT_INIT;
	return 0;
}

static void write_json(const struct deployment *d, const struct preview *preview, struct str *out)
{
	bool is_kept = d->request->policy.keep && d->change_set_arn.len;
	json_auto_t *plan = preview_json(preview, is_kept ? d->change_set_arn.buf : NULL);
	json_auto_t *event = json_pack("{s:s}", "event", "plan");
	CLEANUP_FREE char *text = NULL;

	(void)json_object_update(event, plan);
	text = json_dumps(event, JSON_COMPACT);
	str_addf(out, "%s\n", text ? text : "{}");
}

static void write_plan(const struct deployment *d, bool nothing, struct str *out)
{
	const struct preview preview = preview_of(d);

	if (d->request->policy.form == PLAN_JSON)
		write_json(d, &preview, out);
	else if (nothing)
		str_addf(out, "stack %s is up to date: nothing would change\n",
			 d->request->stack_name);
	else if (d->request->policy.form == PLAN_MARKDOWN)
		preview_markdown(&preview, out);
	else
		preview_text(&preview, out);
	warn_of_drift(d, &preview);
}

int deploy_plan(const struct deploy_request *request, struct str *out, struct str *ret_arn,
		struct error *err)
{
	CLEANUP(deployment_release) struct deployment d = deployment_of(request);
	bool nothing;

	if (prepare(&d, &nothing, err) < 0)
		return error_wrap(err, "stack '%s'", request->stack_name);
	write_plan(&d, nothing, out);
	if (nothing)
		return 0;
	if (!request->policy.keep) {
		change_discard(&d);
		return 0;
	}
	str_reset(ret_arn);
	str_adds(ret_arn, d.change_set_arn.buf);
	return 0;
}
