#include "cmd/app.h"

#include "base/ci.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/sanitize.h"
#include "base/strv.h"
#include "data/json.h"
#include "sys/interrupt.h"
#include "ui/lines.h"
#include "ui/live.h"
#include "ui/pipeline_log.h"
#include "ui/plain.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

const struct opt global_opts[] = {
	OPT(struct global_args, dir, 'C', "directory", "DIR", "work as if started in DIR"),
	OPT(struct global_args, config, 0, "config", "FILE", "read FILE instead of deployer.yml"),
	OPT(struct global_args, environment, 'e', "env", "ENV",
	    "use environment ENV of deployer.yml; ENV,ENV: one after the other"),
	OPT(struct global_args, profile, 0, "profile", "NAME", "use profile NAME of ~/.aws"),
	OPT(struct global_args, region, 0, "region", "REGION", "use this AWS region"),
	OPT(struct global_args, endpoint_url, 0, "endpoint-url", "URL", "send AWS calls to URL"),
	OPT(struct global_args, output, 'o', "output", "text|json",
	    "print text, or JSON as one document a line"),
	OPT(struct global_args, record, 0, "record", "FILE",
	    "keep the release record in FILE, for the next step to go on"),
	OPT(struct global_args, color, 0, "color", NULL, "colour the output (--no-color: never)"),
	OPT(struct global_args, live, 0, "live", NULL,
	    "show on a terminal what runs now, in place (--no-live: lines alone)"),
	OPT(struct global_args, verbose, 'v', "verbose", NULL, "say more about what is done"),
	OPT(struct global_args, quiet, 'q', "quiet", NULL, "say only what went wrong"),
	OPT(struct global_args, help, 'h', "help", NULL, "print this help"),
	OPT(struct global_args, version, 0, "version", NULL, "print the version of the program"),
	OPT_END,
};

bool app_wants_json(const struct app *app)
{
	return app->global.output && strcmp(app->global.output, "json") == 0;
}

struct http *app_http(struct app *app)
{
	if (!app->http_)
		app->http_ = http_curl_new(app->clock, interrupt_pending);
	return app->http_;
}

int app_config(struct app *app, const struct config **ret_config, struct error *err)
{
	if (!app->has_config_ &&
	    config_load(app->global.config, app->global.environment, &app->config_, err) < 0)
		return -1;
	app->has_config_ = true;
	*ret_config = &app->config_;
	return 0;
}

/*
 * The command line comes first. A profile in deployer.yml stands in for AWS_PROFILE where neither
 * that nor keys are in the environment (in CI they are); a region there belongs to the stack and so
 * comes before the environment's.
 */
static void aws_options(const struct app *app, const struct config *config, struct aws_options *ret)
{
	*ret = (struct aws_options){
		.profile = app->global.profile,
		.region = app->global.region,
		.endpoint_url = app->global.endpoint_url,
	};
	if (!ret->profile && !env_get(&app->env, "AWS_PROFILE") &&
	    !env_get(&app->env, "AWS_ACCESS_KEY_ID") && *config_text(config, CONFIG_AWS_PROFILE))
		ret->profile = config_text(config, CONFIG_AWS_PROFILE);
	if (!ret->region && *config_text(config, CONFIG_AWS_REGION))
		ret->region = config_text(config, CONFIG_AWS_REGION);
}

static int new_client(struct app *app, const struct config *config, struct http *http,
		      struct aws_client **ret_client, struct error *err)
{
	const struct aws_context context = {
		.http = http,
		.clock = app->clock,
		.env = &app->env,
		.report = app->report,
	};
	struct aws_options options;

	aws_options(app, config, &options);
	return aws_client_new(&options, &context, ret_client, err);
}

int app_aws(struct app *app, struct aws_client **ret_client, struct error *err)
{
	const struct config *config;

	if (app_config(app, &config, err) < 0 ||
	    (!app->aws_ && new_client(app, config, app_http(app), &app->aws_, err) < 0))
		return -1;
	*ret_client = app->aws_;
	return 0;
}

int app_open_place(struct app *app, const char *environment, struct app_place *ret,
		   struct error *err)
{
	struct app_place place = { .config = CONFIG_INIT };

	if (config_load(app->global.config, environment, &place.config, err) < 0)
		return -1;
	place.http = http_curl_new(app->clock, interrupt_pending);
	if (new_client(app, &place.config, place.http, &place.client, err) < 0) {
		app_place_release(&place);
		return -1;
	}
	*ret = place;
	return 0;
}

void app_place_release(struct app_place *place)
{
	aws_client_free(place->client);
	http_curl_free(place->http);
	config_release(&place->config);
	*place = (struct app_place){ .config = CONFIG_INIT };
}

