#include "secrets/environment.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "secrets/reference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux, include/uapi/linux/binfmts.h and limits.h, fs/exec.c */
#define MAX_STRING (128UL << 10) /* with its NUL */
#define MIN_TOTAL  (128UL << 10)
#define MAX_TOTAL  (6UL << 20)

/* execvp(3): where PATH is not set. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define LARGEST 3

/* ---- what it holds ---- */

static void add_variable(struct strv *list, const struct secrets_variable *variable)
{
	size_t name_len = strlen(variable->name), len = secret_len(&variable->value);
	char *text = mem_zalloc(name_len + len + 2);

	memcpy(text, variable->name, name_len);
	text[name_len] = '=';
	memcpy(text + name_len + 1, secret_bytes(&variable->value), len);
	strv_take(list, text);
}

static bool is_set_by(const struct secrets_variables *variables, const char *entry)
{
	CLEANUP_FREE char *name = mem_strndup(entry, strcspn(entry, "="));

	return secrets_variables_find(variables, name) != NULL;
}

/* Whether the own environment has a value of that name; a reference is none. */
static bool has_own(const struct env *env, const char *name)
{
	const char *value = env_get_raw(env, name);
	CLEANUP_FREE char *entry = value ? mem_printf("%s=%s", name, value) : NULL;

	return entry && !secrets_is_reference(entry);
}

void secrets_environment_merge(const struct env *env, const struct secrets_variables *variables,
			       bool overrides, struct strv *ret)
{
	for (char *const *entry = env->vars; *entry; entry++) {
		if (!(overrides || secrets_is_reference(*entry)) || !is_set_by(variables, *entry))
			strv_add(ret, *entry);
	}
	for (size_t i = 0; i < variables->count; i++) {
		if (overrides || !has_own(env, variables->items[i].name))
			add_variable(ret, &variables->items[i]);
	}
}

/* ---- whether it fits ---- */

static size_t total_limit(void)
{
	struct rlimit stack;
	size_t limit = MAX_TOTAL;

	if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur / 4 < limit)
		limit = stack.rlim_cur / 4;
	return limit < MIN_TOTAL ? MIN_TOTAL : limit;
}

static size_t total_size(char *const *list)
{
	size_t total = 0;

	for (; *list; list++)
		total += strlen(*list) + 1 + sizeof(char *);
	return total;
}

static int by_size(const void *a, const void *b)
{
	size_t left = strlen(*(char *const *)a), right = strlen(*(char *const *)b);

	return left < right ? 1 : left > right ? -1 : 0;
}

/* "NAME (12345 bytes), ...": the largest first. */
static void describe_largest(const struct strv *environment, struct str *out)
{
	size_t count = environment->count;
	CLEANUP_FREE char **sorted = mem_zalloc((count + 1) * sizeof(*sorted));

	if (count)
		memcpy(sorted, environment->v, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_size);
	for (size_t i = 0; i < count && i < LARGEST; i++) {
		int name_len = (int)strcspn(sorted[i], "=");

		str_addf(out, "%s%.*s (%zu bytes)", i ? ", " : "", name_len, sorted[i],
			 strlen(sorted[i]));
	}
}

static int too_large(const struct strv *environment, const char *what, size_t limit,
		     struct error *err)
{
	CLEANUP(str_release) struct str largest = STR_INIT;

	describe_largest(environment, &largest);
	error_set(err, ERROR_CONFIG,
		  "%s than Linux hands to a program (%zu bytes); the largest: %s", what, limit,
		  largest.buf);
	return error_fix(err, "name single keys (NAME:KEY), or have the application fetch what is "
			      "large by itself");
}

int secrets_environment_check(const struct strv *environment, char *const *args, struct error *err)
{
	size_t limit = total_limit();

	for (size_t i = 0; i < environment->count; i++) {
		if (strlen(environment->v[i]) >= MAX_STRING)
			return too_large(environment, "a variable is larger", MAX_STRING - 1, err);
	}
	if (total_size(args) + total_size(strv_array(environment)) + 2 * sizeof(char *) > limit)
		return too_large(environment, "the environment is larger", limit, err);
	return 0;
}

/* ---- what it is for ---- */

/* 0, 126 or 127, as sh has it. */
static int look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == EACCES ? 126 : 127;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : 126;
}

static int not_found(const char *name, int status, int *ret_status, struct error *err)
{
	*ret_status = status;
	error_set(err, ERROR_TOOL, "'%s': %s", name,
		  status == 126 ? "cannot be executed" : "no such program");
	return error_fix(err, status == 126 ? "is it a file with its execute bit set?"
					    : "check the command and the image's PATH");
}

int secrets_find_program(const char *name, const char *path, char **ret_program, int *ret_status,
			 struct error *err)
{
	CLEANUP(strv_release) struct strv dirs = STRV_INIT;
	int worst = 127;

	if (strchr(name, '/')) {
		worst = look_at(name);
		if (worst)
			return not_found(name, worst, ret_status, err);
		*ret_program = mem_strdup(name);
		return 0;
	}
	strv_split(&dirs, path ? path : DEFAULT_PATH, ":");
	for (size_t i = 0; *name && i < dirs.count; i++) {
		CLEANUP_FREE char *program = mem_printf("%s/%s", dirs.v[i], name);
		int status = look_at(program);

		if (status == 0) {
			*ret_program = move_ptr(program);
			return 0;
		}
		worst = status < worst ? status : worst;
	}
	return not_found(name, worst, ret_status, err);
}
