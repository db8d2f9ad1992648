#include "aws/role.h"

#include "aws/cache.h"
#include "aws/call.h"
#include "aws/credentials_json.h"
#include "aws/sts.h"
#include "base/ci.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static void set_text(json_t *object, const char *name, const char *value)
{
	if (value)
		(void)json_object_set_new(object, name, json_string(value));
}

void aws_role_key(const struct aws_role *role, struct str *out)
{
	json_auto_t *args = json_object();

	set_text(args, "RoleArn", role->arn);
	set_text(args, "RoleSessionName", role->session_name);
	set_text(args, "ExternalId", role->external_id);
	set_text(args, "SerialNumber", role->mfa_serial);
	if (role->duration_s)
		(void)json_object_set_new(args, "DurationSeconds", json_integer(role->duration_s));
	aws_cache_key(args, false, out);
}

/* The fifth part of "arn:aws:sts::123456789012:assumed-role/NAME/SESSION". */
static void account_of(const char *arn, struct str *out)
{
	for (int part = 0; part < 4 && arn; part++) {
		arn = strchr(arn, ':');
		arn = arn ? arn + 1 : NULL;
	}
	if (arn)
		str_add(out, arn, strcspn(arn, ":"));
}

static void store(const struct aws_search *search, const struct aws_role *role,
		  const struct sts_role *assumed)
{
	CLEANUP(str_release) struct str key = STR_INIT;
	CLEANUP(aws_json_wipe)
	json_t *document =
		json_pack("{s:o, s:{s:s, s:s}}", "Credentials",
			  aws_cache_credentials(&assumed->credentials), "AssumedRoleUser",
			  "AssumedRoleId", assumed->assumed_role_id.buf, "Arn", assumed->arn.buf);

	if (!document)
		mem_fatal("json_pack");
	aws_role_key(role, &key);
	aws_cache_store(search, key.buf, document);
}

static void finish(const struct aws_search *search, const struct aws_role *role,
		   struct sts_role *assumed, struct aws_credentials *ret)
{
	account_of(assumed->arn.buf, &assumed->credentials.account_id);
	store(search, role, assumed);
	aws_credentials_copy(ret, &assumed->credentials);
}

static char *session_name(const struct aws_search *search, const struct aws_role *role)
{
	if (role->session_name)
		return mem_strdup(role->session_name);
	return mem_printf("deployer-session-%" PRId64,
			  search->clock->wall_ms(search->clock) / 1000);
}

static bool is_code(const char *text)
{
	size_t len = 0;

	while (isdigit((unsigned char)text[len]))
		len++;
	return len == 6 && text[6] == '\0';
}

static int ask_for_code(const struct aws_search *search, const char *serial,
			struct secret *ret_code, struct error *err)
{
	CLEANUP_FREE char *question = mem_printf("Enter MFA code for %s: ", serial);

	if (ci_detect(search->settings->env) != CI_NONE) {
		error_set(err, ERROR_AUTH, "the role wants an MFA code of '%s', and this is CI",
			  serial);
		return error_fix(err, "give the pipeline a role that it can take on by itself");
	}
	report_question(search->report);
	if (search->prompt(question, ret_code, err) < 0) {
		error_wrap(err, "the role wants an MFA code of '%s'", serial);
		return error_fix(err, "run 'deployer whoami' at a terminal first: the session that "
				      "it gets is kept for an hour");
	}
	if (is_code(secret_bytes(ret_code)))
		return 0;
	error_set(err, ERROR_AUTH, "an MFA code is six digits");
	return error_fix(err, "run the command again with the next code of '%s'", serial);
}

/* STS says AccessDenied for many things; only this one is worth asking again. */
static bool is_wrong_code(const struct error *err)
{
	return error_has_code(err, "AccessDenied") && strstr(err->msg.buf, "MultiFactorAuth");
}

static int call_with_mfa(const struct aws_search *search, struct aws_caller *caller,
			 struct sts_role_request *request, struct sts_role *ret, struct error *err)
{
	CLEANUP(secret_release) struct secret code = SECRET_INIT;

	for (bool is_first = true;; is_first = false) {
		if (ask_for_code(search, request->serial_number, &code, err) < 0)
			return -1;
		request->token_code = &code;
		if (sts_assume_role(caller, request, ret, err) == 0)
			return 0;
		if (!is_first || !is_wrong_code(err))
			return -1;
		report_warning(search->report, "that code was not taken; a code works once only");
		error_release(err);
	}
}

int aws_role_assume(const struct aws_search *search, const struct aws_role *role,
		    const struct aws_credentials *source, struct aws_credentials *ret,
		    struct error *err)
{
	CLEANUP(sts_role_release) struct sts_role assumed = STS_ROLE_INIT;
	CLEANUP_FREE char *name = session_name(search, role);
	struct sts_role_request request = {
		.role_arn = role->arn,
		.session_name = name,
		.external_id = role->external_id,
		.serial_number = role->mfa_serial,
		.duration_s = role->duration_s,
	};
	struct aws_caller caller;
	int result;

	aws_caller_init(&caller, search->settings, search->http, search->clock);
	aws_caller_use(&caller, source);
	if (role->mfa_serial)
		result = call_with_mfa(search, &caller, &request, &assumed, err);
	else
		result = sts_assume_role(&caller, &request, &assumed, err);
	if (result < 0)
		return error_wrap(err, "role '%s'", role->arn);
	finish(search, role, &assumed, ret);
	return 0;
}

int aws_role_assume_by_token(const struct aws_search *search, const struct aws_role *role,
			     const struct secret *token, struct aws_credentials *ret,
			     struct error *err)
{
	CLEANUP(sts_role_release) struct sts_role assumed = STS_ROLE_INIT;
	CLEANUP_FREE char *name = session_name(search, role);
	const struct sts_role_request request = {
		.role_arn = role->arn,
		.session_name = name,
		.web_identity_token = token,
	};
	struct aws_caller caller;

	aws_caller_init(&caller, search->settings, search->http, search->clock);
	if (sts_assume_role_with_web_identity(&caller, &request, &assumed, err) < 0)
		return error_wrap(err, "role '%s'", role->arn);
	finish(search, role, &assumed, ret);
	return 0;
}
