#include "deploy/proposal.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/yaml.h"
#include "deploy/proposal_make.h"
#include "deploy/recipe.h"
#include "docker/image.h"
#include "stack/parameters.h"
#include "sys/file.h"

#include <dirent.h>
#include <string.h>

#define COMPOSE_MAX_BYTES (1UL << 20)

void proposal_release(struct proposal *proposal)
{
	for (size_t i = 0; i < proposal->count; i++) {
		struct proposal_item *item = &proposal->items[i];

		free(item->file);
		free(item->text);
		free(item->becomes);
		free(item->why);
	}
	free(proposal->items);
	str_release(&proposal->text);
	str_release(&proposal->sources);
}

static void making_release(struct making *making)
{
	config_release(&making->conventions);
	draft_release(&making->draft);
	makefile_release(&making->makefile);
	json_decref(making->services);
	free(making->template_name);
	stack_template_release(&making->template);
}

struct proposal_item *making_note(struct making *making, const char *file, unsigned line,
				  const char *text, const char *becomes, const char *why)
{
	struct proposal *proposal = making->proposal;
	struct proposal_item *item = mem_grow(&proposal->items, &proposal->count, sizeof(*item));

	item->file = mem_strdup(file);
	item->line = line;
	item->text = mem_strdup(text);
	item->becomes = mem_strdup(becomes);
	item->why = mem_strdup(why);
	return item;
}

void making_set(struct making *making, enum config_key key, const char *section, const char *name,
		const char *value, const char *from)
{
	if (value && *value && strcmp(value, config_text(&making->conventions, key)) != 0)
		draft_set(&making->draft, section, name, value, from);
}

bool making_has_service(const struct making *making, const char *name)
{
	return json_object_get(making->services, name);
}

static void add_source(struct making *making, const char *name)
{
	struct str *sources = &making->proposal->sources;

	str_addf(sources, "%s%s", sources->len ? ", " : "", name);
}

/* ---- the compose file ---- */

static int read_compose(struct making *making, const char *path, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	json_auto_t *root = NULL;

	if (file_read(path, COMPOSE_MAX_BYTES, &text, err) < 0)
		return -1;
	root = yaml_read(text.buf, text.len, YAML_PLAIN, err);
	if (!root)
		return -1;
	making->services = json_incref(json_object_get(root, "services"));
	if (!json_is_object(making->services))
		return error_set(err, ERROR_CONFIG, "it has no services");
	return 0;
}

/* In compose's own order. */
static void find_compose(struct making *making)
{
	static const char *const names[] = { "compose.yaml", "compose.yml", "docker-compose.yml",
					     "docker-compose.yaml" };
	CLEANUP(error_release) struct error err = ERROR_INIT;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CLEANUP_FREE char *path = file_join(making->dir, names[i]);

		if (!file_exists(path))
			continue;
		making->compose_name = names[i];
		add_source(making, names[i]);
		if (read_compose(making, path, &err) == 0)
			return;
		(void)making_note(making, names[i], err.line, "", "", err.msg.buf);
		json_decref(making->services);
		making->services = NULL;
		return;
	}
}

/* The service that runs in production: the one called so, else the only one whose image carries the
 * version. */
static const char *find_app(const struct making *making)
{
	const char *usual = config_text(&making->conventions, CONFIG_SERVICE_APP);
	const char *name, *found = NULL;
	json_t *service;

	if (making_has_service(making, usual))
		return usual;
	json_object_foreach(making->services, name, service)
	{
		const char *image = json_text(service, "image");

		if (!image || !strstr(image, "APP_VERSION"))
			continue;
		if (found)
			return NULL;
		found = name;
	}
	return found;
}

/* An ECR host names the account that owns the images, and the region they are in. */
static void read_image(struct making *making, const char *app, const char *image)
{
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str region = STR_INIT;
	CLEANUP_FREE char *host = mem_strndup(image, strcspn(image, "/"));
	CLEANUP_FREE char *from =
		mem_printf("%s, image of service '%s'", making->compose_name, app);

	if (ecr_host_parse(host, &account, &region)) {
		(void)making_note(making, making->compose_name, 0, image, "aws.account, aws.region",
				  "");
		draft_set(&making->draft, "aws", "account", account.buf, from);
		making_set(making, CONFIG_AWS_REGION, "aws", "region", region.buf, from);
	}
	if (!strstr(image, "APP_VERSION"))
		(void)making_note(
			making, making->compose_name, 0, image, "",
			"end the image of the service that is published in :${APP_VERSION}, "
			"which deployer sets");
}

