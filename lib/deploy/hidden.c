#include "deploy/hidden.h"

#include "base/cleanup.h"
#include "stack/hidden.h"
#include "stack/parameters.h"

void hidden_add_project(const struct config *config, struct strv *out)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(stack_template_release) struct stack_template template = STACK_TEMPLATE_INIT;
	CLEANUP(cfn_parameters_release) struct cfn_parameters parameters = CFN_PARAMETERS_INIT;
	CLEANUP_FREE char *template_path = config_path(config, CONFIG_STACK_TEMPLATE);
	CLEANUP_FREE char *parameters_path = config_path(config, CONFIG_STACK_PARAMETERS);

	if (template_path && parameters_path &&
	    stack_template_read(template_path, &template, &err) == 0 &&
	    parameters_read(parameters_path, config->environment, &parameters, &err) == 0)
		hidden_add(&template, &parameters, out);
}
