#include "stack/parameters.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/dotenv.h"
#include "data/yaml.h"
#include "data/yaml_map.h"
#include "docker/image.h"
#include "stack/parameters_json.h"
#include "stack/parameters_samconfig.h"
#include "sys/file.h"

#include <ctype.h>
#include <string.h>

#define MAX_BYTES      ((size_t)1 << 20)
#define MAX_YAML_BYTES ((size_t)256 << 10)

/* How long a bump waits for others that edit the same file: each takes milliseconds. */
#define LOCK_WAIT_MS 10000

/* What is asked for. Borrowed. */
struct bump {
	const char *path;
	const char *environment;
	const char *key;
	const char *value;
};

/* What is done to the file; `change` borrows from `written`. */
struct edit {
	struct str written;
	struct file_change change;
};

static void edit_release(struct edit *edit)
{
	str_release(&edit->written);
}

void parameter_file_release(struct parameter_file *file)
{
	free(file->path);
	str_wipe(&file->text);
	assignments_release(&file->list);
	*file = (struct parameter_file)PARAMETER_FILE_INIT;
}

void bump_result_release(struct bump_result *result)
{
	str_release(&result->old_value);
	str_release(&result->diff);
}

/* .env, .env.dev, dev.env */
static bool has_dotenv_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *end = strrchr(name, '.');

	return strncmp(name, ".env.", 5) == 0 || (end && strcmp(end, ".env") == 0);
}

static enum parameter_format recognise(const struct parameter_file *file)
{
	const struct str *text = &file->text;
	struct slice start = slice_trim(assignments_skip_bom(text->buf, text->len));

	if (slice_starts_with(start, "{"))
		return PARAMETERS_JSON_OBJECT;
	if (samconfig_recognise(text->buf, text->len))
		return PARAMETERS_SAMCONFIG;
	if (slice_starts_with(start, "["))
		return PARAMETERS_JSON_LIST;
	if (has_dotenv_name(file->path) || dotenv_recognise(text->buf, text->len))
		return PARAMETERS_DOTENV;
	return assignments_recognise(text->buf, text->len) ? PARAMETERS_ASSIGNMENTS
							   : PARAMETERS_YAML;
}

/* A file without a single "Key:" is more likely a slip in a file of assignments. */
static bool looks_like_yaml(const struct str *text)
{
	return strstr(text->buf, ": ") || strstr(text->buf, ":\n") || strstr(text->buf, ":\r");
}

/* A parameter that is there twice is told with both its lines, instead of what the reader says. */
static int explain_yaml(const struct str *text, struct slice bytes, struct error *err)
{
	CLEANUP(error_release) struct error twice = ERROR_INIT;
	CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;
	json_auto_t *readable = yaml_read(bytes.p, bytes.n, YAML_CLOUDFORMATION, &twice);

	if (!readable || yaml_map_read(text->buf, text->len, "Parameters", &list, &twice) < 0 ||
	    assignments_check_unique(&list, &twice) == 0)
		return -1;
	error_release(err);
	*err = twice;
	twice = (struct error)ERROR_INIT;
	return -1;
}

static int parse_yaml(struct parameter_file *file, struct error *err)
{
	const struct str *text = &file->text;
	struct slice bytes = assignments_skip_bom(text->buf, text->len);
	json_auto_t *checked = NULL;

	if (!looks_like_yaml(text))
		return assignments_read(text->buf, text->len, &file->list, err);
	/* Depth, aliases and duplicate keys are checked there. */
	checked = yaml_read(bytes.p, bytes.n, YAML_PLAIN, err);
	if (!checked)
		return explain_yaml(text, bytes, err);
	/* libyaml's tree of it takes forty times its size. */
	if (text->len > MAX_YAML_BYTES)
		return error_set(err, ERROR_CONFIG, "more than %lu bytes of YAML", MAX_YAML_BYTES);
	return yaml_map_read(text->buf, text->len, "Parameters", &file->list, err);
}

/* Each reader refuses a key that is there twice, naming both lines. */
static int parse(struct parameter_file *file, struct error *err)
{
	const struct str *text = &file->text;

	file->format = recognise(file);
	switch (file->format) {
	case PARAMETERS_ASSIGNMENTS:
		return assignments_read(text->buf, text->len, &file->list, err);
	case PARAMETERS_JSON_OBJECT:
	case PARAMETERS_JSON_LIST:
		return parameters_read_json(text->buf, text->len, &file->list, err);
	case PARAMETERS_YAML:
		return parse_yaml(file, err);
	case PARAMETERS_SAMCONFIG:
		return samconfig_read(text->buf, text->len, file->environment, &file->list, err);
	case PARAMETERS_DOTENV:
		return dotenv_read(text->buf, text->len, &file->list, err);
	}
	return -1;
}

