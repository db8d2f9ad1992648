#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "cmd/commands.h"
#include "cmd/record.h"
#include "cmd/truth.h"
#include "data/json.h"
#include "ui/truth.h"

#include <string.h>

/* How far back is looked for what somebody may want to see again. */
#define LATE_RUNS 10

struct status_args {
	bool check;
};

static const struct opt opts[] = {
	OPT(struct status_args, check, 0, "check", NULL,
	    "end with status 3 where something does not agree"),
	OPT_END,
};

/* The environments to look at, and what was found in each. */
struct look {
	size_t count;
	struct app_place *places;
	struct status_request *requests;
	struct status_answer *answers;
	struct str git;
	struct str repository;
};

static void look_release(struct look *look)
{
	for (size_t i = 0; i < look->count; i++) {
		app_place_release(&look->places[i]);
		status_release(&look->answers[i].status);
		error_release(&look->answers[i].err);
	}
	free(look->places);
	free(look->requests);
	free(look->answers);
	str_release(&look->git);
	str_release(&look->repository);
}

/* Whether one of the last runs from here deployed a stack without naming an environment. */
static bool has_run_without(struct app *app)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	CLEANUP(records_release) struct records records = RECORDS_INIT;

	if (record_list(app, "", LATE_RUNS, &records, &unknown) < 0)
		return false;
	for (size_t i = 0; i < records.count; i++) {
		const struct record *record = &records.items[i].record;

		if (!record->environment.len && *record_fact(record, FACT_STACK_ARN))
			return true;
	}
	return false;
}

/*
 * Those that are named, else that of --env, else all that deployer.yml has; "" for none, which is
 * one of them where something was released without.
 */
static int name_environments(struct app *app, char **operands, struct strv *ret, struct error *err)
{
	const struct config *config;

	for (; *operands; operands++)
		strv_add(ret, *operands);
	if (!ret->count && app->global.environment)
		strv_split(ret, app->global.environment, ",");
	if (ret->count)
		return 0;
	if (app_config(app, &config, err) < 0)
		return -1;
	strv_add_list(ret, &config->environments);
	if (!ret->count || has_run_without(app))
		strv_add(ret, "");
	return 0;
}

/* Settings must be right; credentials that are missing are the answer of that environment alone. */
static int open_place(struct app *app, const char *environment, struct look *look, size_t i,
		      struct error *err)
{
	const struct aws_credentials *credentials;
	struct app_place *place = &look->places[i];

	if (app_open_place(app, *environment ? environment : NULL, place, err) < 0)
		return -1;
	if (i == 0) {
		truth_find_git(&place->config, &look->git);
		truth_find_repository(app, &place->config, &look->repository);
	}
	look->requests[i] = (struct status_request){
		.config = &place->config,
		.client = place->client,
		.git = look->git.buf,
		.repository = look->repository.buf,
	};
	/* Before the threads: a person may be asked for something. */
	(void)aws_client_credentials(place->client, &credentials, &look->answers[i].err);
	return 0;
}

static int open_all(struct app *app, const struct strv *names, struct look *look, struct error *err)
{
	look->places = mem_zalloc(names->count * sizeof(*look->places));
	look->requests = mem_zalloc(names->count * sizeof(*look->requests));
	look->answers = mem_zalloc(names->count * sizeof(*look->answers));
	for (size_t i = 0; i < names->count; i++) {
		look->places[i] = (struct app_place)APP_PLACE_INIT;
		look->answers[i] =
			(struct status_answer){ .status = STATUS_INIT, .err = ERROR_INIT };
		look->count++;
		if (open_place(app, names->v[i], look, i, err) < 0)
			return -1;
	}
	return 0;
}

static void print_name(const struct look *look, size_t i, int width, struct str *out)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	const char *environment = look->places[i].config.environment;

	if (look->count == 1 && !environment)
		return;
	sanitize_text(&name, environment ? environment : "-");
	str_addf(out, "%-*s  ", width, name.buf);
}

static void print_text(const struct app *app, const struct look *look, size_t i, int width)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	print_name(look, i, width, &out);
	if (look->answers[i].err.kind == ERROR_NONE)
		truth_line(&look->answers[i].status, &out);
	else
		sanitize_text(&out, look->answers[i].err.msg.buf);
	(void)fprintf(app->out, "%s\n", out.buf);
}

static void print_json(const struct app *app, const struct look *look, size_t i)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	if (look->answers[i].err.kind == ERROR_NONE) {
		truth_json(&look->answers[i].status, &out);
	} else {
		const char *environment = look->places[i].config.environment;

		str_adds(&out, "{\"environment\": ");
		json_quote(&out, environment ? environment : "");
		str_adds(&out, ", ");
		app_error_json(&look->answers[i].err, &out);
		str_addc(&out, '}');
	}
	(void)fprintf(app->out, "%s\n", out.buf);
}

static void print(const struct app *app, const struct look *look, const struct strv *names)
{
	size_t width = 0;

	for (size_t i = 0; i < names->count; i++)
		width = strlen(names->v[i]) > width ? strlen(names->v[i]) : width;
	for (size_t i = 0; i < look->count; i++) {
		if (app_wants_json(app))
			print_json(app, look, i);
		else
			print_text(app, look, i, (int)width);
	}
}

/* The first that could not be looked at is the command's failure. */
static int settle(const struct look *look, bool check, struct error *err)
{
	for (size_t i = 0; i < look->count; i++) {
		struct error *found = &look->answers[i].err;

		if (found->kind == ERROR_NONE)
			continue;
		*err = *found;
		*found = (struct error)ERROR_INIT;
		return -1;
	}
	for (size_t i = 0; check && i < look->count; i++) {
		const struct status *status = &look->answers[i].status;

		if (status_agrees(status))
			continue;
		error_set(err, ERROR_REFUSED, "stack '%s' and what is meant for it do not agree",
			  status->stack_name.buf);
		return error_fix(err, "'deployer bump --check' names the first that differs");
	}
	return 0;
}

static int status_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct status_args *args = args_;
	CLEANUP(strv_release) struct strv names = STRV_INIT;
	CLEANUP(look_release) struct look look = { .git = STR_INIT, .repository = STR_INIT };

	if (name_environments(app, operands, &names, err) < 0 ||
	    open_all(app, &names, &look, err) < 0)
		return -1;
	status_find_all(look.requests, look.count, look.answers);
	print(app, &look, &names);
	return settle(&look, args->check, err);
}

const struct cmd cmd_status = {
	.name = "status",
	.group = "Pipeline",
	.summary = "print what is live, and whether git, registry and file agree",
	.details = "One line an environment: the version that the stack runs, then git's commit, "
		   "the image in the registry, the parameter file, the stack and its tasks: 'ok' "
		   "where they mean that version, what they say instead where they do not, '?' "
		   "where it may not be read. All environments of deployer.yml where none is "
		   "named, all at once. Running tasks whose image is not the one behind the tag "
		   "are counted, and services that ECS has rolled back.",
	.operands = "[ENV...]",
	.max_operands = -1,
	.environments = ENVIRONMENTS_SELF,
	.opts = opts,
	.args_size = sizeof(struct status_args),
	.run = status_run,
};
