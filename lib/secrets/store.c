#include "secrets/store.h"

#include "aws/secrets_manager.h"
#include "base/cleanup.h"
#include "base/random.h"

#include <string.h>

#define MAX_NAME   512
#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+=.@-"

#define TOKEN_BYTES 16 /* 32 hexadecimal digits: the least that the service takes */

/* API reference, CreateSecret, Name; an ARN, of a secret that is there, has ':' too. */
static int check_name(const char *name, struct error *err)
{
	bool is_arn = strncmp(name, "arn:", 4) == 0;
	size_t len = strlen(name);

	if (len && len <= MAX_NAME && name[strspn(name, is_arn ? NAME_CHARS ":" : NAME_CHARS)] == 0)
		return 0;
	error_set(err, ERROR_USAGE, "'%s' is no name of a secret", name);
	return error_fix(err, "a name has 1 to %d letters, digits and /_+=.@-; no key or version",
			 MAX_NAME);
}

int secrets_load(struct aws_client *client, const char *name, struct secret *ret, struct error *err)
{
	CLEANUP(secrets_value_release) struct secrets_value found = SECRETS_VALUE_INIT;

	if (check_name(name, err) < 0)
		return -1;
	if (secrets_get_value(client, name, NULL, NULL, &found, err) < 0) {
		if (!error_has_code(err, "ResourceNotFoundException"))
			return -1;
		error_release(err);
		secret_release(ret);
		return 0;
	}
	if (found.is_binary) {
		error_set(err, ERROR_REFUSED, "'%s' is a binary secret", name);
		return error_fix(err, "change it with the AWS CLI");
	}
	secret_copy(ret, &found.value);
	return 0;
}

static int create(struct aws_client *client, const struct secrets_store_request *request,
		  const char *token, struct error *err)
{
	const struct secrets_create_request create = {
		.name = request->name,
		.value = request->value,
		.description = request->description,
		.kms_key_id = request->kms_key_id,
		.client_token = token,
		.tags = request->tags,
	};
	CLEANUP(str_release) struct str arn = STR_INIT;

	return secrets_create(client, &create, &arn, err);
}

/* Whether the secret is there, with a version or without. */
static int exists(struct aws_client *client, const char *name, bool *ret_exists, struct error *err)
{
	CLEANUP(secrets_entry_release) struct secrets_entry entry = SECRETS_ENTRY_INIT;

	*ret_exists = true;
	if (secrets_describe(client, name, &entry, err) == 0)
		return 0;
	if (!error_has_code(err, "ResourceNotFoundException"))
		return -1;
	error_release(err);
	*ret_exists = false;
	return 0;
}

static int predict(struct aws_client *client, const char *name,
		   enum secrets_store_outcome *ret_outcome, struct error *err)
{
	bool is_there;

	if (exists(client, name, &is_there, err) < 0)
		return -1;
	*ret_outcome = is_there ? SECRETS_CHANGED : SECRETS_CREATED;
	return 0;
}

/*
 * The answer was lost: the version that the token names tells whether it was stored; otherwise *err
 * stays, or becomes ERROR_OUTCOME where that could not be asked either (reliability rule R2).
 */
static bool was_stored(struct aws_client *client, const char *name, const char *token,
		       struct error *err)
{
	CLEANUP(secrets_value_release) struct secrets_value found = SECRETS_VALUE_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;

	if (err->kind != ERROR_NETWORK && err->kind != ERROR_BUSY)
		return false;
	if (secrets_get_value(client, name, token, NULL, &found, &blind) == 0) {
		error_release(err);
		return true;
	}
	if (!error_has_code(&blind, "ResourceNotFoundException")) {
		error_wrap(err, "whether '%s' was stored is not known", name);
		error_become(err, ERROR_OUTCOME);
	}
	return false;
}

int secrets_store(struct aws_client *client, const struct secrets_store_request *request,
		  enum secrets_store_outcome *ret_outcome, struct error *err)
{
	CLEANUP(secret_release) struct secret old = SECRET_INIT;
	CLEANUP(str_release) struct str token = STR_INIT;
	CLEANUP(str_release) struct str version = STR_INIT;

	if (secrets_load(client, request->name, &old, err) < 0)
		return -1;
	if (secret_is_set(&old) && secret_is_equal(&old, request->value)) {
		*ret_outcome = SECRETS_UNCHANGED;
		return 0;
	}
	if (request->dry_run)
		return predict(client, request->name, ret_outcome, err);
	random_hex(&token, TOKEN_BYTES);
	if (!secret_is_set(&old)) {
		if (create(client, request, token.buf, err) == 0 ||
		    was_stored(client, request->name, token.buf, err)) {
			*ret_outcome = SECRETS_CREATED;
			return 0;
		}
		/* It is there, without a version. */
		if (!error_has_code(err, "ResourceExistsException"))
			return -1;
		error_release(err);
	}
	if (secrets_put_value(client, request->name, request->value, token.buf, &version, err) <
		    0 &&
	    !was_stored(client, request->name, token.buf, err))
		return -1;
	*ret_outcome = SECRETS_CHANGED;
	return 0;
}
