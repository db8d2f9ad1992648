#include "stack/preview.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"

#include <stdlib.h>
#include <string.h>

/* Values are cut here: a policy document is not worth a page. */
#define MAX_VALUE 100

/* So much of what is alike stands before a difference. */
#define CONTEXT 24

#define MASK "****"

/*
 * Types of resources that a replacement or removal takes something away with that no deployment
 * brings back: data, or an address that others use. A name ending in "::" or a word stands for all
 * types that begin with it.
 */
static const struct risk_row {
	const char *prefix;
	const char *what;
	bool is_data; /* no deployment brings it back, and no rollback */
} risks[] = {
	{ "AWS::RDS::DBInstance", "its data", true },
	{ "AWS::RDS::DBCluster", "its data", true },
	{ "AWS::EFS::FileSystem", "its files", true },
	{ "AWS::ElastiCache::", "its data", true },
	{ "AWS::DynamoDB::Table", "its data", true },
	{ "AWS::DynamoDB::GlobalTable", "its data", true },
	{ "AWS::S3::Bucket", "its objects", true },
	{ "AWS::EC2::Volume", "its data", true },
	{ "AWS::ECR::Repository", "its images", true },
	{ "AWS::Logs::LogGroup", "its logs", true },
	{ "AWS::SecretsManager::Secret", "its value", true },
	{ "AWS::KMS::Key", "what is encrypted with it", true },
	{ "AWS::Cognito::UserPool", "its users", true },
	{ "AWS::ElasticLoadBalancingV2::LoadBalancer", "its address", false },
	{ "AWS::EC2::SecurityGroup", "the rules of others that name it", false },
};

/* What the everyday release changes, in plain words. */
static const struct noun_row {
	const char *type, *one, *many, *remark;
} nouns[] = {
	{ "AWS::ECS::TaskDefinition", "task definition", "task definitions", " (new revision)" },
	{ "AWS::ECS::Service", "service", "services", "" },
	{ "AWS::CloudFormation::CustomResource", "custom resource", "custom resources", "" },
	{ "AWS::CloudFormation::Stack", "nested stack", "nested stacks", "" },
	{ "AWS::Lambda::Function", "function", "functions", "" },
};

static bool is(const char *text, const char *other)
{
	return strcmp(text, other) == 0;
}

static bool is_replaced(const struct cfn_change *change)
{
	return is(change->replacement, "True") || strncmp(change->policy, "Replace", 7) == 0;
}

static bool may_be_replaced(const struct cfn_change *change)
{
	return is(change->replacement, "Conditional");
}

static bool is_removed(const struct cfn_change *change)
{
	return is(change->action, "Remove");
}

static bool is_kept(const struct cfn_change *change)
{
	return is(change->policy, "Retain") || is(change->policy, "ReplaceAndRetain");
}

/* What would be lost with the resource as it is now; NULL where nothing is. */
static const struct risk_row *find_risk(const struct cfn_change *change)
{
	if (is_kept(change) ||
	    !(is_removed(change) || is_replaced(change) || may_be_replaced(change)))
		return NULL;
	for (size_t i = 0; i < sizeof(risks) / sizeof(risks[0]); i++) {
		if (strncmp(change->type, risks[i].prefix, strlen(risks[i].prefix)) == 0)
			return &risks[i];
	}
	return NULL;
}

static const char *risk_of(const struct cfn_change *change)
{
	const struct risk_row *risk = find_risk(change);

	return risk ? risk->what : NULL;
}

bool preview_find_loss(const struct preview *preview, const struct strv *named,
		       struct preview_loss *ret)
{
	for (size_t i = 0; i < preview->set->change_count; i++) {
		const struct cfn_change *change = &preview->set->changes[i];
		const struct risk_row *risk = find_risk(change);

		if (!risk || !risk->is_data || strv_has(named, change->logical_id))
			continue;
		*ret = (struct preview_loss){
			.name = change->logical_id,
			.verb = is_removed(change) || is_replaced(change) ? "would lose"
									  : "may lose",
			.what = risk->what,
		};
		return true;
	}
	return false;
}

/* ---- parameters ---- */

