#include "ui/truth.h"

#include "base/sanitize.h"
#include "data/json.h"

#include <string.h>

/* "  NAME ok", or what it says instead. */
static void add_place(struct str *out, const char *name, const char *value, const char *version)
{
	str_adds(out, "  ");
	sanitize_text(out, name);
	str_addc(out, ' ');
	if (*value && strcmp(value, version) == 0)
		str_adds(out, "ok");
	else
		sanitize_text(out, *value ? value : "-");
}

static void add_registry(const struct status *status, struct str *out)
{
	if (status->digest.len)
		str_adds(out, "  ECR ok");
	else
		str_adds(out, status->is_registry_unknown ? "  ECR ?" : "  ECR missing");
}

static void add_stack(const struct status *status, struct str *out)
{
	if (!status->stack_status.len)
		str_adds(out, "  no stack");
	else if (status_stack_is_ok(status))
		str_adds(out, "  stack ok");
	else if (strcmp(status->live.buf, status->version.buf) != 0)
		add_place(out, "stack", status->live.buf, status->version.buf);
	else
		add_place(out, "stack", status->stack_status.buf, "");
}

static void add_tasks(const struct status *status, struct str *out)
{
	if (status->are_tasks_unknown)
		str_adds(out, "  tasks ?");
	else if (status->services)
		str_addf(out, "  %u/%u tasks", status->running, status->desired);
	if (status->strangers)
		str_addf(out, ", %u of another image", status->strangers);
	if (status->rolled_back)
		str_addf(out, ", %u %s rolled back by ECS", status->rolled_back,
			 status->rolled_back == 1 ? "service" : "services");
}

void truth_line(const struct status *status, struct str *out)
{
	const char *version = status->version.buf;

	sanitize_text(out, *version ? version : "-");
	add_place(out, "git", status->git.len ? status->git.buf : "?", version);
	add_registry(status, out);
	if (status->file_name.len)
		add_place(out, status->file_name.buf, status->file.buf, version);
	add_stack(status, out);
	add_tasks(status, out);
}

static void add_member(struct str *out, const char *name, const char *value)
{
	str_addf(out, ", \"%s\": ", name);
	json_quote(out, value);
}

void truth_json(const struct status *status, struct str *out)
{
	str_adds(out, "{\"environment\": ");
	json_quote(out, status->environment.buf);
	add_member(out, "version", status->version.buf);
	add_member(out, "git", status->git.buf);
	if (status->is_registry_unknown)
		str_adds(out, ", \"registry\": null");
	else
		add_member(out, "registry", status->digest.buf);
	add_member(out, "file", status->file.buf);
	add_member(out, "stack", status->stack_name.buf);
	add_member(out, "live", status->live.buf);
	add_member(out, "status", status->stack_status.buf);
	if (status->are_tasks_unknown)
		str_adds(out, ", \"running\": null, \"desired\": null");
	else
		str_addf(out,
			 ", \"running\": %u, \"desired\": %u, \"strangers\": %u, "
			 "\"rolled_back\": %u",
			 status->running, status->desired, status->strangers, status->rolled_back);
	str_addf(out, ", \"agrees\": %s}", status_agrees(status) ? "true" : "false");
}
