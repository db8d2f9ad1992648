#include "stack/follow.h"

#include "base/cleanup.h"
#include "stack/follow_answers.h"
#include "stack/follow_events.h"
#include "stack/follow_rollouts.h"
#include "sys/interrupt.h"
#include "sys/prompt.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Polls grow rarer while an operation grows older: calls are shared with the whole account. */
static const struct {
	int64_t until_ms, every_ms;
} pace[] = {
	{ 15 * 1000, 1000 },
	{ 120 * 1000, 2000 },
	{ INT64_MAX, 5000 },
};

#define POLL_MAX_MS 30000

/* Nothing could be read for this long: sight of the operation is lost. */
#define BLIND_MS (10 * 60 * 1000)

/* After this long without a line, one says what is being waited for. */
#define HEARTBEAT_MS (30 * 1000)

static int64_t now_ms(const struct follow *f)
{
	struct clock *clock = aws_client_clock(f->client);

	return clock->monotonic_ms(clock);
}

void follow_init(struct follow *follow, struct aws_client *client, struct report *report,
		 const char *stack_arn, const char *change_set_arn, const char *token)
{
	*follow = (struct follow){
		.client = client,
		.report = report,
		.stack_arn = stack_arn,
		.change_set_arn = change_set_arn,
		.token = token,
		.on_interrupt = FOLLOW_DETACH,
		.root_status = STR_INIT,
		.end = CFN_STACK_INIT,
		.cause = CAUSE_INIT,
		.progress = PROGRESS_INIT,
		.usual = USUAL_INIT,
		.unanswered = STR_INIT,
		.failing = STR_INIT,
		.evidence = EVIDENCE_INIT,
		.other_token = STR_INIT,
	};
	follow_add_stack(follow, stack_arn, "", 0);
	follow->started_ms = follow->last_good_ms = follow->last_told_ms = now_ms(follow);
}

void follow_release(struct follow *follow)
{
	for (size_t i = 0; i < follow->stack_count; i++) {
		free(follow->stacks[i].arn);
		free(follow->stacks[i].prefix);
		str_release(&follow->stacks[i].last_id);
	}
	free(follow->stacks);
	for (size_t i = 0; i < follow->rollout_count; i++)
		rollout_release(&follow->rollouts[i]);
	free(follow->rollouts);
	follow_release_answers(follow);
	str_release(&follow->unanswered);
	str_release(&follow->failing);
	evidence_release(&follow->evidence);
	str_release(&follow->other_token);
	str_release(&follow->root_status);
	cfn_stack_release(&follow->end);
	cause_release(&follow->cause);
	progress_release(&follow->progress);
	usual_release(&follow->usual);
}

/* Only this permission is missing, not the session over: the stack itself may still be read. */
static bool is_denied(const struct error *err)
{
	return error_has_code(err, "AccessDenied") || error_has_code(err, "AccessDeniedException");
}

static void go_blind(struct follow *f, struct error *err)
{
	f->is_blind = true;
	report_warning(f->report,
		       "the stack's events may not be read, its status is watched instead (%s)",
		       err->msg.buf);
	error_release(err);
}

int follow_skip_history(struct follow *follow, struct error *err)
{
	if (follow_read_history(follow, err) == 0)
		return 0;
	if (is_denied(err))
		go_blind(follow, err);
	else if (error_has_code(err, "StackNotFound"))
		error_release(err);
	else
		return error_wrap(err, "reading the events of '%s'", follow->stack_arn);
	return 0;
}

void follow_join(struct follow *follow, int64_t since_ms)
{
	follow->stacks[0].since_ms = since_ms;
}

/*
 * What the status means in this operation: a stack that we have deleted is none that is lost, and
 * somebody else's deletion can be watched like anything else.
 */
static enum stack_verdict verdict_of(const struct follow *f, const char *status)
{
	if (((f->is_cancelled && f->is_create) || !f->change_set_arn) &&
	    strcmp(status, "DELETE_IN_PROGRESS") == 0)
		return VERDICT_RUNNING;
	return stack_status_verdict(status);
}

/*
 * Where no event with our token proves it, the change set itself says whether it was ours that ran
 * and how it ended: a status read of the stack may be older than the operation.
 */
