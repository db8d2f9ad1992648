/* The template by itself: what it uses, how large it is, and what its services do when they fail.
 */
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/yaml.h"
#include "stack/check_rule.h"

#include <string.h>

/* ---- references ---- */

/* Appends the X of "${X}" and "${X.Attribute}"; *rest goes on behind it. False at the end. */
static bool next_substitution(const char **rest, struct str *ret_name)
{
	const char *open = strstr(*rest, "${");
	size_t len = open ? strcspn(open + 2, ".}") : 0;

	if (!open)
		return false;
	str_reset(ret_name);
	str_add(ret_name, open + 2, len);
	*rest = open + 2 + len;
	return true;
}

bool check_referred(const json_t *value, struct str *ret_name)
{
	const json_t *attribute = json_object_get(value, "Fn::GetAtt");
	const char *text = json_text(value, "Ref");

	if (!text && json_is_array(attribute))
		text = json_string_value(json_array_get(attribute, 0));
	if (!text)
		text = json_string_value(attribute);
	if (text) {
		str_add(ret_name, text, strcspn(text, "."));
		return true;
	}
	text = json_text(value, "Fn::Sub");
	return text && strncmp(text, "${", 2) == 0 &&
	       strchr(text, '}') == text + strlen(text) - 1 && next_substitution(&text, ret_name);
}

static void collect_from_text(const char *text, json_t *names)
{
	CLEANUP(str_release) struct str name = STR_INIT;

	while (next_substitution(&text, &name))
		(void)json_object_set_new(names, name.buf, json_true());
}

/*
 * Puts the name of all that is referred to below `value` into `names`. yaml_read() bounds the
 * depth.
 */
static void collect(const json_t *value, json_t *names)
{
	const char *key;
	const json_t *item;
	json_t *member;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		const json_t *text = json_is_array(member) ? json_array_get(member, 0) : member;

		if (strcmp(key, "Ref") == 0 && json_is_string(member))
			(void)json_object_set_new(names, json_string_value(member), json_true());
		if (strcmp(key, "Fn::Sub") == 0 && json_is_string(text))
			collect_from_text(json_string_value(text), names);
		collect(member, names);
	}
	json_array_foreach(value, i, item) collect(item, names);
}

/* A macro may use any parameter; the language extensions are none of those. */
static bool has_macro(const json_t *root)
{
	const json_t *transform = json_object_get(root, "Transform");
	const char *name = json_string_value(transform);

	return transform && !(name && strcmp(name, "AWS::LanguageExtensions") == 0);
}

void check_unused_parameter(struct check *check)
{
	const json_t *root = check->request->template->root;
	json_auto_t *used = json_object();
	json_t *member;
	const char *name;

	if (has_macro(root))
		return;
	json_object_foreach((json_t *)(uintptr_t)root, name, member)
	{
		if (strcmp(name, "Parameters") != 0)
			collect(member, used);
	}
	json_object_foreach(check_declarations(check), name, member)
	{
		CLEANUP_FREE char *path = mem_printf("Parameters.%s", name);

		if (!json_object_get(used, name))
			finding_fix(check_add_at_template(check, path,
							  "nothing uses parameter '%s'", name),
				    "take it out of the template and of the parameter files");
	}
}

/* ---- containers ---- */

static const json_t *properties_of(const json_t *resource, const char *type)
{
	const char *is = json_text(resource, "Type");

	return is && strcmp(is, type) == 0 ? json_object_get(resource, "Properties") : NULL;
}

size_t check_each_container(struct check *check, container_visit_fn *visit, void *context)
{
	struct container container = { .task = NULL };
	json_t *resource;
	const char *name;
	size_t count = 0;

	json_object_foreach(json_object_get(check->request->template->root, "Resources"), name,
			    resource)
	{
		const json_t *list;

		container.task = name;
		container.task_properties = properties_of(resource, "AWS::ECS::TaskDefinition");
		list = json_object_get(container.task_properties, "ContainerDefinitions");
		json_array_foreach(list, container.index, container.definition)
		{
			const char *own = json_text(container.definition, "Name");

			container.name = own ? own : "";
			if (visit)
				visit(check, &container, context);
			count++;
		}
	}
	return count;
}

void check_tag_parameter_missing(struct check *check)
{
	const struct check_request *request = check->request;
	const char *nearest;
	struct finding *finding;

	if (check_declaration(check, request->tag_parameter))
		return;
	finding = check_add_at_template(check, "Parameters",
					"template '%s' has no parameter '%s' for the image's tag",
					request->template->path, request->tag_parameter);
	nearest = finding ? check_nearest_parameter(check, request->tag_parameter) : NULL;
	if (nearest)
		finding_fix(finding,
			    "set stack.tag_parameter to '%s' in deployer.yml, if that is "
			    "it; else declare it",
			    nearest);
	else
		finding_fix(finding, "declare it, or name another one as stack.tag_parameter");
}

/* Whether a resource's key holds an image: of a container, of a function, of App Runner. */
static bool is_image_key(const char *key)
{
	static const char *const keys[] = { "Image", "ImageUri", "ImageIdentifier" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* All that images refer to, wherever they are, such as within an Fn::If. */
static void collect_images(const json_t *value, json_t *names)
{
	const char *key;
	const json_t *item;
	json_t *member;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		if (is_image_key(key))
			collect(member, names);
		else
			collect_images(member, names);
	}
	json_array_foreach(value, i, item) collect_images(item, names);
}

/* What is handed to nested stacks: the image may be theirs. */
static void collect_handed_on(const json_t *resources, json_t *names)
{
	json_t *resource;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)resources, name, resource)
		collect(json_object_get(properties_of(resource, "AWS::CloudFormation::Stack"),
					"Parameters"),
			names);
}

