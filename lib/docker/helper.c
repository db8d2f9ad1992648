#include "docker/helper.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/json.h"
#include "docker/address.h"

#include <string.h>

/* Docker knows these texts by heart: after the first it goes on without credentials. */
#define NOT_FOUND   "credentials not found in native keychain"
#define NO_SERVER   "no credentials server URL"
#define NO_USERNAME "no credentials username"

void helper_write(const char *server, const char *username, const struct secret *password,
		  struct str *out)
{
	str_reserve(out, secret_len(password) * 6 + strlen(server) + strlen(username) + 256);
	str_adds(out, "{\"ServerURL\":");
	json_quote(out, server);
	str_adds(out, ",\"Username\":");
	json_quote(out, username);
	str_adds(out, ",\"Secret\":");
	json_quote(out, secret_bytes(password));
	str_adds(out, "}\n");
}

int helper_read(const struct str *text, struct str *ret_username, struct secret *ret_password,
		struct error *err)
{
	json_auto_t *body = json_read(text->buf, text->len, err);
	const char *username = json_text(body, "Username");
	const char *password = json_text(body, "Secret");

	if (!body)
		return -1;
	if (!username || !password)
		return error_set(err, ERROR_CONFIG, "these are no credentials");
	str_reset(ret_username);
	str_adds(ret_username, username);
	secret_sets(ret_password, password);
	return 0;
}

static int refuse(const char *text, struct str *out, struct error *err)
{
	str_addf(out, "%s\n", text);
	return error_set(err, ERROR_USAGE, "%s", text);
}

/* A failure is told twice: some clients show one stream, some the other. */
static int pass_on(struct str *out, struct error *err)
{
	bool is_unknown = error_has_code(err, "NotFound");

	str_addf(out, "%s\n", is_unknown ? NOT_FOUND : err->msg.buf);
	return -1;
}

static int get(const struct helper *helper, const struct str *input, struct str *out,
	       struct error *err)
{
	struct slice trimmed = slice_trim((struct slice){ input->buf, strlen(input->buf) });
	CLEANUP(str_release) struct str server = STR_INIT;
	CLEANUP(str_release) struct str normal = STR_INIT;
	CLEANUP(str_release) struct str host = STR_INIT;
	CLEANUP(str_release) struct str username = STR_INIT;
	CLEANUP(secret_release) struct secret password = SECRET_INIT;

	if (trimmed.n == 0)
		return refuse(NO_SERVER, out, err);
	str_add(&server, trimmed.p, trimmed.n);
	if (address_normalize(server.buf, &normal, err) < 0)
		return pass_on(out, err);
	address_host(server.buf, &host);
	if (helper->get(helper->ctx, host.buf, &username, &password, err) < 0)
		return pass_on(out, err);
	helper_write(server.buf, username.buf, &password, out);
	return 0;
}

static int store(const struct str *input, struct str *out, struct error *err)
{
	json_auto_t *body = json_read(input->buf, input->len, err);
	const char *server = json_text(body, "ServerURL");
	const char *username = json_text(body, "Username");

	if (!body)
		return pass_on(out, err);
	if (!server || !*server)
		return refuse(NO_SERVER, out, err);
	if (!username || !*username)
		return refuse(NO_USERNAME, out, err);
	return 0;
}

static int erase(const struct str *input, struct str *out, struct error *err)
{
	if (slice_trim(slice_of(input->buf)).n == 0)
		return refuse(NO_SERVER, out, err);
	return 0;
}

static int list(const struct helper *helper, struct str *out, struct error *err)
{
	CLEANUP(strv_release) struct strv hosts = STRV_INIT;

	if (helper->list(helper->ctx, &hosts, err) < 0)
		return pass_on(out, err);
	str_addc(out, '{');
	for (size_t i = 0; i < hosts.count; i++) {
		CLEANUP(str_release) struct str url = STR_INIT;

		str_addf(&url, "https://%s", hosts.v[i]);
		str_adds(out, i ? "," : "");
		json_quote(out, url.buf);
		str_adds(out, ":\"AWS\"");
	}
	str_adds(out, "}\n");
	return 0;
}

int helper_run(const struct helper *helper, const char *action, const struct str *input,
	       struct str *out, struct error *err)
{
	if (strcmp(action, "get") == 0)
		return get(helper, input, out, err);
	if (strcmp(action, "store") == 0)
		return store(input, out, err);
	if (strcmp(action, "erase") == 0)
		return erase(input, out, err);
	if (strcmp(action, "list") == 0)
		return list(helper, out, err);
	if (strcmp(action, "version") == 0) {
		str_adds(out,
			 "docker-credential-" HELPER_NAME " (deployer) " DEPLOYER_VERSION "\n");
		return 0;
	}
	return refuse("usage: docker-credential-" HELPER_NAME " get|store|erase|list|version", out,
		      err);
}
