#include "ui/findings.h"

#include "base/sanitize.h"
#include "base/url.h"
#include "data/json.h"

#include <string.h>

bool findings_format_parse(const char *name, enum findings_format *ret_format)
{
	static const char *const names[] = { "text", "json", "github", "sarif" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_format = (enum findings_format)i;
			return true;
		}
	}
	return false;
}

static const char *severity_of(const struct finding *finding)
{
	return check_severity_name(check_rule_severity(finding->rule));
}

static const char *name_from(const char *file, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(file, dir, len) == 0 && file[len] == '/' ? file + len + 1 : file;
}

/* ---- text ---- */

static void write_text(const struct finding *finding, const char *dir, struct str *out)
{
	sanitize_text(out, name_from(finding->file, dir));
	if (finding->line)
		str_addf(out, ":%u:%u", finding->line, finding->column);
	str_addf(out, ": %s: ", severity_of(finding));
	sanitize_text(out, finding->message);
	str_addf(out, " [%s]\n", check_rule_name(finding->rule));
	if (!*finding->fix)
		return;
	str_adds(out, "  -> ");
	sanitize_text(out, finding->fix);
	str_addc(out, '\n');
}

/* ---- GitHub ---- */

/* A property ends at ',' or ':', a message at the line's end. */
static void add_github(struct str *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			str_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
		else
			str_addc(out, *text);
	}
}

static void add_github_text(struct str *out, const char *text, const char *special)
{
	struct str clean = STR_INIT;

	sanitize_text(&clean, text);
	add_github(out, clean.buf, special);
	str_release(&clean);
}

static void write_github(const struct finding *finding, const char *dir, struct str *out)
{
	bool is_note = check_rule_severity(finding->rule) == CHECK_NOTE;

	str_addf(out, "::%s file=", is_note ? "notice" : severity_of(finding));
	add_github_text(out, name_from(finding->file, dir), "%\r\n:,");
	if (finding->line)
		str_addf(out, ",line=%u,col=%u", finding->line, finding->column);
	str_addf(out, ",title=%s::", check_rule_name(finding->rule));
	add_github_text(out, finding->message, "%\r\n");
	if (*finding->fix)
		str_adds(out, "%0A");
	add_github_text(out, finding->fix, "%\r\n");
	str_addc(out, '\n');
}

/* ---- JSON ---- */

static void set_text(json_t *object, const char *key, const char *text)
{
	struct str clean = STR_INIT;

	sanitize_text(&clean, text);
	(void)json_object_set_new(object, key, json_string(clean.buf));
	str_release(&clean);
}

static json_t *finding_json(const struct finding *finding, const char *dir)
{
	json_t *object = json_object();

	set_text(object, "file", name_from(finding->file, dir));
	(void)json_object_set_new(object, "line", json_integer(finding->line));
	(void)json_object_set_new(object, "column", json_integer(finding->column));
	set_text(object, "severity", severity_of(finding));
	set_text(object, "rule", check_rule_name(finding->rule));
	set_text(object, "message", finding->message);
	set_text(object, "fix", finding->fix);
	return object;
}

static json_int_t count_of(const struct findings *findings, enum check_severity severity)
{
	return (json_int_t)findings_count(findings, severity);
}

static void write_json(const struct findings *findings, const char *dir, struct str *out)
{
	json_auto_t *list = json_array();
	json_auto_t *root = NULL;

	for (size_t i = 0; i < findings->count; i++)
		(void)json_array_append_new(list, finding_json(&findings->items[i], dir));
	root = json_pack("{s:O, s:I, s:I, s:I, s:I}", "findings", list, "errors",
			 count_of(findings, CHECK_ERROR), "warnings",
			 count_of(findings, CHECK_WARNING), "notes", count_of(findings, CHECK_NOTE),
			 "dropped", (json_int_t)findings->dropped);
	json_write(root, out);
	str_addc(out, '\n');
}

/* ---- SARIF ---- */

