/*
 * Secrets Manager, API version 2017-10-17: secrets with versions and stages. "Secrets" in the
 * state:
 *
 *	{NAME: {"ARN", "Name", "Description", "KmsKeyId", "Tags", "CreatedDate", "LastChangedDate",
 *	 "DeletedDate", "Versions": {ID: {"SecretString" or "SecretBinary", "CreatedDate",
 *	 "Stages": [...]}}}}
 *
 * Texts of refusals are the service's own.
 */
#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/call.h"

#include <string.h>

#define MAX_SECRET_BYTES (64UL << 10)
#define CURRENT		 "AWSCURRENT"
#define PREVIOUS	 "AWSPREVIOUS"

static double now_s(const struct call *call)
{
	return (double)call->now_ms / 1000;
}

/* ---- finding ---- */

static int refuse_missing(struct error *err)
{
	return refuse(err, "ResourceNotFoundException",
		      "Secrets Manager can't find the specified secret.");
}

/* By name, by ARN, or by ARN without the six letters at its end. */
static bool is_named(const json_t *secret, const char *id)
{
	const char *arn = json_text(secret, "ARN"), *name = json_text(secret, "Name");
	size_t len = strlen(id);

	return strcmp(id, name) == 0 || strcmp(id, arn) == 0 ||
	       (strncmp(id, "arn:", 4) == 0 && len + 7 == strlen(arn) &&
		strncmp(id, arn, len) == 0);
}

static json_t *find(struct call *call, struct error *err)
{
	const char *id = call_text(call, "SecretId", err), *name;
	json_t *secret;

	if (!id)
		return NULL;
	json_object_foreach(sandbox_map(call->sandbox, "Secrets"), name, secret)
	{
		if (is_named(secret, id))
			return secret;
	}
	(void)refuse_missing(err);
	return NULL;
}

/* The same where the secret is not on its way out. */
static json_t *find_live(struct call *call, struct error *err)
{
	json_t *secret = find(call, err);

	if (!secret || !json_object_get(secret, "DeletedDate"))
		return secret;
	(void)refuse(err, "InvalidRequestException",
		     "You can't perform this operation on the secret because it was marked for "
		     "deletion.");
	return NULL;
}

/* ---- versions ---- */

static bool has_stage(const json_t *version, const char *stage)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(version, "Stages"), i, item)
	{
		if (strcmp(json_string_value(item), stage) == 0)
			return true;
	}
	return false;
}

static void take_stage(json_t *version, const char *stage)
{
	json_t *stages = json_object_get(version, "Stages");

	for (size_t i = json_array_size(stages); i-- > 0;) {
		if (strcmp(json_string_value(json_array_get(stages, i)), stage) == 0)
			(void)json_array_remove(stages, i);
	}
}

static json_t *version_with(const json_t *secret, const char *stage, const char **ret_id)
{
	const char *id;
	json_t *version;

	json_object_foreach(json_object_get(secret, "Versions"), id, version)
	{
		if (has_stage(version, stage)) {
			*ret_id = id;
			return version;
		}
	}
	return NULL;
}

static json_t *find_version(struct call *call, const json_t *secret, const char **ret_id,
			    struct error *err)
{
	const char *id = call_optional(call, "VersionId");
	const char *stage = call_optional(call, "VersionStage");
	json_t *version;

	if (!id) {
		version = version_with(secret, stage ? stage : CURRENT, ret_id);
		if (!version)
			(void)refuse(err, "ResourceNotFoundException",
				     "Secrets Manager can't find the specified secret value for "
				     "staging label: %s",
				     stage ? stage : CURRENT);
		return version;
	}
	version = json_object_get(json_object_get(secret, "Versions"), id);
	*ret_id = id;
	if (!version || (stage && !has_stage(version, stage))) {
		(void)refuse(err, "ResourceNotFoundException",
			     "Secrets Manager can't find the specified secret value for VersionId: "
			     "%s",
			     id);
		return NULL;
	}
	return version;
}

/* What was the current version becomes the previous one. */
static void make_current(json_t *secret, json_t *version)
{
	const char *id;
	json_t *other = version_with(secret, CURRENT, &id), *previous;

	if (other) {
		previous = version_with(secret, PREVIOUS, &id);
		if (previous)
			take_stage(previous, PREVIOUS);
		take_stage(other, CURRENT);
		(void)json_array_append_new(json_object_get(other, "Stages"),
					    json_string(PREVIOUS));
	}
	(void)json_array_append_new(json_object_get(version, "Stages"), json_string(CURRENT));
}

