#include "sandbox/auth.h"
#include "sandbox/call.h"
#include "sandbox/protocol.h"
#include "sandbox/stack.h"

#include "base/cleanup.h"
#include "data/json.h"

#include <stdarg.h>
#include <string.h>

static const struct service *const services[] = {
	&service_cloudformation,  &service_ecr, &service_ecs, &service_logs, &service_s3,
	&service_secrets_manager, &service_ssm, &service_sts,
};

void request_release(struct request *request)
{
	strv_release(&request->headers);
	str_release(&request->body);
}

void reply_release(struct reply *reply)
{
	strv_release(&reply->headers);
	str_release(&reply->body);
}

const char *request_header(const struct request *request, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < request->headers.count; i++) {
		const char *header = request->headers.v[i];

		if (strncmp(header, name, len) == 0 && header[len] == ':')
			return header + len + 1 + strspn(header + len + 1, " \t");
	}
	return NULL;
}

int refuse(struct error *err, const char *code, const char *fmt, ...)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	error_set(err, ERROR_REMOTE, "%s", text.buf);
	error_set_code(err, code);
	return -1;
}

const char *call_optional(const struct call *call, const char *name)
{
	const char *text = json_text(call->input, name);

	return text && *text ? text : NULL;
}

const char *call_text(const struct call *call, const char *name, struct error *err)
{
	const char *text = call_optional(call, name);

	if (!text)
		(void)refuse(err, "ValidationError",
			     "1 validation error detected: Value null at '%c%s' failed to satisfy "
			     "constraint: Member must not be null",
			     name[0] | 0x20, name + 1);
	return text;
}

json_t *call_list(const struct call *call, const char *name)
{
	json_t *list = json_object_get(call->input, name);

	if (json_is_array(list))
		return list;
	(void)json_object_set_new(call->input, name, json_array());
	return json_object_get(call->input, name);
}

/* ---- which operation ---- */

/* The JSON services name theirs in a header; the query services in a parameter. */
static const struct service *find_by_target(const char *target, const char **ret_action)
{
	const char *dot = strchr(target, '.');

	for (size_t i = 0; dot && i < sizeof(services) / sizeof(services[0]); i++) {
		const char *prefix = services[i]->target_prefix;

		if (!prefix || strlen(prefix) != (size_t)(dot - target) ||
		    memcmp(prefix, target, strlen(prefix)) != 0)
			continue;
		*ret_action = dot + 1;
		return services[i];
	}
	return NULL;
}

static const struct service *find_by_name(const char *signing_name)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (strcmp(services[i]->signing_name, signing_name) == 0)
			return services[i];
	}
	return NULL;
}

/* Who is not signed for is found by the API version, as an unsigned STS call is. */
static const struct service *find_by_version(const char *version)
{
	for (size_t i = 0; version && i < sizeof(services) / sizeof(services[0]); i++) {
		if (services[i]->version && strcmp(services[i]->version, version) == 0)
			return services[i];
	}
	return NULL;
}

static const struct service *find_by_scope(const struct request *request)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(auth_claim_release) struct auth_claim claim = { .signed_headers = STRV_INIT };

	if (auth_read_claim(request, &claim, &ignored) < 0)
		return NULL;
	return find_by_name(claim.service);
}

static const struct operation *find_operation(const struct service *service, const char *name)
{
	for (size_t i = 0; i < service->operation_count; i++) {
		if (strcmp(service->operations[i].name, name) == 0)
			return &service->operations[i];
	}
	return NULL;
}

static int read_json_input(struct call *call, const struct request *request, struct error *err)
{
	CLEANUP(error_release) struct error problem = ERROR_INIT;

	call->input = json_read(request->body.buf, request->body.len, &problem);
	if (!json_is_object(call->input))
		return refuse(err, "SerializationException",
			      "Start of structure or map found "
			      "where not expected.");
	return 0;
}

static void read_form_input(struct call *call, const struct request *request)
{
	const char *query = strchr(request->target, '?');

	call->input = protocol_read_form(request->body.buf, request->body.len);
	if (query) {
		json_auto_t *more = protocol_read_form(query + 1, strlen(query + 1));

		(void)json_object_update_missing(call->input, more);
	}
}

/* The services without a header or a parameter for it: by scope, and what the path says. */
static const char *read_path_input(struct call *call, const struct request *request)
{
	const char *action;

	call->service = find_by_scope(request);
	if (call->service && call->service->route)
		return call->service->route(request, &call->input);
	read_form_input(call, request);
	action = json_text(call->input, "Action");
	if (!call->service)
		call->service = find_by_version(json_text(call->input, "Version"));
	return action;
}

/* Fills in service, operation and input; the service is known even where the rest is refused. */
static int classify(struct call *call, const struct request *request, struct error *err)
{
	const char *target = request_header(request, "x-amz-target");
	const char *action = NULL;

	if (target) {
		call->service = find_by_target(target, &action);
		if (call->service && read_json_input(call, request, err) < 0)
			return -1;
	} else {
		action = read_path_input(call, request);
	}
	call->operation =
		call->service && action && !scenario_lacks(&call->sandbox->scenario, action)
			? find_operation(call->service, action)
			: NULL;
	if (call->operation)
		return 0;
	(void)refuse(err, "InvalidAction", "Could not find operation %s for version %s",
		     action ? action : "",
		     call->service && call->service->version ? call->service->version
							     : "NO_VERSION_SPECIFIED");
	return -1;
}

