#include "sandbox/scenario.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/yaml.h"
#include "sandbox/document.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

/* A key that an entry may have, and what its value must be. */
struct key_rule {
	const char *name;
	json_type type;
	bool is_required;
	const char *const *words; /* the values a string may have, or NULL */
};

/* In the order of enum fault_kind and enum outcome_kind, less their first. */
static const char *const reply_words[] = {
	"throttle", "error", "drop", "lost", "cut", "delay", NULL
};
static const char *const outcome_words[] = { "fail", "stuck", "slow", NULL };
static const char *const action_words[] = { "CREATE", "UPDATE", "DELETE", "ROLLBACK", NULL };
static const char *const service_words[] = { "crash",	  "oom",      "pull",	"secret",
					     "unhealthy", "unplaced", "steady", NULL };
static const char *const function_words[] = { "fail", "silent", "succeed", NULL };
static const char *const breaker_words[] = { "on", "off", "hidden", NULL };

static const struct key_rule fault_rules[] = {
	{ "action", JSON_STRING, true, NULL },
	{ "service", JSON_STRING, false, NULL },
	{ "from", JSON_INTEGER, false, NULL },
	{ "count", JSON_INTEGER, false, NULL },
	{ "reply", JSON_STRING, true, reply_words },
	{ "status", JSON_INTEGER, false, NULL },
	{ "code", JSON_STRING, false, NULL },
	{ "message", JSON_STRING, false, NULL },
	{ "body", JSON_STRING, false, NULL },
	{ "delay_ms", JSON_INTEGER, false, NULL },
	{ NULL, JSON_NULL, false, NULL },
};

static const struct key_rule resource_rules[] = {
	{ "logical_id", JSON_STRING, false, NULL },
	{ "type", JSON_STRING, false, NULL },
	{ "stack", JSON_STRING, false, NULL },
	{ "action", JSON_STRING, false, action_words },
	{ "outcome", JSON_STRING, true, outcome_words },
	{ "reason", JSON_STRING, false, NULL },
	{ "seconds", JSON_INTEGER, false, NULL },
	{ "count", JSON_INTEGER, false, NULL },
	{ NULL, JSON_NULL, false, NULL },
};

static const struct key_rule service_rules[] = {
	{ "logical_id", JSON_STRING, false, NULL },
	{ "stack", JSON_STRING, false, NULL },
	{ "image", JSON_STRING, false, NULL },
	{ "outcome", JSON_STRING, true, service_words },
	{ "container", JSON_STRING, false, NULL },
	{ "exit_code", JSON_INTEGER, false, NULL },
	{ "reason", JSON_STRING, false, NULL },
	{ "log", JSON_ARRAY, false, NULL },
	{ "seconds", JSON_INTEGER, false, NULL },
	{ "failures", JSON_INTEGER, false, NULL },
	{ "breaker", JSON_STRING, false, breaker_words },
	{ "image_digest", JSON_STRING, false, NULL },
	{ "count", JSON_INTEGER, false, NULL },
	{ NULL, JSON_NULL, false, NULL },
};

static const struct key_rule function_rules[] = {
	{ "logical_id", JSON_STRING, false, NULL },
	{ "stack", JSON_STRING, false, NULL },
	{ "action", JSON_STRING, false, action_words },
	{ "outcome", JSON_STRING, true, function_words },
	{ "reason", JSON_STRING, false, NULL },
	{ "log", JSON_ARRAY, false, NULL },
	{ "seconds", JSON_INTEGER, false, NULL },
	{ "container", JSON_STRING, false, NULL },
	{ "exit_code", JSON_INTEGER, false, NULL },
	{ "task_log", JSON_ARRAY, false, NULL },
	{ "count", JSON_INTEGER, false, NULL },
	{ NULL, JSON_NULL, false, NULL },
};

static const struct key_rule stack_rules[] = {
	{ "name", JSON_STRING, true, NULL },	  { "found", JSON_STRING, false, NULL },
	{ "seconds", JSON_INTEGER, false, NULL }, { "then", JSON_STRING, false, NULL },
	{ "template", JSON_STRING, false, NULL }, { "parameters", JSON_ARRAY, false, NULL },
	{ "is_made", JSON_TRUE, false, NULL },	  { "events", JSON_INTEGER, false, NULL },
	{ "ends", JSON_STRING, false, NULL },	  { "stale", JSON_INTEGER, false, NULL },
	{ "count", JSON_INTEGER, false, NULL },	  { NULL, JSON_NULL, false, NULL },
};