static int check_value(struct call *call, struct error *err)
{
	const json_t *text = json_object_get(call->input, "SecretString");
	const json_t *binary = json_object_get(call->input, "SecretBinary");

	if (text && binary)
		return refuse(err, "InvalidParameterException",
			      "You can't specify both a binary secret value and a string secret "
			      "value in the same secret.");
	if (!text && !binary)
		return refuse(err, "InvalidRequestException",
			      "You must provide either SecretString or SecretBinary.");
	if (json_string_length(text ? text : binary) > MAX_SECRET_BYTES)
		return refuse(err, "ValidationException",
			      "1 validation error detected: Value at 'secretString' failed to "
			      "satisfy constraint: Member must have length less than or equal to "
			      "65536");
	return 0;
}

/* A token that was used for another value is refused; for the same one nothing happens again. */
static int add_version(struct call *call, json_t *secret, struct str *ret_id, struct error *err)
{
	static const char *const kinds[] = { "SecretString", "SecretBinary" };
	const char *token = call_optional(call, "ClientRequestToken");
	json_t *versions = json_object_get(secret, "Versions"), *version;

	if (token)
		str_adds(ret_id, token);
	else
		sandbox_random_uuid(ret_id);
	version = json_object_get(versions, ret_id->buf);
	if (version) {
		for (size_t i = 0; i < 2; i++) {
			const json_t *old = json_object_get(version, kinds[i]);
			const json_t *fresh = json_object_get(call->input, kinds[i]);

			if ((old || fresh) && !(old && fresh && json_equal(old, fresh)))
				return refuse(err, "ResourceExistsException",
					      "You can't use ClientRequestToken %s because that "
					      "value is already in use for a version of secret %s.",
					      ret_id->buf, json_text(secret, "ARN"));
		}
		return 0;
	}
	version = json_pack("{s:f, s:[]}", "CreatedDate", now_s(call), "Stages");
	for (size_t i = 0; i < 2; i++) {
		json_t *value = json_object_get(call->input, kinds[i]);

		if (value)
			(void)json_object_set(version, kinds[i], value);
	}
	(void)json_object_set_new(versions, ret_id->buf, version);
	make_current(secret, version);
	(void)json_object_set_new(secret, "LastChangedDate", json_real(now_s(call)));
	call->sandbox->is_changed = true;
	return 0;
}

/* ---- operations ---- */

static json_t *identify(const json_t *secret, const char *version_id)
{
	return json_pack("{s:s, s:s, s:s*}", "ARN", json_text(secret, "ARN"), "Name",
			 json_text(secret, "Name"), "VersionId", version_id);
}

static json_t *new_secret(struct call *call, const char *name)
{
	CLEANUP(str_release) struct str arn = STR_INIT;

	str_addf(&arn, "arn:aws:secretsmanager:%s:%s:secret:%s-", sandbox_region(call->sandbox),
		 sandbox_account(call->sandbox), name);
	sandbox_random(&arn, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
	return json_pack("{s:s, s:s, s:s*, s:s*, s:O, s:f, s:{}}", "ARN", arn.buf, "Name", name,
			 "Description", call_optional(call, "Description"), "KmsKeyId",
			 call_optional(call, "KmsKeyId"), "Tags", call_list(call, "Tags"),
			 "CreatedDate", now_s(call), "Versions");
}

static int check_name(struct call *call, const char *name, struct error *err)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789/_+=.@-";

	if (name[strspn(name, chars)])
		return refuse(err, "ValidationException",
			      "Invalid name. Must be a valid name containing alphanumeric "
			      "characters, or any of the following: -/_+=.@!");
	if (json_object_get(sandbox_map(call->sandbox, "Secrets"), name))
		return refuse(err, "ResourceExistsException",
			      "The operation failed because the secret %s already exists.", name);
	return 0;
}

static json_t *create_secret(struct call *call, struct error *err)
{
	const char *name = call_text(call, "Name", err);
	CLEANUP(str_release) struct str id = STR_INIT;
	bool has_value = json_object_get(call->input, "SecretString") ||
			 json_object_get(call->input, "SecretBinary");
	json_auto_t *secret = NULL;

	if (!name || check_name(call, name, err) < 0 || (has_value && check_value(call, err) < 0))
		return NULL;
	secret = new_secret(call, name);
	if (has_value && add_version(call, secret, &id, err) < 0)
		return NULL;
	(void)json_object_set(sandbox_map(call->sandbox, "Secrets"), name, secret);
	call->sandbox->is_changed = true;
	return identify(secret, has_value ? id.buf : NULL);
}

static json_t *get_secret_value(struct call *call, struct error *err)
{
	const json_t *secret = find_live(call, err);
	const char *id = NULL;
	const json_t *version = secret ? find_version(call, secret, &id, err) : NULL;
	json_t *output;

	if (!version)
		return NULL;
	output = identify(secret, id);
	(void)json_object_set(output, "VersionStages", json_object_get(version, "Stages"));
	(void)json_object_set(output, "CreatedDate", json_object_get(version, "CreatedDate"));
	if (json_object_get(version, "SecretString"))
		(void)json_object_set(output, "SecretString",
				      json_object_get(version, "SecretString"));
	else
		(void)json_object_set(output, "SecretBinary",
				      json_object_get(version, "SecretBinary"));
	return output;
}

