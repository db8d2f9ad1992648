#include "aws/profile.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "base/slice.h"
#include "base/words.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* configparser's own section, of defaults for every other one. It may stand several times. */
#define DEFAULTS "DEFAULT"

/* Names are looked up one after the other: a file of so many is an accident, or meant to be one. */
#define MAX_SECTIONS   5000
#define MAX_PROPERTIES 500   /* of one section */
#define MAX_DEFAULTED  50000 /* properties, the defaults in every section */

static void section_release(struct aws_section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		/* Any value may be a key: none of them stays in memory. */
		explicit_bzero(section->properties[i].value, strlen(section->properties[i].value));
		free(section->properties[i].value);
		free(section->properties[i].name);
	}
	free(section->properties);
	free(section->name);
}

void aws_profiles_release(struct aws_profiles *profiles)
{
	for (size_t i = 0; i < profiles->count; i++)
		section_release(&profiles->sections[i]);
	free(profiles->sections);
	*profiles = (struct aws_profiles)AWS_PROFILES_INIT;
}

static struct aws_section *find_section(const struct aws_profiles *profiles,
					enum aws_section_kind kind, const char *name)
{
	for (size_t i = 0; i < profiles->count; i++) {
		struct aws_section *section = &profiles->sections[i];

		if (section->kind == kind && strcmp(section->name, name) == 0)
			return section;
	}
	return NULL;
}

const struct aws_section *aws_profiles_find(const struct aws_profiles *profiles,
					    enum aws_section_kind kind, const char *name)
{
	return find_section(profiles, kind, name);
}

static struct aws_property *find_property(const struct aws_section *section, const char *name)
{
	for (size_t i = 0; i < section->count; i++) {
		if (strcmp(section->properties[i].name, name) == 0)
			return &section->properties[i];
	}
	return NULL;
}

static struct aws_section *add_section(struct aws_profiles *profiles, enum aws_section_kind kind,
				       const char *name)
{
	struct aws_section *section =
		mem_grow(&profiles->sections, &profiles->count, sizeof(*section));

	section->kind = kind;
	section->name = mem_strdup(name);
	return section;
}

/* The property of that name, added with an empty value where there is none yet. */
static struct aws_property *need_property(struct aws_section *section, const char *name)
{
	struct aws_property *property = find_property(section, name);

	if (property)
		return property;
	property = mem_grow(&section->properties, &section->count, sizeof(*property));
	property->name = mem_strdup(name);
	property->value = mem_strdup("");
	return property;
}

static void set_value(struct aws_property *property, const char *value)
{
	char *copy = mem_strdup(value);

	explicit_bzero(property->value, strlen(property->value));
	free(property->value);
	property->value = copy;
}

/* Where in a file the reader is. */
struct reader {
	const char *path;
	struct report *report;
	struct aws_profiles raw; /* by whole header; `kind` means nothing yet */
	struct aws_section *section;
	struct aws_property *property; /* whose value may go on, in `value` */
	struct str value;
	size_t indent; /* of the line that began the section or the property */
	unsigned line;
};

static void reader_release(struct reader *reader)
{
	aws_profiles_release(&reader->raw);
	str_wipe(&reader->value);
}

/* The value is over: blanks and empty lines at its end are not part of it. */
static void end_property(struct reader *reader)
{
	struct str *value = &reader->value;

	if (!reader->property)
		return;
	while (value->len && isspace((unsigned char)value->buf[value->len - 1]))
		str_cut(value, value->len - 1);
	set_value(reader->property, value->buf);
	reader->property = NULL;
}

static int bad_line(const struct reader *reader, struct error *err, const char *what)
{
	error_set(err, ERROR_CONFIG, "line %u: %s", reader->line, what);
	return error_fix(err, "write '[SECTION]', 'NAME = VALUE', or lines indented below one");
}

static int too_many(const struct reader *reader, unsigned max, const char *what, struct error *err)
{
	error_set(err, ERROR_CONFIG, "line %u: more than %u %s", reader->line, max, what);
	return error_fix(err, "take out what is not used");
}

static void warn_twice(struct reader *reader, const char *what, const char *name)
{
	report_warning(reader->report,
		       "%s: line %u: %s '%s' stands twice: the last one counts here, the AWS CLI "
		       "refuses the file",
		       reader->path, reader->line, what, name);
}

