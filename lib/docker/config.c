#include "docker/config.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/digest.h"
#include "data/json.h"
#include "data/json_edit.h"
#include "docker/address.h"
#include "docker/helper.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CONFIG_MAX_BYTES (4UL << 20)
#define LOCK_WAIT_MS	 30000
#define STORE_TIMEOUT_MS 30000

char *docker_config_dir(const struct env *env)
{
	const char *dir = env_get(env, "DOCKER_CONFIG");
	const char *home = env_home(env);

	if (dir)
		return mem_strdup(dir);
	return home ? mem_printf("%s/.docker", home) : NULL;
}

static int misread(const char *path, struct error *err)
{
	error_wrap(err, "'%s'", path);
	return error_fix(err,
			 "correct the file, or move it away: it is docker's own configuration");
}

/* An empty file counts as {}, as the docker CLI has it. */
static json_t *parse(const char *path, const struct str *text, struct error *err)
{
	json_t *config;

	if (text->len == 0)
		return json_object();
	config = json_read(text->buf, text->len, err);
	if (config && !json_is_object(config)) {
		json_decref(config);
		config = NULL;
		error_set(err, ERROR_CONFIG, "not a JSON object");
	}
	if (config)
		return config;
	(void)misread(path, err);
	return NULL;
}

/* Both forms of the file; NULL and "" where there is none to be had. */
static json_t *load(const char *path, struct str *ret_text, struct error *err)
{
	if (path && file_exists(path) && file_read(path, CONFIG_MAX_BYTES, ret_text, err) < 0)
		return NULL;
	return parse(path, ret_text, err);
}

json_t *docker_config_read(const struct env *env, struct error *err)
{
	CLEANUP_FREE char *dir = docker_config_dir(env);
	CLEANUP_FREE char *path = dir ? file_join(dir, "config.json") : NULL;
	CLEANUP(str_wipe) struct str text = STR_INIT;

	return load(path, &text, err);
}

int docker_config_text(const struct env *env, struct str *ret_text, struct error *err)
{
	CLEANUP_FREE char *dir = docker_config_dir(env);
	CLEANUP_FREE char *path = dir ? file_join(dir, "config.json") : NULL;
	json_auto_t *config = load(path, ret_text, err);

	if (!config)
		return -1;
	if (ret_text->len == 0)
		str_adds(ret_text, "{}");
	return 0;
}

/* The file while it is being edited: nobody else of ours has it meanwhile. */
struct edit {
	char *path;
	int lock;
	struct str old;
	struct str text;
	json_t *config;
};

#define EDIT_INIT                                                                                  \
	{                                                                                          \
		.path = NULL, .lock = -1, .old = STR_INIT, .text = STR_INIT, .config = NULL        \
	}

static void edit_release(struct edit *edit)
{
	free(edit->path);
	cleanup_close_(&edit->lock);
	str_wipe(&edit->old);
	str_wipe(&edit->text);
	json_decref(edit->config);
}

/*
 * The lock is a file of its own: config.json may not exist yet, and the docker CLI replaces it. The
 * folder may end up holding credentials, so it is made for its owner only.
 */
static int edit_begin(const struct env *env, struct edit *edit, struct error *err)
{
	CLEANUP_FREE char *dir = docker_config_dir(env);
	CLEANUP_FREE char *lock = dir ? file_join(dir, "deployer.lock") : NULL;

	if (!dir) {
		error_set(err, ERROR_CONFIG, "neither DOCKER_CONFIG nor HOME is set");
		return error_fix(err, "set HOME");
	}
	if (mkdir(dir, 0700) < 0 && errno != EEXIST && file_make_dirs(dir, err) < 0)
		return -1;
	if (file_lock(lock, LOCK_WAIT_MS, &edit->lock, err) < 0)
		return -1;
	edit->path = file_join(dir, "config.json");
	edit->config = load(edit->path, &edit->old, err);
	if (!edit->config)
		return -1;
	str_add(&edit->text, edit->old.buf, edit->old.len);
	if (edit->text.len == 0)
		str_adds(&edit->text, "{}\n");
	return 0;
}

static int edit_set(struct edit *edit, const char *const *path, const char *value,
		    struct error *err)
{
	return json_edit_set(&edit->text, path, value, err) == 0 ? 0 : misread(edit->path, err);
}

static int edit_remove(struct edit *edit, const char *const *path, bool *ret_found,
		       struct error *err)
{
	return json_edit_remove(&edit->text, path, ret_found, err) == 0 ? 0
									: misread(edit->path, err);
}

/* Unchanged bytes are not written. The docker CLI knows nothing of our lock: what it wrote
 * meanwhile is not overwritten either. */
