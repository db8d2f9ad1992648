#include "deploy/rollback.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/run.h"
#include "docker/image.h"
#include "sys/prompt.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* More files than that between two versions are no longer looked through. */
#define MAX_PATHS 100000

/* As many migrations as are worth reading. */
#define MAX_NAMED 5

void rollback_list_release(struct rollback_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].tag);
		free(list->items[i].digest);
		history_commit_release(&list->items[i].commit);
	}
	free(list->items);
	*list = (struct rollback_list)ROLLBACK_LIST_INIT;
}

/* ---- what is where ---- */

/* As a run that only logs in finds it: the repository, and the digest behind a tag. */
static int look_up(struct run *run, const char *tag, struct error *err)
{
	str_adds(&run->version.tag, tag);
	return preflight(run, err);
}

static struct pipeline login_only(const struct pipeline *pipeline)
{
	struct pipeline login = *pipeline;

	for (int i = 0; i < STAGE_COUNT; i++)
		login.stages[i] = i == STAGE_LOGIN;
	return login;
}

static const char *tag_parameter(const struct pipeline *pipeline)
{
	return config_text(pipeline->config, CONFIG_STACK_TAG_PARAMETER);
}

static void add_value(const struct cfn_parameters *list, const char *key, struct str *ret)
{
	const struct cfn_parameter *found = cfn_parameters_find(list, key);

	str_reset(ret);
	str_adds(ret, found ? found->value : "");
}

/* The version that the stack has, "" where there is no stack. */
static int find_live(const struct pipeline *pipeline, struct str *ret, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const char *name = config_text(pipeline->config, CONFIG_STACK_NAME);

	if (cfn_describe_stack(pipeline->client, name, &stack, err) < 0) {
		if (!error_has_code(err, "StackNotFound"))
			return -1;
		error_release(err);
	}
	add_value(&stack.parameters, tag_parameter(pipeline), ret);
	return 0;
}

static int find_in_file(const struct pipeline *pipeline, struct str *ret, struct error *err)
{
	CLEANUP(cfn_parameters_release) struct cfn_parameters list = CFN_PARAMETERS_INIT;
	CLEANUP_FREE char *path = config_path(pipeline->config, CONFIG_STACK_PARAMETERS);

	if (path && parameters_read(path, pipeline->config->environment, &list, err) < 0)
		return -1;
	add_value(&list, tag_parameter(pipeline), ret);
	return 0;
}

/* ---- the list ---- */

static void add_image(struct rollback_list *list, const struct ecr_image *image,
		      const struct strv *moving)
{
	for (size_t i = 0; i < image->tags.count; i++) {
		struct rollback_candidate *item;

		if (strv_has(moving, image->tags.v[i]))
			continue;
		item = mem_grow(&list->items, &list->count, sizeof(*item));
		item->tag = mem_strdup(image->tags.v[i]);
		item->digest = mem_strdup(image->digest ? image->digest : "");
		item->pushed_ms = image->pushed_ms;
		item->commit = (struct history_commit)HISTORY_COMMIT_INIT;
	}
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct rollback_candidate *x = a, *y = b;

	if (x->pushed_ms != y->pushed_ms)
		return x->pushed_ms < y->pushed_ms ? 1 : -1;
	return strcmp(x->tag, y->tag);
}

static int find_images(const struct pipeline *pipeline, const char *tag, struct rollback_list *list,
		       struct error *err)
{
	const struct pipeline login = login_only(pipeline);
	CLEANUP(run_release) struct run run = run_of(&login);
	CLEANUP(ecr_images_release) struct ecr_images images = ECR_IMAGES_INIT;

	if (look_up(&run, tag, err) < 0 ||
	    ecr_describe_images(pipeline->client, &run.repository, NULL, &images, err) < 0)
		return -1;
	for (size_t i = 0; i < images.count; i++)
		add_image(list, &images.items[i],
			  config_list(pipeline->config, CONFIG_PUBLISH_TAGS));
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_newest_first);
	return 0;
}

/* What the commits say; without a repository nothing is said of them. */
static void describe_commits(const struct pipeline *pipeline, struct rollback_list *list)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	CLEANUP(strv_release) struct strv names = STRV_INIT;
	CLEANUP_FREE struct history_commit *commits =
		mem_zalloc((list->count + 1) * sizeof(*commits));

	for (size_t i = 0; i < list->count; i++) {
		strv_add(&names, list->items[i].tag);
		commits[i] = (struct history_commit)HISTORY_COMMIT_INIT;
	}
	if (history_describe(pipeline->config->dir, &names, commits, &unknown) < 0)
		report_note(pipeline->report, "the commits are not known here: %s",
			    unknown.msg.buf);
	for (size_t i = 0; i < list->count; i++)
		list->items[i].commit = commits[i];
}

