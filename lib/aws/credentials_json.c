#include "aws/credentials_json.h"

#include "base/clock.h"

#include <string.h>

static int read_expiry(const json_t *value, const char *name, int64_t *ret_ms, struct error *err)
{
	if (!value || json_is_null(value))
		return 0;
	if (json_is_integer(value)) {
		*ret_ms = json_integer_value(value);
		return 0;
	}
	if (json_is_string(value) && clock_parse_rfc3339(json_string_value(value), ret_ms))
		return 0;
	return error_set(err, ERROR_AUTH, "'%s' is not a time", name);
}

int aws_credentials_read(const json_t *object, const struct aws_credentials_names *names,
			 struct aws_credentials *ret, struct error *err)
{
	const char *id = json_text(object, names->id), *account = json_text(object, names->account);
	const char *secret = json_text(object, names->secret);

	if (!id || !*id || !secret || !*secret)
		return error_set(err, ERROR_AUTH, "no '%s' in it",
				 id && *id ? names->secret : names->id);
	if (read_expiry(json_object_get(object, names->expires), names->expires, &ret->expires_ms,
			err) < 0)
		return -1;
	str_reset(&ret->access_key_id);
	str_adds(&ret->access_key_id, id);
	secret_sets(&ret->secret_key, secret);
	secret_sets(&ret->session_token, json_text(object, names->token));
	str_reset(&ret->account_id);
	str_adds(&ret->account_id, account ? account : "");
	return 0;
}

static void wipe(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	json_object_foreach(value, key, member) wipe(member);
	json_array_foreach(value, i, member) wipe(member);
	if (json_is_string(value))
		explicit_bzero((char *)(uintptr_t)json_string_value(value),
			       json_string_length(value));
}

void aws_json_wipe(json_t **document)
{
	wipe(*document);
	json_decref(*document);
	*document = NULL;
}