/*
 * Colours: never where told so, always where told so, else on a terminal that has them
 * (https://no-color.org, https://bixense.com/clicolors).
 */
static bool wants_color(const struct app *app)
{
	const char *term = env_get(&app->env, "TERM");
	const char *force = env_get(&app->env, "CLICOLOR_FORCE");
	const char *wanted = env_get(&app->env, "CLICOLOR");

	if (!app->global.color || env_get(&app->env, "NO_COLOR"))
		return false;
	if (force && strcmp(force, "0") != 0)
		return true;
	if (wanted && strcmp(wanted, "0") == 0)
		return false;
	return isatty(fileno(app->talk)) && term && strcmp(term, "dumb") != 0;
}

/* A view that changes in place: on a terminal that can, unless a CI keeps what it shows. */
static bool wants_live(const struct app *app)
{
	const char *term = env_get(&app->env, "TERM");

	return app->global.live && !app->global.quiet && isatty(fileno(app->talk)) && term &&
	       strcmp(term, "dumb") != 0 && ci_detect(&app->env) == CI_NONE;
}

/* By the locale's own name, first of the three that POSIX asks (XBD 8.2). */
static bool has_unicode(const struct app *app)
{
	const char *locale = env_get(&app->env, "LC_ALL");

	if (!locale)
		locale = env_get(&app->env, "LC_CTYPE");
	if (!locale)
		locale = env_get(&app->env, "LANG");
	return locale && (strcasestr(locale, "utf-8") || strcasestr(locale, "utf8"));
}

/* What annotations of files are relative to: the checkout of the job. */
static const char *workspace(const struct app *app)
{
	return env_get(&app->env, "GITHUB_WORKSPACE");
}

static void make_report(struct app *app)
{
	const struct plain_options plain = {
		.color = wants_color(app),
		.quiet = app->global.quiet,
		.verbose = app->global.verbose,
		.data = app->out,
	};
	struct live_options live = { .plain = plain, .has_unicode = has_unicode(app) };
	const struct pipeline_log_options log = { plain, ci_detect(&app->env), workspace(app) };

	if (app_wants_json(app)) {
		app->report = lines_new(app->out);
		app->free_report_ = lines_free;
	} else if (wants_live(app)) {
		live.plain.is_short = true;
		app->report = live_new(app->talk, app->clock, &live);
		app->free_report_ = live_free;
	} else if (log.ci != CI_NONE) {
		app->report = pipeline_log_new(app->talk, app->clock, &log);
		app->free_report_ = pipeline_log_free;
	} else {
		app->report = plain_new(app->talk, app->clock, &plain);
		app->free_report_ = plain_free;
	}
}

static void free_report(struct app *app)
{
	if (app->free_report_)
		app->free_report_(app->report);
	app->free_report_ = NULL;
	app->report = &report_none;
}

/* Resources that fail are marked in the template that they come from. */
static void show_template(const struct app *app, const struct config *config)
{
	CLEANUP_FREE char *path = config_path(config, CONFIG_STACK_TEMPLATE);

	if (path && app->free_report_ == pipeline_log_free)
		pipeline_log_set_template(app->report, path);
}

int app_pipeline(struct app *app, struct pipeline *pipeline, struct error *err)
{
	if (app_config(app, &pipeline->config, err) < 0 || app_aws(app, &pipeline->client, err) < 0)
		return -1;
	show_template(app, pipeline->config);
	pipeline->http = app_http(app);
	pipeline->env = &app->env;
	pipeline->clock = app->clock;
	pipeline->report = app->report;
	return 0;
}

/* What was read of one environment is nothing to the next. */
static void forget_environment(struct app *app)
{
	aws_client_free(app->aws_);
	config_release(&app->config_);
	app->aws_ = NULL;
	app->has_config_ = false;
}

void app_release(struct app *app)
{
	strv_release(&app->closing);
	forget_environment(app);
	http_curl_free(app->http_);
	app->http_ = NULL;
}

const struct cmd *program_find(const struct program *program, char **argv, int *ret_words)
{
	const struct cmd *found = NULL;

	for (size_t i = 0; argv[1] && i < program->count; i++) {
		const char *name = program->commands[i]->name;
		const char *space = strchr(name, ' ');
		size_t len = space ? (size_t)(space - name) : strlen(name);

		if (strlen(argv[1]) != len || memcmp(argv[1], name, len) != 0)
			continue;
		if (space && (!argv[2] || strcmp(argv[2], space + 1) != 0))
			continue;
		found = program->commands[i];
		*ret_words = space ? 2 : 1;
	}
	return found;
}

