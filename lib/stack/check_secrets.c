/*
 * Containers that take secrets into their environment: SECRETS has references (secrets/reference.h)
 * to secrets of Secrets Manager and parameters of SSM, and the image's entrypoint reads them with
 * the task's role. That needs secretsmanager:GetSecretValue, ssm:GetParameter or
 * ssm:GetParametersByPath on each, kms:Decrypt where a key of one's own encrypts them, and a region
 * to ask in.
 */
#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "secrets/reference.h"
#include "stack/check_rule.h"

#include <fnmatch.h>
#include <string.h>

/* ---- texts with functions in them ---- */

/* A text with '*' for each ${...} of a Fn::Sub; false where it is not known at all. */
static bool render(const json_t *value, struct str *out)
{
	const json_t *sub = json_object_get(value, "Fn::Sub");
	const json_t *inner = json_is_array(sub) ? json_array_get(sub, 0) : sub;
	const char *text = json_string_value(json_is_string(value) ? value : inner);

	if (!text)
		return false;
	while (*text) {
		size_t len = inner ? strcspn(text, "$") : strlen(text);

		str_add(out, text, len);
		text += len;
		if (strncmp(text, "${", 2) == 0 && strchr(text, '}')) {
			str_addc(out, '*');
			text = strchr(text, '}') + 1;
		} else if (*text) {
			str_addc(out, *text++);
		}
	}
	return true;
}

/* A list's item, or the value alone: IAM takes both. */
static size_t item_count(const json_t *value)
{
	return json_is_array(value) ? json_array_size(value) : value != NULL;
}

static const json_t *item_at(const json_t *value, size_t i)
{
	return json_is_array(value) ? json_array_get(value, i) : value;
}

/* ---- policies ---- */

/* What somebody has to be allowed; reference NULL: on anything. */
struct need {
	const char *action;
	const struct secrets_reference *reference;
};