static const struct key_rule token_rules[] = {
	{ "requests", JSON_INTEGER, false, NULL }, { "seconds", JSON_INTEGER, false, NULL },
	{ "status", JSON_INTEGER, false, NULL },   { "count", JSON_INTEGER, false, NULL },
	{ NULL, JSON_NULL, false, NULL },
};

static const char *const change_set_words[] = { "fail", "stuck", "obsolete", "warn", NULL };

static const struct key_rule change_set_rules[] = {
	{ "stack", JSON_STRING, false, NULL },
	{ "name", JSON_STRING, false, NULL },
	{ "outcome", JSON_STRING, true, change_set_words },
	{ "reason", JSON_STRING, false, NULL },
	{ "count", JSON_INTEGER, false, NULL },
	{ NULL, JSON_NULL, false, NULL },
};

/* The members of a scenario that are lists of entries. */
static const struct list_rule {
	const char *name;
	const struct key_rule *rules;
	size_t offset; /* of the list in struct scenario */
} list_rules[] = {
	{ "faults", fault_rules, offsetof(struct scenario, faults) },
	{ "resources", resource_rules, offsetof(struct scenario, resources) },
	{ "services", service_rules, offsetof(struct scenario, services) },
	{ "functions", function_rules, offsetof(struct scenario, functions) },
	{ "stacks", stack_rules, offsetof(struct scenario, stacks) },
	{ "change_sets", change_set_rules, offsetof(struct scenario, change_sets) },
	{ "tokens", token_rules, offsetof(struct scenario, tokens) },
};

#define LIST_COUNT (sizeof(list_rules) / sizeof(list_rules[0]))

static json_t **list_at(struct scenario *scenario, const struct list_rule *rule)
{
	return (json_t **)(void *)((char *)scenario + rule->offset);
}

/* The place of `word` in the list, from 0; -1 where it is not there. */
static int find_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

static int check_value(const struct key_rule *rule, const json_t *value, struct error *err)
{
	if (json_typeof(value) != rule->type)
		return error_set(err, ERROR_CONFIG, "'%s' must be %s", rule->name,
				 rule->type == JSON_STRING  ? "text"
				 : rule->type == JSON_ARRAY ? "a list of texts"
							    : "a number");
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!json_is_string(json_array_get(value, i)))
			return error_set(err, ERROR_CONFIG, "'%s' must be a list of texts",
					 rule->name);
	}
	if (json_is_integer(value) &&
	    (json_integer_value(value) < 0 || json_integer_value(value) > INT_MAX))
		return error_set(err, ERROR_CONFIG, "'%s' is out of range", rule->name);
	if (rule->words && find_word(rule->words, json_string_value(value)) < 0)
		return error_set(err, ERROR_CONFIG, "'%s' cannot be '%s'", rule->name,
				 json_string_value(value));
	return 0;
}

static const struct key_rule *find_rule(const struct key_rule *rules, const char *name)
{
	for (; rules->name; rules++) {
		if (strcmp(rules->name, name) == 0)
			return rules;
	}
	return NULL;
}

static int check_entry(json_t *entry, const struct key_rule *rules, struct error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(entry))
		return error_set(err, ERROR_CONFIG, "not a mapping");
	json_object_foreach(entry, key, value)
	{
		const struct key_rule *rule = find_rule(rules, key);

		if (!rule)
			return error_set(err, ERROR_CONFIG, "'%s' is not a key here", key);
		if (check_value(rule, value, err) < 0)
			return -1;
	}
	for (; rules->name; rules++) {
		if (rules->is_required && !json_object_get(entry, rules->name))
			return error_set(err, ERROR_CONFIG, "'%s' is missing", rules->name);
	}
	return 0;
}

static int take_list(const json_t *list, const struct list_rule *rule, json_t **ret_list,
		     struct error *err)
{
	json_t *entry;
	size_t i;

	if (!json_is_array(list))
		return error_set(err, ERROR_CONFIG, "'%s' must be a list", rule->name);
	json_array_foreach(list, i, entry)
	{
		if (check_entry(entry, rule->rules, err) < 0)
			return error_wrap(err, "%s, entry %zu", rule->name, i + 1);
	}
	*ret_list = json_incref(document_loosen(list));
	return 0;
}

