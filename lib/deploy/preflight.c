#include "base/cleanup.h"
#include "base/slice.h"
#include "deploy/promotion.h"
#include "deploy/record.h"
#include "deploy/run.h"
#include "docker/config.h"
#include "docker/image.h"
#include "stack/check.h"
#include "sys/file.h"

#include <string.h>

/* A day: who needs more waits for nothing. */
#define TIMEOUT_MAX_MIN 1440

static bool wants(const struct run *run, enum stage stage)
{
	return run->pipeline->stages[stage];
}

static int find_version(struct run *run, struct error *err)
{
	const struct pipeline *pipeline = run->pipeline;
	bool is_kept = wants(run, STAGE_PUBLISH) || wants(run, STAGE_BUMP);
	CLEANUP(strv_release) struct strv own_files = STRV_INIT;
	const struct version_request request = {
		.dir = pipeline->config->dir,
		.tag = pipeline->version,
		.env = pipeline->env,
		.own_files = &own_files,
		.allow_dirty = pipeline->allow_dirty || !is_kept,
	};

	/* The deploy stage alone sends what the parameter file says. */
	if (!is_kept && !wants(run, STAGE_TEST) && !wants(run, STAGE_RELEASE)) {
		if (pipeline->record)
			str_adds(&run->version.tag, record_fact(pipeline->record, FACT_VERSION));
		return 0;
	}
	config_own_files(pipeline->config, &own_files);
	return version_find(&request, &run->version, err);
}

static int missing_file(const struct run *run, enum config_key key, const char *what,
			struct error *err)
{
	error_set(err, ERROR_CONFIG, "no %s in '%s'", what, run->pipeline->config->dir);
	return error_fix(err, "name it as %s in deployer.yml", config_key_name(key));
}

static int read_parameter_file(struct run *run, struct error *err)
{
	CLEANUP_FREE char *path = config_path(run->pipeline->config, CONFIG_STACK_PARAMETERS);

	if (!path)
		return missing_file(run, CONFIG_STACK_PARAMETERS, "parameter file (dev.cfg)", err);
	return parameters_read(path, run->pipeline->config->environment, &run->parameters, err);
}

/* What a release that goes on to the deploy stage is held against (stack/check.h). */
static int find_mistakes(struct run *run, const struct cfn_parameters *live, struct findings *ret,
			 struct error *err)
{
	const struct config *config = run->pipeline->config;
	CLEANUP_FREE char *path = config_path(config, CONFIG_STACK_PARAMETERS);
	CLEANUP(parameter_file_release) struct parameter_file file = PARAMETER_FILE_INIT;
	const struct check_request request = {
		.template = &run->template,
		.parameters = &file,
		.live = live,
		.tag_parameter = config_text(config, CONFIG_STACK_TAG_PARAMETER),
		.tag = wants(run, STAGE_BUMP) ? run->version.tag.buf : NULL,
		.off = config_list(config, CONFIG_CHECKS_OFF),
		.bucket = config_text(config, CONFIG_STACK_BUCKET),
	};

	if (check_rules_known(request.off, err) < 0)
		return error_wrap(err, "checks.off");
	if (parameter_file_read(path, config->environment, &file, err) < 0)
		return -1;
	check_run(&request, ret);
	return 0;
}

/* The first mistake, for which nothing need be asked of AWS. */
static int refuse_mistakes(const struct findings *findings, struct error *err)
{
	const struct finding *finding = findings_first_error(findings);
	size_t count = findings_count(findings, CHECK_ERROR);

	if (!finding)
		return 0;
	error_set(err, ERROR_CONFIG, "%s:%u:%u: %s [%s]", finding->file, finding->line,
		  finding->column, finding->message, check_rule_name(finding->rule));
	if (count > 1)
		return error_fix(err, "%s ('deployer check' shows %zu more)", finding->fix,
				 count - 1);
	return error_fix(err, "%s", finding->fix);
}

static bool is_missing_only(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct check_rule *rule = findings->items[i].rule;

		if (check_rule_severity(rule) == CHECK_ERROR &&
		    strcmp(check_rule_name(rule), "missing-parameter") != 0)
			return false;
	}
	return findings_first_error(findings);
}

