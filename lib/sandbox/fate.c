#include "sandbox/fate.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/json.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* AWS's seconds. */
#define WHOLE_ROLLOUT_S 60
#define RESTART_AFTER_S 10
#define MAX_RESTART_S	900

/* CloudFormation waits so long for a service (containers-roadmap #1303). */
#define STABILIZE_S (3 * 3600)

/* A task that ran for so long counts as started. */
#define COUNTS_AS_STARTED_S 60

#define MIN_THRESHOLD 3
#define MAX_THRESHOLD 200

#define SECRET_REASON                                                                              \
	"ResourceInitializationError: unable to pull secrets or registry auth: execution "         \
	"resource retrieval failed: unable to retrieve secret from asm: service call has been "    \
	"retried 1 time(s): failed to fetch secret from secrets manager: "                         \
	"AccessDeniedException: User is not authorized to perform: "                               \
	"secretsmanager:GetSecretValue"

/* '%' stands for the container's image, '@' for the target group's ARN. */
static const struct fate_kind fate_kinds[] = {
	{ "crash", 20, true, true, 1, "EssentialContainerExited",
	  "Essential container in task exited", "Essential container in task exited", NULL },
	{ "oom", 30, true, true, 137, "EssentialContainerExited",
	  "Essential container in task exited", "Essential container in task exited",
	  "OutOfMemoryError: Container killed due to memory usage" },
	{ "pull", 15, false, true, -1, "TaskFailedToStart",
	  "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
	  "resolve ref %: %: not found",
	  "Task failed to start",
	  "CannotPullContainerError: Error response from daemon: manifest for % not found: "
	  "manifest unknown: Requested image not found" },
	{ "secret", 15, false, true, -1, "TaskFailedToStart", SECRET_REASON, SECRET_REASON, NULL },
	{ "unhealthy", 90, true, true, 137, "ServiceSchedulerInitiated",
	  "Task failed ELB health checks in (target-group @)",
	  "Task failed ELB health checks in (target-group @)", NULL },
	{ "unplaced", 30, false, false, -1, "", "", "", NULL },
};

/* NULL: the tasks are well. */
const struct fate_kind *fate_kind_of(const json_t *fate)
{
	const char *outcome = json_text(fate, "outcome");

	for (size_t i = 0; outcome && i < sizeof(fate_kinds) / sizeof(fate_kinds[0]); i++) {
		if (strcmp(fate_kinds[i].outcome, outcome) == 0)
			return &fate_kinds[i];
	}
	return NULL;
}

unsigned fate_number(const json_t *object, const char *key, unsigned otherwise)
{
	const json_t *value = json_object_get(object, key);
	uint64_t number;

	if (json_is_integer(value))
		return (unsigned)json_integer_value(value);
	if (json_is_string(value) &&
	    slice_to_u64(slice_of(json_string_value(value)), INT32_MAX, &number))
		return (unsigned)number;
	return otherwise;
}

unsigned fate_life(const json_t *fate)
{
	const struct fate_kind *kind = fate_kind_of(fate);

	assert(kind);
	return fate_number(fate, "seconds", kind->life_s);
}

/* Between the failure of attempt `count` (from 0) and the next one. */
unsigned fate_restart_after(const json_t *fate, unsigned count)
{
	unsigned seconds = RESTART_AFTER_S;

	if (fate_kind_of(fate)->runs || !fate_kind_of(fate)->is_placed)
		return seconds;
	while (count-- > 0 && seconds < MAX_RESTART_S)
		seconds *= 2;
	return seconds < MAX_RESTART_S ? seconds : MAX_RESTART_S;
}

/* ---- circuit breaker ---- */

bool fate_is_true(const json_t *value)
{
	const char *text = json_string_value(value);

	return json_is_true(value) || (text && strcasecmp(text, "true") == 0);
}

/* The scenario's word goes before the template's. */
bool fate_has_breaker(const json_t *service, const json_t *fate, const char *member)
{
	const json_t *configuration = json_object_get(
		json_object_get(service, "deploymentConfiguration"), "deploymentCircuitBreaker");
	const char *word = json_text(fate, "breaker");

	if (word)
		return strcmp(word, "off") != 0;
	return fate_is_true(json_object_get(configuration, member));
}

unsigned fate_threshold(const json_t *service)
{
	unsigned half = (fate_number(service, "desiredCount", 1) + 1) / 2;

	if (half < MIN_THRESHOLD)
		return MIN_THRESHOLD;
	return half < MAX_THRESHOLD ? half : MAX_THRESHOLD;
}

/* Whether a failed task counts: one that ran long enough was started after all. */
bool fate_is_counted(const json_t *fate)
{
	const struct fate_kind *kind = fate_kind_of(fate);

	assert(kind);
	return strcmp(kind->stop_code, "EssentialContainerExited") != 0 ||
	       fate_life(fate) < COUNTS_AS_STARTED_S;
}

/* ---- how it will end ---- */

static void foresee_failure(struct forecast *ret, const char *message, const char *code,
			    unsigned seconds)
{
	ret->fails = true;
	ret->seconds = seconds;
	str_addf(&ret->reason,
		 "Resource handler returned message: \"%s\" (RequestToken: ", message);
	sandbox_random_uuid(&ret->reason);
	str_addf(&ret->reason, ", HandlerErrorCode: %s)", code);
}

static void foresee_breaker(const json_t *fate, unsigned seconds, struct forecast *ret)
{
	const char *word = json_text(fate, "breaker");

	if (word && strcmp(word, "hidden") == 0)
		ret->seconds = seconds + WHOLE_ROLLOUT_S;
	else
		foresee_failure(ret,
				"Error occurred during operation 'ECS Deployment Circuit Breaker "
				"was triggered'.",
				"GeneralServiceException", seconds);
}

/* Goes through the attempts as the stages will: until it heals, the breaker trips, or time is up.
 */
void fate_foresee(const json_t *service, const json_t *fate, struct forecast *ret)
{
	unsigned count = fate_number(service, "desiredCount", 1), failed = 0;
	unsigned limit = fate_number(fate, "failures", 0), seconds = FATE_LAUNCH_AFTER_S;

	ret->is_known = count > 0;
	for (unsigned attempt = 0; count && seconds < STABILIZE_S; attempt++) {
		if (limit && failed >= limit) {
			ret->seconds = seconds + WHOLE_ROLLOUT_S;
			return;
		}
		seconds += fate_life(fate);
		failed += count;
		if (fate_has_breaker(service, fate, "enable") && fate_is_counted(fate) &&
		    failed >= fate_threshold(service)) {
			foresee_breaker(fate, seconds, ret);
			return;
		}
		seconds += fate_restart_after(fate, attempt);
	}
	if (count)
		foresee_failure(ret, "Exceeded attempts to wait", "NotStabilized", STABILIZE_S);
}
