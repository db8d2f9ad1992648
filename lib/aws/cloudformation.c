#include "aws/cloudformation.h"

#include "aws/call.h"
#include "aws/pages.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OPERATION(name_)                                                                           \
	{                                                                                          \
		.service = AWS_CLOUDFORMATION, .name = (name_)                                     \
	}

static const struct aws_operation cancel_update_stack = OPERATION("CancelUpdateStack");
static const struct aws_operation continue_rollback = OPERATION("ContinueUpdateRollback");
static const struct aws_operation create_change_set = OPERATION("CreateChangeSet");
static const struct aws_operation delete_change_set = OPERATION("DeleteChangeSet");
static const struct aws_operation delete_stack = OPERATION("DeleteStack");
static const struct aws_operation describe_change_set = OPERATION("DescribeChangeSet");
static const struct aws_operation describe_events = OPERATION("DescribeEvents");
static const struct aws_operation describe_stack_events = OPERATION("DescribeStackEvents");
static const struct aws_operation describe_stacks = OPERATION("DescribeStacks");
static const struct aws_operation execute_change_set = OPERATION("ExecuteChangeSet");
static const struct aws_operation get_template = OPERATION("GetTemplate");
static const struct aws_operation list_change_sets = OPERATION("ListChangeSets");
static const struct aws_operation list_stack_resources = OPERATION("ListStackResources");
static const struct aws_operation rollback_stack = OPERATION("RollbackStack");
static const struct aws_operation update_protection = OPERATION("UpdateTerminationProtection");

/* Lists and shapes */

void cfn_parameters_add(struct cfn_parameters *list, const char *key, const char *value)
{
	struct cfn_parameter *item = mem_grow(&list->items, &list->count, sizeof(*item));

	item->key = mem_strdup(key);
	item->value = mem_strdup(value);
}

const struct cfn_parameter *cfn_parameters_find(const struct cfn_parameters *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].key, key) == 0)
			return &list->items[i];
	}
	return NULL;
}

/* A parameter's value may be a secret (NoEcho). */
void cfn_parameters_release(struct cfn_parameters *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].key);
		explicit_bzero(list->items[i].value, strlen(list->items[i].value));
		free(list->items[i].value);
	}
	free(list->items);
	*list = (struct cfn_parameters)CFN_PARAMETERS_INIT;
}

void cfn_stack_release(struct cfn_stack *stack)
{
	str_release(&stack->id);
	str_release(&stack->name);
	str_release(&stack->status);
	str_release(&stack->status_reason);
	cfn_parameters_release(&stack->parameters);
	for (size_t i = 0; i < stack->output_count; i++) {
		free(stack->outputs[i].key);
		free(stack->outputs[i].value);
		free(stack->outputs[i].description);
	}
	free(stack->outputs);
	for (size_t i = 0; i < stack->operation_count; i++) {
		free(stack->operations[i].id);
		free(stack->operations[i].type);
	}
	free(stack->operations);
	*stack = (struct cfn_stack)CFN_STACK_INIT;
}

static void change_release(struct cfn_change *change)
{
	for (size_t i = 0; i < change->detail_count; i++) {
		struct cfn_detail *detail = &change->details[i];

		free(detail->attribute);
		free(detail->name);
		free(detail->path);
		free(detail->before);
		free(detail->after);
		free(detail->recreation);
		free(detail->evaluation);
		free(detail->source);
		free(detail->entity);
	}
	free(change->details);
	free(change->action);
	free(change->logical_id);
	free(change->physical_id);
	free(change->type);
	free(change->replacement);
	free(change->scope);
	free(change->policy);
}

void cfn_change_set_release(struct cfn_change_set *change_set)
{
	str_release(&change_set->id);
	str_release(&change_set->name);
	str_release(&change_set->stack_id);
	str_release(&change_set->status);
	str_release(&change_set->status_reason);
	str_release(&change_set->execution_status);
	cfn_parameters_release(&change_set->parameters);
	for (size_t i = 0; i < change_set->change_count; i++)
		change_release(&change_set->changes[i]);
	free(change_set->changes);
	*change_set = (struct cfn_change_set)CFN_CHANGE_SET_INIT;
}

