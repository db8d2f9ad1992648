#ifndef DEPLOY_STATUS_H
#define DEPLOY_STATUS_H

#include "aws/client.h"
#include "base/error.h"
#include "base/str.h"
#include "deploy/config.h"

#include <stdbool.h>
#include <stddef.h>

/* What is looked at. Borrowed; one client a request, as requests may run beside each other. */
struct status_request {
	const struct config *config;
	struct aws_client *client;
	const char *git;	/* the version that the working tree stands for, "" where unknown */
	const char *version;	/* that is asked about; NULL: the one that is live */
	const char *repository; /* name of the image repository, "" where unknown */
};

/*
 * What is live in an environment, and whether all that knows a version means the same one. Strings
 * are "" where there is nothing, or where it is not known: the flags tell which.
 */
struct status {
	struct str environment;
	struct str version; /* that is asked about: the live one where nothing else is said */
	struct str git;
	struct str file_name; /* "dev.cfg" */
	struct str file;      /* the version in it */
	struct str digest;    /* behind the version's tag in the registry */
	struct str stack_name;
	struct str stack_arn;
	struct str live;	 /* the version that the stack was told */
	struct str stack_status; /* "" where there is no stack */
	unsigned services;
	unsigned desired; /* tasks of all services */
	unsigned running;
	unsigned strangers;	  /* running tasks of the version with other bits than the digest */
	unsigned rolled_back;	  /* services that ECS has given their former tasks again */
	bool is_registry_unknown; /* it may not be asked, or no repository is known */
	bool are_tasks_unknown;
};

#define STATUS_INIT                                                                                \
	{                                                                                          \
		.environment = STR_INIT, .version = STR_INIT, .git = STR_INIT,                     \
		.file_name = STR_INIT, .file = STR_INIT, .digest = STR_INIT,                       \
		.stack_name = STR_INIT, .stack_arn = STR_INIT, .live = STR_INIT,                   \
		.stack_status = STR_INIT                                                           \
	}

void status_release(struct status *status);

/*
 * Looks: DescribeStacks, DescribeImages, ListStackResources and, where it or a stack nested in it
 * has ECS services, DescribeServices, ListTasks and DescribeTasks for each; nothing is changed.
 * What may not be read but the stack is an unknown part of the answer. ERROR_REFUSED where the
 * stack is in another account than aws.account.
 */
int status_find(const struct status_request *request, struct status *ret, struct error *err);

/* One answer of several: `err` is set where there is none. */
struct status_answer {
	struct status status;
	struct error err;
};

/* Asks all at once, a thread each. ret_answers: as many as requests, each made by the caller. */
void status_find_all(const struct status_request *requests, size_t count,
		     struct status_answer *ret_answers);

/* Whether the stack is at rest with the version that is asked about. */
bool status_stack_is_ok(const struct status *status);

/* Whether everything that is known means the version that is asked about, and as many tasks run. */
bool status_agrees(const struct status *status);

#endif
