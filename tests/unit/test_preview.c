#include "base/cleanup.h"
#include "base/mem.h"
#include "data/yaml.h"
#include "stack/preview.h"
#include "test.h"

#include <string.h>

/* A change set in rows: a row with an action begins a change, one without adds a detail to it. */
struct row {
	const char *action, *logical_id, *type, *replacement, *policy;
	const char *name, *before, *after, *recreation, *evaluation, *source, *entity;
};

#define CHANGE(action, id, type, replacement, policy)                                              \
	{                                                                                          \
		action, id, type, replacement, policy, NULL, NULL, NULL, NULL, NULL, NULL, NULL    \
	}
#define DETAIL(name, before, after, recreation, evaluation, source, entity)                        \
	{                                                                                          \
		NULL, NULL, NULL, NULL, NULL, name, before, after, recreation, evaluation, source, \
			entity                                                                     \
	}

static void add_row(struct cfn_change_set *set, const struct row *row)
{
	struct cfn_change *change;
	struct cfn_detail *detail;

	if (row->action) {
		change = mem_grow(&set->changes, &set->change_count, sizeof(*change));
		change->action = mem_strdup(row->action);
		change->logical_id = mem_strdup(row->logical_id);
		change->physical_id = mem_strdup("");
		change->type = mem_strdup(row->type);
		change->replacement = mem_strdup(row->replacement);
		change->scope = mem_strdup("");
		change->policy = mem_strdup(row->policy);
		return;
	}
	change = &set->changes[set->change_count - 1];
	detail = mem_grow(&change->details, &change->detail_count, sizeof(*detail));
	detail->attribute = mem_strdup("Properties");
	detail->name = mem_strdup(row->name);
	detail->path = mem_strdup("");
	detail->before = mem_strdup(row->before);
	detail->after = mem_strdup(row->after);
	detail->recreation = mem_strdup(row->recreation);
	detail->evaluation = mem_strdup(row->evaluation);
	detail->source = mem_strdup(row->source);
	detail->entity = mem_strdup(row->entity);
}

/* A stack with Tag, Count and the secret Password; live Tag=1a, Count=2. */
struct world {
	struct stack_template template;
	struct cfn_parameters live;
	struct cfn_parameters asked;
	struct cfn_change_set set;
	struct preview preview;
	struct str out;
};

static void set_up(struct world *world, const char *tag, const char *count, const struct row *rows,
		   size_t n)
{
	static const char text[] = "Parameters: {Tag: {Type: String}, Count: {Type: Number}, "
				   "Password: {Type: String, NoEcho: true}}\n"
				   "Resources: {}\n";
	CLEANUP(error_release) struct error err = ERROR_INIT;

	*world = (struct world){ .template = STACK_TEMPLATE_INIT,
				 .set = CFN_CHANGE_SET_INIT,
				 .out = STR_INIT };
	world->template.root = yaml_read(text, strlen(text), YAML_CLOUDFORMATION, &err);
	assert_non_null(world->template.root);
	cfn_parameters_add(&world->live, "Tag", "1a");
	cfn_parameters_add(&world->live, "Count", "2");
	cfn_parameters_add(&world->live, "Password", "****");
	cfn_parameters_add(&world->asked, "Tag", tag);
	cfn_parameters_add(&world->asked, "Count", count);
	cfn_parameters_add(&world->asked, "Password", "hunter2");
	for (size_t i = 0; i < n; i++)
		add_row(&world->set, &rows[i]);
	world->preview = (struct preview){
		.stack_name = "app",
		.tag_parameter = "Tag",
		.template = &world->template,
		.live = &world->live,
		.asked = &world->asked,
		.set = &world->set,
	};
}

static void tear_down(struct world *world)
{
	stack_template_release(&world->template);
	cfn_parameters_release(&world->live);
	cfn_parameters_release(&world->asked);
	cfn_change_set_release(&world->set);
	str_release(&world->out);
}

#define SET_UP(world, tag, count, rows)                                                            \
	set_up(&(world), tag, count, (rows), sizeof(rows) / sizeof((rows)[0]))