void cfn_events_release(struct cfn_events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		free(events->items[i].id);
		free(events->items[i].stack_id);
		free(events->items[i].logical_id);
		free(events->items[i].physical_id);
		free(events->items[i].type);
		free(events->items[i].status);
		free(events->items[i].reason);
		free(events->items[i].client_token);
	}
	free(events->items);
	str_release(&events->next_token);
	*events = (struct cfn_events)CFN_EVENTS_INIT;
}

void cfn_resources_release(struct cfn_resources *resources)
{
	for (size_t i = 0; i < resources->count; i++) {
		free(resources->items[i].logical_id);
		free(resources->items[i].physical_id);
		free(resources->items[i].type);
		free(resources->items[i].status);
		free(resources->items[i].reason);
	}
	free(resources->items);
	*resources = (struct cfn_resources)CFN_RESOURCES_INIT;
}

static void take_text(struct str *to, const struct xml_node *node, const char *path)
{
	str_reset(to);
	str_adds(to, xml_text(node, path));
}

static char *dup_text(const struct xml_node *node, const char *path)
{
	return mem_strdup(xml_text(node, path));
}

static int64_t read_time(const struct xml_node *node, const char *path)
{
	int64_t wall_ms;

	return clock_parse_rfc3339(xml_text(node, path), &wall_ms) ? wall_ms : 0;
}

/* The i-th member of a list, or NULL after the last: the list may be missing. */
static const struct xml_node *member(const struct xml_node *list, size_t i)
{
	return list && i < list->count ? list->children[i] : NULL;
}

static void read_parameters(const struct xml_node *list, struct cfn_parameters *parameters)
{
	const struct xml_node *item;

	for (size_t i = 0; (item = member(list, i)); i++)
		cfn_parameters_add(parameters, xml_text(item, "ParameterKey"),
				   xml_text(item, "ParameterValue"));
}

static void read_outputs(const struct xml_node *list, struct cfn_stack *stack)
{
	const struct xml_node *item;

	for (size_t i = 0; (item = member(list, i)); i++) {
		struct cfn_output *output =
			mem_grow(&stack->outputs, &stack->output_count, sizeof(*output));

		output->key = dup_text(item, "OutputKey");
		output->value = dup_text(item, "OutputValue");
		output->description = dup_text(item, "Description");
	}
}

static void read_operations(const struct xml_node *list, struct cfn_stack *stack)
{
	const struct xml_node *item;

	for (size_t i = 0; (item = member(list, i)); i++) {
		struct cfn_operation *operation =
			mem_grow(&stack->operations, &stack->operation_count, sizeof(*operation));

		operation->id = dup_text(item, "OperationId");
		operation->type = dup_text(item, "OperationType");
	}
}

static void read_stack(const struct xml_node *node, struct cfn_stack *stack)
{
	take_text(&stack->id, node, "StackId");
	take_text(&stack->name, node, "StackName");
	take_text(&stack->status, node, "StackStatus");
	take_text(&stack->status_reason, node, "StackStatusReason");
	stack->created_ms = read_time(node, "CreationTime");
	stack->updated_ms = read_time(node, "LastUpdatedTime");
	stack->is_protected = strcmp(xml_text(node, "EnableTerminationProtection"), "true") == 0;
	read_parameters(xml_child(node, "Parameters"), &stack->parameters);
	read_outputs(xml_child(node, "Outputs"), stack);
	read_operations(xml_child(node, "LastOperations"), stack);
}

/* "Properties Tags": what of the resource changes. */
static char *join_members(const struct xml_node *list)
{
	struct str text = STR_INIT;
	const struct xml_node *item;

	for (size_t i = 0; (item = member(list, i)); i++)
		str_addf(&text, "%s%s", i ? " " : "", item->text.buf);
	return str_detach(&text);
}