/* A header that came before gets its section back, at the end of the order. */
static int begin_section(struct reader *reader, struct slice header, struct error *err)
{
	CLEANUP_FREE char *name = slice_dup(header);
	struct aws_section *old = find_section(&reader->raw, AWS_SECTION_PROFILE, name);
	struct aws_section moved, *last;

	if (!old && reader->raw.count == MAX_SECTIONS)
		return too_many(reader, MAX_SECTIONS, "sections", err);
	if (!old) {
		reader->section = add_section(&reader->raw, AWS_SECTION_PROFILE, name);
		return 0;
	}
	if (strcmp(name, DEFAULTS) != 0)
		warn_twice(reader, "section", name);
	assert(reader->raw.sections);
	last = &reader->raw.sections[reader->raw.count - 1];
	moved = *old;
	memmove(old, old + 1, (size_t)(last - old) * sizeof(*old));
	*last = moved;
	reader->section = last;
	return 0;
}

static int begin_property(struct reader *reader, struct slice line, struct error *err)
{
	size_t name_len = 0;
	struct slice value;
	CLEANUP_FREE char *name = NULL;

	while (name_len < line.n && line.p[name_len] != '=' && line.p[name_len] != ':')
		name_len++;
	if (name_len == line.n)
		return bad_line(reader, err, "no '='");
	name = slice_dup(slice_trim((struct slice){ line.p, name_len }));
	if (!*name)
		return bad_line(reader, err, "no name before the '='");
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (find_property(reader->section, name))
		warn_twice(reader, "key", name);
	else if (reader->section->count == MAX_PROPERTIES)
		return too_many(reader, MAX_PROPERTIES, "keys in a section", err);
	value = slice_trim((struct slice){ line.p + name_len + 1, line.n - name_len - 1 });
	reader->property = need_property(reader->section, name);
	str_reset(&reader->value);
	str_add(&reader->value, value.p, value.n);
	return 0;
}

/* A value whose first line is empty is a nested block: `name = value` lines only. */
static int continue_property(struct reader *reader, struct slice line, struct error *err)
{
	bool nested = reader->value.len == 0 || reader->value.buf[0] == '\n';

	if (nested && !memchr(line.p, '=', line.n))
		return bad_line(reader, err, "no '=' in a nested block");
	str_addc(&reader->value, '\n');
	str_add(&reader->value, line.p, line.n);
	return 0;
}

/* "[header]", and whatever follows the last bracket: configparser's SECTCRE. */
static bool is_header(struct slice line, struct slice *ret_header)
{
	const char *end = memrchr(line.p, ']', line.n);

	if (line.p[0] != '[' || !end || end - line.p < 2)
		return false;
	*ret_header = (struct slice){ line.p + 1, (size_t)(end - line.p) - 1 };
	return true;
}

static int read_line(struct reader *reader, struct slice line, struct error *err)
{
	struct slice body = slice_trim(line), header;
	size_t indent = (size_t)(body.p - line.p);

	if (body.n == 0) {
		if (reader->property)
			str_addc(&reader->value, '\n');
		return 0;
	}
	if (body.p[0] == '#' || body.p[0] == ';')
		return 0;
	if (reader->property && indent > reader->indent)
		return continue_property(reader, body, err);
	end_property(reader);
	reader->indent = indent;
	if (is_header(body, &header))
		return begin_section(reader, header, err);
	if (!reader->section)
		return bad_line(reader, err, "no section header before it");
	return begin_property(reader, body, err);
}

/* Lines end with LF, CR LF or CR, as in Python's text files. */
static struct slice next_line(struct slice *rest)
{
	size_t len = 0, used;
	struct slice line;

	while (len < rest->n && rest->p[len] != '\n' && rest->p[len] != '\r')
		len++;
	line = (struct slice){ rest->p, len };
	used = len < rest->n ? len + 1 : len;
	if (used < rest->n && rest->p[len] == '\r' && rest->p[used] == '\n')
		used++;
	*rest = (struct slice){ rest->p + used, rest->n - used };
	return line;
}

static int check_text(struct slice line, unsigned number, struct error *err)
{
	size_t at = 0;

	while (at < line.n) {
		unsigned code;
		size_t len = utf8_decode(line.p + at, line.n - at, &code);

		if (len == 0 || code == 0) {
			error_set(err, ERROR_CONFIG, "line %u: not UTF-8 text", number);
			return error_fix(err, "save the file as plain text in UTF-8");
		}
		at += len;
	}
	return 0;
}

static int read_lines(struct reader *reader, struct slice rest, struct error *err)
{
	while (rest.n) {
		struct slice line = next_line(&rest);

		reader->line++;
		if (check_text(line, reader->line, err) < 0 || read_line(reader, line, err) < 0)
			return -1;
	}
	end_property(reader);
	return 0;
}

static void copy_missing(struct aws_section *to, const struct aws_section *from)
{
	for (size_t i = 0; i < from->count; i++) {
		if (!find_property(to, from->properties[i].name))
			set_value(need_property(to, from->properties[i].name),
				  from->properties[i].value);
	}
}

