#include "deploy/hidden.h"

#include "base/cleanup.h"
#include "deploy/parameters.h"

#include <string.h>

/* Of a shorter value every second line has one; it is no secret either. */
#define MIN_LEN 4

void hidden_add(const struct stack_template *template, const struct cfn_parameters *parameters,
		struct strv *out)
{
	for (size_t i = 0; i < parameters->count; i++) {
		const struct cfn_parameter *item = &parameters->items[i];

		if (!item->use_previous && strlen(item->value) >= MIN_LEN &&
		    stack_template_is_no_echo(template, item->key))
			strv_add(out, item->value);
	}
}

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