static void read_details(const struct xml_node *list, struct cfn_change *change)
{
	const struct xml_node *item;

	for (size_t i = 0; (item = member(list, i)); i++) {
		struct cfn_detail *detail =
			mem_grow(&change->details, &change->detail_count, sizeof(*detail));

		detail->attribute = dup_text(item, "Target/Attribute");
		detail->name = dup_text(item, "Target/Name");
		detail->path = dup_text(item, "Target/Path");
		detail->before = dup_text(item, "Target/BeforeValue");
		detail->after = dup_text(item, "Target/AfterValue");
		detail->recreation = dup_text(item, "Target/RequiresRecreation");
		detail->evaluation = dup_text(item, "Evaluation");
		detail->source = dup_text(item, "ChangeSource");
		detail->entity = dup_text(item, "CausingEntity");
	}
}

static void read_changes(const struct xml_node *list, struct cfn_change_set *change_set)
{
	const struct xml_node *item;

	for (size_t i = 0; (item = member(list, i)); i++) {
		const struct xml_node *node = xml_child(item, "ResourceChange");
		struct cfn_change *change;

		if (!node)
			continue;
		change = mem_grow(&change_set->changes, &change_set->change_count, sizeof(*change));
		change->action = dup_text(node, "Action");
		change->logical_id = dup_text(node, "LogicalResourceId");
		change->physical_id = dup_text(node, "PhysicalResourceId");
		change->type = dup_text(node, "ResourceType");
		change->replacement = dup_text(node, "Replacement");
		change->scope = join_members(xml_child(node, "Scope"));
		change->policy = dup_text(node, "PolicyAction");
		read_details(xml_child(node, "Details"), change);
	}
}

/* Adds a page: what does not grow is the same on each and is taken from the last. */
static void read_change_set(const struct xml_node *node, void *ctx)
{
	struct cfn_change_set *change_set = ctx;

	take_text(&change_set->id, node, "ChangeSetId");
	take_text(&change_set->name, node, "ChangeSetName");
	take_text(&change_set->stack_id, node, "StackId");
	take_text(&change_set->status, node, "Status");
	take_text(&change_set->status_reason, node, "StatusReason");
	take_text(&change_set->execution_status, node, "ExecutionStatus");
	cfn_parameters_release(&change_set->parameters);
	read_parameters(xml_child(node, "Parameters"), &change_set->parameters);
	read_changes(xml_child(node, "Changes"), change_set);
}

/* Who refused it where no resource did: "NAME: why (where)". */
static char *read_refusal(const struct xml_node *item)
{
	static const char *const names[] = { "ValidationName", "HookType" };
	static const char *const reasons[] = { "ValidationStatusReason", "HookStatusReason" };
	const char *path = xml_text(item, "ValidationPath");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *reason = xml_text(item, reasons[i]);

		if (*reason)
			return mem_printf("%s: %s%s%s%s", xml_text(item, names[i]), reason,
					  *path ? " (" : "", path, *path ? ")" : "");
	}
	return mem_strdup("");
}

static void read_event(const struct xml_node *item, struct cfn_event *event)
{
	const char *reason = xml_text(item, "ResourceStatusReason");

	event->id = dup_text(item, "EventId");
	event->stack_id = dup_text(item, "StackId");
	event->logical_id = dup_text(item, "LogicalResourceId");
	event->physical_id = dup_text(item, "PhysicalResourceId");
	event->type = dup_text(item, "ResourceType");
	event->status = dup_text(item, "ResourceStatus");
	event->reason = *reason ? mem_strdup(reason) : read_refusal(item);
	event->client_token = dup_text(item, "ClientRequestToken");
	event->time_ms = read_time(item, "Timestamp");
}

static void read_events(const struct xml_node *list, struct cfn_events *events)
{
	const struct xml_node *item;

	for (size_t i = 0; (item = member(list, i)); i++)
		read_event(item, mem_grow(&events->items, &events->count, sizeof(*events->items)));
}

static void read_failure_page(const struct xml_node *node, void *ctx)
{
	read_events(xml_child(node, "OperationEvents"), ctx);
}

