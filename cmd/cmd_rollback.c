#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/commands.h"
#include "cmd/deploy_opts.h"
#include "cmd/record.h"
#include "data/json.h"
#include "deploy/rollback.h"

#include <string.h>

/* As many as fit on a screen. */
#define SHOWN 20

/* "sha256:" and 12 digits: as docker shows them. */
#define DIGEST_SHOWN 19

struct rollback_args {
	struct deploy_args deploy;
	bool yes;
	bool dry_run;
	bool all;
};

static const struct opt opts[] = {
	OPT_DRY_RUN(struct rollback_args),
	OPT(struct rollback_args, yes, 'y', "yes", NULL,
	    "go back although migrations lie between; ask nobody"),
	OPT(struct rollback_args, all, 'a', "all", NULL, "list all there are, not the newest 20"),
	DEPLOY_OPTS(struct rollback_args, deploy.),
	OPT_END,
};

static void add_time(struct str *out, int64_t wall_ms)
{
	if (wall_ms)
		clock_format_rfc3339(wall_ms, out);
	else
		str_adds(out, "-");
}

static void print_text(const struct app *app, const struct rollback_candidate *item)
{
	CLEANUP(str_release) struct str line = STR_INIT;
	CLEANUP(str_release) struct str pushed = STR_INIT;
	CLEANUP(str_release) struct str safe = STR_INIT;

	add_time(&pushed, item->pushed_ms);
	str_addf(&line, "%c %-14s %-20s %-*.*s ", item->is_live ? '*' : ' ', item->tag, pushed.buf,
		 DIGEST_SHOWN, DIGEST_SHOWN, item->digest);
	if (item->commit.is_known)
		str_addf(&line, "%s (%s)", item->commit.subject.buf, item->commit.author.buf);
	else
		str_adds(&line, "no commit here");
	if (item->is_live)
		str_adds(&line, ", live");
	if (item->is_in_file)
		str_adds(&line, ", in the parameter file");
	if (item->deployed_ms && !item->is_live) {
		str_adds(&line, ", deployed ");
		add_time(&line, item->deployed_ms);
	} else if (item->set_ms && !item->is_in_file) {
		str_adds(&line, ", set ");
		add_time(&line, item->set_ms);
	}
	sanitize_text(&safe, line.buf);
	(void)fprintf(app->out, "%s\n", safe.buf);
}

static void print_json(const struct app *app, const struct rollback_candidate *item)
{
	CLEANUP(str_release) struct str subject = STR_INIT;
	CLEANUP(str_release) struct str author = STR_INIT;
	json_auto_t *document = NULL;
	CLEANUP_FREE char *text = NULL;

	/* git takes any bytes, JSON does not. */
	sanitize_text(&subject, item->commit.subject.buf);
	sanitize_text(&author, item->commit.author.buf);
	document =
		json_pack("{s:s, s:s, s:I, s:b, s:b, s:I, s:I, s:b, s:s, s:s, s:I}", "tag",
			  item->tag, "digest", item->digest, "pushed", (json_int_t)item->pushed_ms,
			  "live", item->is_live, "in_file", item->is_in_file, "set",
			  (json_int_t)item->set_ms, "deployed", (json_int_t)item->deployed_ms,
			  "known", item->commit.is_known, "subject", subject.buf, "author",
			  author.buf, "committed", (json_int_t)item->commit.time_ms);
	text = document ? json_dumps(document, JSON_COMPACT) : NULL;
	(void)fprintf(app->out, "%s\n", text ? text : "{}");
}

static int list(struct app *app, const struct pipeline *pipeline, bool all, struct error *err)
{
	CLEANUP(rollback_list_release) struct rollback_list found = ROLLBACK_LIST_INIT;
	CLEANUP(records_release) struct records records = RECORDS_INIT;

	if (rollback_find(pipeline, &found, err) < 0 ||
	    record_list(app, record_environment(app), 0, &records, err) < 0)
		return -1;
	rollback_note_records(&found, &records);
	for (size_t i = 0; i < found.count && (all || i < SHOWN); i++) {
		if (app_wants_json(app))
			print_json(app, &found.items[i]);
		else
			print_text(app, &found.items[i]);
	}
	if (!all && found.count > SHOWN)
		report_note(app->report, "%zu older ones are not shown (--all)",
			    found.count - SHOWN);
	if (found.count == 0)
		report_note(app->report, "the registry has no image to go back to");
	return 0;
}

static int go_back(void *ctx, const struct pipeline *pipeline, struct error *err)
{
	struct rollback_request request = *(const struct rollback_request *)ctx;

	request.pipeline = pipeline;
	return rollback_run(&request, err);
}

static int rollback_command(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct rollback_args *args = args_;
	struct pipeline pipeline = { .allow_dirty = true };
	struct rollback_request request = {
		.tag = operands[0],
		.is_confirmed = args->yes,
	};

	if (deploy_policy_of(app, &args->deploy, &pipeline.deploy, err) < 0)
		return -1;
	if (!operands[0])
		return app_pipeline(app, &pipeline, err) < 0 ? -1
							     : list(app, &pipeline, args->all, err);
	pipeline.stages[STAGE_BUMP] = true;
	pipeline.stages[STAGE_DEPLOY] = true;
	if (args->dry_run) {
		pipeline.version = operands[0];
		pipeline.dry_run = true;
		return app_run_pipeline(app, &pipeline, err);
	}
	return record_work(app, &pipeline, go_back, &request, err);
}

const struct cmd cmd_rollback = {
	.name = "rollback",
	.group = "Pipeline",
	.summary = "go back to an earlier version, or list those there are",
	.details = "Without TAG: the versions that the registry has an image of, with what git, "
		   "the history of the parameter file and the live stack (*) say of each.\n"
		   "With TAG: writes it into the parameter file and deploys that; template and "
		   "other parameters stay as they are here. The image must be in the registry. "
		   "Where migrations lie between (files in folders called migrations, migrate, "
		   "alembic ..., or those of rollback.migrations in deployer.yml) it asks first: "
		   "the database does not go back.",
	.operands = "[TAG]",
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct rollback_args),
	.run = rollback_command,
};
