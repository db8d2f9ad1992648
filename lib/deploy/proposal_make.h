#ifndef DEPLOY_PROPOSAL_MAKE_H
#define DEPLOY_PROPOSAL_MAKE_H

#include "data/json.h"
#include "data/makefile.h"
#include "deploy/draft.h"
#include "deploy/proposal.h"
#include "stack/template.h"

/* A proposal in the making: shared by proposal.c and proposal_makefile.c alone. */
struct making {
	const char *dir;
	struct config conventions; /* of the folder */
	struct draft draft;
	struct proposal *proposal;
	const char *makefile_name; /* NULL: there is none */
	struct makefile makefile;
	const char *compose_name;
	json_t *services;    /* of the compose file, NULL: none */
	char *template_name; /* NULL: none was found */
	struct stack_template template;
};

/* Notes what was read; `becomes` "" with the reason, or `why` "". All are copied. Returns the item,
 * borrowed until the next. */
struct proposal_item *making_note(struct making *making, const char *file, unsigned line,
				  const char *text, const char *becomes, const char *why);

/* Reads the Makefile, where there is one, into the draft: stages, pushes, deployments. */
int making_read_makefile(struct making *making, struct error *err);

/*
 * Adds the usual environments (dev, prod ...) for which there are parameters: in the file that
 * `stack` names, with "$*" for the environment, or one of conventional name.
 */
struct recipe_stack;
void making_add_environments(struct making *making, const struct recipe_stack *stack);

/* Sets a text, unless convention has it already. */
void making_set(struct making *making, enum config_key key, const char *section, const char *name,
		const char *value, const char *from);

/* Whether the compose file has the service. */
bool making_has_service(const struct making *making, const char *name);

#endif
