/* STS, API version 2011-06-15: who calls, and sessions of roles. Every role may be assumed here. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "sandbox/call.h"

#include <string.h>

#define MIN_DURATION_S	   900
#define MAX_DURATION_S	   43200
#define DEFAULT_DURATION_S 3600

static json_t *get_caller_identity(struct call *call, struct error *err)
{
	(void)err;
	return json_pack("{s:s, s:s, s:s}", "Arn", call->caller->arn, "UserId",
			 call->caller->user_id, "Account", sandbox_account(call->sandbox));
}

static int read_duration(const struct call *call, int64_t *ret_seconds, struct error *err)
{
	const char *text = call_optional(call, "DurationSeconds");
	uint64_t seconds = DEFAULT_DURATION_S;

	if (text &&
	    (!slice_to_u64(slice_of(text), MAX_DURATION_S, &seconds) || seconds < MIN_DURATION_S))
		return refuse(err, "ValidationError",
			      "1 validation error detected: Value '%s' at 'durationSeconds' failed "
			      "to satisfy constraint: Member must have value greater than or equal "
			      "to 900",
			      text);
	*ret_seconds = (int64_t)seconds;
	return 0;
}

/* "arn:aws:iam::123456789012:role/path/name": the name, or NULL. */
static const char *role_name(const char *arn)
{
	const char *slash = strrchr(arn, '/');

	if (strncmp(arn, "arn:aws", 7) != 0 || !strstr(arn, ":role/") || !slash || !slash[1])
		return NULL;
	return slash + 1;
}

static struct sandbox_key *open_session(struct call *call, const char *role, const char *session,
					int64_t seconds)
{
	struct sandbox_key *key = sandbox_add_key(call->sandbox, "ASIA");
	CLEANUP(str_wipe) struct str token = STR_INIT;

	sandbox_random(&token, 120,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	secret_set(&key->token, token.buf, token.len);
	key->arn = mem_printf("arn:aws:sts::%s:assumed-role/%s/%s", sandbox_account(call->sandbox),
			      role, session);
	key->user_id = mem_printf("AROASANDBOXSANDBOXSA:%s", session);
	key->expires_ms = call->now_ms + seconds * 1000;
	return key;
}

static json_t *describe_session(const struct sandbox_key *key)
{
	CLEANUP(str_release) struct str expiration = STR_INIT;

	clock_format_rfc3339(key->expires_ms, &expiration);
	return json_pack("{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s}}", "Credentials", "AccessKeyId",
			 key->access_key_id, "SecretAccessKey", secret_bytes(&key->secret),
			 "SessionToken", secret_bytes(&key->token), "Expiration", expiration.buf,
			 "AssumedRoleUser", "AssumedRoleId", key->user_id, "Arn", key->arn);
}

static json_t *assume_role(struct call *call, struct error *err)
{
	const char *arn = call_text(call, "RoleArn", err);
	const char *session = arn ? call_text(call, "RoleSessionName", err) : NULL;
	int64_t seconds = 0;

	if (!session || read_duration(call, &seconds, err) < 0)
		return NULL;
	if (!role_name(arn)) {
		(void)refuse(err, "ValidationError", "%s is invalid", arn);
		return NULL;
	}
	return describe_session(open_session(call, role_name(arn), session, seconds));
}

/* The token's contents are not looked at: the sandbox has no identity provider to ask. */
static json_t *assume_role_with_web_identity(struct call *call, struct error *err)
{
	const char *token = call_text(call, "WebIdentityToken", err);

	if (!token)
		return NULL;
	return assume_role(call, err);
}

static const struct operation operations[] = {
	{ "AssumeRole", assume_role, false },
	{ "AssumeRoleWithWebIdentity", assume_role_with_web_identity, true },
	{ "GetCallerIdentity", get_caller_identity, false },
};

const struct service service_sts = {
	.signing_name = "sts",
	.protocol = PROTOCOL_QUERY,
	.version = "2011-06-15",
	.xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/",
	.operations = operations,
	.operation_count = sizeof(operations) / sizeof(operations[0]),
};