static int take_page_size(const json_t *value, struct scenario *ret, struct error *err)
{
	if (!json_is_integer(value) || json_integer_value(value) < 1 ||
	    json_integer_value(value) > INT_MAX)
		return error_set(err, ERROR_CONFIG, "'page_size' must be a number from 1");
	ret->page_size = (size_t)json_integer_value(value);
	return 0;
}

static int take_names(const char *key, const json_t *value, json_t **ret, struct error *err)
{
	const struct key_rule rule = { key, JSON_ARRAY, false, NULL };

	json_decref(*ret);
	*ret = json_incref(document_loosen(value));
	return check_value(&rule, value, err);
}

static int take_member(const char *key, const json_t *value, struct scenario *ret,
		       struct error *err)
{
	for (size_t i = 0; i < LIST_COUNT; i++) {
		if (strcmp(list_rules[i].name, key) == 0)
			return take_list(value, &list_rules[i], list_at(ret, &list_rules[i]), err);
	}
	if (strcmp(key, "lacks") == 0)
		return take_names(key, value, &ret->lacks, err);
	if (strcmp(key, "allows") == 0)
		return take_names(key, value, &ret->allows, err);
	if (strcmp(key, "page_size") == 0)
		return take_page_size(value, ret, err);
	return error_set(err, ERROR_CONFIG, "'%s' is not a key of a scenario", key);
}

int scenario_read(const char *bytes, size_t len, struct scenario *ret, struct error *err)
{
	CLEANUP(scenario_release) struct scenario scenario = SCENARIO_INIT;
	json_auto_t *document = yaml_read(bytes, len, YAML_PLAIN, err);
	const char *key;
	json_t *value;

	if (!document)
		return -1;
	if (!json_is_object(document))
		return error_set(err, ERROR_CONFIG, "not a mapping with 'faults' or 'resources'");
	json_object_foreach(document, key, value)
	{
		if (take_member(key, value, &scenario, err) < 0)
			return -1;
	}
	scenario_release(ret);
	*ret = scenario;
	scenario = (struct scenario)SCENARIO_INIT;
	return 0;
}

void scenario_release(struct scenario *scenario)
{
	for (size_t i = 0; i < LIST_COUNT; i++)
		json_decref(*list_at(scenario, &list_rules[i]));
	json_decref(scenario->lacks);
	json_decref(scenario->allows);
	*scenario = (struct scenario)SCENARIO_INIT;
}

static json_int_t number_of(const json_t *entry, const char *key, json_int_t otherwise)
{
	const json_t *value = json_object_get(entry, key);

	return value ? json_integer_value(value) : otherwise;
}

/* How often this entry was met before; kept in the entry, under a name no scenario may use. */
static json_int_t count_up(json_t *entry)
{
	json_int_t seen = number_of(entry, "$seen", 0) + 1;

	(void)json_object_set_new(entry, "$seen", json_integer(seen));
	return seen;
}

static bool matches(const json_t *entry, const char *key, const char *value)
{
	const char *wanted = json_text(entry, key);

	return !wanted || strcmp(wanted, "*") == 0 || strcmp(wanted, value) == 0;
}

/* The registry is no service of AWS: what hits every call does not hit it. */
static bool hits_service(const json_t *entry, const char *service)
{
	return matches(entry, "service", service) &&
	       (json_object_get(entry, "service") || strcmp(service, "registry") != 0);
}

struct fault scenario_next_fault(struct scenario *scenario, const char *service, const char *action)
{
	struct fault fault = { .kind = FAULT_NONE };
	json_t *entry;
	size_t i;

	json_array_foreach(scenario->faults, i, entry)
	{
		json_int_t from = number_of(entry, "from", 1), count = number_of(entry, "count", 1);
		json_int_t seen;

		if (!hits_service(entry, service) || !matches(entry, "action", action))
			continue;
		seen = count_up(entry);
		if (fault.kind != FAULT_NONE || seen < from || (count && seen >= from + count))
			continue;
		fault.kind =
			(enum fault_kind)(find_word(reply_words, json_text(entry, "reply")) + 1);
		fault.entry = entry;
		fault.delay_ms = (unsigned)number_of(entry, "delay_ms", 0);
	}
	return fault;
}

