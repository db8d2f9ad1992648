#include "stack/parameters.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/dotenv.h"
#include "data/yaml.h"
#include "data/yaml_map.h"
#include "docker/image.h"
#include "stack/parameters_json.h"
#include "stack/parameters_samconfig.h"
#include "stack/parameters_write.h"
#include "sys/file.h"

#include <string.h>

#define MAX_BYTES      ((size_t)1 << 20)
#define MAX_YAML_BYTES ((size_t)256 << 10)

/* How long a bump waits for others that edit the same file: each takes milliseconds. */
#define LOCK_WAIT_MS 10000

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

static void bump_result_reset(struct bump_result *result)
{
	result->changed = false;
	result->line = 0;
	result->added = 0;
	str_reset(&result->old_value);
	str_reset(&result->diff);
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

static int refuse_missing(const char *key, struct error *err)
{
	error_set(err, ERROR_REFUSED, "'%s' is not in it", key);
	return error_fix(err, "add it once with 'deployer bump --add', or name another one with "
			      "--key");
}

static int check_editable(const struct assignment *item, struct error *err)
{
	if (!item->is_fixed && !item->is_previous)
		return 0;
	error_set(err, ERROR_REFUSED, "line %u: '%s' has no plain text to replace", item->line,
		  item->key);
	return error_fix(err, "write its value as plain text once by hand");
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

static bool is_assignment(const struct assignment *item, const char *key, const char *value,
			  unsigned line)
{
	return strcmp(item->key, key) == 0 && strcmp(item->value, value) == 0 && item->line == line;
}

static bool read_changed(const struct parameter_file *before, const struct file_change *change,
			 struct parameter_file *ret)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;

	ret->path = mem_strdup(before->path);
	ret->environment = before->environment;
	add_changed(before, change, 0, before->text.len, &ret->text);
	return parse(ret, &ignored) == 0 && ret->format == before->format;
}

/* Reads the edited text again: nothing but the one value may read otherwise, or stand elsewhere. */
static bool is_one_value(const struct parameter_file *before, const struct assignment *item,
			 const char *value, const struct file_change *change)
{
	CLEANUP(parameter_file_release) struct parameter_file after = PARAMETER_FILE_INIT;
	size_t at = (size_t)(item - before->list.items);

	if (!read_changed(before, change, &after) || after.list.count != before->list.count)
		return false;
	for (size_t i = 0; i < after.list.count; i++) {
		const struct assignment *was = &before->list.items[i];

		if (!is_assignment(&after.list.items[i], was->key, i == at ? value : was->value,
				   was->line))
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

/* ---- a value that changes ---- */

static void describe_change(const struct bump_request *request, const struct assignment *item,
			    struct bump_result *ret)
{
	ret->line = item->line;
	ret->changed = strcmp(item->value, request->value) != 0;
	str_adds(&ret->old_value, item->value);
	if (ret->changed)
		str_addf(&ret->diff, "--- %s\n+++ %s\n@@ -%u +%u @@\n-%s=%s\n+%s=%s\n",
			 request->path, request->path, item->line, item->line, item->key,
			 item->value, item->key, request->value);
}

static int plan_change(const struct bump_request *request, const struct parameter_file *file,
		       const struct assignment *item, struct edit *ret_edit,
		       struct bump_result *ret_result, struct error *err)
{
	if (check_editable(item, err) < 0)
		return error_wrap(err, "parameter file '%s'", request->path);
	describe_change(request, item, ret_result);
	if (!ret_result->changed)
		return 0;
	parameters_write_value(file, item, request->value, &ret_edit->written);
	ret_edit->change = (struct file_change){
		.at = item->value_at,
		.len = item->value_len,
		.bytes = { ret_edit->written.buf, ret_edit->written.len },
	};
	if (!is_minimal(file, item, request->value, &ret_edit->change))
		return error_set(err, ERROR_REFUSED,
				 "line %u of '%s' cannot be changed without changing more",
				 item->line, request->path);
	return 0;
}

/* ---- a key that is added ---- */

static void describe_addition(const struct bump_request *request, unsigned line,
			      struct slice written, struct bump_result *ret)
{
	ret->line = line;
	ret->changed = true;
	for (size_t i = 0; i < written.n; i++)
		ret->added += written.p[i] == '\n';
	str_addf(&ret->diff, "--- %s\n+++ %s\n@@ -%u,0 +%u @@\n+%s=%s\n", request->path,
		 request->path, line - 1, line, request->key, request->value);
}

/* Reads the edited text again: the new key must be its last, and all others as they were. */
static bool is_one_more(const struct parameter_file *before, const struct bump_request *request,
			const struct file_change *change, unsigned *ret_line)
{
	CLEANUP(parameter_file_release) struct parameter_file after = PARAMETER_FILE_INIT;
	const struct assignment *added;

	if (!read_changed(before, change, &after) || after.list.count != before->list.count + 1)
		return false;
	for (size_t i = 0; i < before->list.count; i++) {
		const struct assignment *was = &before->list.items[i];

		if (!is_assignment(&after.list.items[i], was->key, was->value, was->line))
			return false;
	}
	added = &after.list.items[before->list.count];
	*ret_line = added->line;
	return is_assignment(added, request->key, request->value, added->line);
}

static int refuse_addition(const struct bump_request *request, struct error *err)
{
	error_set(err, ERROR_REFUSED, "'%s' cannot be added to '%s' without changing more",
		  request->key, request->path);
	return error_fix(err, "add it once by hand");
}

static int plan_addition(const struct bump_request *request, const struct parameter_file *file,
			 struct edit *ret_edit, struct bump_result *ret_result, struct error *err)
{
	struct file_change *change = &ret_edit->change;
	unsigned line;

	if (!request->adds) {
		refuse_missing(request->key, err);
		return error_wrap(err, "parameter file '%s'", request->path);
	}
	if (!parameters_write_entry(file, request->key, request->value, &change->at,
				    &ret_edit->written))
		return refuse_addition(request, err);
	change->bytes = (struct slice){ ret_edit->written.buf, ret_edit->written.len };
	if (!is_one_more(file, request, change, &line))
		return refuse_addition(request, err);
	describe_addition(request, line, change->bytes, ret_result);
	return 0;
}

/* ---- the whole ---- */

/* Reads the file, and what would be written into it; nothing where that is there already. */
static int plan(const struct bump_request *request, struct parameter_file *ret_file,
		struct edit *ret_edit, struct bump_result *ret_result, struct error *err)
{
	const struct assignment *item;

	bump_result_reset(ret_result);
	if (parameter_file_read(request->path, request->environment, ret_file, err) < 0)
		return -1;
	item = assignments_find(&ret_file->list, request->key);
	return item ? plan_change(request, ret_file, item, ret_edit, ret_result, err)
		    : plan_addition(request, ret_file, ret_edit, ret_result, err);
}

int parameters_plan_bump(const struct bump_request *request, struct bump_result *ret,
			 struct error *err)
{
	CLEANUP(parameter_file_release) struct parameter_file file = PARAMETER_FILE_INIT;
	CLEANUP(edit_release) struct edit edit = { .written = STR_INIT };

	if (image_check_tag(request->value, request->key, err) < 0)
		return -1;
	return plan(request, &file, &edit, ret, err);
}

int parameters_bump(const struct bump_request *request, struct bump_result *ret, struct error *err)
{
	CLEANUP(parameter_file_release) struct parameter_file file = PARAMETER_FILE_INIT;
	CLEANUP(edit_release) struct edit edit = { .written = STR_INIT };
	CLEANUP_CLOSE int lock = -1;

	if (image_check_tag(request->value, request->key, err) < 0)
		return -1;
	/* What cannot even be opened is explained by reading it. */
	if (file_exists(request->path) &&
	    file_lock_for_edit(request->path, LOCK_WAIT_MS, &lock, err) < 0)
		return -1;
	if (plan(request, &file, &edit, ret, err) < 0)
		return -1;
	return ret->changed ? file_edit_atomic(request->path, &file.text, &edit.change, err) : 0;
}