static void read_resources(const struct xml_node *list, struct cfn_resources *resources)
{
	const struct xml_node *item;

	for (size_t i = 0; (item = member(list, i)); i++) {
		struct cfn_resource *resource =
			mem_grow(&resources->items, &resources->count, sizeof(*resource));

		resource->logical_id = dup_text(item, "LogicalResourceId");
		resource->physical_id = dup_text(item, "PhysicalResourceId");
		resource->type = dup_text(item, "ResourceType");
		resource->status = dup_text(item, "ResourceStatus");
		resource->reason = dup_text(item, "ResourceStatusReason");
	}
}

static void read_resource_page(const struct xml_node *node, void *ctx)
{
	read_resources(xml_child(node, "StackResourceSummaries"), ctx);
}

static void read_change_set_page(const struct xml_node *node, void *ctx)
{
	bool *any = ctx;

	*any = *any || member(xml_child(node, "Summaries"), 0);
}

/* Errors */

/* Whether the service said that there is no stack of this name or ARN, in either of its texts. */
static bool says_missing(const struct error *err, const char *name, size_t len)
{
	CLEANUP(str_release) struct str by_id = STR_INIT;
	CLEANUP(str_release) struct str by_name = STR_INIT;

	str_addf(&by_id, "Stack with id %.*s does not exist", (int)len, name);
	str_addf(&by_name, "Stack [%.*s] does not exist", (int)len, name);
	return strstr(err->msg.buf, by_id.buf) || strstr(err->msg.buf, by_name.buf);
}

/*
 * Gives "no such stack" a code of its own. No other ValidationError may pass for it: a stack that
 * is taken for absent would be created.
 */
static int mark_missing_stack(const char *name_or_arn, struct error *err)
{
	const char *name = strstr(name_or_arn, ":stack/");

	if (!error_has_code(err, "ValidationError"))
		return -1;
	if (name)
		name += strlen(":stack/");
	if (says_missing(err, name_or_arn, strlen(name_or_arn)) ||
	    (name && says_missing(err, name, strcspn(name, "/"))))
		error_set_code(err, "StackNotFound");
	return -1;
}

/* "ChangeSetNotFound" is the code on the wire; stand-ins use the shape's name, or a missing stack.
 */
static int mark_missing_change_set(const char *arn, struct error *err)
{
	if (error_has_code(err, "ChangeSetNotFoundException") ||
	    (error_has_code(err, "ValidationError") && says_missing(err, arn, strlen(arn))))
		error_set_code(err, "ChangeSetNotFound");
	return -1;
}

/* Operations */

static int call(struct aws_client *client, const struct aws_operation *operation,
		const struct str *form, struct aws_reply *ret, struct error *err)
{
	struct aws_input input = { .form = form };

	return aws_call(aws_client_caller(client), operation, &input, ret, err);
}

/* Calls for a result that lacks nothing. `proof` is a path that a whole one has text at, or "". */
static int call_for(struct aws_client *client, const struct aws_operation *operation,
		    const struct str *form, const char *proof, struct aws_reply *ret,
		    struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;

	if (call(client, operation, form, &reply, err) < 0)
		return -1;
	if (*proof && !*xml_text(aws_reply_result(&reply), proof))
		return aws_reply_lacks(operation, proof, err);
	aws_reply_release(ret);
	*ret = reply;
	reply = (struct aws_reply)AWS_REPLY_INIT;
	return 0;
}

int cfn_describe_stack(struct aws_client *client, const char *name_or_arn, struct cfn_stack *ret,
		       struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;
	const struct xml_node *stacks;

	aws_form_add(&form, "StackName", name_or_arn);
	if (call_for(client, &describe_stacks, &form, "Stacks/member/StackStatus", &reply, err) < 0)
		return mark_missing_stack(name_or_arn, err);
	stacks = xml_child(aws_reply_result(&reply), "Stacks");
	cfn_stack_release(ret);
	read_stack(xml_child(stacks, "member"), ret);
	return 0;
}

