/*
 * Systems Manager's Parameter Store, API version 2014-11-06. "Parameters" in the state:
 * {NAME: {"Name", "Type", "Value", "Version", "LastModifiedDate", "ARN"}}.
 */
#include "base/cleanup.h"
#include "base/slice.h"
#include "data/json.h"
#include "sandbox/call.h"

#include <string.h>

#define PAGE_SIZE 10 /* of GetParametersByPath */

static void refuse_missing(struct error *err)
{
	(void)refuse(err, "ParameterNotFound", "%s", "");
}

static json_t *put_parameter(struct call *call, struct error *err)
{
	const char *name = call_text(call, "Name", err), *type = call_optional(call, "Type");
	const char *value = name ? call_text(call, "Value", err) : NULL;
	json_t *all = sandbox_map(call->sandbox, "Parameters"), *old;
	CLEANUP(str_release) struct str arn = STR_INIT;
	json_int_t version;

	if (!value)
		return NULL;
	old = json_object_get(all, name);
	if (old && !json_is_true(json_object_get(call->input, "Overwrite"))) {
		(void)refuse(err, "ParameterAlreadyExists",
			     "The parameter already exists. To overwrite this value, set the "
			     "overwrite option in the request to true.");
		return NULL;
	}
	version = json_integer_value(json_object_get(old, "Version")) + 1;
	str_addf(&arn, "arn:aws:ssm:%s:%s:parameter%s%s", sandbox_region(call->sandbox),
		 sandbox_account(call->sandbox), *name == '/' ? "" : "/", name);
	(void)json_object_set_new(all, name,
				  json_pack("{s:s, s:s, s:s, s:I, s:f, s:s}", "Name", name, "Type",
					    type ? type : "String", "Value", value, "Version",
					    version, "LastModifiedDate",
					    (double)call->now_ms / 1000, "ARN", arn.buf));
	call->sandbox->is_changed = true;
	return json_pack("{s:I, s:s}", "Version", version, "Tier", "Standard");
}

/* By name or by ARN. */
static json_t *find(struct call *call, const char *wanted)
{
	const char *name;
	json_t *parameter;

	json_object_foreach(sandbox_map(call->sandbox, "Parameters"), name, parameter)
	{
		if (strcmp(name, wanted) == 0 || strcmp(json_text(parameter, "ARN"), wanted) == 0)
			return parameter;
	}
	return NULL;
}

static json_t *get_parameter(struct call *call, struct error *err)
{
	const char *name = call_text(call, "Name", err);
	json_t *parameter = name ? find(call, name) : NULL;

	if (name && !parameter)
		refuse_missing(err);
	return parameter ? json_pack("{s:O}", "Parameter", parameter) : NULL;
}

/* Below the path; not in a path below that, unless Recursive. */
static bool lies_below(struct call *call, const char *name, const char *path)
{
	size_t len = strlen(path);
	bool is_recursive = json_is_true(json_object_get(call->input, "Recursive"));

	len -= len > 0 && path[len - 1] == '/';
	return strncmp(name, path, len) == 0 && name[len] == '/' && name[len + 1] &&
	       (is_recursive || !strchr(name + len + 1, '/'));
}

/* The token is how many came before. */
static json_t *get_parameters_by_path(struct call *call, struct error *err)
{
	const char *path = call_text(call, "Path", err), *name;
	const char *token = call_optional(call, "NextToken");
	json_t *list, *parameter, *output;
	uint64_t skip = 0, seen = 0;

	if (!path)
		return NULL;
	if (token && !slice_to_u64(slice_of(token), UINT32_MAX, &skip)) {
		(void)refuse(err, "InvalidNextToken", "The specified token isn't valid.");
		return NULL;
	}
	list = json_array();
	output = json_pack("{s:o}", "Parameters", list);
	json_object_foreach(sandbox_map(call->sandbox, "Parameters"), name, parameter)
	{
		if (!lies_below(call, name, path) || seen++ < skip)
			continue;
		if (json_array_size(list) < PAGE_SIZE) {
			(void)json_array_append(list, parameter);
			continue;
		}
		(void)json_object_set_new(output, "NextToken",
					  json_sprintf("%u", (unsigned)skip + PAGE_SIZE));
		break;
	}
	return output;
}

static json_t *delete_parameter(struct call *call, struct error *err)
{
	const char *name = call_text(call, "Name", err);

	if (!name)
		return NULL;
	if (json_object_del(sandbox_map(call->sandbox, "Parameters"), name) < 0) {
		refuse_missing(err);
		return NULL;
	}
	call->sandbox->is_changed = true;
	return json_object();
}

static const struct operation operations[] = {
	{ .name = "DeleteParameter", .run = delete_parameter },
	{ .name = "GetParameter", .run = get_parameter },
	{ .name = "GetParametersByPath", .run = get_parameters_by_path },
	{ .name = "PutParameter", .run = put_parameter },
};

const struct service service_ssm = {
	.signing_name = "ssm",
	.protocol = PROTOCOL_JSON,
	.target_prefix = "AmazonSSM",
	.operations = operations,
	.operation_count = sizeof(operations) / sizeof(operations[0]),
};