static int confirm_change_set(struct follow *f, enum stack_verdict verdict, bool *ret_ours,
			      struct error *err)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;
	const char *status;

	*ret_ours = f->saw_token || !f->change_set_arn;
	if (*ret_ours)
		return 0;
	if (cfn_describe_change_set(f->client, f->change_set_arn, &set, err) < 0) {
		if (verdict == VERDICT_DONE || !error_has_code(err, "ChangeSetNotFound"))
			return -1;
		error_release(err);
		*ret_ours = true;
		return 0;
	}
	status = set.execution_status.buf;
	*ret_ours = verdict == VERDICT_DONE ? strcmp(status, "EXECUTE_COMPLETE") == 0
					    : strncmp(status, "EXECUTE_", 8) == 0 &&
						      strcmp(status, "EXECUTE_IN_PROGRESS") != 0;
	return 0;
}

/* Nobody need ask for the stack again: what was answered is what the verdict rests on. */
static void end_with(struct follow *f, struct cfn_stack *stack, enum stack_verdict verdict,
		     enum stack_verdict *ret_verdict)
{
	cfn_stack_release(&f->end);
	f->end = *stack;
	*stack = (struct cfn_stack)CFN_STACK_INIT;
	*ret_verdict = verdict;
}

/* The events say that it is over: the stack itself must say so too, by ARN. */
static int confirm(struct follow *f, enum stack_verdict *ret_verdict, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	enum stack_verdict verdict = verdict_of(f, f->root_status.buf);
	bool ours;

	if (!f->root_status.len || verdict == VERDICT_RUNNING)
		return 0;
	/* Then the stack speaks of the next operation already, and of ours its events alone. */
	if (f->is_superseded) {
		*ret_verdict = verdict;
		return 0;
	}
	if (cfn_describe_stack(f->client, f->stack_arn, &stack, err) < 0 ||
	    confirm_change_set(f, verdict, &ours, err) < 0)
		return -1;
	if (ours && strcmp(stack.status.buf, f->root_status.buf) == 0)
		end_with(f, &stack, verdict, ret_verdict);
	return 0;
}

/* Without events: the status of the stack, and of the change set at the end. */
static int look_at_stack(struct follow *f, enum stack_verdict *ret_verdict, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	enum stack_verdict verdict;
	bool ours;

	if (cfn_describe_stack(f->client, f->stack_arn, &stack, err) < 0)
		return -1;
	if (strcmp(f->root_status.buf, stack.status.buf) != 0) {
		report_note(f->report, "%s is in %s", stack.name.buf, stack.status.buf);
		f->last_told_ms = now_ms(f);
	}
	str_reset(&f->root_status);
	str_adds(&f->root_status, stack.status.buf);
	verdict = verdict_of(f, stack.status.buf);
	if (verdict == VERDICT_RUNNING)
		return 0;
	if (confirm_change_set(f, verdict, &ours, err) < 0)
		return -1;
	if (ours)
		end_with(f, &stack, verdict, ret_verdict);
	return 0;
}

static int poll(struct follow *f, enum stack_verdict *ret_verdict, struct error *err)
{
	if (!f->is_blind) {
		if (follow_read_events(f, err) == 0)
			return confirm(f, ret_verdict, err);
		if (!is_denied(err))
			return -1;
		go_blind(f, err);
	}
	return look_at_stack(f, ret_verdict, err);
}

static int64_t poll_interval(const struct follow *f)
{
	int64_t age = now_ms(f) - f->started_ms;
	size_t row = 0;
	int64_t base;

	while (age >= pace[row].until_ms)
		row++;
	base = pace[row].every_ms;
	for (unsigned i = 0; i < f->failed_polls && base < POLL_MAX_MS; i++)
		base *= 2;
	return base < POLL_MAX_MS ? base : POLL_MAX_MS;
}

/* A poll failed: only when nothing could be read for long, or never will be, is sight lost. */
static int take_failure(struct follow *f, struct error *err)
{
	f->failed_polls++;
	if (err->kind == ERROR_SIGNAL)
		return -1;
	if (err->kind == ERROR_AUTH || now_ms(f) - f->last_good_ms > BLIND_MS) {
		error_wrap(err, "lost sight of stack '%s'", f->stack_arn);
		return error_become(err, ERROR_OUTCOME);
	}
	if (f->failed_polls == 1)
		report_warning(f->report, "cannot read the stack's events (%s); still watching",
			       err->msg.buf);
	error_release(err);
	return 0;
}