static void add_parameters(struct str *form, const struct cfn_parameters *parameters)
{
	for (size_t i = 0; parameters && i < parameters->count; i++) {
		const struct cfn_parameter *item = &parameters->items[i];

		aws_form_addf(form, item->key, "Parameters.member.%zu.ParameterKey", i + 1);
		if (item->use_previous)
			aws_form_addf(form, "true", "Parameters.member.%zu.UsePreviousValue",
				      i + 1);
		else
			aws_form_addf(form, item->value, "Parameters.member.%zu.ParameterValue",
				      i + 1);
	}
}

static void add_list(struct str *form, const char *name, const struct strv *list)
{
	for (size_t i = 0; list && i < list->count; i++)
		aws_form_addf(form, list->v[i], "%s.member.%zu", name, i + 1);
}

static void add_tags(struct str *form, const struct strv *tags)
{
	for (size_t i = 0; tags && i < tags->count; i++) {
		const char *equals = strchrnul(tags->v[i], '=');
		CLEANUP_FREE char *key = mem_strndup(tags->v[i], (size_t)(equals - tags->v[i]));

		aws_form_addf(form, key, "Tags.member.%zu.Key", i + 1);
		aws_form_addf(form, *equals ? equals + 1 : "", "Tags.member.%zu.Value", i + 1);
	}
}

int cfn_create_change_set(struct aws_client *client, const struct cfn_change_set_request *request,
			  struct str *ret_change_set_arn, struct str *ret_stack_arn,
			  struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_wipe) struct str form = STR_INIT;
	const struct xml_node *result;

	aws_form_add(&form, "StackName", request->stack_name);
	aws_form_add(&form, "ChangeSetName", request->change_set_name);
	aws_form_add(&form, "ChangeSetType", request->type);
	aws_form_add(&form, "Description", request->description);
	aws_form_add(&form, "ClientToken", request->client_token);
	aws_form_add(&form, "TemplateBody", request->template_body);
	aws_form_add(&form, "TemplateURL", request->template_url);
	add_parameters(&form, request->parameters);
	add_list(&form, "Capabilities", request->capabilities);
	add_tags(&form, request->tags);
	add_list(&form, "NotificationARNs", request->notification_arns);
	aws_form_add(&form, "RoleARN", request->role_arn);
	if (call_for(client, &create_change_set, &form, "Id", &reply, err) < 0)
		return mark_missing_stack(request->stack_name, err);
	result = aws_reply_result(&reply);
	take_text(ret_change_set_arn, result, "Id");
	take_text(ret_stack_arn, result, "StackId");
	return 0;
}

/* What the answers of a paged operation are added to, one page after another. */
struct pages {
	const struct aws_operation *operation;
	const struct str *form;
	const char *proof; /* a path that each answer has text at, "" for none */
	void (*take)(const struct xml_node *result, void *ctx);
	void *ctx;
};

/* What a page is asked for with. */
struct page {
	struct aws_client *client;
	const struct pages *pages;
};

static int ask_for_page(void *ctx, struct str *token, struct error *err)
{
	const struct page *page = ctx;
	const struct pages *pages = page->pages;
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	str_add(&form, pages->form->buf, pages->form->len);
	aws_form_add(&form, "NextToken", token->len ? token->buf : NULL);
	if (call_for(page->client, pages->operation, &form, pages->proof, &reply, err) < 0)
		return -1;
	pages->take(aws_reply_result(&reply), pages->ctx);
	take_text(token, aws_reply_result(&reply), "NextToken");
	return 0;
}

static int all_pages(struct aws_client *client, const struct pages *pages, struct error *err)
{
	struct page page = { client, pages };

	return pages_read("CloudFormation", pages->operation->name, ask_for_page, &page, err);
}

/* The service says ChangeSetNotFound by whichever of its names the change set was asked for. */
static int describe_by_form(struct aws_client *client, const struct str *form, const char *name,
			    struct cfn_change_set *ret, struct error *err)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set whole = CFN_CHANGE_SET_INIT;
	struct pages pages = { &describe_change_set, form, "Status", read_change_set, &whole };

	if (all_pages(client, &pages, err) < 0)
		return mark_missing_change_set(name, err);
	cfn_change_set_release(ret);
	*ret = whole;
	whole = (struct cfn_change_set)CFN_CHANGE_SET_INIT;
	return 0;
}

