#include "base/cleanup.h"
#include "base/mem.h"
#include "stack/parameters.h"
#include "sys/file.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How SAM begins what it writes. */
#define SAM "version = 0.1\n[default.deploy.parameters]\n"

/* Each test gets an empty folder; the file in it is "f". */
static int make_folder(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *dir;

	if (file_make_private_dir("test-parameters", &dir, &err) < 0)
		return -1;
	*state = dir;
	return 0;
}

static int remove_folder(void **state)
{
	file_remove_tree(*state);
	free(*state);
	return 0;
}

static char *put(void **state, const char *text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *path = file_join(*state, "f");

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644, &err), 0);
	return path;
}

static void assert_holds(const char *path, const char *want)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;

	assert_int_equal(file_read(path, 1 << 20, &bytes, &err), 0);
	assert_string_equal(bytes.buf, want);
}

/* Sets "Tag". */
static int bump(const char *path, const char *environment, const char *tag, struct bump_result *ret,
		struct error *err)
{
	const struct bump_request request = {
		.path = path, .environment = environment, .key = "Tag", .value = tag
	};

	return parameters_bump(&request, ret, err);
}

static int plan_bump(const char *path, const char *environment, const char *tag,
		     struct bump_result *ret, struct error *err)
{
	const struct bump_request request = {
		.path = path, .environment = environment, .key = "Tag", .value = tag
	};

	return parameters_plan_bump(&request, ret, err);
}

static void reads_every_format(void **state)
{
	static const char *const texts[] = {
		"Tag=5fdbe62\nVpc=vpc-1\nSubnets=a,b\nPort=010\n",
		"\xef\xbb\xbfTag=5fdbe62\r\n# note\r\nVpc=vpc-1\r\nSubnets=a,b\r\nPort=010",
		"{\"Parameters\": {\"Tag\": \"5fdbe62\", \"Vpc\": \"vpc-1\", "
		"\"Subnets\": [\"a\", \"b\"], \"Port\": \"010\"}, \"Tags\": {\"x\": \"y\"}}",
		"\xef\xbb\xbf{\"Tag\": \"5fdbe62\", \"Vpc\": \"vpc-1\", \"Subnets\": \"a,b\", "
		"\"Port\": \"\\u0030\\u00310\"}",
		"[{\"ParameterKey\": \"Tag\", \"ParameterValue\": \"5fdbe62\"},\n"
		"{\"ParameterValue\": \"vpc-1\", \"ParameterKey\": \"Vpc\"},\n"
		"{\"ParameterKey\": \"Subnets\", \"ParameterValue\": \"a,b\"},\n"
		"{\"ParameterKey\": \"Port\", \"ParameterValue\": \"010\"}]",
		"[\"Tag=5fdbe62\", \"Vpc=vpc-1\", \"Subnets=a,b\", \"Port=010\"]",
		"# note\nTag: 5fdbe62\nVpc: 'vpc-1'\nSubnets: [a, b]\nPort: 010\n",
		"---\nParameters:\n  Tag: \"5fdbe62\"\n  Vpc: vpc-1\n  Subnets:\n  - a\n  - b\n"
		"  Port: '010'\n",
		SAM
		"parameter_overrides = \"Tag=\\\"5fdbe62\\\" Vpc=vpc-1  Subnets=a,b Port='010'\"\n",
		SAM "parameter_overrides = [ # note\n  'Tag=5fdbe62', \"Vpc=\\\"vpc-1\\\"\",\n"
		    "  \"ParameterKey=Subnets,ParameterValue=a,b "
		    "ParameterKey=Port,ParameterValue=010\",\n]\n",
		"[default.global.parameters]\nparameter_overrides = 'Tag=5fdbe62 Vpc=vpc-1 "
		"Subnets=a,b Port=010'\n[prod.deploy.parameters]\nparameter_overrides = 'Tag=x'\n",
		"export Tag=5fdbe62\n# note\nexport Vpc='vpc-1' # note\nSubnets= a,b "
		"\nPort=\"010\"\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(cfn_parameters_release)
		struct cfn_parameters list = CFN_PARAMETERS_INIT;
		CLEANUP_FREE char *path = put(state, texts[i]);

		assert_int_equal(parameters_read(path, NULL, &list, &err), 0);
		assert_int_equal(list.count, 4);
		assert_string_equal(cfn_parameters_find(&list, "Tag")->value, "5fdbe62");
		assert_string_equal(cfn_parameters_find(&list, "Vpc")->value, "vpc-1");
		assert_string_equal(cfn_parameters_find(&list, "Subnets")->value, "a,b");
		assert_string_equal(cfn_parameters_find(&list, "Port")->value, "010");
	}
}

