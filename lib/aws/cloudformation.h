#ifndef AWS_CLOUDFORMATION_H
#define AWS_CLOUDFORMATION_H

#include "aws/client.h"
#include "base/strv.h"

#include <stdint.h>

/*
 * CloudFormation, API version 2010-05-15. One function an operation, one small struct a shape; what
 * a shape leaves out, nobody here needs. Every string is empty where the service sent none. Lists
 * are owned by the struct that holds them, released by X_release().
 *
 * A call that was answered with an error has the service's code in the error, such as
 * "ValidationError"; "no such stack" has the code "StackNotFound" (ours: the service says
 * ValidationError with a text). Access denied is ERROR_AUTH, throttled past the limit ERROR_BUSY,
 * no answer ERROR_NETWORK, everything else ERROR_REMOTE.
 */

/* A parameter of a stack. use_previous: keep the live value, `value` is then not sent. */
struct cfn_parameter {
	char *key;
	char *value;
	bool use_previous;
};

struct cfn_parameters {
	size_t count;
	struct cfn_parameter *items;
};

#define CFN_PARAMETERS_INIT                                                                        \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void cfn_parameters_add(struct cfn_parameters *list, const char *key, const char *value);
const struct cfn_parameter *cfn_parameters_find(const struct cfn_parameters *list, const char *key);
void cfn_parameters_release(struct cfn_parameters *list);

/* An output of a stack. */
struct cfn_output {
	char *key;
	char *value;
	char *description;
};

/* An operation on a stack: its id, and CREATE_STACK, UPDATE_STACK, ROLLBACK ... */
struct cfn_operation {
	char *id;
	char *type;
};

/* A stack as DescribeStacks shows it. Times are wall-clock milliseconds, 0 where there is none. */
struct cfn_stack {
	struct str id; /* its ARN */
	struct str name;
	struct str status;
	struct str status_reason;
	int64_t created_ms;
	int64_t updated_ms;
	bool is_protected;		  /* against its deletion */
	struct cfn_parameters parameters; /* NoEcho values come as "****" */
	size_t output_count;
	struct cfn_output *outputs;
	size_t operation_count;
	struct cfn_operation *operations; /* the last ones; none where the service tells none */
};

#define CFN_STACK_INIT                                                                             \
	{                                                                                          \
		.id = STR_INIT, .name = STR_INIT, .status = STR_INIT, .status_reason = STR_INIT,   \
		.parameters = CFN_PARAMETERS_INIT                                                  \
	}

void cfn_stack_release(struct cfn_stack *stack);

/* One stack by name or, better, by ARN: a stack that was made anew under the name is another one.
 */
int cfn_describe_stack(struct aws_client *client, const char *name_or_arn, struct cfn_stack *ret,
		       struct error *err);

/* What CreateChangeSet is asked for. Borrowed strings; NULL where there is none. */
struct cfn_change_set_request {
	const char *stack_name;
	const char *change_set_name;
	const char *type; /* "CREATE" or "UPDATE" */
	const char *description;
	const char *client_token;
	const char *template_body; /* or template_url */
	const char *template_url;
	const struct cfn_parameters *parameters;
	const struct strv *capabilities;
	const struct strv *tags; /* "Key=value" */
	const struct strv *notification_arns;
	const char *role_arn;
};

/* Returns the ARNs of the change set and of its stack. */
int cfn_create_change_set(struct aws_client *client, const struct cfn_change_set_request *request,
			  struct str *ret_change_set_arn, struct str *ret_stack_arn,
			  struct error *err);

/* One reason for which a resource changes. */
struct cfn_detail {
	char *attribute; /* Properties, Tags, Metadata ... */
	char *name;	 /* of the property */
	char *path;	 /* "/Properties/Tags/0/Value" */
	char *before;	 /* values: only where they were asked for */
	char *after;
	char *recreation; /* RequiresRecreation: Never, Conditionally, Always */
	char *evaluation; /* Static, or Dynamic: known when it happens */
	char *source;	  /* ParameterReference, ResourceReference, DirectModification ... */
	char *entity;	  /* CausingEntity: the parameter or resource behind it */
};

/* One resource that a change set touches. */
struct cfn_change {
	char *action; /* Add, Modify, Remove, Import, Dynamic */
	char *logical_id;
	char *physical_id;
	char *type;
	char *replacement; /* True, False, Conditional, "" */
	char *scope;	   /* what changes: "Properties Tags" */
	char *policy;	   /* PolicyAction: Delete, Retain, Snapshot, ReplaceAndDelete ... */
	size_t detail_count;
	struct cfn_detail *details;
};

struct cfn_change_set {
	struct str id;
	struct str name;
	struct str stack_id;
	struct str status; /* CREATE_PENDING ... CREATE_COMPLETE, FAILED */
	struct str status_reason;
	struct str execution_status;
	struct cfn_parameters parameters;
	size_t change_count;
	struct cfn_change *changes;
};

