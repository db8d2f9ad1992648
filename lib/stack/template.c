#include "stack/template.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/yaml.h"
#include "sys/file.h"

#include <strings.h>

/* More than what CloudFormation takes: what is too large is told in words of its own. */
#define READ_MAX_BYTES (16UL << 20)

void stack_template_release(struct stack_template *template)
{
	free(template->path);
	str_release(&template->body);
	json_decref(template->root);
	*template = (struct stack_template)STACK_TEMPLATE_INIT;
}

int stack_template_load(const char *path, struct stack_template *ret, struct error *err)
{
	json_auto_t *root = NULL;

	stack_template_release(ret);
	ret->path = mem_strdup(path);
	if (file_read(path, READ_MAX_BYTES, &ret->body, err) < 0)
		return -1;
	if (slice_starts_with((struct slice){ ret->body.buf, ret->body.len }, "\xef\xbb\xbf")) {
		error_set(err, ERROR_CONFIG, "byte 0: a byte order mark");
		error_at(err, 1, 1);
		return error_fix(err, "save the template as UTF-8 without one: its bytes are what "
				      "CloudFormation gets");
	}
	root = yaml_read(ret->body.buf, ret->body.len, YAML_CLOUDFORMATION, err);
	if (!root)
		return -1;
	if (!json_is_object(json_object_get(root, "Resources")))
		return error_set(err, ERROR_CONFIG, "not a template: it has no Resources");
	ret->root = move_ptr(root);
	return 0;
}

int stack_template_read(const char *path, struct stack_template *ret, struct error *err)
{
	CLEANUP(stack_template_release) struct stack_template template = STACK_TEMPLATE_INIT;

	if (stack_template_load(path, &template, err) < 0)
		return error_wrap(err, "template '%s'", path);
	*ret = template;
	template = (struct stack_template)STACK_TEMPLATE_INIT;
	return 0;
}

static json_t *declaration(const struct stack_template *template, const char *key)
{
	return json_object_get(json_object_get(template->root, "Parameters"), key);
}

bool stack_template_has_parameter(const struct stack_template *template, const char *key)
{
	return declaration(template, key) != NULL;
}

/* NoEcho may be written as a boolean or as its text. */
bool stack_template_is_no_echo(const struct stack_template *template, const char *key)
{
	const json_t *value = json_object_get(declaration(template, key), "NoEcho");
	const char *text = json_string_value(value);

	return json_is_true(value) || (text && strcasecmp(text, "true") == 0);
}

static int refuse_unknown(const struct stack_template *template, const struct cfn_parameters *given,
			  struct error *err)
{
	for (size_t i = 0; i < given->count; i++) {
		const char *key = given->items[i].key;

		if (stack_template_has_parameter(template, key))
			continue;
		error_set(err, ERROR_CONFIG, "parameter '%s' is not in template '%s'", key,
			  template->path);
		return error_fix(err,
				 "take '%s' out of the parameter file, or declare it in the "
				 "template's Parameters",
				 key);
	}
	return 0;
}

static void add_previous(struct cfn_parameters *list, const char *key)
{
	cfn_parameters_add(list, key, "");
	list->items[list->count - 1].use_previous = true;
}

/* One parameter of the template: from the file, else as it lives, else its default. */
static int match_one(const char *key, const json_t *declared, const struct cfn_parameters *given,
		     const struct cfn_parameters *live, struct cfn_parameters *ret,
		     struct error *err)
{
	const struct cfn_parameter *own = cfn_parameters_find(given, key);

	if (own && own->use_previous)
		add_previous(ret, key);
	else if (own)
		cfn_parameters_add(ret, key, own->value);
	else if (live && cfn_parameters_find(live, key))
		add_previous(ret, key);
	else if (!json_object_get(declared, "Default")) {
		error_set(err, ERROR_CONFIG,
			  "parameter '%s' has no value: the template has no default for it", key);
		return error_fix(err, "add a line '%s=...' to the parameter file", key);
	}
	return 0;
}

int stack_template_match_parameters(const struct stack_template *template,
				    const struct cfn_parameters *given,
				    const struct cfn_parameters *live, struct cfn_parameters *ret,
				    struct error *err)
{
	CLEANUP(cfn_parameters_release) struct cfn_parameters list = CFN_PARAMETERS_INIT;
	json_t *declared;
	const char *key;

	if (refuse_unknown(template, given, err) < 0)
		return -1;
	json_object_foreach(json_object_get(template->root, "Parameters"), key, declared)
	{
		if (match_one(key, declared, given, live, &list, err) < 0)
			return -1;
	}
	*ret = list;
	list = (struct cfn_parameters)CFN_PARAMETERS_INIT;
	return 0;
}
