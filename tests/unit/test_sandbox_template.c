#include "base/cleanup.h"
#include "data/json.h"
#include "data/yaml.h"
#include "sandbox/intrinsic.h"
#include "sandbox/plan.h"
#include "sandbox/template.h"
#include "sandbox_client.h"
#include "vectors.h"

#include <stdlib.h>
#include <unistd.h>

/* A resource that every template needs to have one. */
#define TOPIC "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}}\n"

struct row {
	const char *in, *want;
};

static void refuses_templates_in_the_services_words(void **state)
{
	static const struct row rows[] = {
		{ "[1\n", "Template format error: YAML not well-formed. (line 2, column 1)" },
		{ "{\"a\": \n", "Template format error: JSON not well-formed. (line 2, column 1)" },
		{ "text", "Template format error: unsupported structure." },
		{ "Description: x",
		  "Template format error: At least one Resources member must be defined." },
		{ TOPIC "Things: {}", "Invalid template property or properties [Things]" },
		{ "Resources: {T: {Properties: {}}}", "Template format error: [/Resources/T] Every "
						      "Resources object must contain a Type "
						      "member." },
		{ "Resources: {A-B: {Type: AWS::SNS::Topic}}",
		  "Template format error: Resource name A-B is non alphanumeric." },
		{ "Resources: {T: {Type: AWS::SNS::Topik}, U: {Type: AWS::No::Such}}",
		  "Template format error: Unrecognized resource types: [AWS::SNS::Topik, "
		  "AWS::No::Such]" },
		{ "Resources: {T: {Type: AWS::SNS::Topic, PropertyBag: {}}}",
		  "Invalid template resource property 'PropertyBag'" },
		{ "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: }}}",
		  "Template format error: [/Resources/T/Properties/TopicName] 'null' values are "
		  "not allowed in templates" },
		{ "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref X}}}",
		  "Template format error: Unresolved resource dependencies [X] in the Resources "
		  "block of the template" },
		{ "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "
		  "'${X.Y}${!Z}${T}'}}}",
		  "Template format error: Unresolved resource dependencies [X] in the Resources "
		  "block of the template" },
		{ "Resources: {T: {Type: AWS::SNS::Topic, DependsOn: X}}",
		  "Template format error: Unresolved resource dependencies [X] in the Resources "
		  "block of the template" },
		{ TOPIC "Outputs: {O: {Value: !GetAtt X.Arn}}",
		  "Template format error: Unresolved resource dependencies [X] in the Outputs "
		  "block of the template" },
		{ TOPIC "Outputs: {O: {Description: x}}",
		  "Template format error: Every Outputs member must contain a Value object" },
		{ TOPIC "Parameters: {P: {Default: x}}",
		  "Template format error: Every Parameters object must contain a Type member." },
		{ TOPIC "Parameters: {P: {Type: Text}}",
		  "Template format error: Unrecognized parameter type: Text" },
		{ "Resources:\n  A: {Type: AWS::SNS::Topic, DependsOn: B}\n"
		  "  B: {Type: AWS::SNS::Topic, DependsOn: [C]}\n"
		  "  C: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref A}}\n"
		  "  D: {Type: AWS::SNS::Topic}",
		  "Circular dependency between resources: [A, B, C]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_null(template_read(rows[i].in, strlen(rows[i].in), &err));
		assert_string_equal(err.msg.buf, rows[i].want);
		assert_string_equal(err.code, "ValidationError");
	}
}

/* ---- parameters ---- */

/* "A=1,B=2" as the list that a call carries. */
static json_t *give(const char *pairs)
{
	CLEANUP(strv_release) struct strv list = STRV_INIT;
	json_t *given = json_array();

	strv_split(&list, pairs, ";");
	for (size_t i = 0; i < list.count; i++) {
		char *eq = strchr(list.v[i], '=');

		*eq = '\0';
		(void)json_array_append_new(given, json_pack("{s:s, s:s}", "ParameterKey",
							     list.v[i], "ParameterValue", eq + 1));
	}
	return given;
}

static void checks_parameters_in_the_services_words(void **state)
{
	static const struct {
		const char *parameter, *given, *want; /* want NULL: taken */
	} rows[] = {
		{ "{Type: String}", "", "Parameters: [P] must have values" },
		{ "{Type: String, Default: x}", "", NULL },
		{ "{Type: String}", "P=1;Q=2", "Parameters: [Q] do not exist in the template" },
		{ "{Type: Number}", "P=1.5", NULL },
		{ "{Type: Number}", "P=many", "Parameter 'P' must be a number" },
		{ "{Type: Number, MinValue: 2}", "P=1",
		  "Parameter 'P' must be a number not less than 2" },
		{ "{Type: Number, MaxValue: '3'}", "P=4",
		  "Parameter 'P' must be a number not greater than 3" },
		{ "{Type: String, MinLength: 2}", "P=a",
		  "Parameter 'P' must contain at least 2 characters" },
		{ "{Type: String, MaxLength: 2}", "P=abc",
		  "Parameter 'P' must contain at most 2 characters" },
		{ "{Type: String, AllowedValues: [a, 1]}", "P=1", NULL },
		{ "{Type: String, AllowedValues: [a, 1]}", "P=b",
		  "Parameter 'P' must be one of AllowedValues" },
		{ "{Type: String, AllowedPattern: '[a-z]+'}", "P=a1",
		  "Parameter 'P' must match pattern [a-z]+" },
		{ "{Type: String, AllowedPattern: '(?:\\d{2}-[\\w.-]+)?'}", "P=12-a_b.c", NULL },
		{ "{Type: String, AllowedPattern: '\\d+', ConstraintDescription: digits please}",
		  "P=x", "Parameter 'P' failed to satisfy constraint: digits please" },
		{ "{Type: 'AWS::EC2::VPC::Id'}", "P=vpc-1", NULL },
		{ "{Type: 'AWS::EC2::VPC::Id'}", "P=net-1",
		  "Parameter validation failed: parameter value net-1 for parameter name P does "
		  "not exist" },
		{ "{Type: 'List<AWS::EC2::Subnet::Id>'}", "P=subnet-1, subnet-2", NULL },
		{ "{Type: 'List<Number>'}", "P=1,x", "Parameter 'P' must be a number" },
		{ "{Type: CommaDelimitedList, AllowedValues: [a, b]}", "P=a,b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *text =
			mem_printf("%sParameters: {P: %s}", TOPIC, rows[i].parameter);
		json_auto_t *template = template_read(text, strlen(text), &err);
		json_auto_t *given = give(rows[i].given);
		json_auto_t *values = NULL;

		assert_non_null(template);
		values = template_parameters(template, given, NULL, &err);
		assert_string_equal(err.msg.buf, rows[i].want ? rows[i].want : "");
		assert_int_equal(values != NULL, rows[i].want == NULL);
	}
}

static void keeps_a_former_value_where_told(void **state)
{
	static const char text[] = TOPIC "Parameters: {P: {Type: String, Default: d}}";
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *template = template_read(text, strlen(text), &err);
	json_auto_t *previous = json_pack("{s:s}", "P", "old");
	json_auto_t *given =
		json_pack("[{s:s, s:s}]", "ParameterKey", "P", "UsePreviousValue", "true");
	json_auto_t *values = template_parameters(template, given, previous, &err);

	(void)state;
	assert_string_equal(json_text(values, "P"), "old");
}

static void asks_for_the_capability_that_names_need(void **state)
{
	static const struct row rows[] = {
		{ TOPIC, "[]" },
		{ "Resources: {R: {Type: AWS::IAM::Role}}", "[CAPABILITY_IAM]" },
		{ "Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: r}}}",
		  "[CAPABILITY_NAMED_IAM]" },
		{ "Resources: {R: {Type: AWS::IAM::Policy, Properties: {PolicyName: p}}}",
		  "[CAPABILITY_IAM]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str names = STR_INIT;
		json_auto_t *template = template_read(rows[i].in, strlen(rows[i].in), &err);
		json_auto_t *types = NULL;
		json_auto_t *needed = template_capabilities(template, &types);

		template_list_names(needed, &names);
		assert_string_equal(names.buf, rows[i].want);
	}
}

/* ---- functions ---- */

#define FUNCTION_TEMPLATE                                                                          \
	"Parameters: {P: {Type: String, Default: p}, L: {Type: CommaDelimitedList, Default: 'a, "  \
	"b,c'}}\n"                                                                                 \
	"Mappings: {M: {us-east-1: {k: v, l: [1, 2]}}}\n"                                          \
	"Conditions:\n"                                                                            \
	"  Is: !Equals [!Ref P, p]\n"                                                              \
	"  Other: !Not [!Condition Is]\n"                                                          \
	"  Both: !And [!Condition Is, !Condition Other]\n"                                         \
	"  One: !Or [!Condition Is, !Condition Other]\n"                                           \
	"  Round: !Not [!Condition Round]\n"                                                       \
	"Resources: {R: {Type: AWS::IAM::Role}, C: {Type: Custom::Thing}}\n"

/* Evaluates `value`, a piece of YAML, as a property of the template above. */
static json_t *evaluate(struct client *client, const char *value, struct error *err)
{
	json_auto_t *template = template_read(FUNCTION_TEMPLATE, strlen(FUNCTION_TEMPLATE), err);
	json_auto_t *parameters = template_parameters(template, NULL, NULL, err);
	json_auto_t *conditions = json_object();
	json_auto_t *parsed = yaml_read(value, strlen(value), YAML_CLOUDFORMATION, err);
	json_auto_t *resources = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "R", "Type",
					   "AWS::IAM::Role", "PhysicalResourceId", "s-R-1", "C",
					   "Type", "Custom::Thing", "PhysicalResourceId", "c-1");
	struct evaluation evaluation = {
		.sandbox = client->sandbox,
		.template = template,
		.parameters = parameters,
		.conditions = conditions,
		.resources = resources,
		.stack_name = "s",
		.stack_id = "arn:s",
	};

	if (err->kind)
		fail_msg("%s", err->msg.buf);
	return intrinsic_evaluate(&evaluation, parsed, err);
}

static void evaluates_every_function(void **state)
{
	static const struct row rows[] = {
		{ "!Ref P", "\"p\"" },
		{ "!Ref L", "[\"a\", \"b\", \"c\"]" },
		{ "!Ref R", "\"s-R-1\"" },
		{ "!Ref AWS::AccountId", "\"123456789012\"" },
		{ "!Ref AWS::Region", "\"us-east-1\"" },
		{ "!Ref AWS::StackName", "\"s\"" },
		{ "{a: !Ref AWS::NoValue, b: 1}", "{\"b\": 1}" },
		{ "[!Ref AWS::NoValue, 2]", "[2]" },
		{ "!GetAtt R.Arn", "\"arn:aws:iam::123456789012:role/s-R-1\"" },
		{ "!GetAtt C.Anything", "\"C-Anything\"" },
		{ "!Sub '${P}-${R.Arn}-${!x}-${AWS::Region}'",
		  "\"p-arn:aws:iam::123456789012:role/s-R-1-${x}-us-east-1\"" },
		{ "!Sub ['${v}${P}', {v: !Ref P}]", "\"pp\"" },
		{ "!Join ['-', [a, 1, !Ref P, true]]", "\"a-1-p-true\"" },
		{ "!Join [',', !Ref L]", "\"a,b,c\"" },
		{ "!Split ['-', a--b]", "[\"a\", \"\", \"b\"]" },
		{ "!Select ['1', !Ref L]", "\"b\"" },
		{ "!FindInMap [M, !Ref AWS::Region, k]", "\"v\"" },
		{ "!FindInMap [M, us-east-1, l]", "[1, 2]" },
		{ "!If [Is, 1, 2]", "1" },
		{ "!If [Other, 1, !Ref P]", "\"p\"" },
		{ "!If [Both, 1, 2]", "2" },
		{ "!If [One, 1, 2]", "1" },
		{ "{a: !If [Other, 1, !Ref AWS::NoValue]}", "{}" },
		{ "!Base64 text", "\"dGV4dA==\"" },
		{ "!GetAZs ''", "[\"us-east-1a\", \"us-east-1b\", \"us-east-1c\"]" },
		{ "!GetAZs eu-west-1", "[\"eu-west-1a\", \"eu-west-1b\", \"eu-west-1c\"]" },
		{ "!Cidr [10.0.0.0/16, 3, 8]",
		  "[\"10.0.0.0/24\", \"10.0.1.0/24\", \"10.0.2.0/24\"]" },
		{ "!ImportValue there", "\"value\"" },
		{ "{Condition: {StringEquals: {a: b}}}", "{\"Condition\": {\"StringEquals\": "
							 "{\"a\": \"b\"}}}" },
	};
	struct client client;

	(void)state;
	client_open(&client);
	sandbox_add_export(client.sandbox, "there", "value");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		json_auto_t *want = json_loads(rows[i].want, JSON_DECODE_ANY, NULL);
		json_auto_t *got = evaluate(&client, rows[i].in, &err);

		if (!got || !json_equal(got, want))
			fail_msg("%s: %s", rows[i].in, err.msg.buf);
	}
	client_close(&client);
}

static void refuses_functions_in_the_services_words(void **state)
{
	static const struct row rows[] = {
		{ "!GetAtt R.Nothing",
		  "Template error: resource R does not support attribute type Nothing in "
		  "Fn::GetAtt" },
		{ "!Select [5, !Ref L]",
		  "Template error: Fn::Select  cannot select nonexistent value at index 5" },
		{ "!FindInMap [M, eu-west-1, k]",
		  "Template error: Unable to get mapping for M::eu-west-1::k" },
		{ "!ImportValue nowhere", "No export named nowhere found" },
		{ "!If [Maybe, 1, 2]",
		  "Template error: unresolved condition dependency Maybe in Fn::If" },
		{ "!If [Round, 1, 2]", "Template error: Found circular condition dependency with "
				       "condition Round" },
	};
	struct client client;

	(void)state;
	client_open(&client);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_null(evaluate(&client, rows[i].in, &err));
		assert_string_equal(err.msg.buf, rows[i].want);
	}
	client_close(&client);
}

