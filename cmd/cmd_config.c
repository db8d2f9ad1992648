#include "base/cleanup.h"
#include "base/mem.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"

static const struct opt opts[] = { OPT_END };

/* A list as it reads best on one line. */
static void add_list(struct str *out, const struct strv *list)
{
	for (size_t i = 0; i < list->count; i++)
		str_addf(out, "%s%s", i ? ", " : "", list->v[i]);
}

static void print_steps(const char *name, const struct steps *steps, FILE *out)
{
	CLEANUP(str_release) struct str value = STR_INIT;

	for (size_t i = 0; i < steps->count; i++) {
		str_adds(&value, i ? ", " : "");
		step_describe(&steps->items[i], &value);
	}
	(void)fprintf(out, "%-28s %-40s # %s\n", name, value.buf,
		      steps->origin ? steps->origin : "not set");
}

/* The URL of a webhook lets anybody post. */
static const char *shown(const struct config *config, enum config_key key)
{
	const char *text = config_text(config, key);

	return key == CONFIG_WEBHOOK && *text ? "(not shown)" : text;
}

static void print_text(const struct config *config, FILE *out)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		enum config_key key = (enum config_key)i;
		const char *origin = config->settings[i].origin;
		CLEANUP(str_release) struct str value = STR_INIT;

		if (config_key_is_list(key))
			add_list(&value, config_list(config, key));
		else
			str_adds(&value, shown(config, key));
		(void)fprintf(out, "%-28s %-40s # %s\n", config_key_name(key), value.buf,
			      origin ? origin : "not set");
	}
	print_steps("stages.test", &config->test, out);
	print_steps("stages.release", &config->release, out);
	for (int i = 0; i < HOOK_COUNT; i++) {
		CLEANUP_FREE char *name = mem_printf("hooks.%s", hook_name((enum hook)i));

		print_steps(name, &config->hooks[i], out);
	}
}

/* Steps as texts, where there are any. */
static void add_steps_json(json_t *root, const char *name, const struct steps *steps)
{
	json_t *list;

	if (!steps->origin)
		return;
	list = json_array();
	for (size_t i = 0; i < steps->count; i++) {
		CLEANUP(str_release) struct str text = STR_INIT;

		step_describe(&steps->items[i], &text);
		(void)json_array_append_new(list, json_string(text.buf));
	}
	(void)json_object_set_new(root, name,
				  json_pack("{s:o, s:s}", "value", list, "origin", steps->origin));
}

static json_t *setting_json(const struct config *config, enum config_key key)
{
	const struct strv *list = config_list(config, key);
	json_t *array;

	if (!config_key_is_list(key))
		return json_string(shown(config, key));
	array = json_array();
	for (size_t i = 0; i < list->count; i++)
		(void)json_array_append_new(array, json_string(list->v[i]));
	return array;
}

static void print_json(const struct config *config, FILE *out)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	json_auto_t *root = json_object();

	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		enum config_key key = (enum config_key)i;
		json_t *entry;

		if (!config->settings[i].origin)
			continue;
		entry = json_pack("{s:o, s:s}", "value", setting_json(config, key), "origin",
				  config->settings[i].origin);
		(void)json_object_set_new(root, config_key_name(key), entry);
	}
	add_steps_json(root, "stages.test", &config->test);
	add_steps_json(root, "stages.release", &config->release);
	for (int i = 0; i < HOOK_COUNT; i++) {
		CLEANUP_FREE char *name = mem_printf("hooks.%s", hook_name((enum hook)i));

		add_steps_json(root, name, &config->hooks[i]);
	}
	json_write(root, &text);
	(void)fprintf(out, "%s\n", text.buf);
}

static int config_run(struct app *app, const void *args, char **operands, struct error *err)
{
	const struct config *config;

	(void)args;
	(void)operands;
	if (app_config(app, &config, err) < 0)
		return -1;
	if (app_wants_json(app))
		print_json(config, app->out);
	else
		print_text(config, app->out);
	return 0;
}

const struct cmd cmd_config = {
	.name = "config",
	.group = "Other",
	.summary = "print the effective settings and where each comes from",
	.operands = "",
	.opts = opts,
	.run = config_run,
};