static void read_services(struct making *making)
{
	const char *usual = config_text(&making->conventions, CONFIG_SERVICE_APP);
	const char *app = find_app(making), *image;
	CLEANUP(str_release) struct str map = STR_INIT;

	if (!making->services)
		return;
	if (!app) {
		(void)making_note(
			making, making->compose_name, 0, "services", "",
			"none is called 'app', and no single one has ${APP_VERSION} in its "
			"image: name it as compose.services.app");
		return;
	}
	if (strcmp(app, usual) != 0) {
		CLEANUP_FREE char *from =
			mem_printf("%s: its image carries the version", making->compose_name);

		str_adds(&map, "{app: ");
		draft_quote(app, &map);
		str_addc(&map, '}');
		draft_set_yaml(&making->draft, "compose", "services", map.buf, from);
	}
	image = json_text(json_object_get(making->services, app), "image");
	if (image)
		read_image(making, app, image);
}

/* ---- stages without a target ---- */

static bool can_run(const struct making *making, const struct step *step)
{
	for (size_t i = 0; i < step->args.count; i++) {
		if (!making_has_service(making, step->args.v[i]))
			return false;
	}
	return true;
}

/* The conventional steps, those without their service left out. */
static void fit_stage(struct making *making, const char *stage, const struct steps *usual)
{
	CLEANUP_FREE struct step *kept = mem_zalloc((usual->count + 1) * sizeof(*kept));
	struct steps steps = { .items = kept };
	const struct strv none = STRV_INIT;
	CLEANUP_FREE char *from = mem_printf("%s has no service for the other conventional steps",
					     making->compose_name);

	if (draft_has(&making->draft, "stages", stage))
		return;
	for (size_t i = 0; i < usual->count; i++) {
		if (can_run(making, &usual->items[i]))
			kept[steps.count++] = usual->items[i];
	}
	if (steps.count < usual->count)
		draft_set_steps(&making->draft, stage, &steps, &none, from);
}

/* ---- the stack ---- */

static bool is_template(const char *path)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(stack_template_release) struct stack_template template = STACK_TEMPLATE_INIT;
	const char *name;
	json_t *resource;

	if (stack_template_load(path, &template, &err) < 0)
		return false;
	json_object_foreach(json_object_get(template.root, "Resources"), name, resource)
	{
		const char *type = json_text(resource, "Type");

		if (type && strncmp(type, "AWS::", 5) == 0)
			return true;
	}
	return false;
}

static bool has_template_name(const char *name)
{
	static const char *const tails[] = { ".yml", ".yaml", ".json", ".template" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		size_t tail = strlen(tails[i]);

		if (len > tail && strcmp(name + len - tail, tails[i]) == 0)
			return name[0] != '.';
	}
	return false;
}