int cfn_describe_change_set(struct aws_client *client, const char *arn, struct cfn_change_set *ret,
			    struct error *err)
{
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "ChangeSetName", arn);
	return describe_by_form(client, &form, arn, ret, err);
}

int cfn_find_change_set(struct aws_client *client, const char *stack_name, const char *name,
			struct cfn_change_set *ret, struct error *err)
{
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "ChangeSetName", name);
	aws_form_add(&form, "StackName", stack_name);
	return describe_by_form(client, &form, stack_name, ret, err);
}

static bool has_change(const struct cfn_change_set *set, const char *logical_id)
{
	for (size_t i = 0; i < set->change_count; i++) {
		if (strcmp(set->changes[i].logical_id, logical_id) == 0)
			return true;
	}
	return false;
}

/* Moves over what `set` lacks. */
static void fill_in(struct cfn_change_set *set, struct cfn_change_set *other)
{
	for (size_t i = 0; i < other->change_count; i++) {
		struct cfn_change *slot;

		if (has_change(set, other->changes[i].logical_id))
			continue;
		slot = mem_grow(&set->changes, &set->change_count, sizeof(*slot));
		*slot = other->changes[i];
		memset(&other->changes[i], 0, sizeof(other->changes[i]));
	}
}

int cfn_describe_change_set_values(struct aws_client *client, const char *arn,
				   struct cfn_change_set *ret, struct error *err)
{
	static const char warning[] = "[WARN] --include-property-values option can return";
	CLEANUP(str_release) struct str form = STR_INIT;
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;
	CLEANUP(cfn_change_set_release) struct cfn_change_set plain = CFN_CHANGE_SET_INIT;

	aws_form_add(&form, "ChangeSetName", arn);
	aws_form_add(&form, "IncludePropertyValues", "true");
	if (describe_by_form(client, &form, arn, &set, err) < 0)
		return -1;
	if (strncmp(set.status_reason.buf, warning, strlen(warning)) == 0) {
		if (cfn_describe_change_set(client, arn, &plain, err) < 0)
			return -1;
		fill_in(&set, &plain);
	}
	cfn_change_set_release(ret);
	*ret = set;
	set = (struct cfn_change_set)CFN_CHANGE_SET_INIT;
	return 0;
}

int cfn_list_resources(struct aws_client *client, const char *stack_arn, struct cfn_resources *ret,
		       struct error *err)
{
	CLEANUP(cfn_resources_release) struct cfn_resources whole = CFN_RESOURCES_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;
	struct pages pages = { &list_stack_resources, &form, "", read_resource_page, &whole };

	aws_form_add(&form, "StackName", stack_arn);
	if (all_pages(client, &pages, err) < 0)
		return mark_missing_stack(stack_arn, err);
	cfn_resources_release(ret);
	*ret = whole;
	whole = (struct cfn_resources)CFN_RESOURCES_INIT;
	return 0;
}

int cfn_has_change_sets(struct aws_client *client, const char *stack_arn, bool *ret,
			struct error *err)
{
	CLEANUP(str_release) struct str form = STR_INIT;
	struct pages pages = { &list_change_sets, &form, "", read_change_set_page, ret };

	*ret = false;
	aws_form_add(&form, "StackName", stack_arn);
	return all_pages(client, &pages, err) < 0 ? mark_missing_stack(stack_arn, err) : 0;
}

int cfn_execute_change_set(struct aws_client *client, const char *arn, const char *client_token,
			   bool disable_rollback, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "ChangeSetName", arn);
	aws_form_add(&form, "ClientRequestToken", client_token);
	aws_form_add(&form, "DisableRollback", disable_rollback ? "true" : NULL);
	if (call(client, &execute_change_set, &form, &reply, err) < 0)
		return mark_missing_change_set(arn, err);
	return 0;
}

