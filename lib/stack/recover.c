#include "stack/recover.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/random.h"
#include "stack/follow.h"
#include "stack/running.h"
#include "stack/status.h"

#include <stdlib.h>
#include <string.h>

/* Stacks nest no deeper in practice; the service has no such limit. */
#define MAX_DEPTH 5

/* A status that was read before the operation began is waited out, where no event tells. */
#define STALE_MS      (60 * 1000)
#define STALE_LOOK_MS 2000

/* One recovery under way. */
struct recovery {
	const struct recover_request *request;
	struct cfn_stack stack;
	struct str token;
	struct strv failed; /* names of the resources that did, as `skip` takes them */
};

static void recovery_release(struct recovery *r)
{
	cfn_stack_release(&r->stack);
	str_release(&r->token);
	strv_release(&r->failed);
}

static bool is_in(const struct recovery *r, const char *status)
{
	return strcmp(r->stack.status.buf, status) == 0;
}

/* ---- what failed ---- */

static bool is_nested(const struct cfn_resource *resource)
{
	return strcmp(resource->type, "AWS::CloudFormation::Stack") == 0 &&
	       strncmp(resource->physical_id, "arn:", 4) == 0;
}

/* "NestedStackName." of an ARN "arn:...:stack/NestedStackName/id" (ContinueUpdateRollback). */
static char *prefix_of(const char *arn)
{
	const char *name = strchr(arn, '/');

	name = name ? name + 1 : arn;
	return mem_printf("%.*s.", (int)strcspn(name, "/"), name);
}

static int find_failed(struct recovery *r, const char *stack_arn, const char *prefix,
		       unsigned depth, struct error *err);

/* A nested stack fails because something in it did: that is what can be skipped. */
static int take_resource(struct recovery *r, const struct cfn_resource *resource,
			 const char *prefix, unsigned depth, struct error *err)
{
	if (!status_is_failed(resource->status))
		return 0;
	if (is_nested(resource) && depth < MAX_DEPTH) {
		CLEANUP_FREE char *inner = prefix_of(resource->physical_id);

		return find_failed(r, resource->physical_id, inner, depth + 1, err);
	}
	strv_addf(&r->failed, "%s%s", prefix, resource->logical_id);
	report_note(r->request->report, "%s%s (%s) %s: %s", prefix, resource->logical_id,
		    resource->type, resource->status,
		    *resource->reason ? resource->reason : "no reason given");
	return 0;
}

