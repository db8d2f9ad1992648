#include "aws/secrets_manager.h"

#include "aws/shape.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "data/digest.h"

#include <stdlib.h>
#include <string.h>

#define OPERATION(name_)                                                                           \
	{                                                                                          \
		.service = AWS_SECRETS_MANAGER, .name = (name_)                                    \
	}

static const struct aws_operation create_secret = OPERATION("CreateSecret");
static const struct aws_operation describe_secret = OPERATION("DescribeSecret");
static const struct aws_operation get_secret_value = OPERATION("GetSecretValue");
static const struct aws_operation list_secret_version_ids = OPERATION("ListSecretVersionIds");
static const struct aws_operation list_secrets = OPERATION("ListSecrets");
static const struct aws_operation put_secret_value = OPERATION("PutSecretValue");

void secrets_value_release(struct secrets_value *value)
{
	str_release(&value->arn);
	str_release(&value->name);
	str_release(&value->version_id);
	secret_release(&value->value);
	value->is_binary = false;
}

void secrets_entry_release(struct secrets_entry *entry)
{
	str_release(&entry->arn);
	str_release(&entry->name);
	str_release(&entry->description);
	str_release(&entry->kms_key_id);
}

void secrets_list_release(struct secrets_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		secrets_entry_release(&list->items[i]);
	free(list->items);
	*list = (struct secrets_list)SECRETS_LIST_INIT;
}

static bool read_value(const json_t *answer, struct secrets_value *value)
{
	CLEANUP(str_wipe) struct str bytes = STR_INIT;
	const json_t *text = json_object_get(answer, "SecretString");
	const char *binary = json_text(answer, "SecretBinary");

	if (json_is_string(text)) {
		secret_set(&value->value, json_string_value(text), json_string_length(text));
		return true;
	}
	if (!binary || !base64_decode(&bytes, binary, strlen(binary)))
		return false;
	secret_set(&value->value, bytes.buf, bytes.len);
	value->is_binary = true;
	return true;
}

/* An ARN says in which region its secret is; NULL for a name. Owned by the caller. */
static char *arn_region(const char *id)
{
	CLEANUP(strv_release) struct strv fields = STRV_INIT;

	if (strncmp(id, "arn:", 4) != 0)
		return NULL;
	strv_split(&fields, id, ":");
	return fields.count > 4 ? mem_strdup(fields.v[3]) : NULL;
}

int secrets_get_value(struct aws_client *client, const char *id, const char *version_id,
		      const char *version_stage, struct secrets_value *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(secrets_value_release) struct secrets_value found = SECRETS_VALUE_INIT;
	CLEANUP_FREE char *region = NULL;
	struct aws_input call = { .json = NULL };
	json_auto_t *input = json_pack("{s:s, s:s*, s:s*}", "SecretId", id, "VersionId", version_id,
				       "VersionStage", version_stage);

	if (!input)
		return shape_unsendable(&get_secret_value, err);
	call.json = input;
	region = arn_region(id);
	call.region = region;
	if (aws_call(aws_client_caller(client), &get_secret_value, &call, &reply, err) < 0)
		return -1;
	if (!read_value(reply.json, &found))
		return aws_reply_lacks(&get_secret_value, "the value", err);
	shape_text(&found.arn, reply.json, "ARN");
	shape_text(&found.name, reply.json, "Name");
	shape_text(&found.version_id, reply.json, "VersionId");
	secrets_value_release(ret);
	*ret = found;
	found = (struct secrets_value)SECRETS_VALUE_INIT;
	return 0;
}

static void read_entry(const json_t *node, struct secrets_entry *entry)
{
	shape_text(&entry->arn, node, "ARN");
	shape_text(&entry->name, node, "Name");
	shape_text(&entry->description, node, "Description");
	shape_text(&entry->kms_key_id, node, "KmsKeyId");
	entry->changed_ms = shape_time_ms(node, "LastChangedDate");
	entry->deleted_ms = shape_time_ms(node, "DeletedDate");
}

int secrets_describe(struct aws_client *client, const char *id, struct secrets_entry *ret,
		     struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input = json_pack("{s:s}", "SecretId", id);

	if (!input)
		return shape_unsendable(&describe_secret, err);
	if (shape_call(client, &describe_secret, input, &reply, err) < 0)
		return -1;
	if (!json_text(reply.json, "ARN"))
		return aws_reply_lacks(&describe_secret, "the ARN", err);
	read_entry(reply.json, ret);
	return 0;
}

