#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "base/slice.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"
#include "deploy/agree.h"
#include "deploy/config.h"
#include "deploy/version.h"
#include "repo/commit.h"
#include "stack/parameters.h"
#include "sys/file.h"

struct bump_args {
	const char *file;
	const char *key;
	bool add;
	bool allow_dirty;
	bool check;
	bool dry_run;
	bool commit;
	bool push;
};

static const struct opt opts[] = {
	OPT(struct bump_args, file, 'f', "file", "FILE", "edit FILE instead of stack.parameters"),
	OPT(struct bump_args, key, 'k', "key", "KEY", "set KEY instead of stack.tag_parameter"),
	OPT(struct bump_args, add, 0, "add", NULL, "add KEY where the file does not have it"),
	OPT(struct bump_args, allow_dirty, 0, "allow-dirty", NULL,
	    "go on although files differ from the commit"),
	OPT(struct bump_args, check, 0, "check", NULL,
	    "only say whether file, git, registry and stack agree"),
	OPT(struct bump_args, dry_run, 'n', "dry-run", NULL, "only print what would change"),
	OPT(struct bump_args, commit, 0, "commit", NULL,
	    "commit the changed line, and nothing else"),
	OPT(struct bump_args, push, 0, "push", NULL, "commit, and push with git"),
	OPT_END,
};

/* What is to be done, resolved. */
struct bump {
	char *path;
	const char *environment;
	const char *key;
	bool adds;
	const char *stack; /* whose parameters they are, or "" */
	struct version version;
	struct bump_result result;
	struct str commit; /* short id, "" where nothing was committed */
};

static void bump_release(struct bump *bump)
{
	free(bump->path);
	version_release(&bump->version);
	bump_result_release(&bump->result);
	str_release(&bump->commit);
}

static int find_file(const struct bump_args *args, const struct config *config, struct bump *bump,
		     struct error *err)
{
	bump->path =
		args->file ? mem_strdup(args->file) : config_path(config, CONFIG_STACK_PARAMETERS);
	bump->key = args->key ? args->key : config_text(config, CONFIG_STACK_TAG_PARAMETER);
	bump->adds = args->add;
	bump->environment = config->environment;
	bump->stack = args->file ? "" : config_text(config, CONFIG_STACK_NAME);
	if (bump->path)
		return 0;
	error_set(err, ERROR_CONFIG, "no parameter file (dev.cfg) in '%s'", config->dir);
	return error_fix(err, "name it with --file, or as stack.parameters in deployer.yml");
}

static int find_version(const struct app *app, const struct bump_args *args,
			const struct config *config, const char *tag, struct bump *bump,
			struct error *err)
{
	CLEANUP(strv_release) struct strv own_files = STRV_INIT;
	const struct version_request request = {
		.dir = config->dir,
		.env = &app->env,
		.own_files = &own_files,
		.allow_dirty = args->allow_dirty,
	};

	/* No repository need be looked at; parameters_bump() checks the tag. */
	if (tag) {
		str_adds(&bump->version.tag, tag);
		return 0;
	}
	config_own_files(config, &own_files);
	strv_add(&own_files, bump->path);
	return version_find(&request, &bump->version, err);
}

static struct bump_request bump_request(const struct bump *bump)
{
	return (struct bump_request){ bump->path, bump->environment, bump->key,
				      bump->version.tag.buf, bump->adds };
}

static struct commit_request commit_request(const struct app *app, const struct bump *bump)
{
	return (struct commit_request){ bump->path, bump->result.line, bump->result.added,
					&app->env };
}

static int commit(const struct app *app, const struct bump_args *args, struct bump *bump,
		  struct error *err)
{
	const struct commit_request request = commit_request(app, bump);
	CLEANUP_FREE char *message = mem_printf("Set %s to %s\n", bump->key, bump->version.tag.buf);

	if (commit_line(&request, message, &bump->commit, err) < 0)
		return error_wrap(err, bump->result.changed ? "the file is changed, not committed"
							    : "not committed");
	return args->push ? commit_push(bump->path, err) : 0;
}

/* What would be done, and whether it may be committed. */
static int plan(const struct app *app, bool commits, struct bump *bump, struct error *err)
{
	const struct bump_request request = bump_request(bump);
	struct commit_request to_commit;

	if (parameters_plan_bump(&request, &bump->result, err) < 0)
		return -1;
	to_commit = commit_request(app, bump);
	return commits ? commit_check_line(&to_commit, err) : 0;
}

static int write_file(struct bump *bump, struct error *err)
{
	const struct bump_request request = bump_request(bump);

	if (parameters_bump(&request, &bump->result, err) == 0)
		return 0;
	return error_has_code(err, FILE_IS_LOCKED) && *bump->stack
		       ? error_wrap(err, "parameters of stack '%s'", bump->stack)
		       : -1;
}

static int carry_out(const struct app *app, const struct bump_args *args, struct bump *bump,
		     struct error *err)
{
	bool commits = args->commit || args->push;