static json_t *sarif_rules(void)
{
	json_t *list = json_array();
	const struct check_rule *rule;

	for (size_t i = 0; (rule = check_rule_at(i)); i++) {
		const char *level = check_severity_name(check_rule_severity(rule));

		(void)json_array_append_new(
			list, json_pack("{s:s, s:{s:s}, s:{s:s}}", "id", check_rule_name(rule),
					"shortDescription", "text", check_rule_summary(rule),
					"defaultConfiguration", "level", level));
	}
	return list;
}

/* A path as a URI reference, its slashes kept (SARIF 2.1.0 section 3.4.3). */
static json_t *sarif_uri(const char *path)
{
	struct str uri = STR_INIT;
	json_t *string;

	if (*path == '/')
		str_adds(&uri, "file://");
	while (*path) {
		size_t len = strcspn(path, "/");

		url_encode(&uri, path, len);
		path += len;
		if (*path)
			str_addc(&uri, *path++);
	}
	string = json_string(uri.buf);
	str_release(&uri);
	return string;
}

static json_t *sarif_result(const struct finding *finding, const char *dir)
{
	struct str text = STR_INIT;
	json_t *location, *result;

	sanitize_text(&text, finding->message);
	if (*finding->fix)
		str_adds(&text, ". Fix: ");
	sanitize_text(&text, finding->fix);
	location = json_pack("{s:{s:o}}", "artifactLocation", "uri",
			     sarif_uri(name_from(finding->file, dir)));
	if (finding->line)
		(void)json_object_set_new(location, "region",
					  json_pack("{s:i, s:i}", "startLine", finding->line,
						    "startColumn", finding->column));
	result = json_pack("{s:s, s:s, s:{s:s}, s:[{s:o}]}", "ruleId",
			   check_rule_name(finding->rule), "level", severity_of(finding), "message",
			   "text", text.buf, "locations", "physicalLocation", location);
	str_release(&text);
	return result;
}

/* Whether it came to its end, and what it failed at if not (SARIF 2.1.0 section 3.20). */
static json_t *sarif_invocation(const struct error *failure)
{
	struct str text = STR_INIT;
	json_t *invocation;

	if (!failure)
		return json_pack("{s:b}", "executionSuccessful", 1);
	sanitize_text(&text, failure->msg.buf);
	if (failure->fix.len)
		str_adds(&text, ". Fix: ");
	sanitize_text(&text, failure->fix.buf);
	invocation = json_pack("{s:b, s:[{s:s, s:{s:s}}]}", "executionSuccessful", 0,
			       "toolExecutionNotifications", "level", "error", "message", "text",
			       text.buf);
	str_release(&text);
	return invocation;
}

static void write_sarif(const struct findings *findings, const struct error *failure,
			const char *dir, struct str *out)
{
	json_t *results = json_array();
	json_auto_t *root = NULL;

	for (size_t i = 0; i < findings->count; i++)
		(void)json_array_append_new(results, sarif_result(&findings->items[i], dir));
	root = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:s, s:o, s:[o]}]}", "$schema",
			 "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
			 "runs", "tool", "driver", "name", "deployer", "version", DEPLOYER_VERSION,
			 "rules", sarif_rules(), "columnKind", "unicodeCodePoints", "results",
			 results, "invocations", sarif_invocation(failure));
	json_write(root, out);
	str_addc(out, '\n');
}

void findings_write(const struct findings *findings, enum findings_format format, const char *dir,
		    struct str *out)
{
	if (format == FINDINGS_JSON) {
		write_json(findings, dir, out);
		return;
	}
	if (format == FINDINGS_SARIF) {
		write_sarif(findings, NULL, dir, out);
		return;
	}
	for (size_t i = 0; i < findings->count; i++) {
		if (format == FINDINGS_GITHUB)
			write_github(&findings->items[i], dir, out);
		else
			write_text(&findings->items[i], dir, out);
	}
}

void findings_write_failure(const struct error *failure, enum findings_format format,
			    struct str *out)
{
	const struct findings none = FINDINGS_INIT;

	if (format == FINDINGS_SARIF)
		write_sarif(&none, failure, "", out);
}
