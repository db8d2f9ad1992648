/*
 * Reads what stands on standard input with the library's readers, and says what they make of it,
 * for differential.py to compare with other readers. A question is a line "KIND LENGTH" and so many
 * bytes; its answer is a line of JSON: {"value": ...}, or {"error": "why it was refused"}.
 */
#include "aws/profile.h"
#include "aws/reply.h"
#include "aws/sigv4.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/xml.h"
#include "data/yaml.h"
#include "docker/dotenv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUESTION_MAX_BYTES (1UL << 24)

/* 2015-08-30T12:36:00Z, the time of the published examples. */
#define SIGNED_AT_MS 1440938160000

/* Bytes that are not UTF-8 are told in hexadecimal. */
static json_t *text_of(const char *bytes, size_t len)
{
	json_t *text = json_stringn(bytes, len);
	CLEANUP(str_release) struct str hex = STR_INIT;

	if (text)
		return text;
	str_adds(&hex, "not UTF-8:");
	for (size_t i = 0; i < len; i++)
		str_addf(&hex, "%02x", (unsigned char)bytes[i]);
	return json_string(hex.buf);
}

static json_t *decode_json(struct slice text, struct error *err)
{
	return json_read(text.p, text.n, err);
}

static json_t *decode_yaml(struct slice text, struct error *err)
{
	return yaml_read(text.p, text.n, YAML_PLAIN, err);
}

/* [name, text, [child ...]]: no deeper than the reader lets it be. */
static json_t *describe_node(const struct xml_node *node) /* NOLINT(misc-no-recursion) */
{
	json_t *children = json_array();

	for (size_t i = 0; i < node->count; i++)
		json_array_append_new(children, describe_node(node->children[i]));
	return json_pack("[o, o, o]", text_of(node->name, strlen(node->name)),
			 text_of(node->text.buf, node->text.len), children);
}

static json_t *decode_xml(struct slice text, struct error *err)
{
	CLEANUP(xml_freep) struct xml_node *root = xml_read(text.p, text.n, err);

	return root ? describe_node(root) : NULL;
}

static json_t *describe_sections(const struct aws_profiles *profiles, enum aws_section_kind kind)
{
	json_t *sections = json_object();

	for (size_t i = 0; i < profiles->count; i++) {
		const struct aws_section *section = &profiles->sections[i];
		json_t *properties = json_object();

		if (section->kind != kind) {
			json_decref(properties);
			continue;
		}
		for (size_t j = 0; j < section->count; j++) {
			const struct aws_property *property = &section->properties[j];

			json_object_set_new(properties, property->name,
					    text_of(property->value, strlen(property->value)));
		}
		json_object_set_new(sections, section->name, properties);
	}
	return sections;
}

static json_t *decode_profiles(enum aws_profile_file file, struct slice text, struct error *err)
{
	CLEANUP(aws_profiles_release) struct aws_profiles profiles = AWS_PROFILES_INIT;

	if (aws_profiles_parse(file, "file", text.p, text.n, &report_none, &profiles, err) < 0)
		return NULL;
	return json_pack("{s:o, s:o, s:o}", "profiles",
			 describe_sections(&profiles, AWS_SECTION_PROFILE), "sso_sessions",
			 describe_sections(&profiles, AWS_SECTION_SSO_SESSION), "services",
			 describe_sections(&profiles, AWS_SECTION_SERVICES));
}

static json_t *decode_config(struct slice text, struct error *err)
{
	return decode_profiles(AWS_PROFILE_FILE_CONFIG, text, err);
}

static json_t *decode_credentials(struct slice text, struct error *err)
{
	return decode_profiles(AWS_PROFILE_FILE_CREDENTIALS, text, err);
}

/* The first line is the name that is asked for. */
static json_t *decode_dotenv(struct slice text, struct error *err)
{
	CLEANUP(str_release) struct str value = STR_INIT;
	CLEANUP_FREE char *name = slice_dup(slice_next_line(&text));

	(void)err;
	if (!dotenv_find(text.p, text.n, name, &value))
		return json_null();
	return text_of(value.buf, value.len);
}