static int edit_finish(struct edit *edit, struct error *err)
{
	const struct file_change all = { 0, edit->old.len, { edit->text.buf, edit->text.len } };

	if (edit->text.len == edit->old.len &&
	    memcmp(edit->text.buf, edit->old.buf, edit->old.len) == 0)
		return 0;
	if (file_exists(edit->path))
		return file_edit_atomic(edit->path, &edit->old, &all, err);
	return file_write_atomic(edit->path, edit->text.buf, edit->text.len, 0600, err);
}

static const char *helper_of(const json_t *config, const char *host)
{
	return json_text(json_object_get(config, "credHelpers"), host);
}

/* The user's credential store, or NULL. */
static const char *store_of(const json_t *config)
{
	const char *store = json_text(config, "credsStore");

	return store && *store ? store : NULL;
}

static int check_helper(const struct edit *edit, const char *host, const char *helper,
			struct error *err)
{
	const char *present = helper_of(edit->config, host);

	if (!present || strcmp(present, helper) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "docker asks docker-credential-%s for %s already", present,
		  host);
	return error_fix(err, "take that entry out of credHelpers in %s first", edit->path);
}

/* Hands something to the user's credential store: `docker-credential-NAME ACTION`. */
static int ask_store(const char *name, const char *action, const struct str *input,
		     struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	CLEANUP(str_release) struct str noise = STR_INIT;
	struct proc_end end;

	strv_addf(&proc.args, "docker-credential-%s", name);
	strv_add(&proc.args, action);
	proc.input = input->buf;
	proc.input_len = input->len;
	proc.ret_out = &out;
	proc.ret_err = &noise;
	proc.timeout_ms = STORE_TIMEOUT_MS;
	if (proc_run(&proc, &end, err) < 0)
		return err->kind != ERROR_TOOL ? -1
					       : error_fix(err, "install it, or correct "
								"'credsStore' in docker's "
								"config.json");
	if (proc_check(&proc, &end, err) == 0)
		return 0;
	error_become(err, ERROR_TOOL);
	if (out.len) {
		struct slice why = slice_trim((struct slice){ out.buf, out.len });

		str_addf(&err->msg, ": %.*s", (int)why.n, why.p);
		if (slice_is(why, "credentials not found in native keychain"))
			error_set_code(err, "NotFound");
	}
	return error_fix(err, "see 'credsStore' in docker's config.json");
}

/* As the docker CLI does it: the entry in config.json stays empty, and tells that there is one. */
static int store_elsewhere(struct edit *edit, const char *name, const struct docker_login *login,
			   struct error *err)
{
	const char *const path[] = { "auths", login->host, NULL };
	CLEANUP(str_wipe) struct str input = STR_INIT;

	helper_write(login->host, login->username, login->password, &input);
	/* A program may quote what it was given. */
	if (ask_store(name, "store", &input, err) < 0)
		return error_mask(err, secret_bytes(login->password));
	return edit_set(edit, path, "{}", err);
}

/* {"auth": "<base64 of USER:PASSWORD>"} */
static int store_here(struct edit *edit, const struct docker_login *login, struct error *err)
{
	CLEANUP(str_wipe) struct str pair = STR_INIT;
	CLEANUP(str_wipe) struct str value = STR_INIT;
	const char *const path[] = { "auths", login->host, "auth", NULL };

	str_reserve(&pair, strlen(login->username) + secret_len(login->password) + 2);
	str_addf(&pair, "%s:", login->username);
	str_add(&pair, secret_bytes(login->password), secret_len(login->password));
	str_reserve(&value, pair.len * 4 / 3 + 64);
	str_addc(&value, '"');
	base64_encode(&value, pair.buf, pair.len);
	str_addc(&value, '"');
	return edit_set(edit, path, value.buf, err);
}

/* A file that others can read keeps its mode when it is written: with a token in it, it must not.
 */
static int close_to_others(const char *path, struct error *err)
{
	if (chmod(path, 0600) < 0 && errno != ENOENT)
		return error_set_errno(err, errno, "'%s'", path);
	return 0;
}

int docker_config_store(const struct env *env, const struct docker_login *login, struct error *err)
{
	CLEANUP(edit_release) struct edit edit = EDIT_INIT;
	const char *const helper_path[] = { "credHelpers", login->host, NULL };
	const char *store;
	bool found;

	if (edit_begin(env, &edit, err) < 0 ||
	    check_helper(&edit, login->host, login->helper, err) < 0 ||
	    edit_remove(&edit, helper_path, &found, err) < 0)
		return -1;
	store = store_of(edit.config);
	if (store)
		return store_elsewhere(&edit, store, login, err) < 0 ? -1 : edit_finish(&edit, err);
	if (store_here(&edit, login, err) < 0 || close_to_others(edit.path, err) < 0)
		return -1;
	return edit_finish(&edit, err);
}