/* IAM's wildcards are '*' and '?'; actions do not care for case. */
static bool allows_action(const json_t *actions, const char *action)
{
	for (size_t i = 0; i < item_count(actions); i++) {
		const char *pattern = json_string_value(item_at(actions, i));

		if (!pattern || fnmatch(pattern, action, FNM_NOESCAPE | FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

/*
 * Whether an ARN's pattern covers a secret: its own ARN ends in six characters that Secrets Manager
 * chooses ("Secrets Manager resources" of the Service Authorization Reference).
 */
static bool covers_secret(const char *pattern, const char *secret)
{
	const char *name = strstr(secret, ":secret:"), *wanted = strstr(pattern, ":secret:");
	CLEANUP_FREE char *full = NULL;

	name = name ? name + strlen(":secret:") : secret;
	if (!wanted)
		return fnmatch(pattern, "arn:aws:secretsmanager:r:a:secret:n-123456",
			       FNM_NOESCAPE) == 0;
	full = mem_printf("%s-AbCdEf", name);
	wanted += strlen(":secret:");
	return fnmatch(wanted, full, FNM_NOESCAPE) == 0 ||
	       (name != secret && fnmatch(wanted, name, FNM_NOESCAPE) == 0);
}

/*
 * The same for a parameter, or for all below a path: its ARN has the name behind "parameter", with
 * one '/' between them, and neither version nor label. A path is allowed by its own ARN, with or
 * without a '/' at its end, or by one that covers what lies below it.
 */
static bool covers_parameter(const char *pattern, const struct secrets_reference *reference)
{
	static const char marker[] = ":parameter";
	const char *name = strstr(reference->id, marker), *wanted = strstr(pattern, marker);
	CLEANUP_FREE char *full = NULL, *below = NULL;

	if (!wanted)
		return fnmatch(pattern, "arn:aws:ssm:r:a:parameter/n", FNM_NOESCAPE) == 0;
	name = name ? name + strlen(marker) : reference->id;
	name += *name == '/';
	full = mem_printf("%s/%.*s", marker, (int)strcspn(name, ":"), name);
	if (fnmatch(wanted, full, FNM_NOESCAPE) == 0)
		return true;
	if (reference->kind != SECRETS_PARAMETERS)
		return false;
	below = mem_printf("%sn", full);
	full[strlen(full) - 1] = '\0';
	return fnmatch(wanted, full, FNM_NOESCAPE) == 0 ||
	       fnmatch(wanted, below, FNM_NOESCAPE) == 0;
}

static bool covers(const char *pattern, const struct secrets_reference *reference)
{
	return reference->kind == SECRETS_SECRET ? covers_secret(pattern, reference->id)
						 : covers_parameter(pattern, reference);
}

/* What is not known here, such as an import, may be it. */
static bool allows_resource(const json_t *resources, const struct secrets_reference *reference)
{
	for (size_t i = 0; i < item_count(resources); i++) {
		CLEANUP(str_release) struct str pattern = STR_INIT;

		if (!render(item_at(resources, i), &pattern) || covers(pattern.buf, reference))
			return true;
	}
	return false;
}

static bool statement_allows(const json_t *statement, const struct need *need)
{
	const char *effect = json_text(statement, "Effect");
	const json_t *resources = json_object_get(statement, "Resource");

	if (!effect)
		return json_object_get(statement, "Fn::If");
	if (strcmp(effect, "Allow") != 0)
		return false;
	if (!json_object_get(statement, "NotAction") &&
	    !allows_action(json_object_get(statement, "Action"), need->action))
		return false;
	return !need->reference || json_object_get(statement, "NotResource") ||
	       allows_resource(resources, need->reference);
}

static bool document_allows(const json_t *document, const struct need *need)
{
	const json_t *statements = json_object_get(document, "Statement");

	for (size_t i = 0; i < item_count(statements); i++) {
		if (statement_allows(item_at(statements, i), need))
			return true;
	}
	return false;
}

/* A policy of AWS's own allows by its name; what any other allows is not known here. */
static bool managed_policy_allows(const json_t *arn, const char *action)
{
	static const struct {
		const char *name, *actions;
	} grants[] = {
		{ "Administrator", "" },
		{ "PowerUser", "" },
		{ "SecretsManager", "secretsmanager:" },
		{ "SecretsManager", "kms:" },
		{ "AmazonSSM", "ssm:" },
	};
	const char *text = json_string_value(arn);

	if (!text || !strstr(text, ":aws:policy/"))
		return true;
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		if (strstr(text, grants[i].name) &&
		    strncmp(action, grants[i].actions, strlen(grants[i].actions)) == 0)
			return true;
	}
	return false;
}

static bool role_allows(const json_t *role, const struct need *need)
{
	const json_t *policies = json_object_get(role, "Policies");
	const json_t *managed = json_object_get(role, "ManagedPolicyArns");

	for (size_t i = 0; i < item_count(policies); i++) {
		if (document_allows(json_object_get(item_at(policies, i), "PolicyDocument"), need))
			return true;
	}
	for (size_t i = 0; i < item_count(managed); i++) {
		if (managed_policy_allows(item_at(managed, i), need->action))
			return true;
	}
	return false;
}

/* Whether a policy that is a resource of its own is attached to the role. */
static bool is_attached(const json_t *properties, const char *role)
{
	const json_t *roles = json_object_get(properties, "Roles");

	if (!roles)
		roles = json_object_get(properties, "RoleName");
	for (size_t i = 0; i < item_count(roles); i++) {
		CLEANUP(str_release) struct str name = STR_INIT;

		if (check_referred(item_at(roles, i), &name) && strcmp(name.buf, role) == 0)
			return true;
	}
	return false;
}

static bool is_policy(const json_t *resource)
{
	static const char *const types[] = { "AWS::IAM::Policy", "AWS::IAM::RolePolicy",
					     "AWS::IAM::ManagedPolicy" };
	const char *type = json_text(resource, "Type");

	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

static bool is_allowed(struct check *check, const char *role, const struct need *need)
{
	const json_t *resources = json_object_get(check->request->template->root, "Resources");
	const json_t *own = json_object_get(resources, role);
	json_t *resource;
	const char *name;

	/* A role from elsewhere, such as a parameter, is not known here. */
	if (!own || role_allows(json_object_get(own, "Properties"), need))
		return true;
	json_object_foreach((json_t *)(uintptr_t)resources, name, resource)
	{
		const json_t *properties = json_object_get(resource, "Properties");

		if (is_policy(resource) && is_attached(properties, role) &&
		    document_allows(json_object_get(properties, "PolicyDocument"), need))
			return true;
	}
	return false;
}

/* ---- containers ---- */

/* The value of an environment variable; NULL where the container does not set it. */
static const json_t *environment(const struct container *container, const char *name,
				 size_t *ret_index)
{
	const json_t *list = json_object_get(container->definition, "Environment");
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *is = json_text(item, "Name");

		if (!is || strcmp(is, name) != 0)
			continue;
		*ret_index = i;
		return json_object_get(item, "Value");
	}
	return NULL;
}

/*
 * The references in SECRETS. Those with parts that are not known here are left out, and those that
 * are none: another entrypoint may have a grammar of its own.
 */
static bool secrets_of(const struct container *container, struct secrets_references *ret_list,
		       char **ret_path)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(strv_release) struct strv items = STRV_INIT;
	size_t index;
	const json_t *value = environment(container, "SECRETS", &index);

	if (!value)
		return false;
	if (render(value, &text))
		strv_split(&items, text.buf, SECRETS_SEPARATORS);
	for (size_t i = 0; i < items.count; i++) {
		CLEANUP(error_release) struct error ignored = ERROR_INIT;

		(void)secrets_references_parse(ret_list, items.v[i], false, &ignored);
	}
	*ret_path = mem_printf("Resources.%s.Properties.ContainerDefinitions.%zu.Environment.%zu",
			       container->task, container->index, index);
	return true;
}

/* The secret of this template that SECRETS refers to, with its name there; NULL: to none. */
static const json_t *own_secret(const struct check *check, const struct container *container,
				struct str *ret_name)
{
	const json_t *resources = json_object_get(check->request->template->root, "Resources");
	const json_t *secret;
	const char *type;
	size_t index;

	if (!check_referred(environment(container, "SECRETS", &index), ret_name))
		return NULL;
	secret = json_object_get(resources, ret_name->buf);
	type = json_text(secret, "Type");
	return type && strcmp(type, "AWS::SecretsManager::Secret") == 0 ? secret : NULL;
}

/* The role's name in the template; false where the task has one that is not known here. */
static bool role_of(const struct container *container, struct str *ret_role)
{
	const json_t *role = json_object_get(container->task_properties, "TaskRoleArn");

	return !role || check_referred(role, ret_role);
}

static void add_no_role(struct check *check, const struct container *container, const char *path)
{
	finding_fix(check_add_at_template(check, path,
					  "container '%s' reads secrets, and task '%s' has no role",
					  container->name, container->task),
		    "give the task a TaskRoleArn that may read them");
}

/* Where a container reads secrets, and with which role. */
struct reader {
	const struct container *container;
	const char *path;
	const char *role;
};

static const char *action_of(const struct secrets_reference *reference)
{
	switch (reference->kind) {
	case SECRETS_SECRET:
		return "secretsmanager:GetSecretValue";
	case SECRETS_PARAMETER:
		return "ssm:GetParameter";
	case SECRETS_PARAMETERS:
		return "ssm:GetParametersByPath";
	}
	return NULL;
}

/* What to allow it on. The ARN of a parameter has neither its version nor its label. */
static char *arn_of(const struct secrets_reference *reference)
{
	const char *id = reference->id, *name = id + (*id == '/');

	if (strncmp(id, "arn:", 4) == 0)
		return mem_strdup(id);
	if (reference->kind == SECRETS_SECRET)
		return mem_printf("arn:aws:secretsmanager:REGION:ACCOUNT:secret:%s-*", id);
	return mem_printf("arn:aws:ssm:REGION:ACCOUNT:parameter/%.*s%s", (int)strcspn(name, ":"),
			  name, reference->kind == SECRETS_PARAMETERS ? "*" : "");
}

static struct finding *add_refusal(struct check *check, const struct reader *reader,
				   const char *what, const char *action)
{
	return check_add_at_template(
		check, reader->path,
		"container '%s' reads '%s', and role '%s' does not allow %s on it",
		reader->container->name, what, reader->role, action);
}

static void check_reference(struct check *check, const struct reader *reader,
			    const struct secrets_reference *reference)
{
	const struct need need = { action_of(reference), reference };
	CLEANUP_FREE char *arn = arn_of(reference);

	if (!is_allowed(check, reader->role, &need))
		finding_fix(add_refusal(check, reader, reference->text, need.action),
			    "allow it on '%s'", arn);
}

/* A secret that is a resource of the template, such as ApplicationSecret. */
static void check_own_secret(struct check *check, const struct reader *reader, const char *name)
{
	static const struct need need = { "secretsmanager:GetSecretValue", NULL };

	if (!is_allowed(check, reader->role, &need))
		finding_fix(add_refusal(check, reader, name, need.action),
			    "allow it with Resource: !Ref %s", name);
}

static void visit_role(struct check *check, const struct container *container, void *context)
{
	CLEANUP(secrets_references_release)
	struct secrets_references secrets = SECRETS_REFERENCES_INIT;
	CLEANUP(str_release) struct str role = STR_INIT, own = STR_INIT;
	CLEANUP_FREE char *path = NULL;
	struct reader reader = { .container = container };

	(void)context;
	if (!secrets_of(container, &secrets, &path) || !role_of(container, &role))
		return;
	if (role.len == 0) {
		add_no_role(check, container, path);
		return;
	}
	reader.path = path;
	reader.role = role.buf;
	for (size_t i = 0; i < secrets.count; i++)
		check_reference(check, &reader, &secrets.items[i]);
	if (own_secret(check, container, &own))
		check_own_secret(check, &reader, own.buf);
}

void check_secrets_role(struct check *check)
{
	(void)check_each_container(check, visit_role, NULL);
}

static bool has_default_key(struct check *check, const struct container *container)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	const json_t *secret = own_secret(check, container, &name);

	return secret && !json_object_get(json_object_get(secret, "Properties"), "KmsKeyId");
}

static void visit_decrypt(struct check *check, const struct container *container, void *context)
{
	static const struct need need = { "kms:Decrypt", NULL };
	CLEANUP(secrets_references_release)
	struct secrets_references secrets = SECRETS_REFERENCES_INIT;
	CLEANUP(str_release) struct str role = STR_INIT;
	CLEANUP_FREE char *path = NULL;

	(void)context;
	if (!secrets_of(container, &secrets, &path) || !role_of(container, &role) ||
	    role.len == 0 || has_default_key(check, container) ||
	    is_allowed(check, role.buf, &need))
		return;
	finding_fix(check_add_at_template(check, path,
					  "container '%s' reads secrets, and role '%s' does not "
					  "allow kms:Decrypt",
					  container->name, role.buf),
		    "allow kms:Decrypt on the key that encrypts them; aws/secretsmanager, the "
		    "default key, needs none");
}

void check_secrets_decrypt(struct check *check)
{
	(void)check_each_container(check, visit_decrypt, NULL);
}

/* Fargate sets the region itself. */
static bool is_fargate(const struct container *container)
{
	const json_t *list = json_object_get(container->task_properties, "RequiresCompatibilities");

	for (size_t i = 0; i < item_count(list); i++) {
		const char *name = json_string_value(item_at(list, i));

		if (name && strcmp(name, "FARGATE") == 0)
			return true;
	}
	return false;
}

static void visit_region(struct check *check, const struct container *container, void *context)
{
	CLEANUP(secrets_references_release)
	struct secrets_references secrets = SECRETS_REFERENCES_INIT;
	CLEANUP_FREE char *path = NULL;
	size_t ignored;

	(void)context;
	if (!secrets_of(container, &secrets, &path) || is_fargate(container) ||
	    environment(container, "AWS_DEFAULT_REGION", &ignored) ||
	    environment(container, "AWS_REGION", &ignored))
		return;
	finding_fix(check_add_at_template(check, path,
					  "container '%s' reads secrets, and AWS_DEFAULT_REGION is "
					  "not in its Environment",
					  container->name),
		    "add {Name: AWS_DEFAULT_REGION, Value: !Ref AWS::Region}");
}

void check_secrets_region(struct check *check)
{
	(void)check_each_container(check, visit_region, NULL);
}

/* ---- whether there is a secret at all ---- */

static void note_secrets(struct check *check, const struct container *container, void *context)
{
	bool *has_secret = context;
	size_t ignored;

	(void)check;
	*has_secret = *has_secret || environment(container, "SECRETS", &ignored) ||
		      json_object_get(container->definition, "Secrets");
}

bool check_has_secret(const struct check *check)
{
	const struct stack_template *template = check->request->template;
	struct check copy = *check;
	bool has_secret = strstr(template->body.buf, "AWS::SecretsManager::") ||
			  strstr(template->body.buf, "{{resolve:secretsmanager:") ||
			  strstr(template->body.buf, "SecretId");

	(void)check_each_container(&copy, note_secrets, &has_secret);
	return has_secret;
}
