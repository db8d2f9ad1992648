#include "aws/cache.h"

#include "aws/credentials_json.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "data/digest.h"
#include "sys/file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DIR	  "cli/cache"
#define MAX_BYTES (256 << 10)
#define MIN_MS	  (15 * 60 * 1000)

static const struct aws_credentials_names names = {
	.id = "AccessKeyId",
	.secret = "SecretAccessKey",
	.token = "SessionToken",
	.expires = "Expiration",
	.account = "AccountId",
};

/* Python writes \u00e9 where jansson writes \u00E9. */
static void lower_escapes(char *text)
{
	for (char *p = strchr(text, '\\'); p; p = strchr(p, '\\')) {
		if (p[1] != 'u') {
			p += 2;
			continue;
		}
		for (int i = 2; i < 6; i++)
			p[i] = (char)tolower((unsigned char)p[i]);
		p += 6;
	}
}

void aws_cache_key(const json_t *args, bool is_compact, struct str *out)
{
	CLEANUP_FREE char *text = json_dumps(args, JSON_SORT_KEYS | JSON_ENSURE_ASCII |
							   (is_compact ? JSON_COMPACT : 0U));

	if (!text)
		mem_fatal("json_dumps");
	lower_escapes(text);
	digest_sha1_hex(out, text, strlen(text));
}

char *aws_cache_path(const struct env *env, const char *dir, const char *key)
{
	const char *home = env_home(env);

	return home ? mem_printf("%s/.aws/%s/%s.json", home, dir, key) : NULL;
}

json_t *aws_cache_read(const char *path)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(str_wipe) struct str text = STR_INIT;

	if (!file_exists(path) || file_read(path, MAX_BYTES, &text, &ignored) < 0)
		return NULL;
	return json_read(text.buf, text.len, &ignored);
}

static int write_private(const char *path, const char *text, struct error *err)
{
	CLEANUP_FREE char *dir = file_dirname(path);

	if (file_make_dirs(dir, err) < 0)
		return -1;
	/* An older file may be open to others, and a write keeps its mode. */
	if (chmod(path, 0600) < 0 && errno != ENOENT)
		return error_set_errno(err, errno, "'%s'", path);
	return file_write_atomic(path, text, strlen(text), 0600, err);
}

int aws_cache_write(const char *path, const json_t *document, struct error *err)
{
	char *text = json_dumps(document, JSON_ENSURE_ASCII);
	int result;

	if (!text)
		mem_fatal("json_dumps");
	result = write_private(path, text, err);
	explicit_bzero(text, strlen(text));
	free(text);
	return result;
}

bool aws_cache_load(const struct aws_search *search, const char *key, struct aws_credentials *ret)
{
	CLEANUP_FREE char *path = aws_cache_path(search->settings->env, DIR, key);
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(aws_json_wipe) json_t *document = NULL;
	CLEANUP(aws_credentials_release) struct aws_credentials found = AWS_CREDENTIALS_INIT;
	int64_t now_ms = search->clock->wall_ms(search->clock);

	if (!path || search->skip_cache || search->settings->no_cache)
		return false;
	document = aws_cache_read(path);
	if (!document || aws_credentials_read(json_object_get(document, "Credentials"), &names,
					      &found, &ignored) < 0)
		return false;
	if (found.expires_ms - now_ms < MIN_MS)
		return false;
	aws_credentials_copy(ret, &found);
	return true;
}

void aws_cache_store(const struct aws_search *search, const char *key, const json_t *document)
{
	CLEANUP_FREE char *path = aws_cache_path(search->settings->env, DIR, key);
	CLEANUP(error_release) struct error err = ERROR_INIT;

	if (path && !search->settings->no_cache && aws_cache_write(path, document, &err) < 0)
		report_warning(search->report, "the credentials cache: %s", err.msg.buf);
}

json_t *aws_cache_credentials(const struct aws_credentials *credentials)
{
	CLEANUP(str_release) struct str expires = STR_INIT;
	json_t *object;

	clock_format_rfc3339(credentials->expires_ms, &expires);
	/* Python's isoformat() writes the offset out. */
	str_cut(&expires, expires.len - 1);
	str_adds(&expires, "+00:00");
	object =
		json_pack("{s:s, s:s, s:s, s:s}", "AccessKeyId", credentials->access_key_id.buf,
			  "SecretAccessKey", secret_bytes(&credentials->secret_key), "SessionToken",
			  secret_bytes(&credentials->session_token), "Expiration", expires.buf);
	if (!object)
		mem_fatal("json_pack");
	if (credentials->account_id.len)
		(void)json_object_set_new(object, "AccountId",
					  json_string(credentials->account_id.buf));
	return object;
}