/* An update that undoes one is an UPDATE too, and the only ROLLBACK. */
static bool matches_action(const json_t *entry, const char *action)
{
	return matches(entry, "action", action) ||
	       (strcmp(action, "ROLLBACK") == 0 && matches(entry, "action", "UPDATE"));
}

static bool matches_subject(const json_t *entry, const struct scenario_subject *subject)
{
	return matches(entry, "stack", subject->stack) &&
	       matches(entry, "logical_id", subject->logical_id) &&
	       matches(entry, "type", subject->type) && matches_action(entry, subject->action);
}

struct outcome scenario_next_outcome(struct scenario *scenario,
				     const struct scenario_subject *subject)
{
	struct outcome outcome = { .kind = OUTCOME_USUAL };
	json_t *entry;
	size_t i;

	json_array_foreach(scenario->resources, i, entry)
	{
		json_int_t count = number_of(entry, "count", 0);

		if (!matches_subject(entry, subject))
			continue;
		if (outcome.kind != OUTCOME_USUAL || (count && count_up(entry) > count))
			continue;
		outcome.kind = (enum outcome_kind)(
			find_word(outcome_words, json_text(entry, "outcome")) + 1);
		outcome.reason = json_text(entry, "reason");
		outcome.seconds = (unsigned)number_of(entry, "seconds", 0);
	}
	return outcome;
}

static bool matches_image(const json_t *entry, const json_t *containers)
{
	const char *wanted = json_text(entry, "image");
	const json_t *container;
	size_t i;

	json_array_foreach(containers, i, container)
	{
		const char *image = json_text(container, "image");

		if (wanted && image && strstr(image, wanted))
			return true;
	}
	return !wanted;
}

static bool is_spent(json_t *entry)
{
	json_int_t count = number_of(entry, "count", 1);

	return count && count_up(entry) > count;
}

const json_t *scenario_next_service(struct scenario *scenario,
				    const struct scenario_subject *subject,
				    const json_t *containers)
{
	json_t *entry;
	size_t i;

	json_array_foreach(scenario->services, i, entry)
	{
		if (matches_subject(entry, subject) && matches_image(entry, containers) &&
		    !is_spent(entry))
			return entry;
	}
	return NULL;
}

const json_t *scenario_next_function(struct scenario *scenario,
				     const struct scenario_subject *subject)
{
	json_t *entry;
	size_t i;

	json_array_foreach(scenario->functions, i, entry)
	{
		if (matches_subject(entry, subject) && !is_spent(entry))
			return entry;
	}
	return NULL;
}

const json_t *scenario_next_stack(struct scenario *scenario, const char *name, const char *key)
{
	json_t *entry;
	size_t i;

	json_array_foreach(scenario->stacks, i, entry)
	{
		if (matches(entry, "name", name) && json_object_get(entry, key) && !is_spent(entry))
			return entry;
	}
	return NULL;
}

struct token_terms scenario_next_token(struct scenario *scenario)
{
	json_t *entry;
	size_t i;

	json_array_foreach(scenario->tokens, i, entry)
	{
		if (!is_spent(entry))
			return (struct token_terms){ (unsigned)number_of(entry, "requests", 0),
						     (unsigned)number_of(entry, "seconds", 0),
						     (int)number_of(entry, "status", 403) };
	}
	return (struct token_terms){ .status = 403 };
}

const json_t *scenario_next_change_set(struct scenario *scenario, const char *stack,
				       const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(scenario->change_sets, i, entry)
	{
		if (matches(entry, "stack", stack) && matches(entry, "name", name) &&
		    !is_spent(entry))
			return entry;
	}
	return NULL;
}

static bool has_name(const json_t *names, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(names, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
			return true;
	}
	return false;
}

bool scenario_lacks(const struct scenario *scenario, const char *action)
{
	return has_name(scenario->lacks, action);
}

bool scenario_allows(const struct scenario *scenario, const char *service, const char *action)
{
	CLEANUP_FREE char *name = mem_printf("%s:%s", service, action);
	CLEANUP_FREE char *all = mem_printf("%s:*", service);

	return !scenario->allows || has_name(scenario->allows, name) ||
	       has_name(scenario->allows, all);
}
