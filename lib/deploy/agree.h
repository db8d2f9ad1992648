#ifndef DEPLOY_AGREE_H
#define DEPLOY_AGREE_H

#include "deploy/pipeline.h"

/*
 * Whether all four places that know a version mean the same one: the application's repository, the
 * parameter file, the registry (which has an image of that tag, or not) and the live stack.
 */
struct agreement {
	struct str git;	  /* the version that is asked about */
	struct str file;  /* the parameter's value there */
	struct str image; /* the digest behind the version's tag, "" where there is none */
	struct str stack; /* the parameter's live value, "" where there is no stack */
};

#define AGREEMENT_INIT                                                                             \
	{                                                                                          \
		.git = STR_INIT, .file = STR_INIT, .image = STR_INIT, .stack = STR_INIT            \
	}

void agreement_release(struct agreement *agreement);

/* What is looked at: a version, and where the parameter that carries it is. All borrowed. */
struct agreement_request {
	const struct pipeline *pipeline; /* its stages do not matter */
	const char *version;
	const char *parameter_file;
	const char *key;
};

/*
 * Looks at all four and changes nothing. Fails where one cannot be read; a missing stack, image or
 * line of the file is an answer.
 */
int agreement_find(const struct agreement_request *request, struct agreement *ret,
		   struct error *err);

/*
 * ERROR_REFUSED naming the first that does not mean the version, in the order in which a release
 * brings them to it, and the command that does.
 */
int agreement_check(const struct agreement *agreement, struct error *err);

#endif