/* The stack's name, as its events have it: "arn:...:stack/NAME/id". */
static void add_stack_name(const struct follow *f, struct str *out)
{
	const char *name = strchr(f->stack_arn, '/');

	name = name ? name + 1 : f->stack_arn;
	str_add(out, name, strcspn(name, "/"));
}

/* ", about 2m10s left", as far as earlier operations tell; nothing where they do not. */
static void describe_rest(const struct follow *f, int64_t age_ms, struct str *out)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	int64_t usual_ms;

	add_stack_name(f, &name);
	usual_ms = usual_find(&f->usual, name.buf, f->root_status.buf);
	if (!usual_ms)
		return;
	str_adds(out, usual_ms > age_ms ? ", about " : ", usually ");
	clock_format_duration(usual_ms > age_ms ? usual_ms - age_ms : usual_ms, out);
	if (usual_ms > age_ms)
		str_adds(out, " left");
}

/* CI ends what says nothing for long, and people wonder: says what is being waited for. */
static void tell_if_silent(struct follow *f)
{
	CLEANUP(str_release) struct str what = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	if (now_ms(f) - f->last_told_ms < HEARTBEAT_MS)
		return;
	f->last_told_ms = now_ms(f);
	str_adds(&text, "still in progress after ");
	clock_format_duration(now_ms(f) - f->started_ms, &text);
	describe_rest(f, now_ms(f) - f->started_ms, &text);
	progress_describe(&f->progress, &f->usual, now_ms(f), &what);
	str_addf(&text, ": %s",
		 what.len	      ? what.buf
		 : f->root_status.len ? f->root_status.buf
				      : "no event yet");
	report_state(f->report, NULL, text.buf);
}

/* What CloudFormation does not tell of what it waits for. */
static void look_behind(struct follow *f)
{
	follow_look_at_rollouts(f);
	follow_look_at_answers(f);
}

int follow_step(struct follow *follow, enum stack_verdict *ret_verdict, int64_t *ret_wait_ms,
		struct error *err)
{
	enum stack_verdict verdict = VERDICT_RUNNING;

	if (poll(follow, &verdict, err) < 0) {
		if (take_failure(follow, err) < 0)
			return -1;
	} else {
		follow->failed_polls = 0;
		follow->last_good_ms = now_ms(follow);
	}
	if (verdict == VERDICT_RUNNING && !follow->failed_polls)
		look_behind(follow);
	follow_look_into_failure(follow);
	if (verdict == VERDICT_RUNNING)
		tell_if_silent(follow);
	*ret_verdict = verdict;
	*ret_wait_ms = poll_interval(follow);
	return 0;
}

/*
 * Turns the operation back. What cannot be cancelled any more is watched on (facts: B18), and what
 * was not answered, or refused the second time: the token of the events tells whether it was done.
 */
static void cancel(struct follow *f)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str token = STR_INIT;
	int result;

	str_addf(&token, "%s" FOLLOW_CANCEL_SUFFIX, f->token);
	result = f->is_create ? cfn_delete_stack(f->client, f->stack_arn, token.buf, &err)
			      : cfn_cancel_update(f->client, f->stack_arn, token.buf, &err);
	if (result < 0) {
		report_warning(f->report, "the cancellation was %s, still watching: %s",
			       err.kind == ERROR_NETWORK ? "not answered" : "refused", err.msg.buf);
		return;
	}
	f->is_cancelled = true;
	report_note(f->report, "%s; watching that (interrupt again to leave it to itself)",
		    f->is_create ? "cancelled: the new stack is being deleted"
				 : "cancelled: the update is being rolled back");
}

/*
 * Whether an operation whose service fails is to be turned back. Nobody there is a yes: the other
 * way costs three hours and ends the same.
 */
static bool is_to_be_cancelled(struct follow *f)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char answer = 'g';

	if (f->on_failing == FAILING_WAIT)
		return false;
	if (f->on_failing == FAILING_CANCEL || !prompt_is_possible())
		return true;
	if (prompt_choice("The service will not get there. (c)ancel the operation, or (g)o on "
			  "waiting? ",
			  "cg", &answer, &err) < 0)
		f->was_interrupted = true;
	return answer == 'c';
}

