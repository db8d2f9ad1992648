#include "stack/parameter_diff.h"

#include "base/mem.h"
#include "data/json.h"

#include <stdlib.h>
#include <string.h>

#define HIDDEN "****"

void parameter_rows_release(struct parameter_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct parameter_row *row = &rows->items[i];

		free(row->name);
		free(row->in_file);
		free(row->in_stack);
		free(row->by_default);
	}
	free(rows->items);
	*rows = (struct parameter_rows)PARAMETER_ROWS_INIT;
}

const char *parameter_state_name(enum parameter_state state)
{
	static const char *const names[] = {
		[PARAMETER_SAME] = "same",	 [PARAMETER_CHANGES] = "changes",
		[PARAMETER_NEW] = "new",	 [PARAMETER_REMOVED] = "removed",
		[PARAMETER_UNKNOWN] = "unknown", [PARAMETER_MISSING] = "missing",
		[PARAMETER_HIDDEN] = "hidden",	 [PARAMETER_INDIRECT] = "indirect",
	};

	return names[state];
}

/* What the three say of one parameter; borrowed. */
struct said {
	const char *in_file;
	const char *in_stack;
	const char *by_default;
	bool is_previous; /* the file asks for the live value */
};

static enum parameter_state judge(const struct said *said, const json_t *declared, bool is_hidden)
{
	const char *type = json_text(declared, "Type");
	const char *value = said->in_file;

	if (!value)
		value = said->in_stack ? said->in_stack : said->by_default;
	if (!value)
		return PARAMETER_MISSING;
	if (!said->in_stack)
		return said->is_previous ? PARAMETER_MISSING : PARAMETER_NEW;
	if (value == said->in_stack)
		return PARAMETER_SAME;
	if (is_hidden)
		return PARAMETER_HIDDEN;
	if (strcmp(value, said->in_stack) == 0)
		return PARAMETER_SAME;
	return type && strncmp(type, "AWS::SSM::Parameter::Value", 26) == 0 ? PARAMETER_INDIRECT
									    : PARAMETER_CHANGES;
}

static char *shown(const char *text, bool is_hidden)
{
	return text ? mem_strdup(is_hidden ? HIDDEN : text) : NULL;
}

static void add_row(struct parameter_rows *rows, const char *name, const struct said *said,
		    bool is_hidden, enum parameter_state state)
{
	struct parameter_row *row = mem_grow(&rows->items, &rows->count, sizeof(*row));

	row->name = mem_strdup(name);
	row->in_file = shown(said->in_file, is_hidden);
	row->in_stack = shown(said->in_stack, is_hidden);
	row->by_default = shown(said->by_default, is_hidden);
	row->state = state;
}

static const char *live_value(const struct cfn_parameters *live, const char *name)
{
	const struct cfn_parameter *found = live ? cfn_parameters_find(live, name) : NULL;

	return found ? found->value : NULL;
}

static void add_declared(const struct stack_template *template, const struct parameter_file *file,
			 const struct cfn_parameters *live, struct parameter_rows *rows)
{
	const char *name;
	json_t *declared;

	json_object_foreach(json_object_get(template->root, "Parameters"), name, declared)
	{
		const struct assignment *given = assignments_find(&file->list, name);
		bool is_hidden = stack_template_is_no_echo(template, name);
		char *by_default = json_scalar_text(json_object_get(declared, "Default"));
		const struct said said = {
			.in_file = given && !given->is_previous ? given->value : NULL,
			.in_stack = live_value(live, name),
			.by_default = by_default,
			.is_previous = given && given->is_previous,
		};

		add_row(rows, name, &said, is_hidden, judge(&said, declared, is_hidden));
		free(by_default);
	}
}

/* What the template does not declare may have been a secret: only the names are shown. */
static void add_undeclared(const struct stack_template *template, const struct parameter_file *file,
			   const struct cfn_parameters *live, struct parameter_rows *rows)
{
	for (size_t i = 0; i < file->list.count; i++) {
		const struct assignment *item = &file->list.items[i];
		const struct said said = { .in_file = item->value,
					   .in_stack = live_value(live, item->key) };

		if (!stack_template_has_parameter(template, item->key))
			add_row(rows, item->key, &said, true, PARAMETER_UNKNOWN);
	}
	for (size_t i = 0; live && i < live->count; i++) {
		const char *name = live->items[i].key;
		const struct said said = { .in_stack = live->items[i].value };

		if (!stack_template_has_parameter(template, name) &&
		    !assignments_find(&file->list, name))
			add_row(rows, name, &said, true, PARAMETER_REMOVED);
	}
}

void parameter_diff(const struct stack_template *template, const struct parameter_file *file,
		    const struct cfn_parameters *live, struct parameter_rows *ret)
{
	add_declared(template, file, live, ret);
	add_undeclared(template, file, live, ret);
}
