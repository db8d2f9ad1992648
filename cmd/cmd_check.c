#include "base/cleanup.h"
#include "base/mem.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "stack/check.h"
#include "ui/findings.h"

#include <errno.h>
#include <unistd.h>

struct check_args {
	const char *template;
	const char *parameters;
	const char *format;
	struct strv skip;
	bool strict;
	bool rules;
};

static const struct opt opts[] = {
	OPT(struct check_args, template, 't', "template", "FILE",
	    "check FILE instead of stack.template"),
	OPT(struct check_args, parameters, 'p', "parameters", "FILE",
	    "check FILE instead of stack.parameters"),
	OPT(struct check_args, format, 0, "format", "text|json|github|sarif",
	    "print findings for a person or a program (text)"),
	OPT(struct check_args, skip, 0, "skip", "RULE", "leave out RULE; may be given again"),
	OPT(struct check_args, strict, 0, "strict", NULL, "end with 2 for warnings too"),
	OPT(struct check_args, rules, 0, "rules", NULL, "only print the rules"),
	OPT_END,
};

/* What is checked, resolved; and what is found. */
struct job {
	const struct check_args *args;
	const struct config *config;
	enum findings_format format;
	struct stack_template template;
	struct error template_error;
	struct parameter_file parameters;
	struct error parameters_error;
	struct strv off;
	struct findings findings;
};

static void job_release(struct job *job)
{
	stack_template_release(&job->template);
	error_release(&job->template_error);
	parameter_file_release(&job->parameters);
	error_release(&job->parameters_error);
	strv_release(&job->off);
	findings_release(&job->findings);
}

static int choose_format(const struct app *app, struct job *job, struct error *err)
{
	const char *name = job->args->format;

	if (!name)
		name = app_wants_json(app) ? "json" : "text";
	if (findings_format_parse(name, &job->format))
		return 0;
	return error_set(err, ERROR_USAGE, "--format: '%s' is not text, json, github or sarif",
			 name);
}

static int choose_rules(struct job *job, struct error *err)
{
	const struct strv *off = config_list(job->config, CONFIG_CHECKS_OFF);

	if (check_rules_known(off, err) < 0)
		return error_wrap(err, "checks.off");
	if (check_rules_known(&job->args->skip, err) < 0)
		return error_wrap(err, "--skip");
	strv_add_list(&job->off, off);
	strv_add_list(&job->off, &job->args->skip);
	return 0;
}

static char *find_file(const char *option, const struct config *config, enum config_key key)
{
	return option ? mem_strdup(option) : config_path(config, key);
}

/* What cannot be read is found out, not failed at. */
static int read_files(struct job *job, struct error *err)
{
	CLEANUP_FREE char *template =
		find_file(job->args->template, job->config, CONFIG_STACK_TEMPLATE);
	CLEANUP_FREE char *parameters =
		find_file(job->args->parameters, job->config, CONFIG_STACK_PARAMETERS);

	if (!template) {
		error_set(err, ERROR_CONFIG, "no stack template (stack.yml) in '%s'",
			  job->config->dir);
		return error_fix(err,
				 "name it with --template, or as stack.template in deployer.yml");
	}
	(void)stack_template_load(template, &job->template, &job->template_error);
	if (parameters)
		(void)parameter_file_load(parameters, job->config->environment, &job->parameters,
					  &job->parameters_error);
	return 0;
}

/* NULL where none is set. */
static const struct error *set_or_null(const struct error *error)
{
	return error->kind == ERROR_NONE ? NULL : error;
}

static void check(struct job *job)
{
	const struct check_request request = {
		.template = &job->template,
		.template_error = set_or_null(&job->template_error),
		.parameters = job->parameters.path ? &job->parameters : NULL,
		.parameters_error = set_or_null(&job->parameters_error),
		.tag_parameter = config_text(job->config, CONFIG_STACK_TAG_PARAMETER),
		.off = &job->off,
		.bucket = config_text(job->config, CONFIG_STACK_BUCKET),
	};

	check_run(&request, &job->findings);
}

static void say_summary(const struct app *app, const struct job *job)
{
	size_t errors = findings_count(&job->findings, CHECK_ERROR);
	size_t warnings = findings_count(&job->findings, CHECK_WARNING);

	if (job->format != FINDINGS_TEXT || app_wants_json(app))
		return;
	if (job->findings.dropped)
		report_warning(app->report, "%zu further findings are not shown",
			       job->findings.dropped);
	if (!job->parameters.path)
		report_note(app->report, "no parameter file: the template alone was checked");
	report_note(app->report, "%zu error%s, %zu warning%s", errors, errors == 1 ? "" : "s",
		    warnings, warnings == 1 ? "" : "s");
}

static int print(struct app *app, const struct job *job, struct error *err)
{
	CLEANUP(str_release) struct str out = STR_INIT;
	CLEANUP_FREE char *dir = getcwd(NULL, 0);

	if (!dir)
		return error_set_errno(err, errno, "cannot tell the current folder");
	findings_write(&job->findings, job->format, dir, &out);
	(void)fputs(out.buf, app->out);
	say_summary(app, job);
	if (findings_count(&job->findings, CHECK_ERROR) || job->findings.dropped ||
	    (job->args->strict && findings_count(&job->findings, CHECK_WARNING)))
		app->exit_status = 2;
	return 0;
}

static void print_rules(FILE *out)
{
	const struct check_rule *rule;

	for (size_t i = 0; (rule = check_rule_at(i)); i++)
		(void)fprintf(out, "%-22s %-8s %s\n", check_rule_name(rule),
			      check_severity_name(check_rule_severity(rule)),
			      check_rule_summary(rule));
}

static int run_checks(struct app *app, struct job *job, struct error *err)
{
	if (app_config(app, &job->config, err) < 0 || choose_rules(job, err) < 0 ||
	    read_files(job, err) < 0)
		return -1;
	check(job);
	return print(app, job, err);
}

static int check_cmd_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(job_release)
	struct job job = {
		.args = args,
		.template = STACK_TEMPLATE_INIT,
		.template_error = ERROR_INIT,
		.parameters = PARAMETER_FILE_INIT,
		.parameters_error = ERROR_INIT,
		.off = STRV_INIT,
		.findings = FINDINGS_INIT,
	};
	CLEANUP(str_release) struct str out = STR_INIT;

	(void)operands;
	if (job.args->rules) {
		print_rules(app->out);
		return 0;
	}
	if (choose_format(app, &job, err) < 0)
		return -1;
	if (run_checks(app, &job, err) == 0)
		return 0;
	findings_write_failure(err, job.format, &out);
	(void)fputs(out.buf, app->out);
	return -1;
}

const struct cmd cmd_check = {
	.name = "check",
	.group = "Pipeline",
	.summary = "find beforehand what would make a deployment fail",
	.details = "Reads the stack's template and parameter file and holds them against each "
		   "other, and against what has made deployments fail or hang: parameters, "
		   "patterns, secrets and the permission to read them, services without a circuit "
		   "breaker, size. Nothing is asked of AWS. Each finding names its place, its rule "
		   "and what to do; a release runs the rules of severity error by itself.\n"
		   "\n"
		   "A rule is switched off by --skip RULE, or for good by 'checks: {off: [RULE]}' "
		   "in deployer.yml. --rules prints them all.\n"
		   "\n"
		   "Ends with 0 where there is no error, with 2 where there is one.",
	.operands = "",
	.opts = opts,
	.args_size = sizeof(struct check_args),
	.run = check_cmd_run,
};
