#include "sandbox/registry_gate.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/digest.h"
#include "data/json.h"
#include "sandbox/ecr.h"

#include <string.h>
#include <strings.h>

void gate_request_release(struct gate_request *request)
{
	str_release(&request->method);
	str_release(&request->target);
	str_wipe(&request->authorization);
	str_wipe(&request->head);
}

void gate_verdict_release(struct gate_verdict *verdict)
{
	str_release(&verdict->reply);
}

void gate_request_name(const struct gate_request *request, struct str *out)
{
	/* The first that the target has: an upload is one of a blob. */
	static const char *const kinds[] = { "manifests", "uploads", "blobs", "tags" };

	str_addf(out, "%s ", request->method.buf);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		CLEANUP(str_release) struct str part = STR_INIT;

		str_addf(&part, "/%s/", kinds[i]);
		if (!strstr(request->target.buf, part.buf))
			continue;
		str_adds(out, kinds[i]);
		return;
	}
	str_adds(out, "base");
}

/* ---- reading ---- */

/* Whether the line is the header `name`, in any case; *ret_value is what stands behind it. */
static bool is_header(struct slice line, const char *name, struct slice *ret_value)
{
	size_t len = strlen(name);

	if (line.n <= len || strncasecmp(line.p, name, len) != 0 || line.p[len] != ':')
		return false;
	*ret_value = slice_trim((struct slice){ line.p + len + 1, line.n - len - 1 });
	return true;
}

/* "PUT /v2/... HTTP/1.1" */
static bool read_request_line(struct slice line, struct gate_request *ret)
{
	const char *first = memchr(line.p, ' ', line.n), *second;

	if (!first)
		return false;
	second = memchr(first + 1, ' ', line.n - (size_t)(first + 1 - line.p));
	if (!second || first == line.p || first[1] != '/')
		return false;
	str_add(&ret->method, line.p, (size_t)(first - line.p));
	str_add(&ret->target, first + 1, (size_t)(second - first - 1));
	str_add(&ret->head, line.p, line.n);
	return true;
}

static void read_header(struct slice line, struct gate_request *ret)
{
	struct slice value;

	if (is_header(line, "connection", &value) || is_header(line, "keep-alive", &value))
		return;
	if (is_header(line, "authorization", &value)) {
		if (value.n > 6 && strncasecmp(value.p, "Basic ", 6) == 0)
			str_add(&ret->authorization, value.p + 6, value.n - 6);
		return;
	}
	str_adds(&ret->head, "\r\n");
	str_add(&ret->head, line.p, line.n);
}

bool gate_request_read(const char *bytes, size_t len, struct gate_request *ret)
{
	struct slice rest = { bytes, len };
	struct slice line = slice_trim(slice_next_line(&rest));

	if (memchr(bytes, '\0', len) || !read_request_line(line, ret))
		return false;
	while (rest.n) {
		line = slice_next_line(&rest);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n)
			read_header(line, ret);
	}
	return true;
}

/* ---- refusing ---- */

static void refuse_request(struct str *reply, const char *status, const char *code,
			   const char *message)
{
	CLEANUP(str_release) struct str body = STR_INIT;

	str_adds(&body, "{\"errors\":[{\"code\":");
	json_quote(&body, code);
	str_adds(&body, ",\"message\":");
	json_quote(&body, message);
	str_adds(&body, "}]}\n");
	str_addf(reply,
		 "HTTP/1.1 %s\r\nContent-Type: application/json; charset=utf-8\r\n"
		 "Docker-Distribution-Api-Version: registry/2.0\r\n%s"
		 "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		 status,
		 strncmp(status, "401", 3) == 0
			 ? "Www-Authenticate: Basic "
			   "realm=\"sandbox\",service=\"ecr.amazonaws.com\"\r\n"
			 : "",
		 body.len, body.buf);
}

/* ---- tokens ---- */

static struct registry_token *find_token(struct sandbox *sandbox, const char *basic)
{
	CLEANUP(str_wipe) struct str login = STR_INIT;

	if (!base64_decode(&login, basic, strlen(basic)) || login.len < 4 ||
	    strncmp(login.buf, "AWS:", 4) != 0)
		return NULL;
	for (size_t i = 0; i < sandbox->token_count; i++) {
		if (strcmp(secret_bytes(&sandbox->tokens[i].password), login.buf + 4) == 0)
			return &sandbox->tokens[i];
	}
	return NULL;
}

/* Counts the request against its token, and refuses where that has come to its end. */
static void check_token(struct sandbox *sandbox, const char *basic, bool *ret_is_known,
			struct str *reply)
{
	struct registry_token *token = find_token(sandbox, basic);