static void copy_all(struct aws_section *to, const struct aws_section *from)
{
	for (size_t i = 0; i < from->count; i++)
		set_value(need_property(to, from->properties[i].name), from->properties[i].value);
}

/* What a header of the config file names; false where it is nothing for us. */
static bool classify(const char *header, enum aws_section_kind *ret_kind, char **ret_name)
{
	static const struct {
		const char *head;
		enum aws_section_kind kind;
	} heads[] = { { "profile", AWS_SECTION_PROFILE },
		      { "sso-session", AWS_SECTION_SSO_SESSION },
		      { "services", AWS_SECTION_SERVICES } };
	CLEANUP(strv_release) struct strv words = STRV_INIT;
	CLEANUP(error_release) struct error ignored = ERROR_INIT;

	if (strcmp(header, "default") == 0) {
		*ret_kind = AWS_SECTION_PROFILE;
		*ret_name = mem_strdup(header);
		return true;
	}
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (strncmp(header, heads[i].head, strlen(heads[i].head)) != 0)
			continue;
		if (words_split(&words, header, &ignored) < 0 || words.count != 2)
			return false;
		*ret_kind = heads[i].kind;
		*ret_name = mem_strdup(words.v[1]);
		return true;
	}
	return false;
}

/* A later header of the same name replaces the former whole: Python's dict.update(). */
static void adopt(struct aws_profiles *profiles, enum aws_section_kind kind, const char *name,
		  const struct aws_section *raw)
{
	struct aws_section *section = find_section(profiles, kind, name);

	if (section) {
		section_release(section);
		*section = (struct aws_section){ .kind = kind, .name = mem_strdup(name) };
	} else {
		section = add_section(profiles, kind, name);
	}
	copy_all(section, raw);
}

static int adopt_all(enum aws_profile_file file, const struct aws_profiles *raw,
		     struct aws_profiles *profiles, struct error *err)
{
	const struct aws_section *defaults = find_section(raw, AWS_SECTION_PROFILE, DEFAULTS);

	if (defaults && defaults->count * raw->count > MAX_DEFAULTED) {
		error_set(err, ERROR_CONFIG, "more than %d keys with those of [" DEFAULTS "]",
			  MAX_DEFAULTED);
		return error_fix(err, "write them into the profiles that use them");
	}

	for (size_t i = 0; i < raw->count; i++) {
		struct aws_section *section = &raw->sections[i];
		enum aws_section_kind kind = AWS_SECTION_PROFILE;
		CLEANUP_FREE char *name = NULL;

		if (section == defaults)
			continue;
		if (file == AWS_PROFILE_FILE_CREDENTIALS)
			name = mem_strdup(section->name);
		else if (!classify(section->name, &kind, &name))
			continue;
		if (defaults)
			copy_missing(section, defaults);
		adopt(profiles, kind, name, section);
	}
	return 0;
}

int aws_profiles_parse(enum aws_profile_file file, const char *path, const char *text, size_t len,
		       struct report *report, struct aws_profiles *ret_profiles, struct error *err)
{
	CLEANUP(reader_release) struct reader reader = { .path = path, .report = report };

	reader.value = (struct str)STR_INIT;
	if (read_lines(&reader, (struct slice){ text, len }, err) < 0)
		return -1;
	*ret_profiles = (struct aws_profiles)AWS_PROFILES_INIT;
	return adopt_all(file, &reader.raw, ret_profiles, err);
}

void aws_profiles_merge(struct aws_profiles *to, const struct aws_profiles *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct aws_section *section = &from->sections[i];
		struct aws_section *mine = find_section(to, section->kind, section->name);

		copy_all(mine ? mine : add_section(to, section->kind, section->name), section);
	}
}

const char *aws_section_get(const struct aws_section *section, const char *name)
{
	const struct aws_property *property = section ? find_property(section, name) : NULL;

	if (!property || property->value[0] == '\0' || property->value[0] == '\n')
		return NULL;
	return property->value;
}

char *aws_section_get_nested(const struct aws_section *section, const char *block, const char *name)
{
	const struct aws_property *property = section ? find_property(section, block) : NULL;
	struct slice rest, value = { NULL, 0 };

	if (!property || property->value[0] != '\n')
		return NULL;
	rest = slice_of(property->value);
	while (rest.n) {
		struct slice line = slice_next_line(&rest);
		const char *equals = memchr(line.p, '=', line.n);
		size_t name_len = equals ? (size_t)(equals - line.p) : 0;

		if (equals && slice_is(slice_trim((struct slice){ line.p, name_len }), name))
			value = slice_trim((struct slice){ equals + 1, line.n - name_len - 1 });
	}
	return value.n ? slice_dup(value) : NULL;
}