static void keeps_the_empty_items_of_lists(void **state)
{
	static const char *const texts[] = {
		"{\"L\": [\"\", \"a\", \"\"]}",
		"L: ['', a, '']\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(cfn_parameters_release)
		struct cfn_parameters list = CFN_PARAMETERS_INIT;
		CLEANUP_FREE char *path = put(state, texts[i]);

		assert_int_equal(parameters_read(path, NULL, &list, &err), 0);
		assert_string_equal(list.items[0].value, ",a,");
	}
}

static void reads_the_environment_that_is_asked_for(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(cfn_parameters_release) struct cfn_parameters list = CFN_PARAMETERS_INIT;
	CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
	CLEANUP_FREE char *path =
		put(state, SAM "parameter_overrides = 'Tag=a'\n[prod.deploy.parameters]\n"
			       "parameter_overrides = 'Tag=b'\n[[prod.deploy]]\n");

	assert_int_equal(parameters_read(path, "prod", &list, &err), 0);
	assert_string_equal(list.items[0].value, "b");
	assert_int_equal(bump(path, "prod", "c", &result, &err), 0);
	assert_holds(path, SAM "parameter_overrides = 'Tag=a'\n[prod.deploy.parameters]\n"
			       "parameter_overrides = 'Tag=c'\n[[prod.deploy]]\n");
	assert_int_equal(parameters_read(path, "test", &list, &err), -1);
	assert_non_null(strstr(err.msg.buf, "[test.deploy.parameters]"));
}

/* Quotation marks are part of a value in dev.cfg, and not in .env: the name tells. */
static void knows_dotenv_by_its_name(void **state)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
		{ "dev.cfg", "'a'" }, { ".env", "a" }, { ".env.dev", "a" }, { "dev.env", "a" }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(cfn_parameters_release)
		struct cfn_parameters list = CFN_PARAMETERS_INIT;
		CLEANUP_FREE char *path = file_join(*state, rows[i].name);

		assert_int_equal(file_write_atomic(path, "A='a'\n", 6, 0600, &err), 0);
		assert_int_equal(parameters_read(path, NULL, &list, &err), 0);
		assert_string_equal(list.items[0].value, rows[i].want);
	}
}

static void keeps_the_text_of_numbers(void **state)
{
	static const char *const texts[] = { "{\"A\": 1.10, \"B\": true}", "A: 1.10\nB: true\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(cfn_parameters_release)
		struct cfn_parameters list = CFN_PARAMETERS_INIT;
		CLEANUP_FREE char *path = put(state, texts[i]);

		assert_int_equal(parameters_read(path, NULL, &list, &err), 0);
		assert_string_equal(cfn_parameters_find(&list, "A")->value, "1.10");
		assert_string_equal(cfn_parameters_find(&list, "B")->value, "true");
	}
}

static void reads_what_is_to_stay_as_it_lives(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(cfn_parameters_release) struct cfn_parameters list = CFN_PARAMETERS_INIT;
	CLEANUP_FREE char *path =
		put(state, "[{\"ParameterKey\": \"A\", \"UsePreviousValue\": true}, "
			   "{\"ParameterKey\": \"B\", \"UsePreviousValue\": false, "
			   "\"ParameterValue\": \"b\"}]");

	assert_int_equal(parameters_read(path, NULL, &list, &err), 0);
	assert_true(list.items[0].use_previous);
	assert_false(list.items[1].use_previous);
	assert_string_equal(list.items[1].value, "b");
}