/* What the file leaves out, the live stack may have: that is looked up with credentials. */
static int check_parameters(struct run *run, struct error *err)
{
	CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;

	if (find_mistakes(run, NULL, &findings, err) < 0)
		return -1;
	run->lacks_parameters = is_missing_only(&findings);
	return run->lacks_parameters ? 0 : refuse_mistakes(&findings, err);
}

static int check_live_parameters(struct run *run, struct error *err)
{
	const char *name = config_text(run->pipeline->config, CONFIG_STACK_NAME);
	CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	if (!run->lacks_parameters)
		return 0;
	if (cfn_describe_stack(run->pipeline->client, name, &stack, err) < 0) {
		if (!error_has_code(err, "StackNotFound"))
			return -1;
		error_release(err);
	}
	if (find_mistakes(run, &stack.parameters, &findings, err) < 0)
		return -1;
	return refuse_mistakes(&findings, err);
}

static int read_stack_files(struct run *run, struct error *err)
{
	CLEANUP_FREE char *path = config_path(run->pipeline->config, CONFIG_STACK_TEMPLATE);

	if (!wants(run, STAGE_BUMP) && !wants(run, STAGE_DEPLOY))
		return 0;
	if (read_parameter_file(run, err) < 0)
		return -1;
	if (!wants(run, STAGE_DEPLOY))
		return 0;
	if (!path)
		return missing_file(run, CONFIG_STACK_TEMPLATE, "stack template (stack.yml)", err);
	if (stack_template_read(path, &run->template, err) < 0)
		return -1;
	return check_parameters(run, err);
}

static int check_account(struct run *run, struct error *err)
{
	const char *wanted = config_text(run->pipeline->config, CONFIG_AWS_ACCOUNT);

	if (sts_get_caller_identity(run->pipeline->client, &run->identity, err) < 0)
		return -1;
	if (!*wanted || strcmp(wanted, run->identity.account.buf) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "the credentials belong to account %s, not to %s",
		  run->identity.account.buf, wanted);
	return error_fix(err, "use --profile or --env for account %s, or change aws.account",
			 wanted);
}

static bool has_compose_file(const struct config *config)
{
	static const char *const names[] = { "compose.yaml", "compose.yml", "docker-compose.yml",
					     "docker-compose.yaml" };

	if (config_list(config, CONFIG_COMPOSE_FILES)->count)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CLEANUP_FREE char *path = file_join(config->dir, names[i]);

		if (file_exists(path))
			return true;
	}
	return false;
}

/* A service that never becomes healthy is waited for without end by some versions of compose. */
int run_step_timeout(const struct run *run, unsigned *ret_ms, struct error *err)
{
	const char *text = config_text(run->pipeline->config, CONFIG_COMPOSE_TIMEOUT);
	uint64_t minutes;

	if (!slice_to_u64(slice_of(text), TIMEOUT_MAX_MIN, &minutes) || minutes == 0)
		return error_set(err, ERROR_CONFIG,
				 "compose.timeout: '%s' is not a number of minutes up to %d", text,
				 TIMEOUT_MAX_MIN);
	*ret_ms = (unsigned)minutes * 60 * 1000;
	return 0;
}

/*
 * Base images may be in other registries of ECR, to which a helper of docker's signs in with the
 * credentials of the environment: https://github.com/awslabs/amazon-ecr-credential-helper
 */
static enum proc_role compose_role(const struct env *env)
{
	return docker_config_asks(env, "ecr-login") ? PROC_OWN : PROC_TOOL;
}

static int set_compose(struct run *run, struct error *err)
{
	const struct config *config = run->pipeline->config;
	const struct strv *files = config_list(config, CONFIG_COMPOSE_FILES);

	if (!has_compose_file(config)) {
		error_set(err, ERROR_CONFIG, "no compose file in '%s'", config->dir);
		error_set_code(err, RUN_CODE_NO_COMPOSE_FILE);
		return error_fix(err, "run this where docker-compose.yml is, or name it as "
				      "compose.files in deployer.yml");
	}
	for (size_t i = 0; i < files->count; i++)
		strv_take(&run->compose.files, file_join(config->dir, files->v[i]));
	str_adds(&run->compose.project, config_text(config, CONFIG_COMPOSE_PROJECT));
	str_adds(&run->compose.dir, config->dir);
	run->compose.report = run->pipeline->report;
	run->compose.role = compose_role(run->pipeline->env);
	strv_addf(&run->compose.env, "APP_VERSION=%s",
		  run->version.tag.len ? run->version.tag.buf : "none");
	return 0;
}

