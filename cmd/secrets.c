#include "cmd/secrets.h"

#include "base/cleanup.h"
#include "base/sanitize.h"
#include "secrets/fetch.h"
#include "sys/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECRET_BYTES (64UL << 10) /* of SecretString: Secrets Manager quotas */

static int read_parameter(struct secrets_answer *answer, struct secret *ret)
{
	secret_copy(ret, &answer->parameters.items[0].value);
	return 0;
}

int secrets_read_operand(struct app *app, const char *operand, struct secrets_references *ret_refs,
			 struct secret *ret_text, struct error *err)
{
	CLEANUP(secrets_answers_release) struct secrets_answers answers = SECRETS_ANSWERS_INIT;
	struct aws_client *client;
	struct http *http = app_http(app);

	if (secrets_references_parse(ret_refs, operand, false, err) < 0)
		return error_become(err, ERROR_USAGE);
	if (ret_refs->count != 1 || ret_refs->items[0].kind == SECRETS_PARAMETERS)
		return error_set(err, ERROR_USAGE, "'%s' is not one secret", operand);
	if (app_aws(app, &client, err) < 0 ||
	    secrets_fetch(client, &http, 1, ret_refs, app->report, &answers, err) < 0)
		return -1;
	if (ret_refs->items[0].kind == SECRETS_PARAMETER)
		return read_parameter(&answers.items[0], ret_text);
	if (answers.items[0].secret.is_binary)
		return error_set(err, ERROR_REFUSED, "'%s' is a binary secret", operand);
	secret_copy(ret_text, &answers.items[0].secret.value);
	return 0;
}

/* Into one buffer that is large enough: nothing is left behind by growing. */
static int read_stdin(struct secret *ret, struct error *err)
{
	char bytes[MAX_SECRET_BYTES + 1];
	size_t len = 0;
	ssize_t count;

	if (isatty(STDIN_FILENO)) {
		error_set(err, ERROR_USAGE, "standard input is a terminal");
		return error_fix(err, "pipe the value in, give --file, or use 'secrets edit'");
	}
	do {
		count = read(STDIN_FILENO, bytes + len, sizeof(bytes) - len);
		len += count > 0 ? (size_t)count : 0;
	} while (len < sizeof(bytes) && (count > 0 || (count < 0 && errno == EINTR)));
	if (len <= MAX_SECRET_BYTES && count == 0)
		secret_set(ret, bytes, len);
	explicit_bzero(bytes, sizeof(bytes));
	if (count < 0)
		return error_set_errno(err, errno, "reading standard input");
	if (len > MAX_SECRET_BYTES)
		return error_set(err, ERROR_CONFIG, "more than the 64 KiB that a secret holds");
	return 0;
}

int secrets_read_input(const char *path, struct secret *ret, struct error *err)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;

	if (!path || strcmp(path, "-") == 0)
		return read_stdin(ret, err);
	if (file_read(path, MAX_SECRET_BYTES, &text, err) < 0)
		return error_become(err, ERROR_CONFIG);
	secret_set(ret, text.buf, text.len);
	return 0;
}

int secrets_store_and_tell(struct app *app, const struct secrets_store_request *request,
			   struct error *err)
{
	static const char *const told[] = {
		[SECRETS_CREATED] = "is created",
		[SECRETS_CHANGED] = "has a new version",
		[SECRETS_UNCHANGED] = "has this value already",
	};
	enum secrets_store_outcome outcome;
	struct aws_client *client;

	if (secret_len(request->value) > MAX_SECRET_BYTES)
		return error_set(err, ERROR_CONFIG, "more than the 64 KiB that a secret holds");
	if (app_aws(app, &client, err) < 0 || secrets_store(client, request, &outcome, err) < 0)
		return -1;
	if (outcome != SECRETS_CREATED && (request->kms_key_id || request->description ||
					   (request->tags && request->tags->count)))
		report_warning(app->report,
			       "'%s' was there already: description, key and tags stay",
			       request->name);
	report_note(app->report, "'%s' %s", request->name, told[outcome]);
	return 0;
}

void secrets_format_member(const struct secrets_variable *member, bool reveal, struct str *out)
{
	size_t len = secret_len(&member->value);

	sanitize_text(out, member->name);
	if (reveal)
		str_addf(out, "=%s\n", secret_bytes(&member->value));
	else
		str_addf(out, "  ********  (%zu byte%s)\n", len, len == 1 ? "" : "s");
}