/* What no reader takes, and what is said. */
static const struct {
	const char *text;
	enum error_kind kind;
	const char *want;
} unreadable[] = {
	{ "A=1\nA=2\n", ERROR_REFUSED, "'A' is there twice: lines 1 and 2" },
	{ "just words\n", ERROR_CONFIG, "line 1 is not KEY=VALUE" },
	{ "{\"A\": \"1\",\n\"A\": \"2\"}", ERROR_REFUSED, "'A' is there twice: lines 1 and 2" },
	{ "{\"Parameters\": {\"A\": \"1\",\n\"B\": \"1\",\n\"A\": \"2\"}}", ERROR_REFUSED,
	  "'A' is there twice: lines 1 and 3" },
	{ "{\"Parameters\": {\"A\": \"1\"}, \"x\": {\"b\": 1, \"b\": 2}}", ERROR_CONFIG,
	  "duplicate" },
	{ "[{\"ParameterKey\": \"A\",\"ParameterValue\": \"1\",\"ParameterValue\": \"2\"}]",
	  ERROR_CONFIG, "duplicate" },
	{ "{\"A\": {\"B\": 1}}", ERROR_CONFIG, "'A': line 1: neither text nor a list" },
	{ "{\n\"A\": null}", ERROR_CONFIG, "'A': line 2: neither text nor a list" },
	{ "[{\"ParameterKey\": \"A\"}]", ERROR_CONFIG, "neither ParameterValue" },
	{ "[1]", ERROR_CONFIG, "no ParameterKey" },
	{ "[\"A\"]", ERROR_CONFIG, "not \"Key=Value\"" },
	{ "[\"A=1\",\n\"A=2\"]", ERROR_REFUSED, "'A' is there twice: lines 1 and 2" },
	{ "A: 1\nB:\n  C: 2\n", ERROR_CONFIG, "line 2: 'B' is neither text nor a list" },
	{ "A: ~\n", ERROR_CONFIG, "line 1: 'A' is neither text nor a list" },
	{ "A: 1\n\nA: 2\n", ERROR_REFUSED, "'A' is there twice: lines 1 and 3" },
	{ "Parameters:\n  A: 1\n  A: 2\n", ERROR_REFUSED, "lines 2 and 3" },
	{ "A: 1\nB: {x: 1, x: 2}\n", ERROR_CONFIG, "duplicate key 'x'" },
	{ "- A: 1\n", ERROR_CONFIG, "not a map" },
	{ "A: &x 1\nB: &x 2\n", ERROR_CONFIG, "line 2: another anchor has that name" },
	{ SAM "stack_name = 'a'\n", ERROR_CONFIG,
	  "no parameter_overrides in [default.deploy.parameters]" },
	{ SAM "parameter_overrides = 1\n", ERROR_CONFIG, "line 3: parameter_overrides is no" },
	{ SAM "parameter_overrides = 'A=1 b'\n", ERROR_CONFIG, "not Key=Value" },
	{ SAM "parameter_overrides = 'A =1'\n", ERROR_CONFIG, "not Key=Value" },
	{ SAM "parameter_overrides = ['A=1',\n\"B=\\\"2\"]\n", ERROR_CONFIG,
	  "line 4: parameter_overrides has a quotation mark" },
	{ SAM "parameter_overrides = 'A=1\"2\"'\n", ERROR_CONFIG, "a quotation mark" },
	{ SAM "parameter_overrides = \"A=\\u0031\"\n", ERROR_CONFIG, "no plain string" },
	{ SAM "parameter_overrides = \"\"\"A=1\"\"\"\n", ERROR_CONFIG, "no plain string" },
	{ SAM "parameter_overrides = ['A=1',\n'A=2']\n", ERROR_REFUSED,
	  "'A' is there twice: lines 3 and 4" },
	{ SAM "parameter_overrides = 'A=1'\nparameter_overrides = 'A=1'\n", ERROR_REFUSED,
	  "there twice" },
	{ SAM "a = \n", ERROR_CONFIG, "line 3, column 5: no value" },
	{ SAM "a = 1 b\n", ERROR_CONFIG, "line 3, column 7: more behind a value" },
	{ "[a.parameters] b\n", ERROR_CONFIG, "more behind a table's name" },
	{ "[a.parameters]\n[b\n", ERROR_CONFIG, "line 2, column 3: no end of a table's name" },
	{ "export A=1\nB\n", ERROR_CONFIG, "line 2: not NAME=VALUE" },
	{ "export A='1\n", ERROR_CONFIG, "line 1: a quotation mark is not closed" },
	{ "export A=\"$B\"\n", ERROR_CONFIG, "line 1: '$'" },
	{ "export A=a\\b\n", ERROR_CONFIG, "line 1: a '$'" },
	{ "export A=a #b\n", ERROR_CONFIG, "line 1: a '$'" },
	{ "export A='a'b\n", ERROR_CONFIG, "line 1: something follows" },
	{ "export A=1\nA=2\n", ERROR_REFUSED, "'A' is there twice: lines 1 and 2" },
};