int run_find_docker(struct run *run, struct error *err)
{
	const struct pipeline *pipeline = run->pipeline;

	if (run->engine)
		return 0;
	if (set_compose(run, err) < 0 || run_step_timeout(run, &run->compose.timeout_ms, err) < 0 ||
	    engine_new(pipeline->http, pipeline->env, &run->engine, err) < 0 ||
	    compose_find(&run->compose, pipeline->env, err) < 0)
		return -1;
	run->compose.engine = run->engine;
	return 0;
}

static int need_service(const struct run *run, const char *name, struct error *err)
{
	if (compose_config_find(&run->services, name))
		return 0;
	error_set(err, ERROR_CONFIG, "the compose file has no service '%s'", name);
	return error_fix(err, "add it, or name another one under compose.services in deployer.yml");
}

static int need_services_of(const struct run *run, const struct steps *steps, struct error *err)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];
		bool all = step->kind == STEP_BUILD;

		for (size_t j = 0; step->kind != STEP_EXEC && j < (all ? step->args.count : 1);
		     j++) {
			if (need_service(run, step->args.v[j], err) < 0)
				return -1;
		}
	}
	return 0;
}

static int check_services(struct run *run, struct error *err)
{
	const struct config *config = run->pipeline->config;

	if (compose_config(&run->compose, &run->services, err) < 0)
		return -1;
	if (wants(run, STAGE_TEST) && need_services_of(run, &config->test, err) < 0)
		return -1;
	if (wants(run, STAGE_RELEASE) && need_services_of(run, &config->release, err) < 0)
		return -1;
	return need_service(run, config_text(config, CONFIG_SERVICE_APP), err);
}

int run_check_services(struct run *run, struct error *err)
{
	if (run_find_docker(run, err) < 0)
		return -1;
	return run->services.count ? 0 : check_services(run, err);
}

static bool needs_docker(const struct run *run)
{
	const struct pipeline *pipeline = run->pipeline;

	if (pipeline->source)
		return false;
	if (run->is_published && !pipeline->force && !pipeline->rebuild &&
	    wants(run, STAGE_PUBLISH))
		return false;
	return wants(run, STAGE_TEST) || wants(run, STAGE_RELEASE) || wants(run, STAGE_PUBLISH);
}

int run_find_image(struct run *run, struct image_ref *ret, struct error *err)
{
	const struct config *config = run->pipeline->config;
	const char *image = config_text(config, CONFIG_IMAGE);
	const struct compose_service *app;

	if (*image)
		return image_ref_parse(image, ret, err);
	/* Both environments mean the same repository; whoever promotes need not have compose. */
	if (run->pipeline->source) {
		str_adds(&ret->name, run->pipeline->source->repository_name.buf);
		return 0;
	}
	if (!needs_docker(run) && !has_compose_file(config)) {
		error_set(err, ERROR_CONFIG, "no image to look for: no compose file in '%s'",
			  config->dir);
		return error_fix(err, "name the repository as image in deployer.yml ('image: "
				      "NAME'), or the compose file as compose.files");
	}
	if (run_check_services(run, err) < 0)
		return -1;
	app = compose_config_find(&run->services, config_text(config, CONFIG_SERVICE_APP));
	if (app && *app->image)
		return image_ref_parse(app->image, ret, err);
	error_set(err, ERROR_CONFIG, "service '%s' of the compose file has no image",
		  config_text(config, CONFIG_SERVICE_APP));
	return error_fix(err,
			 "give it an 'image: NAME:${APP_VERSION}', or set image in deployer.yml");
}

static int no_repository(const struct run *run, struct error *err)
{
	if (!error_has_code(err, "RepositoryNotFoundException"))
		return -1;
	error_become(err, ERROR_PUBLISH);
	return error_fix(err, "let it be made with --create, or make repository '%s' yourself",
			 run->repository_name.buf);
}

