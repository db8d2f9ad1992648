#include "sandbox/sandbox.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "sandbox/initial_stack.h"
#include "sys/file.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_ACCOUNT "123456789012"
#define DEFAULT_REGION	"us-east-1"
#define SAVE_EVERY_MS	1000
#define DEFAULT_SPEED	60
#define MAX_STATE_BYTES (256 << 20)

void sandbox_random(struct str *out, size_t len, const char *alphabet)
{
	size_t count = strlen(alphabet);

	for (size_t i = 0; i < len; i++) {
		unsigned char bytes[4];
		unsigned number;

		if (RAND_bytes(bytes, sizeof(bytes)) != 1)
			mem_fatal("RAND_bytes");
		memcpy(&number, bytes, sizeof(number));
		str_addc(out, alphabet[number % count]);
	}
}

/* Version 4 of RFC 9562. */
void sandbox_random_uuid(struct str *out)
{
	static const char hex[] = "0123456789abcdef";

	sandbox_random(out, 8, hex);
	str_addc(out, '-');
	sandbox_random(out, 4, hex);
	str_adds(out, "-4");
	sandbox_random(out, 3, hex);
	str_addc(out, '-');
	sandbox_random(out, 1, "89ab");
	sandbox_random(out, 3, hex);
	str_addc(out, '-');
	sandbox_random(out, 12, hex);
}

int64_t sandbox_duration_ms(const struct sandbox *sandbox, unsigned seconds)
{
	return (int64_t)seconds * 1000 / sandbox->speed;
}

const char *sandbox_account(const struct sandbox *sandbox)
{
	return json_text(sandbox->state, "Account");
}

const char *sandbox_region(const struct sandbox *sandbox)
{
	return json_text(sandbox->state, "Region");
}

json_t *sandbox_list(struct sandbox *sandbox, const char *name)
{
	json_t *list = json_object_get(sandbox->state, name);

	if (list)
		return list;
	(void)json_object_set_new(sandbox->state, name, json_array());
	return json_object_get(sandbox->state, name);
}

json_t *sandbox_map(struct sandbox *sandbox, const char *name)
{
	json_t *map = json_object_get(sandbox->state, name);

	if (map)
		return map;
	(void)json_object_set_new(sandbox->state, name, json_object());
	return json_object_get(sandbox->state, name);
}

void sandbox_add_export(struct sandbox *sandbox, const char *name, const char *value)
{
	(void)json_object_set_new(sandbox_map(sandbox, "Exports"), name, json_string(value));
	sandbox->is_changed = true;
}

/* The prefixes are AWS's: AKIA for a user's key, ASIA for a session's. */
struct sandbox_key *sandbox_add_key(struct sandbox *sandbox, const char *prefix)
{
	struct sandbox_key *key = mem_grow(&sandbox->keys, &sandbox->key_count, sizeof(*key));
	CLEANUP(str_release) struct str id = STR_INIT;
	CLEANUP(str_wipe) struct str secret = STR_INIT;

