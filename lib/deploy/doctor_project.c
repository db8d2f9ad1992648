#include "base/cleanup.h"
#include "deploy/doctor_check.h"
#include "deploy/run.h"
#include "deploy/version.h"
#include "stack/check.h"
#include "stack/parameters.h"
#include "stack/template.h"

#include <string.h>

void doctor_git(struct checkup *checkup)
{
	const struct doctor_request *request = checkup->look->request;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv own_files = STRV_INIT;
	CLEANUP(version_release) struct version version = VERSION_INIT;
	const struct version_request wanted = {
		.dir = request->config->dir,
		.env = request->env,
		.own_files = &own_files,
		.allow_dirty = true,
	};

	config_own_files(request->config, &own_files);
	if (version_find(&wanted, &version, &err) < 0) {
		found_error(checkup, &err);
		return;
	}
	if (version.is_given)
		(void)found(checkup, DOCTOR_OK, "version %s, from APP_VERSION", version.tag.buf);
	else if (version.revision.is_dirty)
		advise(found(checkup, DOCTOR_WARNING, "the working tree differs from %s: %s",
			     version.revision.short_id.buf, version.revision.dirty_paths.buf),
		       "commit or stash the changes: a release refuses them, unless told "
		       "--allow-dirty");
	else
		(void)found(checkup, DOCTOR_OK, "version %s%s: %s", version.tag.buf,
			    version.revision.branch.len ? "" : " (detached HEAD)",
			    version.revision.subject.buf);
}

/* ---- template and parameters ---- */

static void tell_findings(struct checkup *checkup, const struct findings *findings)
{
	const struct config *config = checkup->look->request->config;
	const struct finding *first = findings_first_error(findings);
	size_t errors = findings_count(findings, CHECK_ERROR);
	size_t warnings = findings_count(findings, CHECK_WARNING);
	const char *template = config_text(config, CONFIG_STACK_TEMPLATE);
	const char *parameters = config_text(config, CONFIG_STACK_PARAMETERS);

	if (first) {
		struct doctor_finding *finding = found(checkup, DOCTOR_ERROR, "%s", first->message);

		if (errors > 1)
			str_addf(&finding->text, " (and %zu more)", errors - 1);
		advise(finding, "%s; 'deployer check' says where", first->fix);
	} else if (warnings) {
		advise(found(checkup, DOCTOR_WARNING, "%s and %s: %zu warning%s", template,
			     parameters, warnings, warnings == 1 ? "" : "s"),
		       "see 'deployer check'");
	} else {
		(void)found(checkup, DOCTOR_OK, "%s and %s agree", template, parameters);
	}
}

static const struct error *set_or_null(const struct error *error)
{
	return error->kind == ERROR_NONE ? NULL : error;
}

static void check_files(struct checkup *checkup, const char *template_path,
			const char *parameters_path)
{
	const struct config *config = checkup->look->request->config;
	CLEANUP(stack_template_release) struct stack_template template = STACK_TEMPLATE_INIT;
	CLEANUP(parameter_file_release) struct parameter_file parameters = PARAMETER_FILE_INIT;
	CLEANUP(error_release) struct error template_error = ERROR_INIT;
	CLEANUP(error_release) struct error parameters_error = ERROR_INIT;
	CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
	struct check_request request = {
		.template = &template,
		.parameters = &parameters,
		.tag_parameter = config_text(config, CONFIG_STACK_TAG_PARAMETER),
		.off = config_list(config, CONFIG_CHECKS_OFF),
		.bucket = config_text(config, CONFIG_STACK_BUCKET),
	};

	(void)stack_template_load(template_path, &template, &template_error);
	(void)parameter_file_load(parameters_path, config->environment, &parameters,
				  &parameters_error);
	request.template_error = set_or_null(&template_error);
	request.parameters_error = set_or_null(&parameters_error);
	check_run(&request, &findings);
	tell_findings(checkup, &findings);
}

/* Somebody's stack may live in another repository: then releases end with their image. */
void doctor_template(struct checkup *checkup)
{
	const struct config *config = checkup->look->request->config;
	CLEANUP_FREE char *template = config_path(config, CONFIG_STACK_TEMPLATE);
	CLEANUP_FREE char *parameters = config_path(config, CONFIG_STACK_PARAMETERS);

	if (!template)
		advise(found(checkup, DOCTOR_WARNING, "no stack template (stack.yml) in '%s'",
			     config->dir),
		       "name it as stack.template in deployer.yml, or say 'deployer release "
		       "--until publish'");
	else if (!parameters)
		advise(found(checkup, DOCTOR_WARNING, "no parameter file (dev.cfg) in '%s'",
			     config->dir),
		       "name it as stack.parameters in deployer.yml");
	else
		check_files(checkup, template, parameters);
}

/* ---- compose file ---- */

/* What Docker itself lacks, the checks of Engine and compose find. */
static void services_missing(struct checkup *checkup, struct error *err)
{
	if (error_has_code(err, RUN_CODE_NO_COMPOSE_FILE))
		advise(found(checkup, DOCTOR_WARNING, "%s", err->msg.buf),
		       "%s; without one there is nothing to test and to build", err->fix.buf);
	else if (err->kind != ERROR_TOOL)
		found_error(checkup, err);
	error_release(err);
}

/* Docker opens a firewall for them, too: what is being tested is there for the whole network. */
static void check_ports(struct checkup *checkup, const struct compose_config *services)
{
	CLEANUP(str_release) struct str names = STR_INIT;
	const char *port = NULL;

	for (size_t i = 0; i < services->count; i++) {
		const struct compose_service *service = &services->services[i];

		if (!service->is_open)
			continue;
		str_addf(&names, "%s%s", names.len ? ", " : "", service->name);
		port = port ? port : service->ports.v[0];
	}
	if (port)
		advise(found(checkup, DOCTOR_WARNING,
			     "whoever reaches this machine reaches the ports of: %s", names.buf),
		       "publish them to it alone: \"127.0.0.1::%s\" in the compose file", port);
}

static void check_services(struct checkup *checkup, struct run *run)
{
	struct look *look = checkup->look;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	bool is_right = run_check_services(run, &err) == 0;

	if (!is_right)
		services_missing(checkup, &err);
	/* A setting may name it, whatever is with compose. */
	look->has_image = run_find_image(run, &look->image, &err) == 0;
	if (!look->has_image && is_right)
		found_error(checkup, &err);
	if (look->has_image && is_right)
		(void)found(checkup, DOCTOR_OK, "%zu services; the image is %s%s%s",
			    run->services.count, look->image.host.buf,
			    look->image.host.len ? "/" : "", look->image.name.buf);
	if (is_right)
		check_ports(checkup, &run->services);
}

void doctor_services(struct checkup *checkup)
{
	const struct doctor_request *request = checkup->look->request;
	const struct pipeline pipeline = {
		.config = request->config,
		.http = checkup->http,
		.env = request->env,
		.clock = request->clock,
		.report = &report_none,
		.stages = { [STAGE_TEST] = true, [STAGE_RELEASE] = true, [STAGE_PUBLISH] = true },
	};
	struct run run = run_of(&pipeline);

	check_services(checkup, &run);
	run_release(&run);
}
