#include "stack/hidden.h"

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