/* The second words of the commands of two words whose first this is: "diff, edit, get". */
static void list_second_words(const struct program *program, const char *word, struct str *out)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < program->count; i++) {
		const char *name = program->commands[i]->name;

		if (strncmp(name, word, len) == 0 && name[len] == ' ')
			str_addf(out, "%s%s", out->len ? ", " : "", name + len + 1);
	}
}

int program_unknown(const struct program *program, const char *word, struct error *err)
{
	CLEANUP(str_release) struct str second = STR_INIT;
	const char *names[128], *nearest;
	size_t count = 0;

	list_second_words(program, word, &second);
	if (second.len) {
		error_set(err, ERROR_USAGE, "'%s' is followed by one of: %s", word, second.buf);
		return error_fix(err, "see '%s help %s' for what they do", program->name, word);
	}
	for (size_t i = 0; i < program->count && count < 128; i++)
		names[count++] = program->commands[i]->name;
	nearest = nearest_word(word, names, count);
	error_set(err, ERROR_USAGE, "'%s' is not a command", word);
	if (nearest)
		return error_fix(err, "did you mean '%s %s'?", program->name, nearest);
	return error_fix(err, "see '%s --help' for the commands", program->name);
}

static int check_operands(const struct program *program, const struct cmd *cmd, int count,
			  char **operands, struct error *err)
{
	if (count < cmd->min_operands)
		error_set(err, ERROR_USAGE, "an argument is missing");
	else if (cmd->max_operands >= 0 && count > cmd->max_operands)
		error_set(err, ERROR_USAGE, "'%s' is one argument too many",
			  operands[cmd->max_operands]);
	else
		return 0;
	return error_fix(err, "usage: %s %s%s%s", program->name, cmd->name,
			 *cmd->operands ? " " : "", cmd->operands);
}

static int check_globals(const struct app *app, struct error *err)
{
	const char *output = app->global.output;

	if (output && strcmp(output, "json") != 0 && strcmp(output, "text") != 0)
		return error_set(err, ERROR_USAGE, "--output: '%s' is neither text nor json",
				 output);
	if (app->global.dir && chdir(app->global.dir) < 0)
		return error_set(err, ERROR_USAGE, "--directory: cannot enter '%s': %s",
				 app->global.dir, strerrordesc_np(errno));
	return 0;
}

/* In the order of the command line; what comes after a failure is not begun. */
static int run_each(struct app *app, const struct cmd *cmd, const void *args, char **operands,
		    const struct strv *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		CLEANUP(str_release) struct str rest = STR_INIT;

		forget_environment(app);
		app->global.environment = names->v[i];
		report_note(app->report, "environment %s", names->v[i]);
		app->previous = i ? names->v[i - 1] : NULL;
		if (cmd->run(app, args, operands, err) == 0)
			continue;
		for (size_t j = i + 1; j < names->count; j++)
			str_addf(&rest, "%s%s", rest.len ? ", " : "not begun: ", names->v[j]);
		if (rest.len)
			strv_add(&app->closing, rest.buf);
		return error_wrap(err, "environment %s", names->v[i]);
	}
	return 0;
}

static int run_in_environments(struct app *app, const struct cmd *cmd, const void *args,
			       char **operands, struct error *err)
{
	const char *given = app->global.environment;
	CLEANUP(strv_release) struct strv names = STRV_INIT;
	int result;

	if (!given || !strchr(given, ',') || cmd->environments == ENVIRONMENTS_SELF)
		return cmd->run(app, args, operands, err);
	if (cmd->environments == ENVIRONMENTS_ONE) {
		error_set(err, ERROR_USAGE, "--env: one environment, not '%s'", given);
		return error_fix(err, "run it for each of them");
	}
	if (app->global.record || env_get(&app->env, "DEPLOYER_RECORD")) {
		error_set(err, ERROR_USAGE, "--record is of one environment, not of '%s'", given);
		return error_fix(err, "run it for each of them, with a record of its own");
	}
	strv_split(&names, given, ",");
	result = run_each(app, cmd, args, operands, &names, err);
	app->global.environment = given;
	app->previous = NULL;
	return result;
}

static int run_parsed(struct app *app, const struct cmd *cmd, const void *args, int argc,
		      char **argv, struct error *err)
{
	int result;

	if (app->global.help) {
		help_command(app->program, cmd, app->out);
		return 0;
	}
	if (check_operands(app->program, cmd, argc - 1, argv + 1, err) < 0 ||
	    check_globals(app, err) < 0)
		return -1;
	make_report(app);
	result = run_in_environments(app, cmd, args, argv + 1, err);
	free_report(app);
	return result;
}

static int run_command(struct app *app, const struct cmd *cmd, int argc, char **argv,
		       struct error *err)
{
	CLEANUP_FREE void *args = mem_zalloc(cmd->args_size);
	const struct opt_set sets[] = { { cmd->opts, args },
					{ app->program->global_opts, &app->global },
					{ NULL, NULL } };
	int result = opt_parse(sets, cmd->passes_rest, &argc, argv, err);

