#ifndef STACK_PREVIEW_H
#define STACK_PREVIEW_H

#include "aws/cloudformation.h"
#include "base/str.h"
#include "base/strv.h"
#include "stack/template.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * What a change set would do, for people. Pure: the change set and the live parameters in, text
 * out. Values of NoEcho parameters, and properties made of them, are never in it. All borrowed.
 */
struct preview {
	const char *stack_name;
	bool is_create;
	const char *tag_parameter;
	const struct stack_template *template;
	const struct cfn_parameters *live;  /* empty for a new stack */
	const struct cfn_parameters *asked; /* what the change set was asked with */
	const struct cfn_change_set *set;   /* with values where the service has them */
};

/*
 * Whether a new image tag is all there is: no other parameter changes, nothing is added or removed,
 * every changed property comes from the tag or from a resource that it changes, and nothing that
 * holds data is replaced.
 */
bool preview_is_tag_only(const struct preview *preview);

/* A resource whose data would be lost. Borrowed from the change set. */
struct preview_loss {
	const char *name; /* its logical id */
	const char *verb; /* "would lose", or "may lose" */
	const char *what; /* "its data" */
};

/*
 * The first one that is not among `named`: replaced or removed, perhaps even, and not kept. What is
 * lost of others, such as an address, is shown but is no such loss.
 */
bool preview_find_loss(const struct preview *preview, const struct strv *named,
		       struct preview_loss *ret);

/* Lines of text; one sentence where the tag is all that changes. */
void preview_text(const struct preview *preview, struct str *out);

/* The same as Markdown, for a comment on a pull request. */
void preview_markdown(const struct preview *preview, struct str *out);

/*
 * The same as JSON, whole values in it; those that are never shown are null. `change_set` is its
 * ARN, NULL where it is not kept; no resources where there is nothing to do. The caller releases
 * it.
 */
json_t *preview_json(const struct preview *preview, const char *change_set);

/*
 * One line on live parameters, other than the tag, that the file has other values for: somebody
 * changed them by hand, or the file. Nothing where there are none.
 */
void preview_drift(const struct preview *preview, struct str *out);

#endif