static const char *live_value(const struct preview *p, const char *key)
{
	const struct cfn_parameter *live = cfn_parameters_find(p->live, key);

	return live ? live->value : NULL;
}

static bool is_changed(const struct preview *p, const struct cfn_parameter *asked)
{
	const char *live = live_value(p, asked->key);

	return !asked->use_previous && (!live || !is(live, asked->value));
}

/* A NoEcho value cannot be compared, since it comes masked: it is no change that can be shown. */
static bool is_hidden(const struct preview *p, const char *key)
{
	return stack_template_is_no_echo(p->template, key);
}

static const struct cfn_parameter *find_tag(const struct preview *p)
{
	return cfn_parameters_find(p->asked, p->tag_parameter);
}

static bool only_tag_parameter(const struct preview *p)
{
	const struct cfn_parameter *tag = find_tag(p);

	if (!tag || !is_changed(p, tag))
		return false;
	for (size_t i = 0; i < p->asked->count; i++) {
		const struct cfn_parameter *asked = &p->asked->items[i];

		if (asked != tag && !is_hidden(p, asked->key) && is_changed(p, asked))
			return false;
	}
	return true;
}

/* ---- is it the tag alone? ---- */

static bool is_changed_resource(const struct preview *p, const char *entity)
{
	size_t len = strcspn(entity, ".");

	for (size_t i = 0; i < p->set->change_count; i++) {
		const char *id = p->set->changes[i].logical_id;

		if (strlen(id) == len && strncmp(id, entity, len) == 0)
			return true;
	}
	return false;
}

/*
 * Static entries name the tag or a resource; the service adds dynamic ones without a cause for what
 * is known only when it happens, beside those that name it.
 */
static bool comes_from_tag(const struct preview *p, const struct cfn_detail *detail)
{
	if (is(detail->source, "ParameterReference"))
		return is(detail->entity, p->tag_parameter);
	if (is(detail->source, "ResourceReference") || is(detail->source, "ResourceAttribute"))
		return is_changed_resource(p, detail->entity);
	return is(detail->source, "DirectModification") && is(detail->evaluation, "Dynamic");
}

static bool names_a_cause(const struct cfn_change *change)
{
	for (size_t i = 0; i < change->detail_count; i++) {
		if (*change->details[i].entity)
			return true;
	}
	return false;
}

bool preview_is_tag_only(const struct preview *preview)
{
	if (preview->is_create || !only_tag_parameter(preview))
		return false;
	for (size_t i = 0; i < preview->set->change_count; i++) {
		const struct cfn_change *change = &preview->set->changes[i];

		if (!is(change->action, "Modify") || risk_of(change) || !names_a_cause(change))
			return false;
		for (size_t j = 0; j < change->detail_count; j++) {
			if (!comes_from_tag(preview, &change->details[j]))
				return false;
		}
	}
	return preview->set->change_count > 0;
}

/* ---- values ---- */

/* Whether a value may hold that of a NoEcho parameter: as its cause, or as it stands in the text.
 */
static bool is_secret(const struct preview *p, const struct cfn_detail *detail)
{
	if (is_hidden(p, detail->entity) || strstr(detail->before, MASK) ||
	    strstr(detail->after, MASK))
		return true;
	for (size_t i = 0; i < p->asked->count; i++) {
		const struct cfn_parameter *asked = &p->asked->items[i];

		if (*asked->value && is_hidden(p, asked->key) &&
		    (strstr(detail->after, asked->value) || strstr(detail->before, asked->value)))
			return true;
	}
	return false;
}

