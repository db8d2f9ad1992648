#include "base/cleanup.h"
#include "data/xml.h"
#include "test.h"
#include "vectors.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static const char stacks[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">"
	"<DescribeStacksResult><Stacks>"
	"<member><StackName>a &amp; b</StackName></member>"
	"<member><StackName>c</StackName><x:Note xmlns:x=\"u\"><![CDATA[<d>]]></x:Note></member>"
	"</Stacks></DescribeStacksResult></DescribeStacksResponse>";

static void finds_text_by_a_path_of_names(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "DescribeStacksResult/Stacks/member/StackName", "a & b" },
		{ "DescribeStacksResult/Stacks", "" },
		{ "DescribeStacksResult/Stack", "" },
		{ "DescribeStacksResult/StacksX/member", "" },
		{ "NoSuch/member/StackName", "" },
		{ "", "" },
	};
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(xml_freep) struct xml_node *root = xml_read(stacks, strlen(stacks), &err);

	(void)state;
	assert_non_null(root);
	assert_string_equal(root->name, "DescribeStacksResponse");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(xml_text(root, rows[i].path), rows[i].want);
	assert_string_equal(xml_text(NULL, "a/b"), "");
	assert_null(xml_child(NULL, "a"));
}

static void keeps_children_in_order_and_drops_prefixes(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(xml_freep) struct xml_node *root = xml_read(stacks, strlen(stacks), &err);
	const struct xml_node *list = xml_child(xml_child(root, "DescribeStacksResult"), "Stacks");

	(void)state;
	assert_non_null(list);
	assert_int_equal(list->count, 2);
	assert_string_equal(xml_text(list->children[0], "StackName"), "a & b");
	assert_string_equal(xml_text(list->children[1], "StackName"), "c");
	assert_string_equal(xml_text(list->children[1], "Note"), "<d>");
}

static void refuses_what_is_not_a_whole_document(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "line 1, column 1: no element found" },
		{ "<a>", "line 1, column 4: no element found" },
		{ "<a><b></a>", "line 1, column 9: mismatched tag" },
		{ "<a/><b/>", "line 1, column 5: junk after document element" },
		{ "{\"a\": 1}", "line 1, column 1: not well-formed (invalid token)" },
		{ "<a>&b;</a>", "line 1, column 4: undefined entity" },
		{ "<a>\033</a>", "line 1, column 4: not well-formed (invalid token)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_null(xml_read(rows[i].in, strlen(rows[i].in), &err));
		assert_int_equal(err.kind, ERROR_REMOTE);
		assert_string_equal(err.msg.buf, rows[i].want);
	}
}

static void refuses_a_doctype_before_its_entities(void **state)
{
	static const char *const rows[] = {
		"<!DOCTYPE a><a/>",
		"<!DOCTYPE a SYSTEM \"http://127.0.0.1/x.dtd\"><a/>",
		"<!DOCTYPE a [<!ENTITY b \"c\"><!ENTITY d \"&b;&b;\">]><a>&d;</a>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_null(xml_read(rows[i], strlen(rows[i]), &err));
		assert_non_null(strstr(err.msg.buf, "a document type is not accepted"));
	}
}

/* Returns whether a document of `depth` nested elements is read. */
static bool reads_depth(size_t depth)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(xml_freep) struct xml_node *root = NULL;

	for (size_t i = 0; i < depth; i++)
		str_adds(&text, "<a>");
	for (size_t i = 0; i < depth; i++)
		str_adds(&text, "</a>");
	root = xml_read(text.buf, text.len, &err);
	if (!root)
		assert_non_null(strstr(err.msg.buf, "nested too deeply"));
	return root;
}

static void bounds_the_depth(void **state)
{
	(void)state;
	assert_true(reads_depth(32));
	assert_false(reads_depth(33));
	assert_false(reads_depth(200000));
}

static void bounds_the_number_of_elements(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	(void)state;
	str_adds(&text, "<a>");
	for (size_t i = 0; i < 1000000; i++)
		str_adds(&text, "<b/>");
	str_adds(&text, "</a>");
	assert_null(xml_read(text.buf, text.len, &err));
	assert_non_null(strstr(err.msg.buf, "too many elements"));
}