#define CFN_CHANGE_SET_INIT                                                                        \
	{                                                                                          \
		.id = STR_INIT, .name = STR_INIT, .stack_id = STR_INIT, .status = STR_INIT,        \
		.status_reason = STR_INIT, .execution_status = STR_INIT,                           \
		.parameters = CFN_PARAMETERS_INIT                                                  \
	}

void cfn_change_set_release(struct cfn_change_set *change_set);

/* Follows every page of changes. A missing change set has the code "ChangeSetNotFound". */
int cfn_describe_change_set(struct aws_client *client, const char *arn, struct cfn_change_set *ret,
			    struct error *err);

/* The same by the names of stack and change set: where the answer with the ARN was lost. */
int cfn_find_change_set(struct aws_client *client, const char *stack_name, const char *name,
			struct cfn_change_set *ret, struct error *err);

/*
 * The same with the values of properties before and after. The service may leave changes out then
 * (StatusReason "[WARN] --include-property-values ..."): they are filled in without values.
 */
int cfn_describe_change_set_values(struct aws_client *client, const char *arn,
				   struct cfn_change_set *ret, struct error *err);

/* Whether a stack, by ARN, has change sets that are not executed: anybody's (ListChangeSets). */
int cfn_has_change_sets(struct aws_client *client, const char *stack_arn, bool *ret,
			struct error *err);

/* disable_rollback: leave a failed stack as it failed. */
int cfn_execute_change_set(struct aws_client *client, const char *arn, const char *client_token,
			   bool disable_rollback, struct error *err);
int cfn_delete_change_set(struct aws_client *client, const char *arn, struct error *err);

/* The template as it was sent (TemplateStage Original), byte for byte. */
int cfn_get_template(struct aws_client *client, const char *stack_arn, struct str *ret_body,
		     struct error *err);

int cfn_delete_stack(struct aws_client *client, const char *arn, const char *client_token,
		     struct error *err);

/* Switches the protection of a stack against its deletion on or off. */
int cfn_protect_stack(struct aws_client *client, const char *arn, bool is_protected,
		      struct error *err);

/* Turns an update that is under way back (CancelUpdateStack). */
int cfn_cancel_update(struct aws_client *client, const char *arn, const char *client_token,
		      struct error *err);

/*
 * Goes on with a rollback that failed (UPDATE_ROLLBACK_FAILED), leaving the resources in `skip` as
 * they are: the service then takes them for rolled back.
 */
int cfn_continue_rollback(struct aws_client *client, const char *arn, const struct strv *skip,
			  const char *client_token, struct error *err);

/* Rolls back what failed without a rollback of its own (CREATE_FAILED, UPDATE_FAILED). */
int cfn_rollback_stack(struct aws_client *client, const char *arn, const char *client_token,
		       struct error *err);

/* A resource of a stack as it is now. */
struct cfn_resource {
	char *logical_id;
	char *physical_id;
	char *type;
	char *status;
	char *reason;
};

struct cfn_resources {
	size_t count;
	struct cfn_resource *items;
};

#define CFN_RESOURCES_INIT                                                                         \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void cfn_resources_release(struct cfn_resources *resources);

/* Follows every page (ListStackResources). */
int cfn_list_resources(struct aws_client *client, const char *stack_arn, struct cfn_resources *ret,
		       struct error *err);

/* One line of a stack's history. */
struct cfn_event {
	char *id;
	char *stack_id;
	char *logical_id;
	char *physical_id;
	char *type;
	char *status;
	char *reason;
	char *client_token;
	int64_t time_ms;
};

struct cfn_events {
	size_t count;
	struct cfn_event *items; /* newest first, as the service has them */
	struct str next_token;	 /* "" at the end */
};

#define CFN_EVENTS_INIT                                                                            \
	{                                                                                          \
		.count = 0, .items = NULL, .next_token = STR_INIT                                  \
	}

void cfn_events_release(struct cfn_events *events);

/* One page, starting at `next_token` (NULL: the newest). */
int cfn_describe_events(struct aws_client *client, const char *stack_arn, const char *next_token,
			struct cfn_events *ret, struct error *err);

/* Of what DescribeEvents is asked: the name of the parameter that takes it. */
enum cfn_events_of { CFN_EVENTS_OF_OPERATION, CFN_EVENTS_OF_CHANGE_SET, CFN_EVENTS_OF_STACK };

/*
 * What failed in an operation, a change set or all of a stack's history: every page (DescribeEvents
 * with the filter FailedEvents). What a validation or a hook refused has its name and reason in
 * `reason`, and no resource's status. The operation is of November 2025: where a service has not
 * got it, this fails with whatever that answers, and cfn_describe_events() tells the same.
 */
int cfn_describe_failures(struct aws_client *client, enum cfn_events_of of, const char *id,
			  struct cfn_events *ret, struct error *err);

#endif