/* A service that fails: told already; an operation of others' is theirs to turn back. */
static void answer_failing(struct follow *f)
{
	if (!f->failing.len || f->is_failing_answered)
		return;
	f->is_failing_answered = true;
	if (f->change_set_arn && !f->is_cancelled && is_to_be_cancelled(f))
		cancel(f);
}

/*
 * A custom resource that is silent: whoever is there may turn the operation back. Nobody there is a
 * no: Lambda may call the function once more, and CloudFormation itself gives up in an hour.
 */
static void answer_silence(struct follow *f)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str why = STR_INIT;
	char answer = f->on_failing == FAILING_CANCEL ? 'c' : 'g';

	if (!f->unanswered.len)
		return;
	str_adds(&why, f->unanswered.buf);
	str_reset(&f->unanswered);
	if (!f->change_set_arn || f->is_cancelled || f->on_failing == FAILING_WAIT)
		return;
	if (f->on_failing != FAILING_CANCEL && prompt_is_possible() &&
	    prompt_choice("No answer is likely to come. (c)ancel the operation, or (g)o on "
			  "waiting? ",
			  "cg", &answer, &err) < 0)
		f->was_interrupted = true;
	if (answer != 'c')
		return;
	cancel(f);
	if (!f->failing.len)
		str_adds(&f->failing, why.buf);
}

/* What a signal asks for: a second one always ends the watching, an operation of others' too. */
static enum follow_interrupt choose(struct follow *f, int signum)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char answer = 'd';

	if (f->was_interrupted || !f->change_set_arn)
		return FOLLOW_DETACH;
	f->was_interrupted = true;
	if (f->on_interrupt != FOLLOW_ASK)
		return f->on_interrupt;
	if (signum != SIGINT || !prompt_is_possible())
		return FOLLOW_DETACH;
	interrupt_clear();
	report_question(f->report);
	if (prompt_choice("The operation runs. (c)ancel it, (d)etach and let it run, or (g)o on "
			  "watching? ",
			  "cdg", &answer, &err) < 0 ||
	    answer == 'd')
		return FOLLOW_DETACH;
	f->was_interrupted = answer == 'c';
	return answer == 'c' ? FOLLOW_CANCEL : FOLLOW_ASK;
}

static int take_interrupt(struct follow *f, struct error *err)
{
	int signum = interrupt_pending();
	enum follow_interrupt chosen = choose(f, signum);

	if (chosen == FOLLOW_DETACH)
		return error_set_signal(err, signum, "watching the stack");
	/* Calls are ended at once while a signal is pending. */
	interrupt_clear();
	if (chosen == FOLLOW_CANCEL)
		cancel(f);
	return 0;
}

/* Whoever joins after the cancellation has not seen what led to it. */
static int judge_joined(struct follow *f, struct error *err)
{
	follow_look_into_cancelled(f);
	if (!f->evidence.summary.len) {
		error_set(err, ERROR_ROLLED_BACK, "rolled back (%s): cancelled by deployer",
			  f->root_status.buf);
		return error_fix(err, "the old version runs; whoever deployed was told why");
	}
	follow_tell_evidence(f);
	error_set(err, ERROR_ROLLED_BACK, "rolled back (%s): cancelled by deployer; %s: %s",
		  f->root_status.buf, f->evidence.resource.buf, f->evidence.summary.buf);
	return error_fix(err, "the old version runs; mend the cause and deploy again");
}

/* An operation that was turned back, and why. */
static int judge_cancelled(struct follow *f, struct error *err)
{
	const char *why = f->failing.len ? f->failing.buf : "on request";

	if (!f->change_set_arn && !f->failing.len)
		return judge_joined(f, err);
	if (f->is_create) {
		error_set(err, ERROR_ROLLED_BACK, "cancelled, the new stack is deleted: %s", why);
		return error_fix(err, "mend the cause and deploy again");
	}
	error_set(err, ERROR_ROLLED_BACK, "rolled back (%s): cancelled %s%s", f->root_status.buf,
		  f->failing.len ? "because of " : "", why);
	return error_fix(err, "the old version runs%s",
			 f->failing.len ? "; mend the cause and deploy again" : "");
}