static json_t *put_secret_value(struct call *call, struct error *err)
{
	json_t *secret = find_live(call, err), *output;
	CLEANUP(str_release) struct str id = STR_INIT;

	if (!secret || check_value(call, err) < 0 || add_version(call, secret, &id, err) < 0)
		return NULL;
	output = identify(secret, id.buf);
	(void)json_object_set_new(output, "VersionStages", json_pack("[s]", CURRENT));
	return output;
}

/* Everything but the values. */
static json_t *describe(const json_t *secret)
{
	json_t *output = json_copy((json_t *)(uintptr_t)secret), *stages = json_object(), *version;
	const char *id;

	(void)json_object_del(output, "Versions");
	json_object_foreach(json_object_get(secret, "Versions"), id, version)
	{
		if (json_array_size(json_object_get(version, "Stages")))
			(void)json_object_set(stages, id, json_object_get(version, "Stages"));
	}
	(void)json_object_set(output, "VersionIdsToStages", stages);
	json_decref(stages);
	return output;
}

static json_t *describe_secret(struct call *call, struct error *err)
{
	const json_t *secret = find(call, err);

	return secret ? describe(secret) : NULL;
}

static bool begins_with_one_of(const json_t *prefixes, const char *name)
{
	const json_t *prefix;
	size_t i;

	json_array_foreach(prefixes, i, prefix)
	{
		if (strncmp(name, json_string_value(prefix), json_string_length(prefix)) == 0)
			return true;
	}
	return false;
}

/* The only filter here is the name's beginning. */
static bool is_wanted(struct call *call, const char *name)
{
	const json_t *filter;
	size_t i;

	json_array_foreach(call_list(call, "Filters"), i, filter)
	{
		const char *key = json_text(filter, "Key");

		if (key && strcmp(key, "name") == 0 &&
		    !begins_with_one_of(json_object_get(filter, "Values"), name))
			return false;
	}
	return true;
}

static json_t *list_secrets(struct call *call, struct error *err)
{
	json_t *list = json_array(), *secret;
	const char *name;

	(void)err;
	json_object_foreach(sandbox_map(call->sandbox, "Secrets"), name, secret)
	{
		if (!json_object_get(secret, "DeletedDate") && is_wanted(call, name))
			(void)json_array_append_new(list, describe(secret));
	}
	return json_pack("{s:o}", "SecretList", list);
}

static json_t *list_secret_version_ids(struct call *call, struct error *err)
{
	const json_t *secret = find(call, err);
	json_t *list, *version, *output;
	const char *id;

	if (!secret)
		return NULL;
	list = json_array();
	json_object_foreach(json_object_get(secret, "Versions"), id, version)(void)
		json_array_append_new(list,
				      json_pack("{s:s, s:O, s:O}", "VersionId", id, "VersionStages",
						json_object_get(version, "Stages"), "CreatedDate",
						json_object_get(version, "CreatedDate")));
	output = identify(secret, NULL);
	(void)json_object_set_new(output, "Versions", list);
	return output;
}

static json_t *delete_secret(struct call *call, struct error *err)
{
	json_t *secret = find_live(call, err), *output;

	if (!secret)
		return NULL;
	output = json_pack("{s:s, s:s, s:f}", "ARN", json_text(secret, "ARN"), "Name",
			   json_text(secret, "Name"), "DeletionDate", now_s(call));
	if (json_is_true(json_object_get(call->input, "ForceDeleteWithoutRecovery")))
		(void)json_object_del(sandbox_map(call->sandbox, "Secrets"),
				      json_text(output, "Name"));
	else
		(void)json_object_set_new(secret, "DeletedDate", json_real(now_s(call)));
	call->sandbox->is_changed = true;
	return output;
}

static json_t *restore_secret(struct call *call, struct error *err)
{
	json_t *secret = find(call, err);

	if (!secret)
		return NULL;
	(void)json_object_del(secret, "DeletedDate");
	call->sandbox->is_changed = true;
	return identify(secret, NULL);
}

static const struct operation operations[] = {
	{ .name = "CreateSecret", .run = create_secret },
	{ .name = "DeleteSecret", .run = delete_secret },
	{ .name = "DescribeSecret", .run = describe_secret },
	{ .name = "GetSecretValue", .run = get_secret_value },
	{ .name = "ListSecretVersionIds", .run = list_secret_version_ids },
	{ .name = "ListSecrets", .run = list_secrets },
	{ .name = "PutSecretValue", .run = put_secret_value },
	{ .name = "RestoreSecret", .run = restore_secret },
};

const struct service service_secrets_manager = {
	.signing_name = "secretsmanager",
	.protocol = PROTOCOL_JSON,
	.target_prefix = "secretsmanager",
	.operations = operations,
	.operation_count = sizeof(operations) / sizeof(operations[0]),
};
