#ifndef DEPLOY_RECIPE_H
#define DEPLOY_RECIPE_H

#include "base/strv.h"
#include "data/makefile.h"
#include "deploy/config.h"

/* What a line of a Makefile's recipe is to deployer. */
enum recipe_kind {
	RECIPE_UNKNOWN, /* nothing: `why` */
	RECIPE_STEP,	/* a step of a stage */
	RECIPE_PUSH,	/* compose pushes the services `words` */
	RECIPE_DEPLOY,	/* `aws cloudformation deploy` */
	RECIPE_MAKE,	/* makes the targets `words` */
	RECIPE_OWN,	/* what deployer does by itself: `why` says by which command */
};

/* What `aws cloudformation deploy` was told; NULL or empty where it was not. "$*" stays. */
struct recipe_stack {
	char *name;
	char *template;
	char *parameters; /* the file that its parameters came from */
	char *bucket;
	char *role;
	char *region;
	char *profile;
	struct strv capabilities;
	struct strv tags;
};

struct recipe {
	enum recipe_kind kind;
	const char *why;   /* static text; "" where there is nothing to say */
	struct step step;  /* RECIPE_STEP */
	struct strv words; /* RECIPE_PUSH, RECIPE_MAKE */
	struct strv files; /* compose -f */
	char *project;	   /* compose -p, NULL: none */
	char *label;	   /* of the images that are removed, "key=value"; NULL: none */
	struct recipe_stack stack;
};

#define RECIPE_INIT                                                                                \
	{                                                                                          \
		.kind = RECIPE_UNKNOWN, .why = ""                                                  \
	}

/*
 * Reads one line. Compose's build, run, up and exec become steps, with those options that a step
 * has or does not need; a line with another option is not known, since it would do another thing.
 * Other programs are steps that run on this machine, through `sh -c` where the line needs a shell.
 * Never fails: what is not understood is RECIPE_UNKNOWN.
 */
void recipe_read(const struct makefile_line *line, struct recipe *ret);
void recipe_release(struct recipe *recipe);

#endif