/* The versions that the parameter file has had. */
struct file_history {
	struct rollback_list *list;
	const char *path;
	const char *environment;
	const char *key;
};

static bool take_version(void *ctx, int64_t time_ms, const char *bytes, size_t len)
{
	const struct file_history *history = ctx;
	CLEANUP(cfn_parameters_release) struct cfn_parameters list = CFN_PARAMETERS_INIT;
	CLEANUP(error_release) struct error unreadable = ERROR_INIT;
	const struct cfn_parameter *found;

	if (parameters_read_text(history->path, history->environment, (struct slice){ bytes, len },
				 &list, &unreadable) < 0)
		return true;
	found = cfn_parameters_find(&list, history->key);
	for (size_t i = 0; found && i < history->list->count; i++) {
		struct rollback_candidate *item = &history->list->items[i];

		if (!item->set_ms && strcmp(item->tag, found->value) == 0)
			item->set_ms = time_ms;
	}
	return true;
}

static void describe_settings(const struct pipeline *pipeline, struct rollback_list *list)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	CLEANUP_FREE char *path = config_path(pipeline->config, CONFIG_STACK_PARAMETERS);
	struct file_history history = { list, path, pipeline->config->environment,
					tag_parameter(pipeline) };

	/* A file outside any repository has no history: then there is none to tell. */
	if (path)
		(void)history_of_file(path, take_version, &history, &unknown);
}

int rollback_find(const struct pipeline *pipeline, struct rollback_list *ret, struct error *err)
{
	CLEANUP(rollback_list_release) struct rollback_list list = ROLLBACK_LIST_INIT;
	CLEANUP(str_release) struct str live = STR_INIT;
	CLEANUP(str_release) struct str in_file = STR_INIT;

	if (find_in_file(pipeline, &in_file, err) < 0 || find_live(pipeline, &live, err) < 0 ||
	    find_images(pipeline, live.len ? live.buf : "latest", &list, err) < 0)
		return -1;
	describe_commits(pipeline, &list);
	describe_settings(pipeline, &list);
	for (size_t i = 0; i < list.count; i++) {
		list.items[i].is_live = strcmp(list.items[i].tag, live.buf) == 0;
		list.items[i].is_in_file = strcmp(list.items[i].tag, in_file.buf) == 0;
	}
	*ret = list;
	list = (struct rollback_list)ROLLBACK_LIST_INIT;
	return 0;
}

void rollback_note_records(struct rollback_list *list, const struct records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		const struct record *record = &records->items[i].record;
		const char *version = record_fact(record, FACT_VERSION);

		for (size_t j = 0; record->exit_status == 0 && j < list->count; j++) {
			struct rollback_candidate *item = &list->items[j];

			if (*record_fact(record, FACT_DEPLOYED) &&
			    strcmp(item->tag, version) == 0 && record->ended_ms > item->deployed_ms)
				item->deployed_ms = record->ended_ms;
		}
	}
}

/* ---- going back ---- */

/* What ECR calls by that tag must be what the registry hands out under it. */
static int check_digest(const struct run *run, const char *tag, struct error *err)
{
	CLEANUP(ecr_images_release) struct ecr_images images = ECR_IMAGES_INIT;
	const char *named = config_text(run->pipeline->config, CONFIG_PUBLISH_REGISTRY);

	/* A registry named in deployer.yml is none that ECR knows of. */
	if (*named)
		return 0;
	if (ecr_describe_images(run->pipeline->client, &run->repository, tag, &images, err) < 0)
		return -1;
	if (images.count == 1 && strcmp(images.items[0].digest, run->digest.buf) == 0)
		return 0;
	return error_set(err, ERROR_REFUSED,
			 "the registry hands out %s under '%s', and ECR names another digest",
			 run->digest.buf, tag);
}