/* Whatever is wrong with a file of the user's is for the user to mend. */
int parameter_file_load(const char *path, const char *environment, struct parameter_file *ret,
			struct error *err)
{
	parameter_file_release(ret);
	ret->path = mem_strdup(path);
	ret->environment = environment;
	if (file_read(path, MAX_BYTES, &ret->text, err) < 0)
		return error_become(err, ERROR_CONFIG);
	return parse(ret, err);
}

int parameter_file_read(const char *path, const char *environment, struct parameter_file *ret,
			struct error *err)
{
	if (parameter_file_load(path, environment, ret, err) == 0)
		return 0;
	/* What has no bytes was not opened; that message names it. */
	return ret->text.len ? error_wrap(err, "parameter file '%s'", path) : -1;
}

static void hand_out(const struct parameter_file *file, struct cfn_parameters *ret)
{
	cfn_parameters_release(ret);
	for (size_t i = 0; i < file->list.count; i++) {
		const struct assignment *item = &file->list.items[i];

		cfn_parameters_add(ret, item->key, item->value);
		ret->items[i].use_previous = item->is_previous;
	}
}

int parameters_read(const char *path, const char *environment, struct cfn_parameters *ret,
		    struct error *err)
{
	CLEANUP(parameter_file_release) struct parameter_file file = PARAMETER_FILE_INIT;

	if (parameter_file_read(path, environment, &file, err) < 0)
		return -1;
	hand_out(&file, ret);
	return 0;
}

int parameters_read_text(const char *path, const char *environment, struct slice text,
			 struct cfn_parameters *ret, struct error *err)
{
	CLEANUP(parameter_file_release) struct parameter_file file = PARAMETER_FILE_INIT;

	if (text.n > MAX_BYTES)
		return error_set(err, ERROR_CONFIG, "more than %lu bytes", MAX_BYTES);
	file.path = mem_strdup(path);
	file.environment = environment;
	str_add(&file.text, text.p, text.n);
	if (parse(&file, err) < 0)
		return -1;
	hand_out(&file, ret);
	return 0;
}

/* NULL where there is nothing to replace. Borrowed. */
static const struct assignment *find_editable(const struct parameter_file *file, const char *key,
					      struct error *err)
{
	const struct assignment *item = assignments_find(&file->list, key);

	if (!item) {
		error_set(err, ERROR_REFUSED, "'%s' is not in it", key);
		error_fix(err, "add it once by hand, or name another one with --key");
		return NULL;
	}
	if (item->is_fixed || item->is_previous) {
		error_set(err, ERROR_REFUSED, "line %u: '%s' has no plain text to replace",
			  item->line, key);
		error_fix(err, "write its value as plain text once by hand");
		return NULL;
	}
	return item;
}

/*
 * Plain YAML text is a number or a truth where it looks like one: 0123456 is 42798 to many readers,
 * 1e10000 infinite. A tag starts with a letter, a digit or '_'.
 */
static bool needs_quotes(const char *tag)
{
	static const char *const words[] = { "y",     "n",  "yes", "no",  "true",
					     "false", "on", "off", "null" };

	if (!isalpha((unsigned char)tag[0]))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(tag, words[i]) == 0)
			return true;
	return false;
}

static bool is_quoted(const struct parameter_file *file, const struct assignment *item)
{
	const char *value = file->text.buf + item->value_at;

	return item->value_at > 0 && (value[-1] == '"' || value[-1] == '\'');
}

/* A value as the file's format writes it. */
static void write_value(const struct parameter_file *file, const struct assignment *item,
			const char *value, struct str *ret)
{
	bool wants_quotes =
		file->format == PARAMETERS_YAML && !is_quoted(file, item) && needs_quotes(value);
	const char *quote = wants_quotes ? "'" : "";

	str_addf(ret, "%s%s%s", quote, value, quote);
}

/* Appends the bytes [from, to) of the file as they are with the change. */
static void add_changed(const struct parameter_file *file, const struct file_change *change,
			size_t from, size_t to, struct str *ret)
{
	size_t end = change->at + change->len;

	str_reserve(ret, to - from + change->bytes.n);
	str_add(ret, file->text.buf + from, change->at - from);
	str_add(ret, change->bytes.p, change->bytes.n);
	str_add(ret, file->text.buf + end, to - end);
}

/* Lines of assignments do not hang together: the edited one must read as the key and its new value.
 */
