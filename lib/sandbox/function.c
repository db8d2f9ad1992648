#include "sandbox/function.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/json.h"
#include "sandbox/document.h"
#include "sandbox/log_store.h"
#include "sandbox/task.h"

#include <string.h>

#define RESPONSE_TIMEOUT_S 3600
#define FUNCTION_TIMEOUT_S 300

/* One call of the function. */
struct invocation {
	struct sandbox *sandbox;
	const struct effect_request *request;
	const json_t *properties;
	const json_t *entry; /* of the scenario; NULL: all goes well */
	const char *outcome;
	int64_t begun_ms;
	int64_t ended_ms;
	struct str id;
	struct str group;
	struct str stream;
};

static void invocation_release(struct invocation *invocation)
{
	str_release(&invocation->id);
	str_release(&invocation->group);
	str_release(&invocation->stream);
}

static bool has_outcome(const struct invocation *invocation, const char *outcome)
{
	return strcmp(invocation->outcome, outcome) == 0;
}

/* "2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef" */
static void name_stream(struct invocation *invocation)
{
	CLEANUP(str_release) struct str date = STR_INIT;

	clock_format_rfc3339(invocation->begun_ms, &date);
	str_addf(&invocation->stream, "%.4s/%.2s/%.2s/[$LATEST]", date.buf, date.buf + 5,
		 date.buf + 8);
	sandbox_random(&invocation->stream, 32, "0123456789abcdef");
}

static void say(const struct invocation *invocation, int64_t at_ms, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const struct invocation *invocation, int64_t at_ms, const char *fmt, ...)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	log_store_add(invocation->sandbox, invocation->group.buf, invocation->stream.buf, text.buf,
		      at_ms);
}

/* The first lines of the sample's functions, and those of the scenario. */
static void say_beginning(const struct invocation *invocation)
{
	const json_t *lines = json_object_get(invocation->entry, "log"), *line;
	size_t i;

	log_store_make_group(invocation->sandbox, invocation->group.buf);
	say(invocation, invocation->begun_ms, "START RequestId: %s Version: $LATEST",
	    invocation->id.buf);
	say(invocation, invocation->begun_ms,
	    "Received event {'RequestType': '%s', 'LogicalResourceId': '%s', 'RequestId': '%s'}",
	    strcmp(invocation->request->action, "CREATE") == 0	 ? "Create"
	    : strcmp(invocation->request->action, "DELETE") == 0 ? "Delete"
								 : "Update",
	    invocation->request->logical_id, invocation->id.buf);
	json_array_foreach(lines, i, line)
		say(invocation, invocation->begun_ms, "%s", json_string_value(line));
}

static void say_end(const struct invocation *invocation)
{
	long long ms = (long long)(invocation->ended_ms - invocation->begun_ms) *
		       invocation->sandbox->speed;

	if (has_outcome(invocation, "silent"))
		say(invocation, invocation->ended_ms, "%s Task timed out after %d.00 seconds",
		    invocation->id.buf, FUNCTION_TIMEOUT_S);
	say(invocation, invocation->ended_ms, "END RequestId: %s", invocation->id.buf);
	say(invocation, invocation->ended_ms,
	    "REPORT RequestId: %s\tDuration: %lld.00 ms\tBilled Duration: %lld ms\tMemory Size: "
	    "128 MB\tMax Memory Used: 71 MB",
	    invocation->id.buf, ms, ms);
}

/* ---- the task ---- */