	app->cmd = cmd;
	if (result == 0)
		result = run_parsed(app, cmd, args, argc, argv, err);
	opt_release(cmd->opts, args);
	if (result == 0)
		return 0;
	if (err->kind == ERROR_USAGE)
		(void)error_fix(err, "see '%s help %s'", app->program->name, cmd->name);
	return error_wrap(err, "%s", cmd->name);
}

static bool asks_for_help(const char *word)
{
	return word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0);
}

/* No command was named: --help, --version, or a slip. */
static int run_without_command(struct app *app, int argc, char **argv, struct error *err)
{
	if (app->global.version) {
		(void)fprintf(app->out, "%s %s\n", app->program->name, DEPLOYER_VERSION);
		return 0;
	}
	if (app->global.help) {
		help_overview(app->program, app->out);
		return 0;
	}
	if (argc > 1 && asks_for_help(argv[2]) && help_family(app->program, argv[1], app->out))
		return 0;
	if (argc > 1)
		return program_unknown(app->program, argv[1], err);
	error_set(err, ERROR_USAGE, "no command given");
	return error_fix(err, "see '%s --help' for the commands", app->program->name);
}

static int dispatch(struct app *app, int argc, char **argv, struct error *err)
{
	const struct opt_set globals[] = { { app->program->global_opts, &app->global },
					   { NULL, NULL } };
	const struct cmd *cmd;
	int words;

	if (opt_parse(globals, true, &argc, argv, err) < 0)
		return error_fix(err, "see '%s --help'", app->program->name);
	cmd = program_find(app->program, argv, &words);
	if (!cmd)
		return run_without_command(app, argc, argv, err);
	return run_command(app, cmd, argc - words, argv + words, err);
}

/* Core dumps and ptrace would show credentials (facts: S3). */
static void harden(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

void app_error_json(const struct error *err, struct str *out)
{
	str_addf(out, "\"error\": {\"status\": %d, \"message\": ", error_exit_status(err));
	json_quote(out, err->msg.buf);
	str_adds(out, ", \"fix\": ");
	json_quote(out, err->fix.buf);
	str_adds(out, ", \"code\": ");
	json_quote(out, err->code);
	str_addc(out, '}');
}

void app_print_error(const struct app *app, const struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (app_wants_json(app)) {
		app_error_json(err, &text);
		(void)fprintf(app->talk, "{%s}\n", text.buf);
		return;
	}
	if (pipeline_log_error(ci_detect(&app->env), err, &text)) {
		(void)fprintf(app->talk, "%s\n", text.buf);
		return;
	}
	str_addf(&text, "%s: ", app->program->name);
	sanitize_text(&text, err->msg.buf);
	if (err->fix.len) {
		str_adds(&text, "\n  -> ");
		sanitize_text(&text, err->fix.buf);
	}
	(void)fprintf(app->talk, "%s\n", text.buf);
}

static void print_closing(const struct app *app)
{
	for (size_t i = 0; !app->global.quiet && i < app->closing.count; i++)
		(void)fprintf(app->talk, "%s\n", app->closing.v[i]);
}

void app_mask(const struct app *app, const struct secret *value)
{
	CLEANUP(str_wipe) struct str lines = STR_INIT;

	pipeline_log_mask(ci_detect(&app->env), secret_bytes(value), &lines);
	if (!lines.len)
		return;
	(void)fputs(lines.buf, app->talk);
	(void)fflush(app->talk);
}

/* A full disk behind stdout is a failure too, as git's run_builtin() has it. */
static int check_stdout(const struct app *app, struct error *err)
{
	if (fflush(app->out) == 0 && !ferror(app->out))
		return 0;
	if (errno == EPIPE)
		return 0;
	return error_set_errno(err, errno, "cannot write to standard output");
}

void app_init(struct app *app, const struct program *program)
{
	*app = (struct app){
		.program = program,
		.out = stdout,
		.talk = stderr,
		.env = { environ },
		.clock = &system_clock,
		.report = &report_none,
		.global = { .color = true, .live = true },
		.config_ = CONFIG_INIT,
	};
	harden();
	interrupt_install();
}

int app_main(const struct program *program, int argc, char **argv)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct app app;
	int result;

	app_init(&app, program);
	result = dispatch(&app, argc, argv, &err);
	if (result == 0)
		result = check_stdout(&app, &err);
	else
		(void)fflush(app.out);
	if (result < 0)
		app_print_error(&app, &err);
	print_closing(&app);
	app_release(&app);
	return result < 0 ? error_exit_status(&err) : app.exit_status;
}
