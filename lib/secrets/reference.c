#include "secrets/reference.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ID	   2048 /* of SecretId: API reference, GetSecretValue */
#define NATIVE	   "secretsmanager:"
#define ARN_FIELDS 5 /* before the resource, which has ':' of its own */

/* API references: CreateSecret (Name), PutParameter (Name); ':' is for ARNs and labels. */
#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+=.@-:"

static void reference_release(struct secrets_reference *reference)
{
	free(reference->text);
	free(reference->variable);
	free(reference->id);
	free(reference->key);
	free(reference->stage);
	free(reference->version);
	*reference = (struct secrets_reference){ .kind = SECRETS_SECRET };
}

void secrets_references_release(struct secrets_references *list)
{
	for (size_t i = 0; i < list->count; i++)
		reference_release(&list->items[i]);
	free(list->items);
	*list = (struct secrets_references)SECRETS_REFERENCES_INIT;
}

bool secrets_is_variable(const char *name, size_t len)
{
	if (len == 0 || isdigit((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c >= 0x80 || (!isalnum(c) && c != '_'))
			return false;
	}
	return true;
}

static int malformed(const struct secrets_reference *reference, const char *why, struct error *err)
{
	error_set(err, ERROR_CONFIG, "'%s' names no secret: %s", reference->text, why);
	return error_fix(err, "write NAME, NAME:KEY, NAME:KEY:STAGE:VERSION, ssm:/PATH/NAME, an "
			      "ARN, or VARIABLE= before one of them");
}

/* The text up to the count-th ':', owned by the caller; *rest is what follows it, or its end. */
static char *take_fields(const char **rest, unsigned count)
{
	const char *start = *rest, *end = start;

	for (;; end++) {
		end += strcspn(end, ":");
		if (*end == '\0' || --count == 0)
			break;
	}
	*rest = *end ? end + 1 : end;
	return mem_strndup(start, (size_t)(end - start));
}

static char *take_part(const char **rest)
{
	char *part = take_fields(rest, 1);

	if (*part)
		return part;
	free(part);
	return NULL;
}

static int parse_secret(struct secrets_reference *reference, const char *text, unsigned fields,
			struct error *err)
{
	reference->kind = SECRETS_SECRET;
	reference->id = take_fields(&text, fields);
	reference->key = take_part(&text);
	reference->stage = take_part(&text);
	reference->version = take_part(&text);
	if (*text)
		return malformed(reference, "it has too many parts", err);
	return 0;
}

/* An ARN of a path is none that the service takes: the path stands for it. */
static int parse_parameter(struct secrets_reference *reference, const char *text,
			   const char *resource, struct error *err)
{
	size_t len = strlen(text);

	if (len && text[len - 1] == '/') {
		reference->kind = SECRETS_PARAMETERS;
		reference->id = mem_strdup(resource);
		if (*resource != '/')
			return malformed(reference, "a path begins with '/'", err);
		if (reference->variable)
			return malformed(reference, "a path has many values", err);
		return 0;
	}
	reference->kind = SECRETS_PARAMETER;
	reference->id = mem_strdup(text);
	return 0;
}

static int parse_arn(struct secrets_reference *reference, const char *text, struct error *err)
{
	const char *resource = text;
	CLEANUP_FREE char *head = take_fields(&resource, ARN_FIELDS);
	const char *service = head;

	free(take_fields(&service, 2));
	if (strncmp(service, "ssm:", 4) == 0 && strncmp(resource, "parameter/", 10) == 0)
		return parse_parameter(reference, text, resource + 9, err);
	if (strncmp(service, "secretsmanager:", 15) == 0 && strncmp(resource, "secret:", 7) == 0)
		return parse_secret(reference, text, ARN_FIELDS + 2, err);
	return malformed(reference, "the ARN is of something else", err);
}

/* The form that other tools give a variable's value: what follows '#' is the key. */
static int parse_native(struct secrets_reference *reference, const char *text)
{
	size_t len = strcspn(text, "#");

	reference->kind = SECRETS_SECRET;
	reference->id = mem_strndup(text, len);
	if (text[len] && text[len + 1])
		reference->key = mem_strdup(text + len + 1);
	return 0;
}

static int parse_target(struct secrets_reference *reference, const char *text, struct error *err)
{
	size_t len = strlen(text);

	if (len > MAX_ID)
		return malformed(reference, "it is too long", err);
	if (strncmp(text, "arn:", 4) == 0)
		return parse_arn(reference, text, err);
	if (strncmp(text, NATIVE, strlen(NATIVE)) == 0)
		return parse_native(reference, text + strlen(NATIVE));
	if (strncmp(text, "ssm:", 4) == 0)
		return parse_parameter(reference, text + 4, text + 4, err);
	return parse_secret(reference, text, 1, err);
}

static int parse_one(struct secrets_reference *reference, struct error *err)
{
	const char *text = reference->text, *equals = strchr(text, '=');

	if (equals && secrets_is_variable(text, (size_t)(equals - text))) {
		reference->variable = mem_strndup(text, (size_t)(equals - text));
		text = equals + 1;
	}
	if (parse_target(reference, text, err) < 0)
		return -1;
	if (*reference->id == '\0')
		return malformed(reference, "the name is empty", err);
	if (reference->id[strspn(reference->id, NAME_CHARS)])
		return malformed(reference, "a name has letters, digits and /_+=.@- only", err);
	return 0;
}

static struct secrets_reference *find(struct secrets_references *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].text, text) == 0)
			return &list->items[i];
	}
	return NULL;
}

int secrets_references_add(struct secrets_references *list, const char *text, bool is_optional,
			   struct error *err)
{
	struct secrets_reference *reference = find(list, text);

	if (!reference) {
		reference = mem_grow(&list->items, &list->count, sizeof(*reference));
		reference->text = mem_strdup(text);
		if (parse_one(reference, err) < 0) {
			reference_release(reference);
			list->count--;
			return -1;
		}
	}
	reference->is_optional |= is_optional;
	return 0;
}

int secrets_references_parse(struct secrets_references *list, const char *text, bool is_optional,
			     struct error *err)
{
	CLEANUP(strv_release) struct strv items = STRV_INIT;

	strv_split(&items, text, SECRETS_SEPARATORS);
	for (size_t i = 0; i < items.count; i++) {
		if (secrets_references_add(list, items.v[i], is_optional, err) < 0)
			return -1;
	}
	return 0;
}

bool secrets_is_reference(const char *entry)
{
	size_t len = strcspn(entry, "=");

	return entry[len] && secrets_is_variable(entry, len) &&
	       strncmp(entry + len + 1, NATIVE, strlen(NATIVE)) == 0;
}