/* As AWS has it: each cause an entry, and a dynamic one beside those of a resource. */
static const struct row tag_rows[] = {
	CHANGE("Modify", "Task", "AWS::ECS::TaskDefinition", "True", "ReplaceAndDelete"),
	DETAIL("ContainerDefinitions", "x:1a", "x:2b", "Always", "Static", "ParameterReference",
	       "Tag"),
	DETAIL("ContainerDefinitions", "", "", "Always", "Dynamic", "DirectModification", ""),
	CHANGE("Modify", "Job", "AWS::ECS::TaskDefinition", "True", ""),
	DETAIL("ContainerDefinitions", "", "", "Always", "Static", "ParameterReference", "Tag"),
	CHANGE("Modify", "Service", "AWS::ECS::Service", "False", ""),
	DETAIL("TaskDefinition", "", "", "Never", "Dynamic", "ResourceReference", "Task"),
	CHANGE("Modify", "Migrate", "Custom::Task", "False", ""),
	DETAIL("TaskDefinition", "", "", "Never", "Dynamic", "ResourceAttribute", "Job.Arn"),
};

static void folds_a_new_tag_into_one_sentence(void **state)
{
	CLEANUP(tear_down) struct world world;

	(void)state;
	SET_UP(world, "2b", "2", tag_rows);
	assert_true(preview_is_tag_only(&world.preview));
	preview_text(&world.preview, &world.out);
	assert_string_equal(world.out.buf,
			    "stack app: image tag 1a -> 2b: 2 task definitions (new revision), "
			    "1 service, 1 custom resource\n");
}