/* ---- other people's templates ---- */

/* A value that the parameter's type takes, for those without a default. */
static const char *some_value(const json_t *parameter)
{
	const char *type = json_text(parameter, "Type");
	const json_t *allowed = json_object_get(parameter, "AllowedValues");
	static const struct row rows[] = {
		{ "AWS::EC2::VPC::Id", "vpc-1" },	  { "AWS::EC2::Subnet::Id", "subnet-1" },
		{ "AWS::EC2::Image::Id", "ami-1" },	  { "AWS::EC2::SecurityGroup::Id", "sg-1" },
		{ "AWS::EC2::Instance::Id", "i-1" },	  { "AWS::EC2::Volume::Id", "vol-1" },
		{ "AWS::Route53::HostedZone::Id", "Z1" }, { "Number", "1" },
	};

	if (strcmp(type, "List<AWS::EC2::Subnet::Id>") == 0 ||
	    strcmp(type, "CommaDelimitedList") == 0)
		return "subnet-1,subnet-2,subnet-3,subnet-4";
	if (json_is_string(json_array_get(allowed, 0)))
		return json_string_value(json_array_get(allowed, 0));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strstr(type, rows[i].in))
			return rows[i].want;
	}
	return "10.0.0.0/16";
}

static json_t *invent_parameters(const json_t *template)
{
	json_t *given = json_array(), *parameter;
	const char *name;

	json_object_foreach(json_object_get(template, "Parameters"), name, parameter)
	{
		if (!json_object_get(parameter, "Default"))
			(void)json_array_append_new(given, json_pack("{s:s, s:s}", "ParameterKey",
								     name, "ParameterValue",
								     some_value(parameter)));
	}
	return given;
}