/* An entry may be named by a whole URL: the CLI compares hosts (address_host()). */
static int forget_entries(struct edit *edit, const char *host, bool *ret_changed, struct error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(edit->config, "auths"), key, value)
	{
		CLEANUP(str_release) struct str key_host = STR_INIT;
		const char *const path[] = { "auths", key, NULL };
		bool found = false;

		address_host(key, &key_host);
		if (strcmp(key_host.buf, host) != 0)
			continue;
		if (edit_remove(edit, path, &found, err) < 0)
			return -1;
		*ret_changed |= found;
	}
	return 0;
}

/* A token that lies here in clear goes: docker would not look at it any more. */
int docker_config_set_helper(const struct env *env, const char *host, const char *helper,
			     struct error *err)
{
	CLEANUP(edit_release) struct edit edit = EDIT_INIT;
	CLEANUP(str_release) struct str value = STR_INIT;
	const char *const path[] = { "credHelpers", host, NULL };
	bool had_entry = false;

	json_quote(&value, helper);
	if (edit_begin(env, &edit, err) < 0 || check_helper(&edit, host, helper, err) < 0 ||
	    edit_set(&edit, path, value.buf, err) < 0)
		return -1;
	if (!store_of(edit.config) && forget_entries(&edit, host, &had_entry, err) < 0)
		return -1;
	return edit_finish(&edit, err);
}

static int forget_in_store(const struct edit *edit, const char *host, struct error *err)
{
	CLEANUP(str_release) struct str input = STR_INIT;
	const char *store = store_of(edit->config);

	str_adds(&input, host);
	if (!store || ask_store(store, "erase", &input, err) == 0)
		return 0;
	if (!error_has_code(err, "NotFound"))
		return -1;
	error_release(err);
	return 0;
}

int docker_config_forget(const struct env *env, const char *host, const char *helper,
			 bool *ret_changed, struct error *err)
{
	CLEANUP(edit_release) struct edit edit = EDIT_INIT;
	const char *const path[] = { "credHelpers", host, NULL };
	bool had_helper = false, had_entry = false;
	const char *present;

	if (edit_begin(env, &edit, err) < 0)
		return -1;
	present = helper_of(edit.config, host);
	if (present && strcmp(present, helper) == 0 &&
	    edit_remove(&edit, path, &had_helper, err) < 0)
		return -1;
	if (forget_entries(&edit, host, &had_entry, err) < 0 ||
	    (had_entry && forget_in_store(&edit, host, err) < 0))
		return -1;
	*ret_changed = had_helper || had_entry;
	return edit_finish(&edit, err);
}

static bool is_user(const json_t *entry, const char *username)
{
	const char *auth = json_text(entry, "auth");
	size_t len = strlen(username);
	CLEANUP(str_wipe) struct str pair = STR_INIT;

	return auth && base64_decode(&pair, auth, strlen(auth)) && pair.len > len &&
	       memcmp(pair.buf, username, len) == 0 && pair.buf[len] == ':';
}

static void add_host(struct strv *hosts, const char *key)
{
	CLEANUP(str_release) struct str host = STR_INIT;

	address_host(key, &host);
	if (!strv_has(hosts, host.buf))
		strv_add(hosts, host.buf);
}

int docker_config_hosts(const struct env *env, const char *helper, const char *username,
			struct strv *ret_hosts, struct error *err)
{
	json_auto_t *config = docker_config_read(env, err);
	const char *key;
	json_t *value;

	if (!config)
		return -1;
	json_object_foreach(json_object_get(config, "credHelpers"), key, value)
	{
		if (json_is_string(value) && strcmp(json_string_value(value), helper) == 0)
			add_host(ret_hosts, key);
	}
	json_object_foreach(json_object_get(config, "auths"), key, value)
	{
		if (username && is_user(value, username))
			add_host(ret_hosts, key);
	}
	return 0;
}

bool docker_config_asks(const struct env *env, const char *helper)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(strv_release) struct strv hosts = STRV_INIT;
	json_auto_t *config = docker_config_read(env, &ignored);
	const char *store = config ? json_text(config, "credsStore") : NULL;

	if (!config || docker_config_hosts(env, helper, NULL, &hosts, &ignored) < 0)
		return false;
	return hosts.count || (store && strcmp(store, helper) == 0);
}
