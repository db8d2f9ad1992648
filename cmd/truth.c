#include "cmd/truth.h"

#include "base/cleanup.h"
#include "deploy/records.h"
#include "deploy/version.h"
#include "ui/truth.h"

#include <string.h>

void truth_find_git(const struct config *config, struct str *ret)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	CLEANUP(version_release) struct version version = VERSION_INIT;
	CLEANUP(strv_release) struct strv own_files = STRV_INIT;
	const struct version_request request = {
		.dir = config->dir,
		.own_files = &own_files,
		.allow_dirty = true,
	};

	config_own_files(config, &own_files);
	if (version_find(&request, &version, &unknown) == 0)
		str_adds(ret, version.tag.buf);
}

/* "HOST/NAME" -> "NAME" */
static void add_name(struct str *ret, const char *uri)
{
	const char *slash = strchr(uri, '/');

	str_adds(ret, slash ? slash + 1 : uri);
}

/* The newest record that knows it is quicker than compose, which is a program to start. */
static bool find_in_records(const struct env *env, const char *project_dir, struct str *ret)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	CLEANUP(records_release) struct records records = RECORDS_INIT;
	CLEANUP_FREE char *dir = records_dir(env, project_dir);

	if (records_read(dir, NULL, 0, &records, &unknown) < 0)
		return false;
	for (size_t i = 0; i < records.count; i++) {
		const char *uri = record_fact(&records.items[i].record, FACT_REPOSITORY);

		if (!*uri)
			continue;
		add_name(ret, uri);
		return true;
	}
	return false;
}

void truth_find_repository(struct app *app, const struct config *config, struct str *ret)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	const struct pipeline pipeline = {
		.config = config,
		.http = app_http(app),
		.env = &app->env,
		.clock = app->clock,
		.report = app->report,
	};

	if (*config_text(config, CONFIG_IMAGE) || !find_in_records(&app->env, config->dir, ret))
		(void)pipeline_repository(&pipeline, ret, &unknown);
}

void truth_after_run(struct app *app, const struct pipeline *pipeline, const struct record *record,
		     struct str *out)
{
	CLEANUP(error_release) struct error unseen = ERROR_INIT;
	CLEANUP(status_release) struct status status = STATUS_INIT;
	CLEANUP(str_release) struct str git = STR_INIT;
	CLEANUP(str_release) struct str repository = STR_INIT;
	struct status_request request = {
		.config = pipeline->config,
		.client = pipeline->client,
		.version = record_fact(record, FACT_VERSION),
	};

	truth_find_git(pipeline->config, &git);
	if (*record_fact(record, FACT_REPOSITORY))
		add_name(&repository, record_fact(record, FACT_REPOSITORY));
	else
		truth_find_repository(app, pipeline->config, &repository);
	request.git = git.buf;
	request.repository = repository.buf;
	if (status_find(&request, &status, &unseen) == 0)
		truth_line(&status, out);
}