	*ret_is_known = token != NULL;
	if (!token)
		return;
	if (sandbox->clock->wall_ms(sandbox->clock) < token->expires_ms && token->requests != 1) {
		if (token->requests)
			token->requests--;
		return;
	}
	if (token->status == 401)
		refuse_request(reply, "401 Unauthorized", "UNAUTHORIZED", "Not Authorized");
	else
		refuse_request(reply, "403 Forbidden", "DENIED",
			       "Your authorization token has expired. Reauthenticate and try "
			       "again.");
}

/* ---- repositories and tags ---- */

/* Takes "/v2/NAME/KIND/REST" apart; false where `kind` is not in it. */
static bool split_target(const char *target, const char *kind, struct str *ret_name,
			 struct str *ret_rest)
{
	const char *found, *at = NULL;

	if (strncmp(target, "/v2/", 4) != 0)
		return false;
	for (found = strstr(target, kind); found; found = strstr(found + 1, kind))
		at = found;
	if (!at || at < target + 4)
		return false;
	str_add(ret_name, target + 4, (size_t)(at - target - 4));
	at += strlen(kind);
	str_add(ret_rest, at, strcspn(at, "?"));
	return true;
}

static void check_repository(struct sandbox *sandbox, const char *name, struct str *reply)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (json_object_get(sandbox_map(sandbox, "Repositories"), name))
		return;
	str_addf(&text, "The repository with name '%s' does not exist in the registry with id '%s'",
		 name, sandbox_account(sandbox));
	refuse_request(reply, "404 Not Found", "NAME_UNKNOWN", text.buf);
}

/* ECR refuses a tag that is there, whatever the image. */
static void check_tag(struct sandbox *sandbox, const char *name, const char *tag, struct str *reply)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (strchr(tag, ':') || !ecr_is_immutable(sandbox, name, tag) ||
	    !ecr_has_image(sandbox, name, tag))
		return;
	str_addf(&text,
		 "The image tag '%s' already exists in the '%s' repository and cannot be "
		 "overwritten because the repository is immutable.",
		 tag, name);
	refuse_request(reply, "400 Bad Request", "TAG_INVALID", text.buf);
}

static void check_target(struct sandbox *sandbox, const struct gate_request *request,
			 struct str *reply)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	CLEANUP(str_release) struct str rest = STR_INIT;

	if (strcmp(request->method.buf, "PUT") == 0 &&
	    split_target(request->target.buf, "/manifests/", &name, &rest)) {
		check_repository(sandbox, name.buf, reply);
		if (!reply->len)
			check_tag(sandbox, name.buf, rest.buf, reply);
	} else if (strcmp(request->method.buf, "POST") == 0 &&
		   split_target(request->target.buf, "/blobs/uploads/", &name, &rest)) {
		check_repository(sandbox, name.buf, reply);
	}
}

/* ---- faults ---- */

static void refuse_by_fault(const struct fault *fault, struct str *reply)
{
	const char *code = json_text(fault->entry, "code");
	const char *message = json_text(fault->entry, "message");
	const json_t *number = json_object_get(fault->entry, "status");
	CLEANUP(str_release) struct str status = STR_INIT;

	if (fault->kind == FAULT_THROTTLE)
		str_adds(&status, "429 Too Many Requests");
	else
		str_addf(&status, "%d Fault", number ? (int)json_integer_value(number) : 500);
	if (!code)
		code = fault->kind == FAULT_THROTTLE ? "TOOMANYREQUESTS" : "UNKNOWN";
	refuse_request(reply, status.buf, code, message ? message : "Rate exceeded");
}

static const char *note_of(const struct gate_verdict *verdict)
{
	switch (verdict->fault.kind) {
	case FAULT_THROTTLE:
	case FAULT_ERROR:
		return "(fault)";
	case FAULT_DROP:
		return "(dropped)";
	case FAULT_LOST:
	case FAULT_CUT:
		return "(lost)";
	case FAULT_NONE:
	case FAULT_DELAY:
		break;
	}
	return verdict->reply.len ? "(refused)" : "";
}

/* Whoever comes without a token only asks which login is wanted. */
static void play_fault(struct sandbox *sandbox, const struct gate_request *request,
		       struct gate_verdict *ret)
{
	CLEANUP(str_release) struct str name = STR_INIT;

	gate_request_name(request, &name);
	ret->fault = scenario_next_fault(&sandbox->scenario, "registry", name.buf);
	if (ret->fault.kind == FAULT_THROTTLE || ret->fault.kind == FAULT_ERROR)
		refuse_by_fault(&ret->fault, &ret->reply);
	else
		check_target(sandbox, request, &ret->reply);
	sandbox_count_call(sandbox, "registry", name.buf, note_of(ret));
}

void gate_request_check(struct sandbox *sandbox, const struct gate_request *request,
			struct gate_verdict *ret)
{
	(void)pthread_mutex_lock(&sandbox->lock);
	check_token(sandbox, request->authorization.buf, &ret->is_known, &ret->reply);
	if (ret->is_known && !ret->reply.len)
		play_fault(sandbox, request, ret);
	(void)pthread_mutex_unlock(&sandbox->lock);
}