/* `at`, or the start of the character that it is in the middle of. */
static size_t character_start(const char *text, size_t at)
{
	while (at && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* One line of the value, from the character at `from` on, at most MAX_VALUE bytes. */
static void add_value_from(struct str *out, const char *value, size_t from)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	bool is_cut;

	from = character_start(value, from);
	sanitize_text(&text, value + from);
	is_cut = text.len > MAX_VALUE;
	if (is_cut)
		str_cut(&text, character_start(text.buf, MAX_VALUE));
	if (from)
		str_adds(out, "...");
	str_adds(out, from || text.len ? text.buf : "(none)");
	if (is_cut)
		str_adds(out, "...");
}

static void add_value(struct str *out, const char *value)
{
	add_value_from(out, value, 0);
}

/* Where to begin, so that of two long values that begin alike the difference is seen. */
static size_t first_worth_showing(const char *before, const char *after)
{
	size_t same = 0;

	while (before[same] && before[same] == after[same])
		same++;
	if (same <= CONTEXT || (strlen(before) <= MAX_VALUE && strlen(after) <= MAX_VALUE))
		return 0;
	return same - CONTEXT;
}

static void add_change_of(struct str *out, const char *before, const char *after, bool secret)
{
	size_t from = first_worth_showing(before, after);

	if (secret) {
		str_adds(out, MASK " -> " MASK);
		return;
	}
	add_value_from(out, before, from);
	str_adds(out, " -> ");
	add_value_from(out, after, from);
}

/* ---- one sentence ---- */

static const struct noun_row *find_noun(const char *type)
{
	for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++) {
		if (is(nouns[i].type, type))
			return &nouns[i];
	}
	return strncmp(type, "Custom::", 8) == 0 ? &nouns[2] : NULL;
}

static bool same_noun(const char *a, const char *b)
{
	const struct noun_row *noun = find_noun(a);

	return noun ? noun == find_noun(b) : is(a, b);
}

/* How many changes are of the same noun as `i`; 0 where an earlier one is. */
static size_t count_noun(const struct cfn_change_set *set, size_t i)
{
	size_t n = 0;

	for (size_t j = 0; j < set->change_count; j++) {
		if (!same_noun(set->changes[i].type, set->changes[j].type))
			continue;
		if (j < i)
			return 0;
		n++;
	}
	return n;
}

/* "image tag 5fdbe62 -> 9a1c3d2: 2 task definitions (new revision), 1 service" */
static void add_sentence(const struct preview *p, struct str *out)
{
	const char *before = ": ";

	str_adds(out, "image tag ");
	add_change_of(out, live_value(p, p->tag_parameter), find_tag(p)->value,
		      is_hidden(p, p->tag_parameter));
	for (size_t i = 0; i < p->set->change_count; i++) {
		size_t n = count_noun(p->set, i);
		const struct noun_row *noun = find_noun(p->set->changes[i].type);

		if (!n)
			continue;
		str_addf(out, "%s%zu %s%s", before, n,
			 !noun	 ? p->set->changes[i].type
			 : n > 1 ? noun->many
				 : noun->one,
			 noun ? noun->remark : "");
		before = ", ";
	}
}

/* ---- the list ---- */

static char symbol_of(const struct cfn_change *change)
{
	if (is(change->action, "Add"))
		return '+';
	if (is_removed(change))
		return '-';
	if (is(change->action, "Import"))
		return '<';
	return is_replaced(change) ? '!' : '~';
}

/* What takes something away comes first. */
static int weight(const struct cfn_change *change)
{
	if (risk_of(change))
		return 0;
	if (is_removed(change) || is_replaced(change))
		return 1;
	return may_be_replaced(change) ? 2 : 3;
}

static int compare_changes(const void *a, const void *b)
{
	const struct cfn_change *const *first = a, *const *second = b;
	int order = weight(*first) - weight(*second);

	return order ? order : strcmp((*first)->logical_id, (*second)->logical_id);
}

/* The changes in the order of their weight; the caller frees the list. */
static const struct cfn_change **sort(const struct cfn_change_set *set)
{
	const struct cfn_change **list = mem_zalloc((set->change_count + 1) * sizeof(const void *));

	for (size_t i = 0; i < set->change_count; i++)
		list[i] = &set->changes[i];
	qsort(list, set->change_count, sizeof(const void *), compare_changes);
	return list;
}