static void take_entries(const json_t *answer, void *ctx)
{
	static const struct secrets_entry none = SECRETS_ENTRY_INIT;
	struct secrets_list *list = ctx;
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(answer, "SecretList"), i, node)
	{
		struct secrets_entry *entry = mem_grow(&list->items, &list->count, sizeof(*entry));

		*entry = none;
		read_entry(node, entry);
	}
}

int secrets_list(struct aws_client *client, const char *prefix, struct secrets_list *ret,
		 struct error *err)
{
	CLEANUP(secrets_list_release) struct secrets_list found = SECRETS_LIST_INIT;
	json_auto_t *input =
		prefix ? json_pack("{s:[{s:s, s:[s]}]}", "Filters", "Key", "name", "Values", prefix)
		       : json_object();
	struct shape_pages pages = { &list_secrets, input, "NextToken", take_entries, &found };

	if (!input)
		return shape_unsendable(&list_secrets, err);
	if (shape_all_pages(client, &pages, err) < 0)
		return -1;
	secrets_list_release(ret);
	*ret = found;
	found = (struct secrets_list)SECRETS_LIST_INIT;
	return 0;
}

void secrets_versions_release(struct secrets_versions *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].stages);
	}
	free(list->items);
	*list = (struct secrets_versions)SECRETS_VERSIONS_INIT;
}

static char *join_stages(const json_t *stages)
{
	struct str text = STR_INIT;
	const json_t *stage;
	size_t i;

	json_array_foreach(stages, i, stage)
	{
		if (json_is_string(stage))
			str_addf(&text, "%s%s", text.len ? " " : "", json_string_value(stage));
	}
	return str_detach(&text);
}

static void take_versions(const json_t *answer, void *ctx)
{
	struct secrets_versions *list = ctx;
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(answer, "Versions"), i, node)
	{
		struct secrets_version *version =
			mem_grow(&list->items, &list->count, sizeof(*version));

		version->id = shape_dup(node, "VersionId");
		version->stages = join_stages(json_object_get(node, "VersionStages"));
		version->created_ms = shape_time_ms(node, "CreatedDate");
	}
}

int secrets_list_versions(struct aws_client *client, const char *id, struct secrets_versions *ret,
			  struct error *err)
{
	json_auto_t *input = json_pack("{s:s}", "SecretId", id);
	struct shape_pages pages = { &list_secret_version_ids, input, "NextToken", take_versions,
				     ret };

	if (!input)
		return shape_unsendable(&list_secret_version_ids, err);
	return shape_all_pages(client, &pages, err);
}

static json_t *pack_tags(const struct strv *tags)
{
	json_t *list = json_array();

	for (size_t i = 0; tags && i < tags->count; i++) {
		const char *equals = strchrnul(tags->v[i], '=');

		(void)json_array_append_new(list, json_pack("{s:s%, s:s}", "Key", tags->v[i],
							    (size_t)(equals - tags->v[i]), "Value",
							    *equals ? equals + 1 : ""));
	}
	return list;
}

int secrets_create(struct aws_client *client, const struct secrets_create_request *request,
		   struct str *ret_arn, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input =
		json_pack("{s:s, s:s%, s:s*, s:s*, s:s*}", "Name", request->name, "SecretString",
			  secret_bytes(request->value), secret_len(request->value), "Description",
			  request->description, "KmsKeyId", request->kms_key_id,
			  "ClientRequestToken", request->client_token);

	if (!input)
		return shape_unsendable(&create_secret, err);
	if (request->tags && request->tags->count &&
	    json_object_set_new(input, "Tags", pack_tags(request->tags)))
		return shape_unsendable(&create_secret, err);
	if (shape_call(client, &create_secret, input, &reply, err) < 0)
		return -1;
	if (!json_text(reply.json, "ARN"))
		return aws_reply_lacks(&create_secret, "the ARN", err);
	shape_text(ret_arn, reply.json, "ARN");
	return 0;
}

int secrets_put_value(struct aws_client *client, const char *id, const struct secret *value,
		      const char *client_token, struct str *ret_version_id, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input =
		json_pack("{s:s, s:s%, s:s*}", "SecretId", id, "SecretString", secret_bytes(value),
			  secret_len(value), "ClientRequestToken", client_token);

	if (!input)
		return shape_unsendable(&put_secret_value, err);
	if (shape_call(client, &put_secret_value, input, &reply, err) < 0)
		return -1;
	if (!json_text(reply.json, "VersionId"))
		return aws_reply_lacks(&put_secret_value, "the version", err);
	shape_text(ret_version_id, reply.json, "VersionId");
	return 0;
}