static void names_what_cannot_be_read(void **state)
{
	for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(cfn_parameters_release)
		struct cfn_parameters list = CFN_PARAMETERS_INIT;
		CLEANUP_FREE char *path = put(state, unreadable[i].text);

		assert_int_equal(parameters_read(path, NULL, &list, &err), -1);
		assert_int_equal(err.kind, unreadable[i].kind);
		if (!strstr(err.msg.buf, unreadable[i].want))
			fail_msg("'%s' lacks '%s'", err.msg.buf, unreadable[i].want);
		assert_non_null(strstr(err.msg.buf, path));
	}
}

static void changes_one_value_and_no_other_byte(void **state)
{
	static const struct {
		const char *before, *after;
		unsigned line;
	} rows[] = {
		{ "A=1\nTag=old\nB=2\n", "A=1\nTag=5fdbe62\nB=2\n", 2 },
		{ "A=1\r\nTag=old\r\nB=2\n", "A=1\r\nTag=5fdbe62\r\nB=2\n", 2 },
		{ "A=1\nTag=old", "A=1\nTag=5fdbe62", 2 },
		{ "\xef\xbb\xbfTag=old\n#Tag=x\nTagOld=y\n",
		  "\xef\xbb\xbfTag=5fdbe62\n#Tag=x\nTagOld=y\n", 1 },
		{ "Tag=\nA= b \n", "Tag=5fdbe62\nA= b \n", 1 },
		{ "Tag=a=b\n", "Tag=5fdbe62\n", 1 },
		{ "{\n\t\"Parameters\": {\n\t\t\"A\": 1.10,\n\t\t\"Tag\" : \"old\" ,\n"
		  "\t\t\"B\": \"Tag\"\n\t}\n}\n",
		  "{\n\t\"Parameters\": {\n\t\t\"A\": 1.10,\n\t\t\"Tag\" : \"5fdbe62\" ,\n"
		  "\t\t\"B\": \"Tag\"\n\t}\n}\n",
		  4 },
		{ "{\"X\":{},\"Parameters\":{\"Tag\":\"\"}}",
		  "{\"X\":{},\"Parameters\":{\"Tag\":\"5fdbe62\"}}", 1 },
		{ "[ {\"ParameterValue\":\"old\",\r\n \"ParameterKey\":\"Tag\"} ]",
		  "[ {\"ParameterValue\":\"5fdbe62\",\r\n \"ParameterKey\":\"Tag\"} ]", 1 },
		{ "[\"A=1\",\n \"Tag=old\"]", "[\"A=1\",\n \"Tag=5fdbe62\"]", 2 },
		{ "A: 1\nTag: old # was\n", "A: 1\nTag: '5fdbe62' # was\n", 2 },
		{ "# \xc3\xa9\xe2\x82\xac\nA: \xf0\x9f\x98\x80\r\nTag: \"old\"\r\n",
		  "# \xc3\xa9\xe2\x82\xac\nA: \xf0\x9f\x98\x80\r\nTag: \"5fdbe62\"\r\n", 3 },
		{ "Parameters:\n  L: [a,\n    b]\n  Tag: 'old'\nTag: x\n",
		  "Parameters:\n  L: [a,\n    b]\n  Tag: '5fdbe62'\nTag: x\n", 4 },
		{ "\xef\xbb\xbfTag: ''\n", "\xef\xbb\xbfTag: '5fdbe62'\n", 1 },
		{ "\xef\xbb\xbf" SAM "a = [{x = 1}, \"]\"] # '\r\n"
		  "parameter_overrides = \"A=\\\"1\\\" Tag=\\\"old\\\" B=2\"\r\nb = 1979-05-27 "
		  "07:32:00\n",
		  "\xef\xbb\xbf" SAM "a = [{x = 1}, \"]\"] # '\r\n"
		  "parameter_overrides = \"A=\\\"1\\\" Tag=\\\"5fdbe62\\\" B=2\"\r\nb = 1979-05-27 "
		  "07:32:00\n",
		  4 },
		{ "[prod.deploy.parameters]\nparameter_overrides = 'Tag=x'\n[default]\n"
		  "deploy.parameters.parameter_overrides = [\n  'Tag=old', # Tag=y\n  'B=1' ]",
		  "[prod.deploy.parameters]\nparameter_overrides = 'Tag=x'\n[default]\n"
		  "deploy.parameters.parameter_overrides = [\n  'Tag=5fdbe62', # Tag=y\n  'B=1' ]",
		  5 },
		{ SAM "parameter_overrides = 'ParameterKey=Tag,ParameterValue=old'",
		  SAM "parameter_overrides = 'ParameterKey=Tag,ParameterValue=5fdbe62'", 3 },
		{ SAM "parameter_overrides = \"Tag= B=1\"",
		  SAM "parameter_overrides = \"Tag=5fdbe62 B=1\"", 3 },
		{ SAM "parameter_overrides = \"Tag=\\\"\\\"\"",
		  SAM "parameter_overrides = \"Tag=\\\"5fdbe62\\\"\"", 3 },
		{ "export Tag='old' # was\nA=1", "export Tag='5fdbe62' # was\nA=1", 1 },
		{ "#\nexport A=1\nTag= \"old\"\r\n", "#\nexport A=1\nTag= \"5fdbe62\"\r\n", 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
		CLEANUP_FREE char *path = put(state, rows[i].before);

		if (bump(path, NULL, "5fdbe62", &result, &err) < 0)
			fail_msg("row %zu: %s", i, err.msg.buf);
		assert_true(result.changed);
		assert_int_equal(result.line, rows[i].line);
		assert_holds(path, rows[i].after);
		assert_int_equal(bump(path, NULL, "5fdbe62", &result, &err), 0);
		assert_false(result.changed);
	}
}

/* Each gets a tag where it has none. */
static const struct {
	const char *name, *before, *after;
	unsigned line, added;
} additions[] = {
	{ "f", "A=1\nB= b \n", "A=1\nB= b \nTag=5fdbe62\n", 3, 1 },
	{ "f", "A=1\nB=2", "A=1\nB=2\nTag=5fdbe62", 3, 1 },
	{ "f", "A=1\nB=2\r\n", "A=1\nB=2\r\nTag=5fdbe62\r\n", 3, 1 },
	{ "f", "A=1\r\nB=2", "A=1\r\nB=2\r\nTag=5fdbe62", 3, 1 },
	{ "f", "\xef\xbb\xbf#Tag=x\nTagOld=y\n\n", "\xef\xbb\xbf#Tag=x\nTagOld=y\n\nTag=5fdbe62\n",
	  4, 1 },
	{ "f", "A='x'", "A='x'\nTag=5fdbe62", 2, 1 },
	{ "f", "", "Tag=5fdbe62\n", 1, 1 },
	{ "f", "\xef\xbb\xbf", "\xef\xbb\xbfTag=5fdbe62\n", 1, 1 },
	{ "f", "\n", "\nTag=5fdbe62\n", 2, 1 },
	{ ".env", "A=1\nB=2\n", "A=1\nB=2\nTag=5fdbe62\n", 3, 1 },
	{ ".env", "export A=\"1\" # a\r\n", "export A=\"1\" # a\r\nexport Tag=\"5fdbe62\"\r\n", 2,
	  1 },
	{ "f",
	  "\xef\xbb\xbf"
	  "export A='1'",
	  "\xef\xbb\xbf"
	  "export A='1'\nexport Tag='5fdbe62'",
	  2, 1 },
	{ "f",
	  "{\n\t\"Parameters\": {\n\t\t\"A\": 1.10,\n\n\t\t\"B\" : [\"a\"] \n\t},\n"
	  "\t\"Tags\": {\"x\": \"y\"}\n}\n",
	  "{\n\t\"Parameters\": {\n\t\t\"A\": 1.10,\n\n\t\t\"B\" : [\"a\"],\n"
	  "\t\t\"Tag\" : \"5fdbe62\" \n\t},\n\t\"Tags\": {\"x\": \"y\"}\n}\n",
	  6, 1 },
	{ "f", "{\r\n  \"A\": \"1\"\r\n}", "{\r\n  \"A\": \"1\",\r\n  \"Tag\": \"5fdbe62\"\r\n}", 3,
	  1 },
	{ "f", "\xef\xbb\xbf{\"A\":\"1\", \"B\":\"2\"}",
	  "\xef\xbb\xbf{\"A\":\"1\", \"B\":\"2\", \"Tag\":\"5fdbe62\"}", 1, 0 },
	{ "f", "{\"Parameters\": {}}", "{\"Parameters\": {\"Tag\": \"5fdbe62\"}}", 1, 0 },
	{ "f", "[\n  {\n    \"ParameterKey\": \"A\",\n    \"ParameterValue\": \"1\"\n  }\n]\n",
	  "[\n  {\n    \"ParameterKey\": \"A\",\n    \"ParameterValue\": \"1\"\n  },\n"
	  "  {\n    \"ParameterKey\": \"Tag\",\n    \"ParameterValue\": \"5fdbe62\"\n  "
	  "}\n]\n",
	  8, 4 },
	{ "f",
	  "[\n {\"ParameterValue\":\"1\", \"ParameterKey\":\"A\"},\n"
	  " {\"ParameterKey\": \"B\", \"UsePreviousValue\": true}\n]",
	  "[\n {\"ParameterValue\":\"1\", \"ParameterKey\":\"A\"},\n"
	  " {\"ParameterKey\": \"B\", \"UsePreviousValue\": true},\n"
	  " {\"ParameterValue\":\"5fdbe62\", \"ParameterKey\":\"Tag\"}\n]",
	  4, 1 },
	{ "f", "[]", "[{\"ParameterKey\": \"Tag\", \"ParameterValue\": \"5fdbe62\"}]", 1, 0 },
	{ "f", "[\"A=1\",\n \"B=2\"]", "[\"A=1\",\n \"B=2\",\n \"Tag=5fdbe62\"]", 3, 1 },
	{ "f", "A: 1\nB: 2 # was\n# end\n", "A: 1\nB: 2 # was\nTag: '5fdbe62'\n# end\n", 3, 1 },
	{ "f",
	  "\xef\xbb\xbf"
	  "A: \"\xc3\xa9\"\r\n",
	  "\xef\xbb\xbf"
	  "A: \"\xc3\xa9\"\r\nTag: \"5fdbe62\"\r\n",
	  2, 1 },
	{ "f", "Parameters:\n  A: 1\n  L:\n  - a\n  - b\nTags:\n  x: y\n",
	  "Parameters:\n  A: 1\n  L:\n  - a\n  - b\n  Tag: '5fdbe62'\nTags:\n  x: y\n", 6, 1 },
	{ "f", "A: 1\nL: [a,\n  b]", "A: 1\nL: [a,\n  b]\nTag: '5fdbe62'", 4, 1 },
	{ "f", "A: |\n  one\n  two\n\n", "A: |\n  one\n  two\nTag: '5fdbe62'\n\n", 4, 1 },
	{ "f", "A:\n", "A:\nTag: '5fdbe62'\n", 2, 1 },
	{ "f", SAM "parameter_overrides = \"A=\\\"1\\\" B=\\\"2\\\"\" # x\n",
	  SAM "parameter_overrides = \"A=\\\"1\\\" B=\\\"2\\\" Tag=\\\"5fdbe62\\\"\" # x\n", 3, 0 },
	{ "f", SAM "parameter_overrides = 'A=1 B=\"2\" '",
	  SAM "parameter_overrides = 'A=1 B=\"2\" Tag=\"5fdbe62\"'", 3, 0 },
	{ "f", SAM "parameter_overrides = ''", SAM "parameter_overrides = 'Tag=5fdbe62'", 3, 0 },
	{ "f", SAM "parameter_overrides = 'ParameterKey=A,ParameterValue=1'",
	  SAM "parameter_overrides = 'ParameterKey=A,ParameterValue=1 "
	      "ParameterKey=Tag,ParameterValue=5fdbe62'",
	  3, 0 },
	{ "f", SAM "parameter_overrides = [ # a\r\n  'A=1', # b\r\n  \"B=2\", # c\r\n]\r\n",
	  SAM "parameter_overrides = [ # a\r\n  'A=1', # b\r\n  \"B=2\",\r\n  "
	      "\"Tag=5fdbe62\", # c\r\n]\r\n",
	  6, 1 },
};

static void adds_one_entry_and_changes_no_other_byte(void **state)
{
	for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
		CLEANUP(cfn_parameters_release)
		struct cfn_parameters before = CFN_PARAMETERS_INIT, after = CFN_PARAMETERS_INIT;
		CLEANUP_FREE char *path = file_join(*state, additions[i].name);
		const struct bump_request request = {
			.path = path, .key = "Tag", .value = "5fdbe62", .adds = true
		};

		assert_int_equal(file_write_atomic(path, additions[i].before,
						   strlen(additions[i].before), 0644, &err),
				 0);
		(void)parameters_read(path, NULL, &before, &err);
		if (parameters_bump(&request, &result, &err) < 0)
			fail_msg("row %zu: %s", i, err.msg.buf);
		assert_holds(path, additions[i].after);
		assert_true(result.changed);
		assert_int_equal(result.line, additions[i].line);
		assert_int_equal(result.added, additions[i].added);
		assert_int_equal(parameters_read(path, NULL, &after, &err), 0);
		assert_int_equal(after.count, before.count + 1);
		for (size_t at = 0; at < before.count; at++) {
			assert_string_equal(after.items[at].key, before.items[at].key);
			assert_string_equal(after.items[at].value, before.items[at].value);
		}
		assert_string_equal(cfn_parameters_find(&after, "Tag")->value, "5fdbe62");
		assert_int_equal(parameters_bump(&request, &result, &err), 0);
		assert_false(result.changed);
		assert_int_equal(result.added, 0);
	}
}