static bool is_one_line(const struct parameter_file *before, const struct assignment *item,
			const char *value, const struct file_change *change)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;
	CLEANUP(str_release) struct str line = STR_INIT;
	size_t from = item->value_at - strlen(item->key) - 1;
	const char *end = strchr(before->text.buf + change->at, '\n');
	size_t to = end ? (size_t)(end - before->text.buf) : before->text.len;

	add_changed(before, change, from, to, &line);
	return assignments_read(line.buf, line.len, &list, &ignored) == 0 && list.count == 1 &&
	       strcmp(list.items[0].key, item->key) == 0 && strcmp(list.items[0].value, value) == 0;
}

/* Reads the edited text again: nothing but the one value may read otherwise, or stand elsewhere. */
static bool is_one_value(const struct parameter_file *before, const struct assignment *item,
			 const char *value, const struct file_change *change)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(parameter_file_release) struct parameter_file after = PARAMETER_FILE_INIT;
	size_t at = (size_t)(item - before->list.items);

	after.path = mem_strdup(before->path);
	after.environment = before->environment;
	add_changed(before, change, 0, before->text.len, &after.text);
	if (parse(&after, &ignored) < 0 || after.list.count != before->list.count)
		return false;
	for (size_t i = 0; i < after.list.count; i++) {
		const struct assignment *was = &before->list.items[i], *is = &after.list.items[i];

		if (strcmp(was->key, is->key) != 0 || was->line != is->line ||
		    strcmp(is->value, i == at ? value : was->value) != 0)
			return false;
	}
	return true;
}

static bool is_minimal(const struct parameter_file *before, const struct assignment *item,
		       const char *value, const struct file_change *change)
{
	if (memchr(before->text.buf + item->value_at, '\n', item->value_len))
		return false;
	if (before->format == PARAMETERS_ASSIGNMENTS)
		return is_one_line(before, item, value, change);
	return is_one_value(before, item, value, change);
}

static void describe(const struct bump *bump, const struct assignment *item,
		     struct bump_result *ret)
{
	ret->line = item->line;
	ret->changed = strcmp(item->value, bump->value) != 0;
	str_reset(&ret->old_value);
	str_adds(&ret->old_value, item->value);
	str_reset(&ret->diff);
	if (ret->changed)
		str_addf(&ret->diff, "--- %s\n+++ %s\n@@ -%u +%u @@\n-%s=%s\n+%s=%s\n", bump->path,
			 bump->path, item->line, item->line, item->key, item->value, item->key,
			 bump->value);
}

/* Reads the file, and what would be written into it; nothing where that is there already. */
static int plan(const struct bump *bump, struct parameter_file *ret_file, struct edit *ret_edit,
		struct bump_result *ret_result, struct error *err)
{
	const struct assignment *item;

	if (parameter_file_read(bump->path, bump->environment, ret_file, err) < 0)
		return -1;
	item = find_editable(ret_file, bump->key, err);
	if (!item)
		return error_wrap(err, "parameter file '%s'", bump->path);
	describe(bump, item, ret_result);
	if (!ret_result->changed)
		return 0;
	write_value(ret_file, item, bump->value, &ret_edit->written);
	ret_edit->change = (struct file_change){
		.at = item->value_at,
		.len = item->value_len,
		.bytes = { ret_edit->written.buf, ret_edit->written.len },
	};
	if (!is_minimal(ret_file, item, bump->value, &ret_edit->change))
		return error_set(err, ERROR_REFUSED,
				 "line %u of '%s' cannot be changed without changing more",
				 item->line, bump->path);
	return 0;
}

int parameters_plan_bump(const char *path, const char *environment, const char *key,
			 const char *value, struct bump_result *ret, struct error *err)
{
	CLEANUP(parameter_file_release) struct parameter_file file = PARAMETER_FILE_INIT;
	CLEANUP(edit_release) struct edit edit = { .written = STR_INIT };
	const struct bump bump = { path, environment, key, value };

	if (image_check_tag(value, key, err) < 0)
		return -1;
	return plan(&bump, &file, &edit, ret, err);
}

int parameters_bump(const char *path, const char *environment, const char *key, const char *value,
		    struct bump_result *ret, struct error *err)
{
	CLEANUP(parameter_file_release) struct parameter_file file = PARAMETER_FILE_INIT;
	CLEANUP(edit_release) struct edit edit = { .written = STR_INIT };
	const struct bump bump = { path, environment, key, value };
	CLEANUP_CLOSE int lock = -1;

	if (image_check_tag(value, key, err) < 0)
		return -1;
	/* What cannot even be opened is explained by reading it. */
	if (file_exists(path) && file_lock_for_edit(path, LOCK_WAIT_MS, &lock, err) < 0)
		return -1;
	if (plan(&bump, &file, &edit, ret, err) < 0)
		return -1;
	return ret->changed ? file_edit_atomic(path, &file.text, &edit.change, err) : 0;
}