/* The stack disappeared under us, or while others watched (facts: A7, A9). */
static int judge_deleted(const struct follow *f, struct error *err)
{
	error_set(err, ERROR_STUCK, "somebody else %s the stack (%s)",
		  strcmp(f->root_status.buf, "DELETE_COMPLETE") == 0 ? "has deleted" : "deletes",
		  f->root_status.buf);
	return error_fix(err, "ask who it was; 'deployer deploy' creates the stack anew");
}

/* The failed resource's reason, and what was found behind it. */
static void describe_cause(const struct follow *f, struct str *out)
{
	cause_describe(&f->cause, out);
	if (f->evidence.summary.len)
		str_addf(out, "%s%s: %s", out->len ? "; " : "", f->evidence.resource.buf,
			 f->evidence.summary.buf);
}

/* Ends in a verdict's status; what we have asked for is no surprise. */
static int judge(struct follow *f, struct error *err)
{
	CLEANUP(str_release) struct str cause = STR_INIT;
	const char *status = f->root_status.buf;
	bool is_deleted = strcmp(status, "DELETE_COMPLETE") == 0;

	if (f->is_cancelled &&
	    (f->is_create ? is_deleted : stack_status_verdict(status) == VERDICT_ROLLED_BACK))
		return judge_cancelled(f, err);
	if (is_deleted || strcmp(status, "DELETE_IN_PROGRESS") == 0)
		return judge_deleted(f, err);
	if (stack_status_verdict(status) != VERDICT_DONE)
		follow_tell_evidence(f);
	describe_cause(f, &cause);
	return stack_judge(status, cause.buf, err);
}

static int check_time(const struct follow *f, int64_t *wait_ms, struct error *err)
{
	CLEANUP(str_release) struct str limit = STR_INIT;
	int64_t left_ms = f->timeout_ms - (now_ms(f) - f->started_ms);

	if (!f->timeout_ms)
		return 0;
	if (left_ms <= 0) {
		clock_format_duration(f->timeout_ms, &limit);
		return error_set(err, ERROR_OUTCOME, "not over after %s (--timeout)", limit.buf);
	}
	if (*wait_ms > left_ms)
		*wait_ms = left_ms;
	return 0;
}

/* One step and the wait after it; *ret_over: judged. Signals are answered here. */
static int step_and_wait(struct follow *f, bool *ret_over, struct error *err)
{
	struct clock *clock = aws_client_clock(f->client);
	enum stack_verdict verdict;
	int64_t wait_ms = 0;

	*ret_over = false;
	if (follow_step(f, &verdict, &wait_ms, err) < 0) {
		if (err->kind != ERROR_SIGNAL)
			return -1;
		error_release(err);
		return take_interrupt(f, err);
	}
	*ret_over = verdict != VERDICT_RUNNING;
	if (*ret_over)
		return 0;
	answer_failing(f);
	answer_silence(f);
	if (check_time(f, &wait_ms, err) < 0)
		return -1;
	clock->sleep_ms(clock, wait_ms);
	return interrupt_pending() ? take_interrupt(f, err) : 0;
}

int follow_to_the_end(struct follow *follow, struct error *err)
{
	bool is_over = false;

	while (!is_over) {
		if (step_and_wait(follow, &is_over, err) < 0) {
			follow_tell_evidence(follow);
			error_become(err, ERROR_OUTCOME);
			if (err->fix.len)
				str_adds(&err->fix, "; then 'deployer watch' shows the operation");
			return error_fix(err, "the operation goes on: 'deployer watch' shows it, "
					      "and the same command again is safe");
		}
	}
	return judge(follow, err);
}

int follow_take_stack(struct follow *follow, struct cfn_stack *ret, struct error *err)
{
	if (!follow->end.id.len &&
	    cfn_describe_stack(follow->client, follow->stack_arn, &follow->end, err) < 0)
		return error_become(err, ERROR_OUTCOME);
	cfn_stack_release(ret);
	*ret = follow->end;
	follow->end = (struct cfn_stack)CFN_STACK_INIT;
	return 0;
}