static void adds_nothing_where_more_would_change(void **state)
{
	static const struct {
		const char *text, *key;
	} rows[] = {
		{ "A=1\n", "a b" },
		{ "A=1\n", "A=B" },
		{ "A=1\n", "" },
		{ "A: 1\n", "a: b" },
		{ "Parameters: {A: 1}\n", "Tag" },
		{ "Parameters: {}\n", "Tag" },
		{ "--- {A: 1}\n", "Tag" },
		{ "A: &a x\nB: *a\n", "Tag" },
		{ "A: |+\n  one\n\n", "Tag" },
		{ SAM "parameter_overrides = 'A=1'\n", "App.Tag" },
		{ SAM "parameter_overrides = []\n", "Tag" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
		CLEANUP_FREE char *path = put(state, rows[i].text);
		const struct bump_request request = {
			.path = path, .key = rows[i].key, .value = "5fdbe62", .adds = true
		};

		if (parameters_bump(&request, &result, &err) == 0)
			fail_msg("row %zu was changed", i);
		assert_int_equal(err.kind, ERROR_REFUSED);
		assert_non_null(strstr(err.msg.buf, "without changing more"));
		assert_holds(path, rows[i].text);
	}
}

static void quotes_yaml_that_would_read_as_a_number(void **state)
{
	static const struct {
		const char *tag, *want;
	} rows[] = { { "abc", "Tag: abc\n" },
		     { "0123456", "Tag: '0123456'\n" },
		     { "1e10000", "Tag: '1e10000'\n" },
		     { "no", "Tag: 'no'\n" },
		     { "e123456", "Tag: e123456\n" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
		CLEANUP_FREE char *path = put(state, "Tag: old\n");

		assert_int_equal(bump(path, NULL, rows[i].tag, &result, &err), 0);
		assert_holds(path, rows[i].want);
	}
}

static void says_what_changed_in_one_line(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
	CLEANUP_FREE char *path = put(state, "{\"Password\":\"hunter2\",\"Tag\":\"old\"}");
	CLEANUP_FREE char *want =
		mem_printf("--- %s\n+++ %s\n@@ -1 +1 @@\n-Tag=old\n+Tag=new\n", path, path);

	assert_int_equal(plan_bump(path, NULL, "new", &result, &err), 0);
	assert_string_equal(result.diff.buf, want);
	assert_string_equal(result.old_value.buf, "old");
	assert_holds(path, "{\"Password\":\"hunter2\",\"Tag\":\"old\"}");
	assert_int_equal(bump(path, NULL, "new", &result, &err), 0);
	assert_string_equal(result.diff.buf, want);
}

static void refuses_what_it_cannot_change_alone(void **state)
{
	static const struct {
		const char *text, *tag;
		enum error_kind kind;
	} rows[] = {
		{ "A=1\n", "new", ERROR_REFUSED },
		{ "Tag=1\nTag=2\n", "new", ERROR_REFUSED },
		{ "Tag=1\n", "a b", ERROR_CONFIG },
		{ "Tag=1\n", "a\nb", ERROR_CONFIG },
		{ "Tag=1\n", "", ERROR_CONFIG },
		{ "Tag=1\nB\n", "new", ERROR_CONFIG },
		{ "{\"Tag\": 1}", "new", ERROR_REFUSED },
		{ "{\"Tag\": [\"a\"]}", "new", ERROR_REFUSED },
		{ "{\"Tag\": \"\\u0061\"}", "new", ERROR_REFUSED },
		{ "[{\"ParameterKey\": \"Tag\", \"UsePreviousValue\": true}]", "new",
		  ERROR_REFUSED },
		{ "Tag: |\n  old\n", "new", ERROR_REFUSED },
		{ "Tag: [a]\n", "new", ERROR_REFUSED },
		{ "Tag:\nB: 1\n", "new", ERROR_REFUSED },
		{ "A: &a old\nTag: *a\n", "new", ERROR_REFUSED },
		{ "Tag: &a old\nA: *a\n", "new", ERROR_REFUSED },
		{ "Tag: \"a\\x62\"\n", "new", ERROR_REFUSED },
		{ "Tag: two\n  lines\n", "new", ERROR_REFUSED },
		{ SAM "parameter_overrides = \"Tag=a\\\\ b\"", "new", ERROR_REFUSED },
		{ SAM "parameter_overrides = 'Tag=a\\ b'", "new", ERROR_REFUSED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
		CLEANUP_FREE char *path = put(state, rows[i].text);

		if (bump(path, NULL, rows[i].tag, &result, &err) == 0)
			fail_msg("row %zu was changed", i);
		assert_int_equal(err.kind, rows[i].kind);
		assert_holds(path, rows[i].text);
	}
}

/* The last bytes that a YAML file may have: a longer value makes one that is not read again. */
static void refuses_what_it_could_not_read_again(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE char *path = NULL;

	str_adds(&text, "A: 1\nTag: old\n#");
	while (text.len < 256UL << 10)
		str_addc(&text, 'x');
	path = put(state, text.buf);
	assert_int_equal(bump(path, NULL, "longer", &result, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_non_null(strstr(err.msg.buf, "line 2 of '"));
	assert_non_null(strstr(err.msg.buf, "/f' cannot be changed without changing more"));
	assert_holds(path, text.buf);
}

/* As git hands it out: what is read from a disk is measured before. */
static void reads_no_text_that_is_larger_than_a_file_may_be(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(cfn_parameters_release) struct cfn_parameters list = CFN_PARAMETERS_INIT;
	const size_t len = (1UL << 20) + 1;
	char *text = mem_zalloc(len);

	(void)state;
	assert_int_equal(
		parameters_read_text("dev.cfg", NULL, (struct slice){ text, len }, &list, &err),
		-1);
	free(text);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_string_equal(err.msg.buf, "more than 1048576 bytes");
}

static void does_not_write_the_same_value(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
	CLEANUP_FREE char *path = put(state, "Tag=same\n");
	struct stat before, after;

	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(bump(path, NULL, "same", &result, &err), 0);
	assert_false(result.changed);
	assert_int_equal(result.diff.len, 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(bump(path, NULL, "other", &result, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
}

static void reads_the_files_of_the_sample(void **state)
{
	const char *root = getenv("DEPLOYER_CORPUS");
	static const char *const names[] = { "todobackend/dev.cfg", "todobackend/dev.json" };

	(void)state;
	if (!root || !file_exists(root)) {
		skip();
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(bump_result_release) struct bump_result result = BUMP_RESULT_INIT;
		CLEANUP(cfn_parameters_release)
		struct cfn_parameters list = CFN_PARAMETERS_INIT;
		CLEANUP_FREE char *path = file_join(root, names[i]);
		const struct bump_request request = { .path = path,
						      .key = "ApplicationImageTag",
						      .value = "0123456" };

		assert_int_equal(parameters_read(path, NULL, &list, &err), 0);
		assert_true(list.count >= 5);
		assert_int_equal(parameters_plan_bump(&request, &result, &err), 0);
		assert_true(result.changed);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(reads_every_format),
		IN_FOLDER(keeps_the_empty_items_of_lists),
		IN_FOLDER(reads_the_environment_that_is_asked_for),
		IN_FOLDER(knows_dotenv_by_its_name),
		IN_FOLDER(keeps_the_text_of_numbers),
		IN_FOLDER(reads_what_is_to_stay_as_it_lives),
		IN_FOLDER(names_what_cannot_be_read),
		IN_FOLDER(changes_one_value_and_no_other_byte),
		IN_FOLDER(adds_one_entry_and_changes_no_other_byte),
		IN_FOLDER(adds_nothing_where_more_would_change),
		IN_FOLDER(quotes_yaml_that_would_read_as_a_number),
		IN_FOLDER(says_what_changed_in_one_line),
		IN_FOLDER(refuses_what_it_cannot_change_alone),
		IN_FOLDER(refuses_what_it_could_not_read_again),
		IN_FOLDER(reads_no_text_that_is_larger_than_a_file_may_be),
		IN_FOLDER(does_not_write_the_same_value),
		IN_FOLDER(reads_the_files_of_the_sample),
	};

	return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
