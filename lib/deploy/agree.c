#include "deploy/agree.h"

#include "base/cleanup.h"
#include "deploy/run.h"

#include <string.h>

void agreement_release(struct agreement *agreement)
{
	str_release(&agreement->git);
	str_release(&agreement->file);
	str_release(&agreement->image);
	str_release(&agreement->stack);
}

static int find_in_file(const struct agreement_request *request, struct str *ret, struct error *err)
{
	CLEANUP(cfn_parameters_release) struct cfn_parameters list = CFN_PARAMETERS_INIT;
	const struct cfn_parameter *found;

	if (parameters_read(request->parameter_file, request->pipeline->config->environment, &list,
			    err) < 0)
		return -1;
	found = cfn_parameters_find(&list, request->key);
	str_adds(ret, found ? found->value : "");
	return 0;
}

/* As a run that only logs in looks it up. */
static int find_image(const struct agreement_request *request, struct str *ret, struct error *err)
{
	struct pipeline pipeline = *request->pipeline;
	CLEANUP(run_release) struct run run = run_of(&pipeline);

	for (int i = 0; i < STAGE_COUNT; i++)
		pipeline.stages[i] = i == STAGE_LOGIN;
	str_adds(&run.version.tag, request->version);
	if (preflight(&run, err) < 0)
		return -1;
	str_add(ret, run.digest.buf, run.digest.len);
	return 0;
}

static int find_in_stack(const struct agreement_request *request, struct str *ret,
			 struct error *err)
{
	const char *name = config_text(request->pipeline->config, CONFIG_STACK_NAME);
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const struct cfn_parameter *found;

	if (cfn_describe_stack(request->pipeline->client, name, &stack, err) < 0) {
		if (!error_has_code(err, "StackNotFound"))
			return -1;
		error_release(err);
		return 0;
	}
	found = cfn_parameters_find(&stack.parameters, request->key);
	str_adds(ret, found ? found->value : "");
	return 0;
}

int agreement_find(const struct agreement_request *request, struct agreement *ret,
		   struct error *err)
{
	CLEANUP(agreement_release) struct agreement agreement = AGREEMENT_INIT;

	str_adds(&agreement.git, request->version);
	if (find_in_file(request, &agreement.file, err) < 0 ||
	    find_image(request, &agreement.image, err) < 0 ||
	    find_in_stack(request, &agreement.stack, err) < 0)
		return -1;
	*ret = agreement;
	agreement = (struct agreement)AGREEMENT_INIT;
	return 0;
}

int agreement_check(const struct agreement *agreement, struct error *err)
{
	const char *version = agreement->git.buf;

	if (agreement->image.len == 0) {
		error_set(err, ERROR_REFUSED, "the registry has no image of %s", version);
		return error_fix(err, "publish it: deployer release --until publish");
	}
	if (strcmp(agreement->file.buf, version) != 0) {
		error_set(err, ERROR_REFUSED, "the parameter file says '%s', not %s",
			  agreement->file.buf, version);
		return error_fix(err, "write it: deployer bump");
	}
	if (strcmp(agreement->stack.buf, version) != 0) {
		error_set(err, ERROR_REFUSED, "the stack runs '%s', not %s", agreement->stack.buf,
			  version);
		return error_fix(err, "deploy it: deployer deploy");
	}
	return 0;
}