static int check_image(const struct rollback_request *request, struct error *err)
{
	const struct pipeline login = login_only(request->pipeline);
	CLEANUP(run_release) struct run run = run_of(&login);

	if (look_up(&run, request->tag, err) < 0)
		return -1;
	if (!run.is_published) {
		error_set(err, ERROR_REFUSED, "the registry has no image '%s'", request->tag);
		return error_fix(err, "'deployer rollback' lists those that it has");
	}
	if (check_digest(&run, request->tag, err) < 0)
		return -1;
	report_note(request->pipeline->report, "image %s is %s", request->tag, run.digest.buf);
	return 0;
}

/* "src/todo/migrations/0002_add.py": frameworks agree on the names of their folders. */
static bool is_in_usual_folder(const char *path)
{
	static const char *const names[] = { "migrations", "migration", "migrate",
					     "alembic",	   "flyway",	"liquibase" };
	CLEANUP(strv_release) struct strv parts = STRV_INIT;

	strv_split(&parts, path, "/");
	for (size_t i = 0; i + 1 < parts.count; i++) {
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			if (strcmp(parts.v[i], names[j]) == 0)
				return true;
		}
	}
	return false;
}

static bool is_migration(const char *path, const struct strv *patterns)
{
	if (patterns->count == 0)
		return is_in_usual_folder(path);
	for (size_t i = 0; i < patterns->count; i++) {
		if (fnmatch(patterns->v[i], path, FNM_LEADING_DIR) == 0)
			return true;
	}
	return false;
}

/* Appends "a, b and 3 more" of the paths that are migrations; nothing where none is. */
static void name_migrations(const struct strv *paths, const struct strv *patterns, struct str *out)
{
	size_t count = 0;

	for (size_t i = 0; i < paths->count; i++) {
		if (!is_migration(paths->v[i], patterns))
			continue;
		if (count++ < MAX_NAMED)
			str_addf(out, "%s%s", out->len ? ", " : "", paths->v[i]);
	}
	if (count > MAX_NAMED)
		str_addf(out, " and %zu more", count - MAX_NAMED);
}

/* What may stand against it, appended; nothing where nothing does. */
static void find_objection(const struct rollback_request *request, const char *live,
			   struct str *out)
{
	const struct config *config = request->pipeline->config;
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	CLEANUP(strv_release) struct strv paths = STRV_INIT;
	CLEANUP(str_release) struct str names = STR_INIT;

	if (!*live || strcmp(live, request->tag) == 0)
		return;
	if (history_changed_paths(config->dir, request->tag, live, MAX_PATHS, &paths, &unknown) <
	    0) {
		str_addf(out, "nobody knows whether migrations lie between %s and the live %s: %s",
			 request->tag, live, unknown.msg.buf);
		return;
	}
	name_migrations(&paths, config_list(config, CONFIG_ROLLBACK_MIGRATIONS), &names);
	if (names.len)
		str_addf(out, "migrations lie between %s and the live %s, and stay applied: %s",
			 request->tag, live, names.buf);
}

/* A person's yes, or --yes. */
static int overcome(const struct rollback_request *request, const char *objection,
		    struct error *err)
{
	char answer = 'n';

	report_warning(request->pipeline->report, "%s", objection);
	if (request->is_confirmed)
		return 0;
	if (!prompt_is_possible()) {
		error_set(err, ERROR_REFUSED, "%s", objection);
		return error_fix(err, "where %s works with the database as it is now, give --yes",
				 request->tag);
	}
	if (prompt_choice("Go back all the same? (y)es or (n)o ", "yn", &answer, err) < 0)
		return -1;
	return answer == 'y' ? 0 : error_set(err, ERROR_REFUSED, "declined: nothing was changed");
}

int rollback_run(const struct rollback_request *request, struct error *err)
{
	struct pipeline pipeline = *request->pipeline;
	CLEANUP(str_release) struct str live = STR_INIT;
	CLEANUP(str_release) struct str objection = STR_INIT;

	if (image_check_tag(request->tag, "rollback", err) < 0 || check_image(request, err) < 0 ||
	    find_live(request->pipeline, &live, err) < 0)
		return -1;
	find_objection(request, live.buf, &objection);
	if (objection.len && overcome(request, objection.buf, err) < 0)
		return -1;
	for (int i = 0; i < STAGE_COUNT; i++)
		pipeline.stages[i] = i == STAGE_BUMP || i == STAGE_DEPLOY;
	pipeline.version = request->tag;
	pipeline.allow_dirty = true;
	pipeline.deploy.allow_older = true;
	return pipeline_run(&pipeline, err);
}