/* Runs the task from a little after the function's beginning to a little before its end. */
static void run_task(const struct invocation *invocation)
{
	struct sandbox *sandbox = invocation->sandbox;
	const char *name = json_text(invocation->properties, "TaskDefinition");
	const char *cluster = json_text(invocation->properties, "Cluster");
	const json_t *definition = name ? task_definition_find(sandbox, name) : NULL;
	int64_t part_ms = (invocation->ended_ms - invocation->begun_ms) / 8;
	bool fails = has_outcome(invocation, "fail");
	const json_t *given = json_object_get(invocation->entry, "exit_code");
	json_auto_t *exit_code = given ? json_incref(document_loosen(given)) : json_integer(fails);
	CLEANUP(str_release) struct str cluster_arn = STR_INIT;
	CLEANUP(str_release) struct str group = STR_INIT;
	const char *container = json_text(invocation->entry, "container"), *arn;
	struct task_request request;

	if (!definition || !cluster || strcmp(invocation->request->action, "DELETE") == 0)
		return;
	if (strncmp(cluster, "arn:", 4) != 0)
		str_addf(&cluster_arn, "arn:aws:ecs:%s:%s:cluster/", sandbox_region(sandbox),
			 sandbox_account(sandbox));
	str_adds(&cluster_arn, cluster);
	str_addf(&group, "family:%s", json_text(definition, "family"));
	request = (struct task_request){
		.cluster_arn = cluster_arn.buf,
		.definition = definition,
		.launch_type = "EC2",
		.group = group.buf,
		.started_by = invocation->id.buf,
		.runs_ms = invocation->begun_ms + 2 * part_ms,
		.ends_ms = has_outcome(invocation, "silent") ? 0 : invocation->ended_ms - part_ms,
		.end = { .stop_code = "EssentialContainerExited",
			 .reason = "Essential container in task exited",
			 .container = container ? container : task_definition_main(definition),
			 .exit_code = exit_code,
			 .log = json_object_get(invocation->entry, "task_log") },
	};
	arn = json_text(task_start(sandbox, &request, invocation->begun_ms + part_ms), "taskArn");
	say(invocation, invocation->begun_ms + part_ms, "Started ECS task %s", arn);
	if (fails && json_integer_value(exit_code))
		say(invocation, invocation->ended_ms, "ECS task %s failed with exit code %lld", arn,
		    (long long)json_integer_value(exit_code));
	else if (!has_outcome(invocation, "silent"))
		say(invocation, invocation->ended_ms, "ECS task %s completed successfully", arn);
}

/* ---- the answer ---- */

static void foresee(const struct invocation *invocation, unsigned seconds, struct forecast *ret)
{
	const char *given = json_text(invocation->entry, "reason");
	const char *timeout = json_text(invocation->properties, "ServiceTimeout");
	uint64_t limit = RESPONSE_TIMEOUT_S;

	ret->is_known = true;
	ret->seconds = seconds;
	if (has_outcome(invocation, "succeed"))
		return;
	ret->fails = true;
	if (has_outcome(invocation, "silent")) {
		if (timeout)
			(void)slice_to_u64(slice_of(timeout), RESPONSE_TIMEOUT_S, &limit);
		ret->seconds = (unsigned)limit;
		str_addf(&ret->reason,
			 "CloudFormation did not receive a response from your Custom Resource. "
			 "Please check your logs for requestId [%s]. If you are using the Python "
			 "cfn-response module, you may need to update your Lambda function code so "
			 "that CloudFormation can attach the updated version.",
			 invocation->id.buf);
		return;
	}
	str_adds(&ret->reason, "Received response status [FAILED] from custom resource. Message "
			       "returned: ");
	if (given)
		str_adds(&ret->reason, given);
	else
		str_addf(&ret->reason, "See the details in CloudWatch Log Stream: %s",
			 invocation->stream.buf);
	str_addf(&ret->reason, " (RequestId: %s)", invocation->id.buf);
}

/* How long the function itself works. */
static unsigned seconds_of(const struct invocation *invocation)
{
	const json_t *given = json_object_get(invocation->entry, "seconds");

	if (given)
		return (unsigned)json_integer_value(given);
	return has_outcome(invocation, "silent") ? FUNCTION_TIMEOUT_S
						 : invocation->request->usual_s;
}

void function_begin(struct sandbox *sandbox, const struct effect_request *request, int64_t at_ms,
		    struct forecast *ret)
{
	const json_t *properties = json_object_get(request->resource, "Properties");
	const char *token = json_text(properties, "ServiceToken");
	const char *colon = token ? strrchr(token, ':') : NULL;
	const struct scenario_subject subject = { request->stack, request->logical_id,
						  json_text(request->resource, "Type"),
						  request->action };
	CLEANUP(invocation_release)
	struct invocation invocation = { .sandbox = sandbox,
					 .request = request,
					 .properties = properties,
					 .begun_ms = at_ms,
					 .id = STR_INIT,
					 .group = STR_INIT,
					 .stream = STR_INIT };
	unsigned seconds;

	if (!token)
		return;
	invocation.entry = scenario_next_function(&sandbox->scenario, &subject);
	invocation.outcome = invocation.entry ? json_text(invocation.entry, "outcome") : "succeed";
	seconds = seconds_of(&invocation);
	invocation.ended_ms = at_ms + sandbox_duration_ms(sandbox, seconds);
	sandbox_random_uuid(&invocation.id);
	str_addf(&invocation.group, "/aws/lambda/%s", colon ? colon + 1 : token);
	name_stream(&invocation);
	say_beginning(&invocation);
	run_task(&invocation);
	say_end(&invocation);
	foresee(&invocation, seconds, ret);
}
