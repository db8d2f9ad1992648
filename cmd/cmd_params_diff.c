#include "aws/cloudformation.h"
#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"
#include "stack/parameter_diff.h"

#include <string.h>

static const struct opt opts[] = { OPT_END };

/* What is compared. */
struct sides {
	struct stack_template template;
	struct parameter_file file;
	struct cfn_stack stack;
	bool has_stack;
};

static void sides_release(struct sides *sides)
{
	stack_template_release(&sides->template);
	parameter_file_release(&sides->file);
	cfn_stack_release(&sides->stack);
}

static int missing(const struct config *config, const char *what, enum config_key key,
		   struct error *err)
{
	error_set(err, ERROR_CONFIG, "no %s in '%s'", what, config->dir);
	return error_fix(err, "name it as %s in deployer.yml", config_key_name(key));
}

static int read_files(const struct config *config, struct sides *sides, struct error *err)
{
	CLEANUP_FREE char *template = config_path(config, CONFIG_STACK_TEMPLATE);
	CLEANUP_FREE char *file = config_path(config, CONFIG_STACK_PARAMETERS);

	if (!template)
		return missing(config, "stack template (stack.yml)", CONFIG_STACK_TEMPLATE, err);
	if (!file)
		return missing(config, "parameter file (dev.cfg)", CONFIG_STACK_PARAMETERS, err);
	if (stack_template_read(template, &sides->template, err) < 0)
		return -1;
	return parameter_file_read(file, config->environment, &sides->file, err);
}

static int read_stack(struct app *app, const struct config *config, struct sides *sides,
		      struct error *err)
{
	const char *name = config_text(config, CONFIG_STACK_NAME);
	struct aws_client *client;

	if (app_aws(app, &client, err) < 0)
		return -1;
	sides->has_stack = cfn_describe_stack(client, name, &sides->stack, err) == 0;
	if (sides->has_stack)
		return 0;
	if (!error_has_code(err, "StackNotFound"))
		return -1;
	error_release(err);
	return 0;
}

enum { COLUMNS = 5 };

static void describe(const struct parameter_row *row, const char *cells[COLUMNS])
{
	cells[0] = row->name;
	cells[1] = row->in_file;
	cells[2] = row->in_stack;
	cells[3] = row->by_default;
	cells[4] = parameter_state_name(row->state);
	for (size_t i = 0; i < COLUMNS; i++)
		cells[i] = cells[i] ? cells[i] : "-";
}

/* Columns as wide as their widest cell, the last one as it is. */
static void measure(const struct parameter_rows *rows, size_t widths[COLUMNS])
{
	for (size_t i = 0; i < rows->count; i++) {
		const char *cells[COLUMNS];

		describe(&rows->items[i], cells);
		for (size_t j = 0; j < COLUMNS; j++) {
			size_t len = strlen(cells[j]);

			widths[j] = len > widths[j] ? len : widths[j];
		}
	}
}

static void add_line(struct str *out, const char *const cells[COLUMNS],
		     const size_t widths[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		CLEANUP(str_release) struct str cell = STR_INIT;
		bool is_last = i + 1 == COLUMNS;

		sanitize_text(&cell, cells[i]);
		str_addf(out, "%-*s%s", is_last ? 0 : (int)widths[i], cell.buf,
			 is_last ? "\n" : "  ");
	}
}

static void print_text(const struct parameter_rows *rows, FILE *out)
{
	static const char *const heads[COLUMNS] = { "PARAMETER", "FILE", "STACK", "DEFAULT",
						    "STATE" };
	CLEANUP(str_release) struct str text = STR_INIT;
	size_t widths[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++)
		widths[i] = strlen(heads[i]);
	measure(rows, widths);
	add_line(&text, heads, widths);
	for (size_t i = 0; i < rows->count; i++) {
		const char *cells[COLUMNS];

		describe(&rows->items[i], cells);
		add_line(&text, cells, widths);
	}
	(void)fputs(text.buf, out);
}

static void print_json(const struct parameter_rows *rows, FILE *out)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	json_auto_t *list = json_array();

	for (size_t i = 0; i < rows->count; i++) {
		const struct parameter_row *row = &rows->items[i];

		(void)json_array_append_new(list,
					    json_pack("{s:s, s:s?, s:s?, s:s?, s:s}", "name",
						      row->name, "file", row->in_file, "stack",
						      row->in_stack, "default", row->by_default,
						      "state", parameter_state_name(row->state)));
	}
	json_write(list, &text);
	(void)fprintf(out, "%s\n", text.buf);
}

static int params_diff_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(sides_release)
	struct sides sides = { .template = STACK_TEMPLATE_INIT,
			       .file = PARAMETER_FILE_INIT,
			       .stack = CFN_STACK_INIT };
	CLEANUP(parameter_rows_release) struct parameter_rows rows = PARAMETER_ROWS_INIT;
	const struct config *config;

	(void)args;
	if (operands[0])
		app->global.environment = operands[0];
	if (app_config(app, &config, err) < 0 || read_files(config, &sides, err) < 0 ||
	    read_stack(app, config, &sides, err) < 0)
		return -1;
	parameter_diff(&sides.template, &sides.file,
		       sides.has_stack ? &sides.stack.parameters : NULL, &rows);
	if (app_wants_json(app))
		print_json(&rows, app->out);
	else
		print_text(&rows, app->out);
	if (!sides.has_stack)
		report_note(app->report, "there is no stack '%s' yet",
			    config_text(config, CONFIG_STACK_NAME));
	return 0;
}

const struct cmd cmd_params_diff = {
	.name = "params diff",
	.group = "Pipeline",
	.summary = "hold the parameter file against live stack and template",
	.details = "Prints each parameter with what the parameter file, the live stack and the "
		   "template's default say, and what a deployment would do to it. Values of NoEcho "
		   "parameters are never shown, nor those that the template does not declare.\n"
		   "\n"
		   "ENV is an environment of deployer.yml, as with --env.",
	.operands = "[ENV]",
	.max_operands = 1,
	.opts = opts,
	.run = params_diff_run,
};