void check_tag_parameter_unused(struct check *check)
{
	const json_t *root = check->request->template->root;
	const json_t *resources = json_object_get(root, "Resources");
	const char *tag = check->request->tag_parameter;
	CLEANUP_FREE char *path = mem_printf("Parameters.%s", tag);
	json_auto_t *used = json_object();

	if (check_each_container(check, NULL, NULL) == 0 || !check_declaration(check, tag) ||
	    has_macro(root))
		return;
	collect_images(resources, used);
	collect_handed_on(resources, used);
	if (json_object_get(used, tag))
		return;
	finding_fix(check_add_at_template(check, path, "no image of a container uses '%s'", tag),
		    "end the container's Image with ':${%s}', in a !Sub", tag);
}

/* ---- services ---- */

/* Whether it is, or may be: a function's result is not known here. */
static bool may_be_true(const json_t *value)
{
	return json_is_true(value) || json_is_object(value) ||
	       (json_is_string(value) && strcasecmp(json_string_value(value), "true") == 0);
}

static bool is_rolled_by_ecs(const json_t *properties)
{
	const char *type = json_text(json_object_get(properties, "DeploymentController"), "Type");

	return !type || strcmp(type, "ECS") == 0;
}

/* Without it CloudFormation waits three hours for a service that cannot start. */
void check_circuit_breaker(struct check *check)
{
	json_t *resource;
	const char *name;

	json_object_foreach(json_object_get(check->request->template->root, "Resources"), name,
			    resource)
	{
		const json_t *properties = properties_of(resource, "AWS::ECS::Service");
		const json_t *deployment = json_object_get(properties, "DeploymentConfiguration");
		const json_t *breaker = json_object_get(deployment, "DeploymentCircuitBreaker");
		CLEANUP_FREE char *path =
			mem_printf("Resources.%s.Properties.DeploymentConfiguration", name);

		if (!properties || !is_rolled_by_ecs(properties) ||
		    may_be_true(json_object_get(breaker, "Enable")) ||
		    json_object_get(deployment, "Fn::If"))
			continue;
		finding_fix(check_add_at_template(check, path,
						  "service '%s' has no circuit breaker: an image "
						  "that does not start takes about 3 hours to fail",
						  name),
			    "add 'DeploymentCircuitBreaker: {Enable: true, Rollback: true}' to its "
			    "DeploymentConfiguration");
	}
}

/* ---- keys ---- */

/* The first one; the template was read, so nothing else can be wrong with it. */
void check_duplicate_key(struct check *check)
{
	const struct stack_template *template = check->request->template;
	CLEANUP(error_release) struct error twice = ERROR_INIT;
	json_auto_t *ignored = yaml_read(template->body.buf, template->body.len,
					 YAML_CLOUDFORMATION_STRICT, &twice);

	if (!ignored)
		finding_fix(check_add_error(check, template->path, &twice),
			    "take one of the two out: CloudFormation goes by the last");
}

/* ---- size ---- */

void check_template_size(struct check *check)
{
	size_t len = check->request->template->body.len;
	const char *bucket = check->request->bucket;

	if (len > TEMPLATE_MAX_BYTES)
		finding_fix(check_add_at_template(check, "",
						  "template has %zu bytes, and CloudFormation "
						  "takes at most %d",
						  len, TEMPLATE_MAX_BYTES),
			    "split it into nested stacks");
	else if (len > TEMPLATE_MAX_BODY_BYTES && (!bucket || !*bucket))
		finding_fix(check_add_at_template(check, "",
						  "template has %zu bytes: more than %d go through "
						  "a bucket, and none is set",
						  len, TEMPLATE_MAX_BODY_BYTES),
			    "name a bucket of your account as stack.bucket in deployer.yml, or "
			    "take comments out");
}

void check_template_nearly_full(struct check *check)
{
	size_t len = check->request->template->body.len;
	const char *bucket = check->request->bucket;

	if (bucket && *bucket)
		return;
	if (len <= TEMPLATE_MAX_BODY_BYTES && len >= TEMPLATE_MAX_BODY_BYTES / 10 * 8)
		finding_fix(
			check_add_at_template(check, "",
					      "template has %zu bytes, %zu %% of the %d that can "
					      "be sent",
					      len, len * 100 / TEMPLATE_MAX_BODY_BYTES,
					      TEMPLATE_MAX_BODY_BYTES),
			"name a bucket as stack.bucket in deployer.yml in time");
}

void check_template_upload(struct check *check)
{
	size_t len = check->request->template->body.len;
	const char *bucket = check->request->bucket;

	if (bucket && *bucket && len > TEMPLATE_MAX_BODY_BYTES && len <= TEMPLATE_MAX_BYTES)
		finding_fix(check_add_at_template(check, "",
						  "template has %zu bytes, more than %d: it goes "
						  "through bucket '%s'",
						  len, TEMPLATE_MAX_BODY_BYTES, bucket),
			    "nothing need be done; the credentials need s3:PutObject there");
}