	if ((commits || args->dry_run) && plan(app, commits, bump, err) < 0)
		return -1;
	if (args->dry_run)
		return 0;
	if (write_file(bump, err) < 0)
		return -1;
	return commits ? commit(app, args, bump, err) : 0;
}

static void print_agreement(const struct app *app, const struct agreement *agreement)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "git", agreement->git.buf },
		{ "file", agreement->file.buf },
		{ "registry", agreement->image.buf },
		{ "stack", agreement->stack.buf },
	};
	CLEANUP(str_release) struct str out = STR_INIT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (app_wants_json(app)) {
			str_addf(&out, "%s\"%s\": ", i ? ", " : "{", rows[i].name);
			json_quote(&out, rows[i].value);
		} else {
			str_addf(&out, "%-9s ", rows[i].name);
			sanitize_text(&out, *rows[i].value ? rows[i].value : "-");
			str_addc(&out, '\n');
		}
	}
	(void)fprintf(app->out, "%s%s", out.buf, app_wants_json(app) ? "}\n" : "");
}

static int check_agreement(struct app *app, const struct bump *bump, struct error *err)
{
	CLEANUP(agreement_release) struct agreement agreement = AGREEMENT_INIT;
	struct pipeline pipeline = { .version = bump->version.tag.buf };
	const struct agreement_request request = {
		.pipeline = &pipeline,
		.version = bump->version.tag.buf,
		.parameter_file = bump->path,
		.key = bump->key,
	};

	if (app_pipeline(app, &pipeline, err) < 0 || agreement_find(&request, &agreement, err) < 0)
		return -1;
	print_agreement(app, &agreement);
	return agreement_check(&agreement, err);
}

static void print_json(const struct app *app, const struct bump *bump)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	str_adds(&out, "{\"file\": ");
	json_quote(&out, bump->path);
	str_adds(&out, ", \"key\": ");
	json_quote(&out, bump->key);
	str_addf(&out, ", \"line\": %u, \"old\": ", bump->result.line);
	json_quote(&out, bump->result.old_value.buf);
	str_adds(&out, ", \"new\": ");
	json_quote(&out, bump->version.tag.buf);
	str_addf(&out, ", \"changed\": %s, \"commit\": ", bump->result.changed ? "true" : "false");
	json_quote(&out, bump->commit.buf);
	(void)fprintf(app->out, "%s}\n", out.buf);
}

static void print_text(const struct app *app, const struct bump *bump)
{
	struct slice rest = { bump->result.diff.buf, bump->result.diff.len };

	while (rest.n) {
		CLEANUP(str_release) struct str line = STR_INIT;
		struct slice raw = slice_next_line(&rest);

		sanitize(&line, raw.p, raw.n);
		(void)fprintf(app->out, "%s\n", line.buf);
	}
	if (!bump->result.changed)
		report_note(app->report, "%s: %s is %s already", bump->path, bump->key,
			    bump->version.tag.buf);
	if (bump->commit.len)
		report_note(app->report, "committed as %s", bump->commit.buf);
}

static int bump_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct bump_args *args = args_;
	const struct config *config;
	CLEANUP(bump_release)
	struct bump bump = {
		.version = VERSION_INIT,
		.result = BUMP_RESULT_INIT,
		.commit = STR_INIT,
	};

	if (app_config(app, &config, err) < 0 || find_file(args, config, &bump, err) < 0 ||
	    find_version(app, args, config, operands[0], &bump, err) < 0)
		return -1;
	if (args->check)
		return check_agreement(app, &bump, err);
	if (carry_out(app, args, &bump, err) < 0)
		return -1;
	if (app_wants_json(app))
		print_json(app, &bump);
	else
		print_text(app, &bump);
	return 0;
}

const struct cmd cmd_bump = {
	.name = "bump",
	.group = "Pipeline",
	.summary = "write the version into the stack's parameter file",
	.details = "Sets one parameter, ApplicationImageTag where nothing else is said, to TAG or "
		   "to the version (see 'deployer help version'). Every other byte of the file "
		   "stays; the change is printed as a diff. The same value is no write. A "
		   "parameter that is not in the file is refused; with --add it becomes the last "
		   "one, written as its neighbour is.\n"
		   "\n"
		   "The file may be Key=Value lines, JSON of CodePipeline or of the AWS CLI, YAML, "
		   "SAM's samconfig.toml (--env names its environment), or .env. It is replaced "
		   "whole or not at all, under a kernel lock.\n"
		   "\n"
		   "With --commit, the changed line is committed to the repository that the file "
		   "is in, with author and committer as git has them; what else is staged stays "
		   "staged. Hooks are not run; it is signed where commit.gpgsign says so.\n"
		   "\n"
		   "With --check nothing is changed: it prints what git, the file, the registry "
		   "and the live stack say, and ends with 3 where they do not agree.",
	.operands = "[TAG]",
	.max_operands = 1,
	.environments = ENVIRONMENTS_EACH,
	.opts = opts,
	.args_size = sizeof(struct bump_args),
	.run = bump_run,
};