int cfn_delete_change_set(struct aws_client *client, const char *arn, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "ChangeSetName", arn);
	if (call(client, &delete_change_set, &form, &reply, err) < 0)
		return mark_missing_change_set(arn, err);
	return 0;
}

int cfn_get_template(struct aws_client *client, const char *stack_arn, struct str *ret_body,
		     struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "StackName", stack_arn);
	aws_form_add(&form, "TemplateStage", "Original");
	if (call_for(client, &get_template, &form, "TemplateBody", &reply, err) < 0)
		return mark_missing_stack(stack_arn, err);
	take_text(ret_body, aws_reply_result(&reply), "TemplateBody");
	return 0;
}

int cfn_cancel_update(struct aws_client *client, const char *arn, const char *client_token,
		      struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "StackName", arn);
	aws_form_add(&form, "ClientRequestToken", client_token);
	if (call(client, &cancel_update_stack, &form, &reply, err) < 0)
		return mark_missing_stack(arn, err);
	return 0;
}

int cfn_continue_rollback(struct aws_client *client, const char *arn, const struct strv *skip,
			  const char *client_token, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "StackName", arn);
	for (size_t i = 0; i < skip->count; i++)
		aws_form_addf(&form, skip->v[i], "ResourcesToSkip.member.%zu", i + 1);
	aws_form_add(&form, "ClientRequestToken", client_token);
	if (call(client, &continue_rollback, &form, &reply, err) < 0)
		return mark_missing_stack(arn, err);
	return 0;
}

int cfn_rollback_stack(struct aws_client *client, const char *arn, const char *client_token,
		       struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "StackName", arn);
	aws_form_add(&form, "ClientRequestToken", client_token);
	if (call(client, &rollback_stack, &form, &reply, err) < 0)
		return mark_missing_stack(arn, err);
	return 0;
}

int cfn_delete_stack(struct aws_client *client, const char *arn, const char *client_token,
		     struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "StackName", arn);
	aws_form_add(&form, "ClientRequestToken", client_token);
	if (call(client, &delete_stack, &form, &reply, err) < 0)
		return mark_missing_stack(arn, err);
	return 0;
}

int cfn_protect_stack(struct aws_client *client, const char *arn, bool is_protected,
		      struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;

	aws_form_add(&form, "StackName", arn);
	aws_form_add(&form, "EnableTerminationProtection", is_protected ? "true" : "false");
	if (call(client, &update_protection, &form, &reply, err) < 0)
		return mark_missing_stack(arn, err);
	return 0;
}

int cfn_describe_events(struct aws_client *client, const char *stack_arn, const char *next_token,
			struct cfn_events *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;
	const struct xml_node *result;

	aws_form_add(&form, "StackName", stack_arn);
	aws_form_add(&form, "NextToken", next_token);
	if (call(client, &describe_stack_events, &form, &reply, err) < 0)
		return mark_missing_stack(stack_arn, err);
	result = aws_reply_result(&reply);
	cfn_events_release(ret);
	read_events(xml_child(result, "StackEvents"), ret);
	take_text(&ret->next_token, result, "NextToken");
	return 0;
}

int cfn_describe_failures(struct aws_client *client, enum cfn_events_of of, const char *id,
			  struct cfn_events *ret, struct error *err)
{
	static const char *const names[] = {
		[CFN_EVENTS_OF_OPERATION] = "OperationId",
		[CFN_EVENTS_OF_CHANGE_SET] = "ChangeSetName",
		[CFN_EVENTS_OF_STACK] = "StackName",
	};
	CLEANUP(cfn_events_release) struct cfn_events whole = CFN_EVENTS_INIT;
	CLEANUP(str_release) struct str form = STR_INIT;
	struct pages pages = { &describe_events, &form, "", read_failure_page, &whole };

	aws_form_add(&form, names[of], id);
	aws_form_add(&form, "Filters.FailedEvents", "true");
	if (all_pages(client, &pages, err) < 0)
		return -1;
	cfn_events_release(ret);
	*ret = whole;
	whole = (struct cfn_events)CFN_EVENTS_INIT;
	return 0;
}
