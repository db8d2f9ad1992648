#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/record.h"
#include "deploy/run.h"
#include "sys/file.h"

#include <string.h>

int stage_bump(struct run *run, struct error *err)
{
	const struct config *config = run->pipeline->config;
	CLEANUP_FREE char *path = config_path(config, CONFIG_STACK_PARAMETERS);
	CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
	const char *key = config_text(config, CONFIG_STACK_TAG_PARAMETER);
	const struct bump_request request = {
		.path = path,
		.environment = config->environment,
		.key = key,
		.value = run->version.tag.buf,
	};

	if (parameters_bump(&request, &result, err) < 0)
		return error_has_code(err, FILE_IS_LOCKED)
			       ? error_wrap(err, "parameters of stack '%s'",
					    config_text(config, CONFIG_STACK_NAME))
			       : -1;
	if (result.changed) {
		report_result_at(run->pipeline->report, path, result.line, "%s: %s %s -> %s",
				 config_text(config, CONFIG_STACK_PARAMETERS), key,
				 result.old_value.buf, run->version.tag.buf);
		fact_tell(run->pipeline->report, FACT_BUMPED, "%s %s -> %s",
			  config_text(config, CONFIG_STACK_PARAMETERS), result.old_value.buf,
			  run->version.tag.buf);
	} else {
		report_result(run->pipeline->report, "%s: %s is %s already",
			      config_text(config, CONFIG_STACK_PARAMETERS), key,
			      run->version.tag.buf);
	}
	/* The deploy stage sends what the file says now. */
	cfn_parameters_release(&run->parameters);
	return parameters_read(path, config->environment, &run->parameters, err);
}

static void describe(const struct run *run, struct str *out)
{
	const struct revision *revision = &run->version.revision;

	str_addf(out, "deployer %s", run->version.tag.buf);
	if (revision->subject.len)
		str_addf(out, " \"%s\" by %s", revision->subject.buf, revision->author.buf);
	/* CreateChangeSet takes 1024 characters; cut between two of them. */
	if (out->len > 1024) {
		size_t len = 1024;

		while (len && ((unsigned char)out->buf[len] & 0xc0) == 0x80)
			len--;
		str_cut(out, len);
	}
}

static void tell_outputs(const struct run *run, const struct cfn_stack *stack)
{
	for (size_t i = 0; i < stack->output_count; i++)
		report_result(run->pipeline->report, "output %s = %s", stack->outputs[i].key,
			      stack->outputs[i].value);
}

static void tell_deployment(const struct run *run, const struct deploy_result *result)
{
	CLEANUP(str_release) struct str took = STR_INIT;
	struct report *report = run->pipeline->report;
	const char *name = result->stack.name.buf;

	clock_format_duration(result->elapsed_ms, &took);
	switch (result->outcome) {
	case DEPLOY_UNCHANGED:
		report_result(report, "stack %s is up to date (%s)", name,
			      result->stack.status.buf);
		break;
	case DEPLOY_CREATED:
	case DEPLOY_UPDATED:
		report_result(report, "stack %s is %s: %zu resources changed in %s", name,
			      result->stack.status.buf, result->changed, took.buf);
		break;
	}
	fact_tell(report, FACT_STACK_ARN, "%s", result->stack.id.buf);
	fact_tell(report, FACT_STATUS, "%s", result->stack.status.buf);
	tell_outputs(run, &result->stack);
}

/* The command line comes before the settings. */
static enum follow_failing on_failing(const struct run *run)
{
	const char *word = config_text(run->pipeline->config, CONFIG_ECS_ON_FAILURE);

	if (run->pipeline->deploy.on_failing != FAILING_UNSET)
		return run->pipeline->deploy.on_failing;
	if (strcmp(word, "cancel") == 0)
		return FAILING_CANCEL;
	return strcmp(word, "wait") == 0 ? FAILING_WAIT : FAILING_ASK;
}

static struct deploy_request request_of(const struct run *run, const char *description)
{
	const struct config *config = run->pipeline->config;

	return (struct deploy_request){
		.client = run->pipeline->client,
		.report = run->pipeline->report,
		.stack_name = config_text(config, CONFIG_STACK_NAME),
		.template = &run->template,
		.bucket = { .name = config_text(config, CONFIG_STACK_BUCKET),
			    .kms_key = config_text(config, CONFIG_STACK_BUCKET_KEY),
			    .account = run->identity.account.buf },
		.parameters = &run->parameters,
		.capabilities = config_list(config, CONFIG_STACK_CAPABILITIES),
		.tags = config_list(config, CONFIG_STACK_TAGS),
		.notification_arns = config_list(config, CONFIG_STACK_NOTIFICATIONS),
		.role_arn = config_text(config, CONFIG_STACK_ROLE),
		.description = description,
		.tag_parameter = config_text(config, CONFIG_STACK_TAG_PARAMETER),
		.dir = config->dir,
		.disable_rollback = config_text(config, CONFIG_STACK_DISABLE_ROLLBACK),
		.protection = config_text(config, CONFIG_STACK_PROTECTION),
		.verify = config_text(config, CONFIG_ECS_VERIFY),
		.policy = run->pipeline->deploy,
	};
}

int stage_deploy(struct run *run, struct error *err)
{
	CLEANUP(deploy_result_release) struct deploy_result result = DEPLOY_RESULT_INIT;
	CLEANUP(str_release) struct str description = STR_INIT;
	CLEANUP(str_release) struct str image = STR_INIT;
	struct registry registry = run_registry(run);
	struct deploy_request request;

	describe(run, &description);
	request = request_of(run, description.buf);
	request.policy.on_failing = on_failing(run);
	/* The registry was asked only where another stage needed it. */
	if (run->digest.len) {
		str_addf(&image, "%s:%s", run->repository.uri.buf, run->version.tag.buf);
		request.image = image.buf;
		request.digest = run->digest.buf;
		request.registry = &registry;
	}
	if (run_rejoin(run, &request, err) < 0 || deploy_stack(&request, &result, err) < 0)
		return -1;
	tell_deployment(run, &result);
	run->is_up_to_date = result.outcome == DEPLOY_UNCHANGED;
	return 0;
}

int stage_plan(struct run *run, struct str *out, struct str *ret_arn, struct error *err)
{
	CLEANUP(str_release) struct str description = STR_INIT;
	struct deploy_request request;

	describe(run, &description);
	request = request_of(run, description.buf);
	return deploy_plan(&request, out, ret_arn, err);
}
