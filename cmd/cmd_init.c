#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"
#include "deploy/proposal.h"
#include "sys/file.h"

#include <errno.h>
#include <unistd.h>

#define FILE_NAME "deployer.yml"

struct init_args {
	bool dry_run;
	bool force;
};

static const struct opt opts[] = {
	OPT(struct init_args, dry_run, 'n', "dry-run", NULL, "print the file, write nothing"),
	OPT(struct init_args, force, 0, "force", NULL, "replace a " FILE_NAME " that is there"),
	OPT_END,
};

static void set_text(json_t *object, const char *key, const char *text)
{
	CLEANUP(str_release) struct str clean = STR_INIT;

	sanitize_text(&clean, text);
	(void)json_object_set_new(object, key, json_string(clean.buf));
}

static json_t *item_json(const struct proposal_item *item)
{
	json_t *object = json_object();

	set_text(object, "file", item->file);
	(void)json_object_set_new(object, "line", json_integer(item->line));
	set_text(object, "text", item->text);
	set_text(object, "becomes", item->becomes);
	set_text(object, "why", item->why);
	return object;
}

static void print_json(const struct proposal *proposal, const char *written, FILE *out)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	json_t *list = json_array();
	json_auto_t *root = NULL;

	for (size_t i = 0; i < proposal->count; i++)
		(void)json_array_append_new(list, item_json(&proposal->items[i]));
	root = json_pack("{s:s?, s:s, s:o}", "written", written, "text", proposal->text.buf,
			 "findings", list);
	json_write(root, &text);
	(void)fprintf(out, "%s\n", text.buf);
}

static size_t count_left_out(const struct proposal *proposal)
{
	size_t count = 0;

	for (size_t i = 0; i < proposal->count; i++)
		count += !*proposal->items[i].becomes;
	return count;
}

static int write_file(const char *path, const struct str *text, bool force, struct error *err)
{
	if (!force && file_exists(path)) {
		error_set(err, ERROR_REFUSED, "'%s' is there already", path);
		return error_fix(err, "see what would be written with --dry-run, replace it with "
				      "--force");
	}
	return file_write_atomic(path, text->buf, text->len, 0666, err);
}

/* What the user has now is read as every other command reads it. */
static int check_written(struct app *app, const struct proposal *proposal, struct error *err)
{
	const struct config *config;
	size_t left_out = count_left_out(proposal);

	if (app_config(app, &config, err) < 0)
		return -1;
	report_result(app->report, FILE_NAME " written from %s", proposal->sources.buf);
	if (left_out)
		report_warning(app->report,
			       "%zu thing%s could not be taken over: see the end of " FILE_NAME,
			       left_out, left_out == 1 ? "" : "s");
	report_note(app->report, "next: deployer doctor, deployer check, deployer release");
	return 0;
}

static int init_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct init_args *args = args_;
	CLEANUP(proposal_release) struct proposal proposal = PROPOSAL_INIT;
	CLEANUP_FREE char *dir = getcwd(NULL, 0);
	CLEANUP_FREE char *path = NULL;

	(void)operands;
	if (!dir)
		return error_set_errno(err, errno, "cannot tell the current folder");
	path = file_join(dir, app->global.config ? app->global.config : FILE_NAME);
	if (proposal_make(dir, &proposal, err) < 0)
		return -1;
	if (!args->dry_run && write_file(path, &proposal.text, args->force, err) < 0)
		return -1;
	if (app_wants_json(app))
		print_json(&proposal, args->dry_run ? NULL : path, app->out);
	else if (args->dry_run)
		(void)fputs(proposal.text.buf, app->out);
	return args->dry_run ? 0 : check_written(app, &proposal, err);
}

const struct cmd cmd_init = {
	.name = "init",
	.group = "Other",
	.summary = "write a deployer.yml from the Makefile and other files here",
	.details = "Reads what is in the current folder, as text: no target of the Makefile is "
		   "run. Its targets test, release, publish, deploy, clean and their like become "
		   "stages and settings, each with a comment that says where it was read; what "
		   "follows convention is left out, and what cannot be taken over stands at the "
		   "end, with the reason. An existing file is never replaced without --force.\n"
		   "\n"
		   "With -o json, everything that was read is one document, with what it becomes.",
	.operands = "",
	.environments = ENVIRONMENTS_SELF,
	.opts = opts,
	.args_size = sizeof(struct init_args),
	.run = init_run,
};
