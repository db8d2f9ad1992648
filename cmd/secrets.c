#include "cmd/secrets.h"

#include "base/cleanup.h"
#include "base/sanitize.h"
#include "secrets/document.h"
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

int secrets_explain_absence(struct error *err)
{
	if (error_has_code(err, "ResourceNotFoundException"))
		return error_fix(err, "'deployer secrets list' has the names in this account and "
				      "region, 'list --versions NAME' a secret's versions");
	if (error_has_code(err, "ParameterNotFound"))
		return error_fix(err, "is it in this account and region?");
	return -1;
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
	if (app_aws(app, &client, err) < 0)
		return -1;
	if (secrets_fetch(client, &http, 1, ret_refs, app->report, &answers, err) < 0)
		return secrets_explain_absence(err);
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

void secrets_format_member(const struct secrets_variable *member, bool reveal, struct str *out)
{
	size_t len = secret_len(&member->value);

	sanitize_text(out, member->name);
	if (reveal)
		str_addf(out, "=%s\n", secret_bytes(&member->value));
	else
		str_addf(out, "  ********  (%zu byte%s)\n", len, len == 1 ? "" : "s");
}

static void add_line(char mark, const struct secrets_variable *member, bool reveal, struct str *out)
{
	str_addf(out, "%c ", mark);
	secrets_format_member(member, reveal, out);
}

bool secrets_format_changes(const struct secrets_variables *old,
			    const struct secrets_variables *fresh, bool reveal, struct str *out)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct secrets_variable *was = &old->items[i];
		const struct secrets_variable *is = secrets_variables_find(fresh, was->name);

		if (is && secret_is_equal(&is->value, &was->value))
			continue;
		add_line('-', was, reveal, out);
		if (is)
			add_line('+', is, reveal, out);
	}
	for (size_t i = 0; i < fresh->count; i++) {
		if (!secrets_variables_find(old, fresh->items[i].name))
			add_line('+', &fresh->items[i], reveal, out);
	}
	return out->len > 0;
}

/* What the members of a stored text are; none where there is none or it is no JSON object. */
static void read_members(const char *name, const struct secret *text, struct secrets_variables *ret)
{
	CLEANUP(error_release) struct error none = ERROR_INIT;

	if (secret_is_set(text))
		(void)secrets_document_members(name, text, ret, &none);
}

/* What storing would change, key by key; names and sizes only. */
static int preview(struct app *app, struct aws_client *client,
		   const struct secrets_store_request *request, struct error *err)
{
	CLEANUP(secrets_variables_release) struct secrets_variables old = SECRETS_VARIABLES_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables fresh = SECRETS_VARIABLES_INIT;
	CLEANUP(secret_release) struct secret stored = SECRET_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;

	if (secrets_load(client, request->name, &stored, err) < 0)
		return -1;
	read_members(request->name, &stored, &old);
	read_members(request->name, request->value, &fresh);
	(void)secrets_format_changes(&old, &fresh, false, &out);
	(void)fputs(out.buf, app->out);
	return 0;
}

/* CreateSecret, SecretString: 1 to 65,536 bytes; NUL in it comes back as what no reader takes. */
static int check_value(const struct secret *value, struct error *err)
{
	const char *bytes = secret_bytes(value);
	size_t len = secret_len(value);

	if (len > MAX_SECRET_BYTES)
		return error_set(err, ERROR_CONFIG, "more than the 64 KiB that a secret holds");
	if (len == 0)
		return error_set(err, ERROR_CONFIG, "the value is empty");
	if (strlen(bytes) == len)
		return 0;
	error_set(err, ERROR_CONFIG, "the value has a NUL in it");
	return error_fix(err, "store it in base64");
}

int secrets_store_and_tell(struct app *app, const struct secrets_store_request *request,
			   struct error *err)
{
	static const char *const told[][2] = {
		[SECRETS_CREATED] = { "is created", "would be created" },
		[SECRETS_CHANGED] = { "has a new version", "would get a new version" },
		[SECRETS_UNCHANGED] = { "has this value already", "has this value already" },
	};
	enum secrets_store_outcome outcome;
	struct aws_client *client;

	if (check_value(request->value, err) < 0 || app_aws(app, &client, err) < 0 ||
	    (request->dry_run && preview(app, client, request, err) < 0) ||
	    secrets_store(client, request, &outcome, err) < 0)
		return -1;
	if (outcome != SECRETS_CREATED && (request->kms_key_id || request->description ||
					   (request->tags && request->tags->count)))
		report_warning(app->report,
			       "'%s' was there already: description, key and tags stay",
			       request->name);
	report_note(app->report, "'%s' %s", request->name, told[outcome][request->dry_run]);
	return 0;
}
