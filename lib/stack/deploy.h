#ifndef STACK_DEPLOY_H
#define STACK_DEPLOY_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/report.h"
#include "base/strv.h"
#include "stack/follow.h"
#include "stack/template.h"
#include "stack/template_upload.h"

/* What may be executed without a person's yes. */
enum deploy_approval {
	APPROVE_ANY,
	APPROVE_TAG_ONLY, /* a change of the image's tag alone (stack/preview.h) */
	APPROVE_NEVER,
};

enum plan_form {
	PLAN_TEXT,
	PLAN_MARKDOWN,
	PLAN_JSON, /* an event of one line: {"event": "plan", ...} (preview_json()) */
};

/* How to go about it; all zero is the most careful that needs nobody. Borrowed. */
struct deploy_policy {
	int64_t wait_ms;    /* for another operation to end; 0: not at all */
	int64_t timeout_ms; /* of the watching; 0: as long as it takes */
	enum follow_interrupt on_interrupt;
	enum follow_failing on_failing; /* FAILING_UNSET: as FAILING_ASK */
	enum deploy_approval approval;
	bool recreate;		 /* a stack whose creation failed is deleted and made anew */
	bool fix_forward;	 /* a stack that failed with its rollback switched off is updated */
	bool allow_older;	 /* an older commit than the live one, after a wait */
	bool keep;		 /* the change set of a plan */
	enum plan_form form;	 /* that a plan is written in */
	const struct strv *lose; /* resources that may lose their data (stack/approval.h) */
	const char *change_set;	 /* ARN of a reviewed one to execute; NULL to make one */
};

struct registry;

/* What to bring a stack to. All borrowed; lists may be empty, role_arn "" or NULL. */
struct deploy_request {
	struct aws_client *client;
	struct report *report;
	const char *stack_name;
	const struct stack_template *template;
	struct template_bucket bucket;		 /* for a large template */
	const struct cfn_parameters *parameters; /* as the parameter file has them */
	const struct strv *capabilities;
	const struct strv *tags;
	const struct strv *notification_arns;
	const char *role_arn;
	const char *description;      /* of the change set: commit and author */
	const char *tag_parameter;    /* the parameter that holds the image's tag */
	const char *dir;	      /* in the repository whose commits the tags are */
	const char *disable_rollback; /* "true" or not */
	const char *protection;	      /* against deletion: "true", "false", "" as it is */
	const char *verify;	      /* "false": CloudFormation's word counts, ECS is not asked */
	const char *image;	      /* what is deployed, where that is known (rollout_check.h) */
	const char *digest;
	const struct registry *registry;
	struct deploy_policy policy;
};

enum deploy_outcome { DEPLOY_UNCHANGED, DEPLOY_CREATED, DEPLOY_UPDATED };

/* What came of it; `stack` is what DescribeStacks said at the end, or where nothing was to do. */
struct deploy_result {
	enum deploy_outcome outcome;
	struct cfn_stack stack;
	size_t changed; /* resources in the change set */
	int64_t elapsed_ms;
};

#define DEPLOY_RESULT_INIT                                                                         \
	{                                                                                          \
		.stack = CFN_STACK_INIT                                                            \
	}

void deploy_result_release(struct deploy_result *result);

/*
 * Creates or updates the stack through a change set and follows it to its end. Success is a
 * verdict, never a guess (stack/follow.h), and ECS runs what the stack has (rollout_check.h): also
 * where there was nothing to do. Failures: ERROR_CHANGE_SET nothing was executed,
 * ERROR_BUSY another operation runs, ERROR_ROLLED_BACK, ERROR_STUCK, ERROR_OUTCOME it may still
 * run. An interruption before the execution deletes the change set; after it, watching ends with
 * ERROR_OUTCOME and the operation goes on.
 */
int deploy_stack(const struct deploy_request *request, struct deploy_result *ret,
		 struct error *err);

/*
 * Makes the change set that deploy_stack() would execute and appends what it would do. The change
 * set is deleted again unless policy.keep; *ret_arn is then its ARN. Fails as deploy_stack() does.
 */
int deploy_plan(const struct deploy_request *request, struct str *out, struct str *ret_arn,
		struct error *err);

/* Which stack to watch, and for how long: timeout_ms 0 for as long as it takes. All borrowed. */
struct watch_request {
	struct aws_client *client;
	struct report *report;
	const char *stack_name;
	const char *verify;	   /* as in deploy_request */
	const struct strv *hidden; /* values that are never shown (stack/hidden.h) */
	int64_t timeout_ms;
};

/*
 * Watches the operation that runs on a stack, whoever started it, to its end, and fails as
 * deploy_stack() would; with none running, judges how the last one ended. *ret is the stack at the
 * end.
 */
int deploy_watch(const struct watch_request *request, struct cfn_stack *ret, struct error *err);

#endif