	str_adds(&id, prefix);
	sandbox_random(&id, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
	sandbox_random(&secret, 40,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	key->access_key_id = str_detach(&id);
	secret_set(&key->secret, secret.buf, secret.len);
	return key;
}

void sandbox_count_call(struct sandbox *sandbox, const char *service, const char *operation,
			const char *note)
{
	CLEANUP(str_release) struct str key = STR_INIT;
	json_int_t count;

	str_addf(&key, "%s %s%s%s", service, operation, *note ? " " : "", note);
	count = json_integer_value(json_object_get(sandbox->counts, key.buf));
	(void)json_object_set_new(sandbox->counts, key.buf, json_integer(count + 1));
}

const struct sandbox_key *sandbox_find_key(const struct sandbox *sandbox, const char *id)
{
	for (size_t i = 0; i < sandbox->key_count; i++) {
		if (strcmp(sandbox->keys[i].access_key_id, id) == 0)
			return &sandbox->keys[i];
	}
	return NULL;
}

/* The one user of the account: what the program prints as AWS_ACCESS_KEY_ID. */
static void add_user(struct sandbox *sandbox)
{
	struct sandbox_key *key = sandbox_add_key(sandbox, "AKIA");

	key->arn = mem_printf("arn:aws:iam::%s:user/sandbox", sandbox_account(sandbox));
	key->user_id = mem_strdup("AIDASANDBOXSANDBOXSA");
}

static int read_state(struct sandbox *sandbox, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (file_read(sandbox->state_path, MAX_STATE_BYTES, &text, err) < 0)
		return -1;
	sandbox->state = json_read_own(text.buf, text.len, err);
	if (!sandbox->state || !sandbox_account(sandbox) || !sandbox_region(sandbox)) {
		if (sandbox->state)
			error_set(err, ERROR_CONFIG, "no account in it");
		error_wrap(err, "state '%s'", sandbox->state_path);
		return error_fix(err, "remove the file to start with an empty account");
	}
	return 0;
}

static int check_same(const struct sandbox *sandbox, const char *what, const char *kept,
		      const char *wanted, struct error *err)
{
	if (!wanted || strcmp(kept, wanted) == 0)
		return 0;
	error_set(err, ERROR_CONFIG, "state '%s' is of %s %s, not %s", sandbox->state_path, what,
		  kept, wanted);
	return error_fix(err, "give another --state, or leave out --%s", what);
}

static int open_state(struct sandbox *sandbox, const struct sandbox_options *options,
		      struct error *err)
{
	if (options->state_dir) {
		if (file_make_dirs(options->state_dir, err) < 0)
			return -1;
		sandbox->state_path = file_join(options->state_dir, "account.json");
	}
	if (sandbox->state_path && file_exists(sandbox->state_path)) {
		if (read_state(sandbox, err) < 0)
			return -1;
		if (check_same(sandbox, "account", sandbox_account(sandbox), options->account,
			       err) < 0)
			return -1;
		return check_same(sandbox, "region", sandbox_region(sandbox), options->region, err);
	}
	sandbox->state = json_pack("{s:s, s:s}", "Account",
				   options->account ? options->account : DEFAULT_ACCOUNT, "Region",
				   options->region ? options->region : DEFAULT_REGION);
	if (!sandbox->state)
		return error_set(err, ERROR_USAGE, "account or region is not text");
	sandbox->is_changed = true;
	return 0;
}

static int read_scenario(struct sandbox *sandbox, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (file_read(sandbox->scenario_path, 1 << 20, &text, err) < 0)
		return error_become(err, ERROR_CONFIG);
	if (scenario_read(text.buf, text.len, &sandbox->scenario, err) < 0)
		return error_wrap(err, "scenario '%s'", sandbox->scenario_path);
	return 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int sandbox_refresh_scenario(struct sandbox *sandbox, struct error *err)
{
	struct stat status = { 0 };

	if (!sandbox->scenario_path)
		return 0;
	/* A file that is not there is told by the reading. */
	if (stat(sandbox->scenario_path, &status) == 0 &&
	    is_same_file(&status, &sandbox->scenario_status))
		return 0;
	if (read_scenario(sandbox, err) < 0) {
		error_set_code(err, "InvalidScenario");
		return -1;
	}
	sandbox->scenario_status = status;
	return 0;
}

int sandbox_open(const struct sandbox_options *options, struct sandbox **ret_sandbox,
		 struct error *err)
{
	CLEANUP(sandbox_freep) struct sandbox *sandbox = mem_zalloc(sizeof(*sandbox));

	sandbox->clock = options->clock;
	sandbox->http = options->http;
	sandbox->speed = options->speed ? options->speed : DEFAULT_SPEED;
	sandbox->counts = json_object();
	(void)pthread_mutex_init(&sandbox->lock, NULL);
	if (options->scenario)
		sandbox->scenario_path = mem_strdup(options->scenario);
	if (open_state(sandbox, options, err) < 0 || sandbox_refresh_scenario(sandbox, err) < 0)
		return -1;
	add_user(sandbox);
	if (initial_stack_make_all(sandbox, err) < 0)
		return error_wrap(err, "scenario '%s'", options->scenario);
	*ret_sandbox = move_ptr(sandbox);
	return 0;
}

int sandbox_save(struct sandbox *sandbox, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (!sandbox->state_path || !sandbox->is_changed)
		return 0;
	json_write(sandbox->state, &text);
	if (file_write_atomic(sandbox->state_path, text.buf, text.len, 0600, err) < 0)
		return error_wrap(err, "saving the sandbox's state");
	sandbox->is_changed = false;
	return 0;
}

void sandbox_save_sometimes(struct sandbox *sandbox, int64_t now_ms)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;

	if (now_ms - sandbox->saved_ms < SAVE_EVERY_MS)
		return;
	sandbox->saved_ms = now_ms;
	/* Still changed where it failed: the last save, at the end, tells. */
	(void)sandbox_save(sandbox, &ignored);
}

void sandbox_free(struct sandbox *sandbox)
{
	if (!sandbox)
		return;
	for (size_t i = 0; i < sandbox->key_count; i++) {
		free(sandbox->keys[i].access_key_id);
		free(sandbox->keys[i].arn);
		free(sandbox->keys[i].user_id);
		secret_release(&sandbox->keys[i].secret);
		secret_release(&sandbox->keys[i].token);
	}
	free(sandbox->keys);
	free(sandbox->state_path);
	free(sandbox->registry_host);
	secret_release(&sandbox->registry_password);
	for (size_t i = 0; i < sandbox->token_count; i++)
		secret_release(&sandbox->tokens[i].password);
	free(sandbox->tokens);
	scenario_release(&sandbox->scenario);
	free(sandbox->scenario_path);
	json_decref(sandbox->state);
	json_decref(sandbox->counts);
	(void)pthread_mutex_destroy(&sandbox->lock);
	free(sandbox);
}

void sandbox_freep(struct sandbox **sandbox)
{
	sandbox_free(*sandbox);
}