static void is_no_tag_release_when_something_else_changes(void **state)
{
	static const struct row added[] = {
		CHANGE("Add", "Task", "AWS::ECS::TaskDefinition", "", ""),
	};
	static const struct row other_cause[] = {
		CHANGE("Modify", "Service", "AWS::ECS::Service", "False", ""),
		DETAIL("DesiredCount", "", "", "Never", "Static", "ParameterReference", "Count"),
	};
	static const struct row by_hand[] = {
		CHANGE("Modify", "Service", "AWS::ECS::Service", "False", ""),
		DETAIL("DesiredCount", "", "", "Never", "Static", "DirectModification", ""),
	};
	static const struct row unexplained[] = {
		CHANGE("Modify", "Service", "AWS::ECS::Service", "False", ""),
		DETAIL("DesiredCount", "", "", "Never", "Dynamic", "DirectModification", ""),
	};
	static const struct row database[] = {
		CHANGE("Modify", "Db", "AWS::RDS::DBInstance", "True", ""),
		DETAIL("DBName", "", "", "Always", "Static", "ParameterReference", "Tag"),
	};
	static const struct {
		const char *tag, *count;
		const struct row *rows;
		size_t n;
	} cases[] = {
		{ "2b", "3", tag_rows, 1 }, { "1a", "2", tag_rows, 9 },
		{ "2b", "2", added, 1 },    { "2b", "2", other_cause, 2 },
		{ "2b", "2", by_hand, 2 },  { "2b", "2", unexplained, 2 },
		{ "2b", "2", database, 2 }, { "2b", "2", tag_rows, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(tear_down) struct world world;

		set_up(&world, cases[i].tag, cases[i].count, cases[i].rows, cases[i].n);
		assert_false(preview_is_tag_only(&world.preview));
	}
}

static const struct row mixed_rows[] = {
	CHANGE("Add", "Queue", "AWS::SQS::Queue", "", ""),
	CHANGE("Modify", "Service", "AWS::ECS::Service", "False", ""),
	DETAIL("DesiredCount", "2", "3", "Never", "Static", "ParameterReference", "Count"),
	DETAIL("DesiredCount", "2", "3", "Never", "Dynamic", "DirectModification", ""),
	CHANGE("Modify", "Db", "AWS::RDS::DBInstance", "True", "ReplaceAndSnapshot"),
	DETAIL("Engine", "mysql", "postgres", "Always", "Static", "DirectModification", ""),
	DETAIL("MasterUserPassword", "old", "new", "Never", "Static", "ParameterReference",
	       "Password"),
	DETAIL("Url", "", "db:hunter2@x", "Never", "Static", "DirectModification", ""),
	CHANGE("Remove", "Bucket", "AWS::S3::Bucket", "", "Delete"),
	CHANGE("Remove", "Log", "AWS::Logs::LogGroup", "", "Retain"),
	CHANGE("Modify", "Cache", "AWS::ElastiCache::CacheCluster", "Conditional", ""),
	DETAIL("Port", "", "", "Conditionally", "Static", "ParameterReference", "Count"),
};

static void lists_what_takes_something_away_first(void **state)
{
	CLEANUP(tear_down) struct world world;

	(void)state;
	SET_UP(world, "1a", "3", mixed_rows);
	preview_text(&world.preview, &world.out);
	assert_string_equal(
		world.out.buf,
		"stack app: to be updated, 6 resources\n"
		"parameters:\n"
		"  ~ Count: 2 -> 3\n"
		"resources:\n"
		"  - Bucket (AWS::S3::Bucket) removed: takes its objects away\n"
		"  ~ Cache (AWS::ElastiCache::CacheCluster) perhaps replaced: takes its data "
		"away\n"
		"      Port (by Count) [may replace it]\n"
		"  ! Db (AWS::RDS::DBInstance) replaced: takes its data away but for a snapshot\n"
		"      Engine: mysql -> postgres [replaces it]\n"
		"      MasterUserPassword: **** -> ****\n"
		"      Url: **** -> ****\n"
		"  - Log (AWS::Logs::LogGroup) leaves the stack, kept\n"
		"  + Queue (AWS::SQS::Queue)\n"
		"  ~ Service (AWS::ECS::Service)\n"
		"      DesiredCount: 2 -> 3\n");
	assert_null(strstr(world.out.buf, "hunter2"));
}

static void finds_what_would_lose_its_data(void **state)
{
	static const char *const want[] = { "Db would lose its data",
					    "Bucket would lose its objects",
					    "Cache may lose its data" };
	CLEANUP(tear_down) struct world world;
	CLEANUP(strv_release) struct strv named = STRV_INIT;
	struct preview_loss loss;

	(void)state;
	SET_UP(world, "1a", "3", mixed_rows);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		CLEANUP(str_release) struct str text = STR_INIT;

		assert_true(preview_find_loss(&world.preview, &named, &loss));
		str_addf(&text, "%s %s %s", loss.name, loss.verb, loss.what);
		assert_string_equal(text.buf, want[i]);
		strv_add(&named, loss.name);
	}
	assert_false(preview_find_loss(&world.preview, &named, &loss));
}

/* An address is shown, but comes again; a task definition is no loss at all. */
static void a_new_address_loses_no_data(void **state)
{
	static const struct row rows[] = {
		CHANGE("Modify", "Lb", "AWS::ElasticLoadBalancingV2::LoadBalancer", "True", ""),
		CHANGE("Modify", "Task", "AWS::ECS::TaskDefinition", "True", ""),
	};
	CLEANUP(tear_down) struct world world;
	CLEANUP(strv_release) struct strv none = STRV_INIT;
	struct preview_loss loss;

	(void)state;
	SET_UP(world, "1a", "3", rows);
	assert_false(preview_find_loss(&world.preview, &none, &loss));
}