static void add_fate(const struct cfn_change *change, struct str *out)
{
	const char *risk = risk_of(change);

	if (is_removed(change))
		str_adds(out, is_kept(change) ? " leaves the stack, kept" : " removed");
	else if (is_replaced(change))
		str_adds(out, is_kept(change) ? " replaced, the old one kept" : " replaced");
	else if (may_be_replaced(change))
		str_adds(out, " perhaps replaced");
	if (risk && (is(change->policy, "Snapshot") || is(change->policy, "ReplaceAndSnapshot")))
		str_addf(out, ": takes %s away but for a snapshot", risk);
	else if (risk)
		str_addf(out, ": takes %s away", risk);
}

/* Two entries for one property, by its values: the service writes one for each cause. */
static bool is_told(const struct cfn_change *change, size_t i)
{
	const struct cfn_detail *detail = &change->details[i];

	for (size_t j = 0; j < i; j++) {
		const struct cfn_detail *former = &change->details[j];

		if (is(former->name, detail->name) && is(former->path, detail->path))
			return true;
	}
	return false;
}

static void add_detail(const struct preview *p, const struct cfn_detail *detail, struct str *out)
{
	const char *name = *detail->path ? detail->path : detail->name;
	bool has_values = *detail->before || *detail->after;

	if (strncmp(name, "/Properties/", 12) == 0)
		name += 12;
	add_value(out, *name ? name : detail->attribute);
	if (has_values) {
		str_adds(out, ": ");
		add_change_of(out, detail->before, detail->after, is_secret(p, detail));
	} else if (*detail->entity) {
		str_addf(out, " (by %s)", detail->entity);
	}
	if (is(detail->recreation, "Always"))
		str_adds(out, is(detail->evaluation, "Dynamic") ? " [may replace it]"
								: " [replaces it]");
	else if (is(detail->recreation, "Conditionally"))
		str_adds(out, " [may replace it]");
}

static void add_parameter(const struct preview *p, const struct cfn_parameter *asked,
			  struct str *out)
{
	const char *live = live_value(p, asked->key);

	str_addf(out, "%s: ", asked->key);
	if (is_hidden(p, asked->key))
		str_adds(out, MASK);
	else if (live)
		add_change_of(out, live, asked->value, false);
	else
		add_value(out, asked->value);
}

/* What a preview is written with: lines of text, or Markdown. */
struct form {
	const char *stack, *after_stack;     /* around the stack's name */
	const char *heading, *after_heading; /* around a heading */
	const char *item, *detail, *close;   /* before lines, and after each */
};

static const struct form text_form = { "stack ", ": ", "", ":\n", "  ", "      ", "\n" };
static const struct form markdown_form = { "### Stack `", "`: ",   "\n**", "**\n\n",
					   "- `",	  "  - `", "`\n" };

static void add_parameters(const struct preview *p, const struct form *form, struct str *out)
{
	bool is_first = true;

	for (size_t i = 0; i < p->asked->count; i++) {
		const struct cfn_parameter *asked = &p->asked->items[i];

		if (!is_changed(p, asked) ||
		    (is_hidden(p, asked->key) && live_value(p, asked->key)))
			continue;
		if (is_first)
			str_addf(out, "%sparameters%s", form->heading, form->after_heading);
		is_first = false;
		str_adds(out, form->item);
		str_addf(out, "%c ", live_value(p, asked->key) ? '~' : '+');
		add_parameter(p, asked, out);
		str_adds(out, form->close);
	}
}

static void add_change(const struct preview *p, const struct cfn_change *change,
		       const struct form *form, struct str *out)
{
	str_addf(out, "%s%c %s (%s)", form->item, symbol_of(change), change->logical_id,
		 change->type);
	add_fate(change, out);
	str_adds(out, form->close);
	for (size_t i = 0; i < change->detail_count; i++) {
		if (is_told(change, i))
			continue;
		str_adds(out, form->detail);
		add_detail(p, &change->details[i], out);
		str_adds(out, form->close);
	}
}

static void add_changes(const struct preview *p, const struct form *form, struct str *out)
{
	const struct cfn_change **list = sort(p->set);

	if (p->set->change_count)
		str_addf(out, "%sresources%s", form->heading, form->after_heading);
	for (size_t i = 0; i < p->set->change_count; i++)
		add_change(p, list[i], form, out);
	free(list);
}