/* Whether the template plans, or is refused for a reason that lies in the template. */
static bool plans(struct client *client, const json_t *template, struct error *err)
{
	json_auto_t *given = invent_parameters(template);
	json_auto_t *parameters = template_parameters(template, given, NULL, err);
	const struct plan_request request = {
		.stack_name = "s",
		.stack_id = "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1",
		.template = template,
		.parameters = parameters,
	};
	json_auto_t *plan = NULL;

	/* A pattern that the invented value does not match says nothing about the template. */
	if (!parameters)
		return strstr(err->msg.buf, "Parameter '") == err->msg.buf;
	plan = plan_make(client->sandbox, &request, err);
	return plan || strstr(err->msg.buf, "No export named") == err->msg.buf;
}

/* Not templates, or with what macros and the rain tool alone understand, or retired services. */
static bool is_for_another_reader(const char *name, const char *text)
{
	return !strstr(text, "\"Resources\"") || strstr(text, "\"requestId\"") ||
	       strstr(text, "\"Transform\"") || strstr(text, "Fn::Transform") ||
	       strstr(text, "Rain::") || strstr(name, "RainModules/") ||
	       strstr(text, "AWS::IoTAnalytics::") || strstr(text, "AWS::DataPipeline::");
}

static void plans_the_templates_of_others(void **state)
{
	json_auto_t *expected =
		vectors_read("cloudformation-templates/expected-aws-templates.json");
	size_t good = 0, all = 0;
	struct client client;
	const char *name;
	json_t *item;

	(void)state;
	client_open(&client);
	json_object_foreach(expected, name, item)
	{
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *text = json_dumps(json_object_get(item, "parsed"), 0);
		json_auto_t *template = text ? template_read(text, strlen(text), &err) : NULL;
		bool is_good = template && plans(&client, template, &err);

		if (!text || is_for_another_reader(name, text))
			continue;
		all++;
		good += is_good;
		if (!is_good)
			print_message("# %s: %s\n", name, err.msg.buf);
	}
	print_message("# templates planned: %zu/%zu\n", good, all);
	assert_int_equal(good, all);
	client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_templates_in_the_services_words),
		cmocka_unit_test(checks_parameters_in_the_services_words),
		cmocka_unit_test(keeps_a_former_value_where_told),
		cmocka_unit_test(asks_for_the_capability_that_names_need),
		cmocka_unit_test(evaluates_every_function),
		cmocka_unit_test(refuses_functions_in_the_services_words),
		cmocka_unit_test(plans_the_templates_of_others),
	};

	return cmocka_run_group_tests_name("sandbox_template", tests, NULL, NULL);
}