/*
 * A registry named in deployer.yml takes the place of the one that ECR names: for a stand-in of AWS
 * whose registry lives elsewhere, with ECR's token as its password.
 */
static void use_named_registry(struct run *run)
{
	const char *url = config_text(run->pipeline->config, CONFIG_PUBLISH_REGISTRY);

	if (!*url)
		return;
	str_reset(&run->authorization.proxy_endpoint);
	str_adds(&run->authorization.proxy_endpoint, url);
	if (run->is_repository_missing)
		return;
	str_reset(&run->repository.uri);
	url_host(url, &run->repository.uri);
	str_addf(&run->repository.uri, "/%s", run->repository_name.buf);
}

int run_authorize(struct run *run, struct error *err)
{
	if (ecr_get_authorization(run->pipeline->client, &run->authorization, err) < 0)
		return -1;
	use_named_registry(run);
	return 0;
}

/* The publish stage makes it: until then nothing is changed. */
static int describe_repository(struct run *run, const char *account, struct error *err)
{
	const struct pipeline *pipeline = run->pipeline;

	if (ecr_describe_repository(pipeline->client, account, run->repository_name.buf,
				    &run->repository, err) == 0)
		return 0;
	if (!error_has_code(err, "RepositoryNotFoundException") || !pipeline->create ||
	    !wants(run, STAGE_PUBLISH))
		return no_repository(run, err);
	error_release(err);
	run->is_repository_missing = true;
	return 0;
}

int run_create_repository(struct run *run, struct error *err)
{
	if (!run->is_repository_missing)
		return 0;
	if (ecr_create_repository(run->pipeline->client, run->repository_name.buf, &run->repository,
				  err) < 0)
		return -1;
	run->is_repository_missing = false;
	report_result(run->pipeline->report, "repository %s created", run->repository.uri.buf);
	use_named_registry(run);
	return 0;
}

int run_look_up_digest(struct run *run, struct error *err)
{
	struct registry registry = run_registry(run);

	if (registry_digest(&registry, run->repository_name.buf, run->version.tag.buf, &run->digest,
			    err) == 0) {
		run->is_published = true;
		return 0;
	}
	if (!error_has_code(err, "NotFound"))
		return error_wrap(err, "asking the registry for %s", run->version.tag.buf);
	error_release(err);
	return 0;
}

/* What an earlier run has published must still be there when it is deployed. */
static bool needs_registry(const struct run *run)
{
	const struct record *record = run->pipeline->record;

	return wants(run, STAGE_LOGIN) || wants(run, STAGE_PUBLISH) ||
	       (record && wants(run, STAGE_DEPLOY) && *record_fact(record, FACT_DIGEST));
}

static int find_repository(struct run *run, struct error *err)
{
	CLEANUP(image_ref_release) struct image_ref image = IMAGE_REF_INIT;
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str region = STR_INIT;

	if (!needs_registry(run))
		return 0;
	if (run_find_image(run, &image, err) < 0)
		return -1;
	(void)ecr_host_parse(image.host.buf, &account, &region);
	str_adds(&run->repository_name, image.name.buf);
	if (describe_repository(run, account.len ? account.buf : NULL, err) < 0 ||
	    run_authorize(run, err) < 0)
		return -1;
	return run->is_repository_missing ? 0 : run_look_up_digest(run, err);
}

static bool needs_aws(const struct run *run)
{
	return wants(run, STAGE_LOGIN) || wants(run, STAGE_PUBLISH) || wants(run, STAGE_DEPLOY);
}

static int check_docker(struct run *run, struct error *err)
{
	if (!needs_docker(run))
		return 0;
	if (run_check_services(run, err) < 0)
		return -1;
	return run_find_tested(run, err);
}

/* Cheapest first: files, then AWS, then Docker, which need not be there for a published commit. */
int preflight(struct run *run, struct error *err)
{
	if (find_version(run, err) < 0 || read_stack_files(run, err) < 0)
		return -1;
	if (needs_aws(run) && (check_account(run, err) < 0 || check_live_parameters(run, err) < 0))
		return -1;
	if (find_repository(run, err) < 0 || check_docker(run, err) < 0)
		return -1;
	return run->pipeline->record ? run_check_claims(run, err) : 0;
}
