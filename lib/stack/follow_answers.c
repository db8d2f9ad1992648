#include "stack/follow_answers.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What a function takes to begin, and its answer on the way. */
#define GRACE_MS (30 * 1000)

/* No function ends sooner than the default Timeout: until then nothing need be asked. */
#define SOONEST_MS (3 * 1000)

static void release_one(struct follow_answer *answer)
{
	free(answer->name);
	free(answer->type);
	free(answer->stack_arn);
}

void follow_release_answers(struct follow *follow)
{
	for (size_t i = 0; i < follow->answer_count; i++)
		release_one(&follow->answers[i]);
	free(follow->answers);
}

static void forget(struct follow *f, const char *name)
{
	for (size_t i = 0; i < f->answer_count; i++) {
		struct follow_answer *answer = &f->answers[i];

		if (strcmp(answer->name, name) != 0)
			continue;
		release_one(answer);
		f->answer_count--;
		memmove(answer, answer + 1, (f->answer_count - i) * sizeof(*answer));
		return;
	}
}

static bool is_awaited(const struct follow *f, const char *name)
{
	for (size_t i = 0; i < f->answer_count; i++) {
		if (strcmp(f->answers[i].name, name) == 0)
			return true;
	}
	return false;
}

void follow_note_custom(struct follow *follow, const char *stack_arn, const struct cfn_event *event,
			const char *name, int64_t since_ms)
{
	bool is_running = strcmp(event->status, "CREATE_IN_PROGRESS") == 0 ||
			  strcmp(event->status, "UPDATE_IN_PROGRESS") == 0;
	struct follow_answer *answer;

	if (!evidence_is_custom(event->type))
		return;
	if (!is_running) {
		forget(follow, name);
		return;
	}
	if (is_awaited(follow, name))
		return;
	answer = mem_grow(&follow->answers, &follow->answer_count, sizeof(*answer));
	*answer = (struct follow_answer){
		.name = mem_strdup(name),
		.type = mem_strdup(event->type),
		.stack_arn = mem_strdup(stack_arn),
		.since_ms = since_ms,
		.event_ms = event->time_ms,
		.limit_ms = SOONEST_MS + GRACE_MS,
	};
}

static struct failure failure_of(const struct follow_answer *answer, int64_t age_ms)
{
	static char status[] = "", none[] = "";

	return (struct failure){
		.name = answer->name,
		.type = answer->type,
		.status = status,
		.reason = none,
		.physical_id = none,
		.stack_id = answer->stack_arn,
		.time_ms = answer->event_ms ? answer->event_ms + age_ms : 0,
	};
}

/* Asked for once: what cannot be read is taken for the longest that Lambda allows. */
static void find_limit(const struct follow *f, struct follow_answer *answer, int64_t age_ms)
{
	const struct failure failure = failure_of(answer, age_ms);

	answer->limit_ms =
		evidence_function_timeout_s(f->client, &failure) * INT64_C(1000) + GRACE_MS;
	answer->is_limit_known = true;
}

static void tell(struct follow *f, const struct follow_answer *answer, int64_t age_ms)
{
	CLEANUP(evidence_release) struct evidence evidence = EVIDENCE_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	const struct failure failure = failure_of(answer, age_ms);

	str_addf(&text, "%s: no answer after ", answer->name);
	clock_format_duration(age_ms, &text);
	str_adds(&text, ", and its function ends after ");
	clock_format_duration(answer->limit_ms - GRACE_MS, &text);
	report_warning(f->report, "%s; CloudFormation waits for up to an hour", text.buf);
	evidence_read(f->client, &failure, f->first_event_ms, &evidence);
	evidence_hide(&evidence, f->hidden);
	evidence_tell(&evidence, f->report);
	if (!f->unanswered.len)
		str_adds(&f->unanswered, text.buf);
}

void follow_look_at_answers(struct follow *follow)
{
	struct clock *clock = aws_client_clock(follow->client);
	int64_t now_ms = clock->monotonic_ms(clock);

	for (size_t i = 0; i < follow->answer_count; i++) {
		struct follow_answer *answer = &follow->answers[i];
		int64_t age_ms = now_ms - answer->since_ms;

		if (answer->is_told || age_ms < answer->limit_ms)
			continue;
		if (!answer->is_limit_known)
			find_limit(follow, answer, age_ms);
		if (age_ms < answer->limit_ms)
			continue;
		answer->is_told = true;
		tell(follow, answer, age_ms);
		follow->last_told_ms = now_ms;
	}
}