/* A status in three digits, the lines of the head, a blank line, the body. */
static json_t *decode_fault(enum aws_protocol protocol, struct slice text, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(aws_fault_release) struct aws_fault fault = AWS_FAULT_INIT;
	struct slice line = slice_next_line(&text);
	uint64_t status = 0;

	(void)err;
	(void)slice_to_u64(line, 999, &status);
	response.status = (int)status;
	while (text.n && (line = slice_next_line(&text)).n) {
		CLEANUP_FREE char *header = slice_dup(line);

		strv_add(&response.headers, header);
	}
	str_add(&response.body, text.p, text.n);
	aws_fault_read(protocol, &response, &fault);
	return json_pack("{s:o, s:o}", "code", text_of(fault.code.buf, fault.code.len), "message",
			 text_of(fault.message.buf, fault.message.len));
}

static json_t *decode_fault_query(struct slice text, struct error *err)
{
	return decode_fault(AWS_PROTOCOL_QUERY, text, err);
}

static json_t *decode_fault_json(struct slice text, struct error *err)
{
	return decode_fault(AWS_PROTOCOL_JSON, text, err);
}

static json_t *decode_fault_rest_xml(struct slice text, struct error *err)
{
	return decode_fault(AWS_PROTOCOL_REST_XML, text, err);
}

/* A JSON object with method, path, query, headers, body, and whether the path is normalized. */
static json_t *decode_sigv4(struct slice text, struct error *err)
{
	CLEANUP(sigv4_release) struct sigv4 steps = SIGV4_INIT;
	CLEANUP(secret_release) struct secret key = SECRET_INIT;
	CLEANUP(strv_release) struct strv headers = STRV_INIT;
	json_auto_t *asked = json_read(text.p, text.n, err);
	const char *body = json_text(asked, "body");
	bool normalize = json_is_true(json_object_get(asked, "normalize"));
	const struct sigv4_request request = {
		.method = json_text(asked, "method"),
		.path = json_text(asked, "path"),
		.query = json_text(asked, "query"),
		.headers = &headers,
		.body = body,
		.body_len = body ? strlen(body) : 0,
	};
	const struct sigv4_options options = {
		.region = "us-east-1",
		.service = json_text(asked, "service"),
		.time_ms = SIGNED_AT_MS,
		.normalize = normalize,
		.double_encode = normalize,
	};
	const json_t *header;
	size_t i;

	if (!asked)
		return NULL;
	json_array_foreach(json_object_get(asked, "headers"), i, header)
		strv_add(&headers, json_string_value(header));
	secret_set(&key, "secret", strlen("secret"));
	sigv4_compute(&request, &options, NULL, &key, &steps);
	return json_pack("{s:o, s:o}", "canonical",
			 text_of(steps.canonical_request.buf, steps.canonical_request.len),
			 "signature", text_of(steps.signature.buf, steps.signature.len));
}

static const struct kind {
	const char *name;
	json_t *(*decode)(struct slice text, struct error *err);
} kinds[] = {
	{ "json", decode_json },
	{ "yaml", decode_yaml },
	{ "xml", decode_xml },
	{ "config", decode_config },
	{ "credentials", decode_credentials },
	{ "dotenv", decode_dotenv },
	{ "fault-query", decode_fault_query },
	{ "fault-json", decode_fault_json },
	{ "fault-rest-xml", decode_fault_rest_xml },
	{ "sigv4", decode_sigv4 },
};

static void answer(const struct kind *kind, struct slice text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str line = STR_INIT;
	json_t *value = kind->decode(text, &err);
	json_auto_t *told = value ? json_pack("{s:o}", "value", value)
				  : json_pack("{s:o}", "error", text_of(err.msg.buf, err.msg.len));

	json_write(told, &line);
	(void)puts(line.buf);
}

/* Reads "KIND LENGTH"; false at the end, and where it is neither. */
static bool read_question(char *line, const struct kind **ret_kind, uint64_t *ret_len)
{
	char *blank = strchr(line, ' ');

	if (!blank)
		return false;
	*blank = '\0';
	blank[strcspn(blank + 1, "\n") + 1] = '\0';
	if (!slice_to_u64(slice_of(blank + 1), QUESTION_MAX_BYTES, ret_len))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		*ret_kind = &kinds[i];
		if (strcmp(kinds[i].name, line) == 0)
			return true;
	}
	return false;
}

int main(void)
{
	char line[64];

	while (fgets(line, sizeof(line), stdin)) {
		CLEANUP_FREE char *bytes = NULL;
		const struct kind *kind;
		uint64_t len;

		if (!read_question(line, &kind, &len))
			return 2;
		/* Exactly as long as the text: a sanitizer sees who reads beyond it. */
		bytes = mem_zalloc(len ? len : 1);
		if (fread(bytes, 1, len, stdin) != len)
			return 2;
		answer(kind, (struct slice){ bytes, len });
	}
	return 0;
}