/* All of it, in the order of the text; what is never shown is null. */
static void writes_json(void **state)
{
	static const struct row rows[] = {
		CHANGE("Modify", "Service", "AWS::ECS::Service", "False", ""),
		DETAIL("DesiredCount", "2", "3", "Never", "Static", "ParameterReference", "Count"),
		DETAIL("DesiredCount", "2", "3", "Never", "Dynamic", "DirectModification", ""),
		DETAIL("Url", "", "db:hunter2@x", "Never", "Static", "DirectModification", ""),
		CHANGE("Remove", "Bucket", "AWS::S3::Bucket", "", "Delete"),
	};
	CLEANUP(tear_down) struct world world;
	json_auto_t *json = NULL;
	CLEANUP_FREE char *text = NULL;

	(void)state;
	SET_UP(world, "1a", "3", rows);
	json = preview_json(&world.preview, "arn:1");
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(
		text, "{\"stack\":\"app\",\"is_new\":false,\"is_tag_only\":false,\"parameters\":"
		      "[{\"name\":\"Count\",\"before\":\"2\",\"after\":\"3\"}],\"resources\":"
		      "[{\"action\":\"Remove\",\"name\":\"Bucket\",\"type\":\"AWS::S3::Bucket\","
		      "\"replacement\":\"\",\"policy\":\"Delete\",\"loses\":\"its objects\","
		      "\"properties\":[]},"
		      "{\"action\":\"Modify\",\"name\":\"Service\",\"type\":\"AWS::ECS::Service\","
		      "\"replacement\":\"False\",\"policy\":\"\",\"loses\":null,\"properties\":"
		      "[{\"name\":\"DesiredCount\",\"before\":\"2\",\"after\":\"3\","
		      "\"recreation\":\"Never\",\"cause\":\"Count\"},"
		      "{\"name\":\"Url\",\"before\":null,\"after\":null,\"recreation\":\"Never\","
		      "\"cause\":\"\"}]}],\"change_set\":\"arn:1\"}");
}

static void writes_markdown(void **state)
{
	CLEANUP(tear_down) struct world world;

	(void)state;
	set_up(&world, "1a", "3", mixed_rows, 3);
	preview_markdown(&world.preview, &world.out);
	assert_string_equal(world.out.buf, "### Stack `app`: to be updated, 2 resources\n"
					   "\n**parameters**\n\n"
					   "- `~ Count: 2 -> 3`\n"
					   "\n**resources**\n\n"
					   "- `+ Queue (AWS::SQS::Queue)`\n"
					   "- `~ Service (AWS::ECS::Service)`\n"
					   "  - `DesiredCount: 2 -> 3`\n");
}

/* B4: outputs alone make a change set without changes. */
static void b4_says_that_no_resource_changes(void **state)
{
	CLEANUP(tear_down) struct world world;

	(void)state;
	set_up(&world, "1a", "2", tag_rows, 0);
	preview_text(&world.preview, &world.out);
	assert_string_equal(world.out.buf,
			    "stack app: no resource changes, but outputs or metadata do\n");
}

static void shows_the_difference_of_long_values(void **state)
{
	static const struct row rows[] = {
		CHANGE("Modify", "Job", "AWS::ECS::TaskDefinition", "True", ""),
		DETAIL("Definitions",
		       "0123456789012345678901234567890123456789012345678901234567890123456789"
		       "0123456789012345678901234567890123456789:1a",
		       "0123456789012345678901234567890123456789012345678901234567890123456789"
		       "0123456789012345678901234567890123456789:2b",
		       "Never", "Static", "DirectModification", ""),
	};
	CLEANUP(tear_down) struct world world;

	(void)state;
	SET_UP(world, "1a", "2", rows);
	preview_text(&world.preview, &world.out);
	assert_non_null(strstr(world.out.buf, "Definitions: ...78901234567890123456789:1a -> "
					      "...78901234567890123456789:2b\n"));
}

static void names_parameters_that_live_otherwise(void **state)
{
	CLEANUP(tear_down) struct world world;

	(void)state;
	set_up(&world, "2b", "3", tag_rows, 0);
	preview_drift(&world.preview, &world.out);
	assert_string_equal(world.out.buf, "live parameters differ from the file: Count is '2' "
					   "live and '3' in the file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds_a_new_tag_into_one_sentence),
		cmocka_unit_test(is_no_tag_release_when_something_else_changes),
		cmocka_unit_test(lists_what_takes_something_away_first),
		cmocka_unit_test(finds_what_would_lose_its_data),
		cmocka_unit_test(a_new_address_loses_no_data),
		cmocka_unit_test(writes_json),
		cmocka_unit_test(writes_markdown),
		cmocka_unit_test(b4_says_that_no_resource_changes),
		cmocka_unit_test(shows_the_difference_of_long_values),
		cmocka_unit_test(names_parameters_that_live_otherwise),
	};

	return cmocka_run_group_tests_name("preview", tests, NULL, NULL);
}