static int find_failed(struct recovery *r, const char *stack_arn, const char *prefix,
		       unsigned depth, struct error *err)
{
	CLEANUP(cfn_resources_release) struct cfn_resources list = CFN_RESOURCES_INIT;

	if (cfn_list_resources(r->request->client, stack_arn, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (take_resource(r, &list.items[i], prefix, depth, err) < 0)
			return -1;
	}
	return 0;
}

/* Only what failed can be skipped, and only by its name: never all of it unseen. */
static int check_skip(const struct recovery *r, struct error *err)
{
	const struct strv *skip = r->request->skip;

	if (skip->count && !is_in(r, "UPDATE_ROLLBACK_FAILED")) {
		error_set(err, ERROR_USAGE,
			  "--skip: a stack in %s is rolled back for the first time",
			  r->stack.status.buf);
		return error_fix(err, "leave --skip out");
	}
	for (size_t i = 0; i < skip->count; i++) {
		const char *nearest;

		if (strv_has(&r->failed, skip->v[i]))
			continue;
		nearest =
			nearest_word(skip->v[i], (const char *const *)r->failed.v, r->failed.count);
		error_set(err, ERROR_USAGE, "--skip '%s': no resource of that name has failed",
			  skip->v[i]);
		if (nearest)
			return error_fix(err, "did you mean '%s'?", nearest);
		return error_fix(err, "name one of those that are listed as failed");
	}
	return 0;
}

/* ---- the operation ---- */

/* The stack's newest operation carries our token: whatever was answered, it runs. */
static bool has_begun(const struct recovery *r)
{
	CLEANUP(running_release) struct running running = RUNNING_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;

	return running_find(r->request->client, r->stack.id.buf, &running, &blind) == 0 &&
	       strcmp(running.token.buf, r->token.buf) == 0;
}

static int begin(struct recovery *r, struct error *err)
{
	struct aws_client *client = r->request->client;
	int result;

	str_adds(&r->token, "deployer-");
	random_hex(&r->token, 16);
	if (is_in(r, "UPDATE_ROLLBACK_FAILED"))
		result = cfn_continue_rollback(client, r->stack.id.buf, r->request->skip,
					       r->token.buf, err);
	else
		result = cfn_rollback_stack(client, r->stack.id.buf, r->token.buf, err);
	if (result == 0)
		return 0;
	if (has_begun(r)) {
		error_release(err);
		return 0;
	}
	if (err->kind != ERROR_NETWORK && err->kind != ERROR_BUSY)
		return -1;
	error_become(err, ERROR_OUTCOME);
	return error_fix(err, "look at the stack, and run the same again: it is safe");
}

/* Where no event can tell ours from what was before, the status has to change. */
static void wait_for_change(const struct recovery *r)
{
	struct clock *clock = aws_client_clock(r->request->client);
	int64_t until_ms = clock->monotonic_ms(clock) + STALE_MS;

	while (clock->monotonic_ms(clock) < until_ms) {
		CLEANUP(cfn_stack_release) struct cfn_stack now = CFN_STACK_INIT;
		CLEANUP(error_release) struct error blind = ERROR_INIT;

		if (cfn_describe_stack(r->request->client, r->stack.id.buf, &now, &blind) == 0 &&
		    strcmp(now.status.buf, r->stack.status.buf) != 0)
			return;
		clock->sleep_ms(clock, STALE_LOOK_MS);
	}
}

/* The old version runs again, or nothing does: that is what was asked for. */
static bool is_recovered(const char *status)
{
	return stack_status_verdict(status) == VERDICT_ROLLED_BACK ||
	       strcmp(status, "ROLLBACK_COMPLETE") == 0 || strcmp(status, "DELETE_COMPLETE") == 0;
}

static int follow_it(struct recovery *r, struct error *err)
{
	CLEANUP(follow_release) struct follow follow;

	follow_init(&follow, r->request->client, r->request->report, r->stack.id.buf, NULL,
		    r->token.buf);
	follow.timeout_ms = r->request->timeout_ms;
	if (follow_skip_history(&follow, err) < 0 || begin(r, err) < 0)
		return -1;
	if (follow.is_blind)
		wait_for_change(r);
	if (follow_to_the_end(&follow, err) < 0) {
		if (err->kind == ERROR_OUTCOME || !is_recovered(follow.root_status.buf))
			return -1;
		error_release(err);
	}
	return follow_take_stack(&follow, &r->stack, err);
}

/* ---- the whole ---- */

static int refuse_status(const struct recovery *r, struct error *err)
{
	const char *status = r->stack.status.buf;

	if (stack_status_start(status) == START_BUSY) {
		error_set(err, ERROR_BUSY, "an operation runs: the stack is in %s", status);
		return error_fix(err, "'deployer watch' shows it");
	}
	error_set(err, ERROR_STUCK, "a stack in %s cannot be brought back", status);
	return error_fix(err, "%s", stack_status_fix(status));
}

static void tell_skipped(const struct recovery *r)
{
	for (size_t i = 0; i < r->request->skip->count; i++)
		report_warning(r->request->report,
			       "'%s' was skipped: it may differ from what the stack says; mend it "
			       "before the next deployment",
			       r->request->skip->v[i]);
}

static int recover(struct recovery *r, struct error *err)
{
	struct aws_client *client = r->request->client;
	enum stack_start start;

	if (cfn_describe_stack(client, r->request->stack_name, &r->stack, err) < 0)
		return -1;
	start = stack_status_start(r->stack.status.buf);
	if (start == START_UPDATE || start == START_CREATE) {
		report_result(r->request->report, "stack %s is %s: nothing to recover",
			      r->stack.name.buf, r->stack.status.buf);
		return 0;
	}
	if (!is_in(r, "UPDATE_ROLLBACK_FAILED") && !is_in(r, "UPDATE_FAILED") &&
	    !is_in(r, "CREATE_FAILED"))
		return refuse_status(r, err);
	report_note(r->request->report, "stack %s is in %s; what failed:", r->stack.name.buf,
		    r->stack.status.buf);
	if (find_failed(r, r->stack.id.buf, "", 0, err) < 0 || check_skip(r, err) < 0)
		return -1;
	if (r->request->dry_run) {
		report_result(r->request->report, "would roll all of it back%s",
			      r->request->skip->count ? " but what is to be skipped" : "");
		return 0;
	}
	if (follow_it(r, err) < 0)
		return -1;
	tell_skipped(r);
	report_result(r->request->report, "stack %s is %s", r->stack.name.buf, r->stack.status.buf);
	return 0;
}

int deploy_recover(const struct recover_request *request, struct cfn_stack *ret, struct error *err)
{
	CLEANUP(recovery_release)
	struct recovery r = {
		.request = request, .stack = CFN_STACK_INIT, .token = STR_INIT, .failed = STRV_INIT
	};

	if (recover(&r, err) < 0)
		return error_wrap(err, "stack '%s'", request->stack_name);
	*ret = r.stack;
	r.stack = (struct cfn_stack)CFN_STACK_INIT;
	return 0;
}