/* ---- faults ---- */

static void write_fault_error(const struct call *call, const struct fault *fault, struct reply *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const char *code = json_text(fault->entry, "code");
	const char *message = json_text(fault->entry, "message");
	const char *body = json_text(fault->entry, "body");
	const json_t *status = json_object_get(fault->entry, "status");

	if (fault->kind == FAULT_THROTTLE)
		(void)refuse(&err, "Throttling", "Rate exceeded");
	else
		(void)refuse(&err, code ? code : "InternalFailure", "%s",
			     message ? message
				     : "We encountered an internal error. Please try again.");
	protocol_write_error(call->service, call->request_id, &err, ret);
	if (status)
		ret->status = (int)json_integer_value(status);
	if (body) {
		str_reset(&ret->body);
		str_adds(&ret->body, body);
	}
}

/* Whether the fault takes the place of the operation. */
static bool play_fault(const struct call *call, const struct fault *fault, struct reply *ret)
{
	ret->delay_ms = fault->delay_ms;
	switch (fault->kind) {
	case FAULT_THROTTLE:
	case FAULT_ERROR:
		write_fault_error(call, fault, ret);
		return true;
	case FAULT_DROP:
		ret->fate = REPLY_DROP;
		return true;
	case FAULT_LOST:
		ret->fate = REPLY_DROP;
		return false;
	case FAULT_CUT:
		ret->fate = REPLY_CUT;
		return false;
	case FAULT_NONE:
	case FAULT_DELAY:
		return false;
	}
	return false;
}

/* ---- the answer ---- */

static void count_call(const struct call *call, const char *note)
{
	sandbox_count_call(call->sandbox, call->service->signing_name,
			   call->operation ? call->operation->name : "?", note);
}

/* An operation that was run: its error's code, and whether anybody learned how it ended. */
static void count_run(const struct call *call, const struct error *err, enum reply_fate fate)
{
	CLEANUP(str_release) struct str note = STR_INIT;

	str_adds(&note, err->code);
	if (fate != REPLY_SEND)
		str_addf(&note, "%s(lost)", note.len ? " " : "");
	count_call(call, note.buf);
}

/* HeadObject is asked of GetObject's permission. */
static int check_permission(const struct call *call, struct error *err)
{
	const char *service = call->service->signing_name;
	const char *action = call->operation->name;

	if (strcmp(action, "HeadObject") == 0)
		action = "GetObject";
	if (scenario_allows(&call->sandbox->scenario, service, action))
		return 0;
	return refuse(err, "AccessDenied",
		      "User: %s is not authorized to perform: %s:%s because no identity-based "
		      "policy allows the %s:%s action",
		      call->caller ? call->caller->arn : "anonymous", service, action, service,
		      action);
}

static json_t *run_operation(struct call *call, const struct request *request, struct error *err)
{
	if (!call->operation->is_unsigned &&
	    auth_check(call->sandbox, request, call->now_ms, &call->caller, err) < 0)
		return NULL;
	if (check_permission(call, err) < 0)
		return NULL;
	stack_advance_all(call->sandbox, call->now_ms);
	return call->operation->run(call, err);
}

/* Classified: the fault, or the operation's own output or error. */
static void answer_call(struct call *call, const struct request *request, struct reply *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *output = NULL;
	struct fault fault = scenario_next_fault(
		&call->sandbox->scenario, call->service->signing_name, call->operation->name);

	if (play_fault(call, &fault, ret)) {
		count_call(call, fault.kind == FAULT_DROP ? "(dropped)" : "(fault)");
		return;
	}
	output = run_operation(call, request, &err);
	count_run(call, &err, ret->fate);
	if (output)
		protocol_write_output(call, output, ret);
	else
		protocol_write_error(call->service, call->request_id, &err, ret);
}

static void set_request_id(struct call *call)
{
	CLEANUP(str_release) struct str id = STR_INIT;

	sandbox_random_uuid(&id);
	(void)snprintf(call->request_id, sizeof(call->request_id), "%s", id.buf);
}

/* Where no service is known, the oldest error shape of all answers. */
static void answer_unknown(struct call *call, const struct error *err, struct reply *ret)
{
	const struct service *service = call->service ? call->service : &service_sts;

	if (call->service)
		count_call(call, err->code);
	protocol_write_error(service, call->request_id, err, ret);
}

void sandbox_answer(struct sandbox *sandbox, const struct request *request, struct reply *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct call call = { .sandbox = sandbox };

	(void)pthread_mutex_lock(&sandbox->lock);
	call.now_ms = sandbox->clock->wall_ms(sandbox->clock);
	set_request_id(&call);
	if (sandbox_refresh_scenario(sandbox, &err) < 0 || classify(&call, request, &err) < 0)
		answer_unknown(&call, &err, ret);
	else
		answer_call(&call, request, ret);
	json_decref(call.input);
	sandbox_save_sometimes(sandbox, call.now_ms);
	(void)pthread_mutex_unlock(&sandbox->lock);
}