static void add_title(const struct preview *p, const struct form *form, const char *text,
		      struct str *out)
{
	str_addf(out, "%s%s%s%s\n", form->stack, p->stack_name, form->after_stack, text);
}

static void render(const struct preview *p, const struct form *form, struct str *out)
{
	CLEANUP(str_release) struct str title = STR_INIT;
	size_t n = p->set->change_count;

	if (preview_is_tag_only(p)) {
		add_sentence(p, &title);
		add_title(p, form, title.buf, out);
		return;
	}
	if (n == 0)
		str_adds(&title, "no resource changes, but outputs or metadata do");
	else
		str_addf(&title, "%s, %zu %s", p->is_create ? "to be created" : "to be updated", n,
			 n == 1 ? "resource" : "resources");
	add_title(p, form, title.buf, out);
	add_parameters(p, form, out);
	add_changes(p, form, out);
}

void preview_text(const struct preview *preview, struct str *out)
{
	render(preview, &text_form, out);
}

void preview_markdown(const struct preview *preview, struct str *out)
{
	render(preview, &markdown_form, out);
}

void preview_drift(const struct preview *preview, struct str *out)
{
	const char *before = "live parameters differ from the file: ";

	for (size_t i = 0; i < preview->asked->count; i++) {
		const struct cfn_parameter *asked = &preview->asked->items[i];
		const char *live = live_value(preview, asked->key);

		if (!live || is(asked->key, preview->tag_parameter) ||
		    is_hidden(preview, asked->key) || !is_changed(preview, asked))
			continue;
		str_addf(out, "%s%s is '", before, asked->key);
		add_value(out, live);
		str_adds(out, "' live and '");
		add_value(out, asked->value);
		str_adds(out, "' in the file");
		before = ", ";
	}
}

/* ---- JSON ---- */

static json_t *json_value(const char *text, bool is_shown)
{
	return is_shown && text ? json_string(text) : json_null();
}

static json_t *json_parameters(const struct preview *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->asked->count; i++) {
		const struct cfn_parameter *asked = &p->asked->items[i];
		bool is_shown = !is_hidden(p, asked->key);
		const char *live = live_value(p, asked->key);

		if (!is_changed(p, asked) || (!is_shown && live))
			continue;
		(void)json_array_append_new(list,
					    json_pack("{s:s, s:o, s:o}", "name", asked->key,
						      "before", json_value(live, is_shown), "after",
						      json_value(asked->value, is_shown)));
	}
	return list;
}

static json_t *json_properties(const struct preview *p, const struct cfn_change *change)
{
	json_t *list = json_array();

	for (size_t i = 0; i < change->detail_count; i++) {
		const struct cfn_detail *detail = &change->details[i];
		bool is_shown = (*detail->before || *detail->after) && !is_secret(p, detail);

		if (is_told(change, i))
			continue;
		(void)json_array_append_new(
			list, json_pack("{s:s, s:o, s:o, s:s, s:s}", "name",
					*detail->path	? detail->path
					: *detail->name ? detail->name
							: detail->attribute,
					"before", json_value(detail->before, is_shown), "after",
					json_value(detail->after, is_shown), "recreation",
					detail->recreation, "cause", detail->entity));
	}
	return list;
}

static json_t *json_resources(const struct preview *p)
{
	const struct cfn_change **sorted = sort(p->set);
	json_t *list = json_array();

	for (size_t i = 0; i < p->set->change_count; i++) {
		const struct cfn_change *change = sorted[i];

		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "action",
					change->action, "name", change->logical_id, "type",
					change->type, "replacement", change->replacement, "policy",
					change->policy, "loses", json_value(risk_of(change), true),
					"properties", json_properties(p, change)));
	}
	free(sorted);
	return list;
}

json_t *preview_json(const struct preview *preview, const char *change_set)
{
	return json_pack("{s:s, s:b, s:b, s:o, s:o, s:o}", "stack", preview->stack_name, "is_new",
			 preview->is_create, "is_tag_only", preview_is_tag_only(preview),
			 "parameters", json_parameters(preview), "resources",
			 json_resources(preview), "change_set", json_value(change_set, true));
}