static void bounds_the_length_of_a_tag(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	(void)state;
	str_adds(&text, "<a b='");
	for (unsigned i = 0; i < 65536; i++)
		str_addc(&text, 'x');
	str_adds(&text, "'/>");
	assert_null(xml_read(text.buf, text.len, &err));
	assert_int_equal(err.kind, ERROR_REMOTE);
	assert_string_equal(err.msg.buf, "a tag of more than 65536 bytes");
}

/* What the parser is handed in pieces: each element and text lies across an edge once. */
static void reads_across_the_pieces(void **state)
{
	(void)state;
	for (size_t len = 65530; len <= 65536; len++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;
		CLEANUP(xml_freep) struct xml_node *root = NULL;

		str_adds(&text, "<a><b>");
		while (text.len < len)
			str_addc(&text, 'x');
		str_adds(&text, "&amp;\xc3\xa4</b><c>1</c></a>");
		root = xml_read(text.buf, text.len, &err);
		assert_non_null(root);
		assert_int_equal(strlen(xml_text(root, "b")),
				 len - strlen("<a><b>") + strlen("&\xc3\xa4"));
		assert_string_equal(xml_text(root, "b") + len - strlen("<a><b>"), "&\xc3\xa4");
		assert_string_equal(xml_text(root, "c"), "1");
	}
}

static void names_a_place_behind_the_first_piece(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	(void)state;
	str_adds(&text, "<a>");
	for (unsigned i = 0; i < 140000; i++)
		str_addc(&text, '\n');
	str_adds(&text, " </b>");
	assert_null(xml_read(text.buf, text.len, &err));
	assert_string_equal(err.msg.buf, "line 140001, column 4: mismatched tag");
}

static void refuses_every_cut_of_a_reply(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(stacks); len++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_null(xml_read(stacks, len, &err));
		assert_int_equal(err.kind, ERROR_REMOTE);
	}
}

static bool read_file(const char *path, struct str *ret_text)
{
	CLEANUP_FILE FILE *file = fopen(path, "re");
	char chunk[4096];
	size_t len;

	while (file && (len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		str_add(ret_text, chunk, len);
	return file;
}

/*
 * Counts the recorded replies of a folder that are read, and fails at one that is not. A bucket
 * policy is JSON, whatever its file is called.
 */
static void read_folder(const char *folder, size_t *ret_count)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str path = STR_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;
		CLEANUP(xml_freep) struct xml_node *root = NULL;

		str_addf(&path, "%s/%s", folder, entry->d_name);
		if (!str_ends_with(&path, ".xml") || !read_file(path.buf, &text) ||
		    text.buf[0] == '{')
			continue;
		root = xml_read(text.buf, text.len, &err);
		if (!root)
			fail_msg("%s: %s", path.buf, err.msg.buf);
		++*ret_count;
	}
	if (dir)
		(void)closedir(dir);
}

static void reads_every_recorded_reply(void **state)
{
	CLEANUP(str_release) struct str folder = STR_INIT;
	size_t count = 0;

	(void)state;
	vectors_need("protocol/response-xml");
	str_addf(&folder, "%s/protocol/response-xml/responses", vectors_dir());
	read_folder(folder.buf, &count);
	str_reset(&folder);
	str_addf(&folder, "%s/protocol/response-xml/errors", vectors_dir());
	read_folder(folder.buf, &count);
	print_message("# recorded replies read: %zu/32\n", count);
	assert_int_equal(count, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_text_by_a_path_of_names),
		cmocka_unit_test(keeps_children_in_order_and_drops_prefixes),
		cmocka_unit_test(refuses_what_is_not_a_whole_document),
		cmocka_unit_test(refuses_a_doctype_before_its_entities),
		cmocka_unit_test(bounds_the_depth),
		cmocka_unit_test(bounds_the_number_of_elements),
		cmocka_unit_test(bounds_the_length_of_a_tag),
		cmocka_unit_test(reads_across_the_pieces),
		cmocka_unit_test(names_a_place_behind_the_first_piece),
		cmocka_unit_test(refuses_every_cut_of_a_reply),
		cmocka_unit_test(reads_every_recorded_reply),
	};

	return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