/* The templates among the first files of the folder. */
static void list_templates(const struct making *making, struct strv *ret)
{
	DIR *dir = opendir(making->dir);
	const struct dirent *entry;
	size_t looked_at = 0;

	while (dir && looked_at < 100 && (entry = readdir(dir))) {
		CLEANUP_FREE char *path = file_join(making->dir, entry->d_name);

		if (!has_template_name(entry->d_name))
			continue;
		looked_at++;
		if (is_template(path))
			strv_add(ret, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
}

/* What the Makefile names, else convention, else what nobody named, where it is the only one. */
static void find_template(struct making *making)
{
	const char *usual = config_text(&making->conventions, CONFIG_STACK_TEMPLATE);
	CLEANUP(strv_release) struct strv found = STRV_INIT;

	if (making->template_name)
		return;
	if (*usual) {
		making->template_name = mem_strdup(usual);
		return;
	}
	list_templates(making, &found);
	if (found.count == 1) {
		making->template_name = mem_strdup(found.v[0]);
		draft_set(&making->draft, "stack", "template", found.v[0],
			  "the only template in this folder");
		return;
	}
	(void)making_note(making, ".", 0, "stack template", "",
			  found.count ? "there are several, and none is called stack.yml: name "
					"yours as stack.template"
				      : "there is none: name yours as stack.template, or say "
					"'deployer release --until publish'");
}

static bool sounds_like_tag(const char *name)
{
	size_t len = strlen(name);

	return (len >= 3 && strcasecmp(name + len - 3, "tag") == 0) ||
	       (len >= 7 && strcasecmp(name + len - 7, "version") == 0);
}

static void find_tag_parameter(struct making *making)
{
	const char *usual = config_text(&making->conventions, CONFIG_STACK_TAG_PARAMETER);
	json_t *parameters = json_object_get(making->template.root, "Parameters"), *ignored;
	const char *name, *found = NULL;
	size_t count = 0;

	if (json_object_get(parameters, usual))
		return;
	json_object_foreach(parameters, name, ignored)
	{
		if (!sounds_like_tag(name))
			continue;
		found = name;
		count++;
	}
	if (count == 1)
		making_set(making, CONFIG_STACK_TAG_PARAMETER, "stack", "tag_parameter", found,
			   "the template's parameter that sounds like an image's tag");
	else
		(void)making_note(making, making->template_name, 0, "Parameters", "",
				  "none is called ApplicationImageTag: name the one that takes the "
				  "image's tag as stack.tag_parameter");
}

/* ---- the text, read back ---- */

static int load(const char *path, const char *environment, struct config *ret, struct error *err)
{
	if (config_load(path, environment, ret, err) == 0)
		return 0;
	return error_wrap(err, "what was made cannot be read back");
}

static int read_back_from(const char *path, struct error *err)
{
	CLEANUP(config_release) struct config config = CONFIG_INIT;

	if (load(path, NULL, &config, err) < 0)
		return -1;
	for (size_t i = 0; i < config.environments.count; i++) {
		CLEANUP(config_release) struct config other = CONFIG_INIT;

		if (load(path, config.environments.v[i], &other, err) < 0)
			return -1;
	}
	return 0;
}

static int read_back(const struct str *text, struct error *err)
{
	CLEANUP_FREE char *dir = NULL;
	CLEANUP_FREE char *path = NULL;
	int result;

	if (file_make_private_dir("init", &dir, err) < 0)
		return -1;
	path = file_join(dir, "deployer.yml");
	result = file_write_atomic(path, text->buf, text->len, 0600, err);
	if (result == 0)
		result = read_back_from(path, err);
	file_remove_tree(dir);
	return result;
}

/* ---- all of it ---- */

/* What does the work of each target now. */
static void remark_targets(struct making *making)
{
	const struct proposal *proposal = making->proposal;
	bool has_head = false;

	for (size_t i = 0; i < proposal->count; i++) {
		const struct proposal_item *item = &proposal->items[i];

		if (!item->is_target)
			continue;
		if (!has_head)
			draft_remark(&making->draft,
				     "What does the work of the %s's targets now:", item->file);
		has_head = true;
		draft_remark(&making->draft, "  make %-12s %s", item->text, item->becomes);
	}
}

static void remark_left_out(struct making *making)
{
	const struct proposal *proposal = making->proposal;
	bool has_head = false;

	for (size_t i = 0; i < proposal->count; i++) {
		const struct proposal_item *item = &proposal->items[i];

		if (*item->becomes)
			continue;
		if (!has_head)
			draft_remark(&making->draft, "Not taken over:");
		has_head = true;
		if (item->line)
			draft_remark(&making->draft, "  %s:%u: %s", item->file, item->line,
				     item->text);
		else
			draft_remark(&making->draft, "  %s%s%s", item->file,
				     *item->text ? ": " : "", item->text);
		draft_remark(&making->draft, "    %s", item->why);
	}
}

static int find_files(struct making *making, struct error *err)
{
	const char *template = config_text(&making->conventions, CONFIG_STACK_TEMPLATE);
	const char *parameters = config_text(&making->conventions, CONFIG_STACK_PARAMETERS);

	find_compose(making);
	if (making_read_makefile(making, err) < 0)
		return -1;
	if (making->makefile_name)
		add_source(making, making->makefile_name);
	if (*template)
		add_source(making, template);
	if (*parameters)
		add_source(making, parameters);
	if (making->proposal->sources.len)
		return 0;
	error_set(err, ERROR_CONFIG,
		  "'%s' has no Makefile, compose file, template or parameter file", making->dir);
	return error_fix(err, "run this in the project's folder, or name it with --directory");
}

static void read_template(struct making *making)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = NULL;

	find_template(making);
	if (!making->template_name)
		return;
	path = file_join(making->dir, making->template_name);
	if (!file_exists(path))
		(void)making_note(making, making->template_name, 0, "", "",
				  "the template is not here: correct stack.template");
	else if (stack_template_load(path, &making->template, &err) == 0)
		find_tag_parameter(making);
	else
		(void)making_note(making, making->template_name, err.line, "", "", err.msg.buf);
}

static int make(struct making *making, struct error *err)
{
	const struct recipe_stack nothing = { .name = NULL };
	struct strv *environments = &making->draft.environments;

	config_conventions(making->dir, NULL, &making->conventions);
	if (find_files(making, err) < 0)
		return -1;
	read_services(making);
	if (making->services) {
		fit_stage(making, "test", &making->conventions.test);
		fit_stage(making, "release", &making->conventions.release);
	}
	read_template(making);
	if (!environments->count)
		making_add_environments(making, &nothing);
	/* One alone is what there is without a name. */
	if (environments->count == 2 && strcmp(environments->v[0], "dev") == 0 &&
	    strcmp(environments->v[1], "{}") == 0)
		strv_release(environments);
	remark_targets(making);
	remark_left_out(making);
	draft_write(&making->draft, making->proposal->sources.buf, &making->proposal->text);
	return read_back(&making->proposal->text, err);
}

int proposal_make(const char *dir, struct proposal *ret, struct error *err)
{
	CLEANUP(proposal_release) struct proposal proposal = PROPOSAL_INIT;
	CLEANUP(making_release)
	struct making making = {
		.dir = dir,
		.conventions = CONFIG_INIT,
		.draft = DRAFT_INIT,
		.proposal = &proposal,
		.makefile = MAKEFILE_INIT,
		.template = STACK_TEMPLATE_INIT,
	};

	if (make(&making, err) < 0)
		return -1;
	*ret = proposal;
	proposal = (struct proposal)PROPOSAL_INIT;
	return 0;
}
