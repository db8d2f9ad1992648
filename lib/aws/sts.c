#include "aws/sts.h"

#include "aws/call.h"
#include "base/cleanup.h"

static const struct aws_operation get_caller_identity = { .service = AWS_STS,
							  .name = "GetCallerIdentity" };
static const struct aws_operation assume_role = { .service = AWS_STS, .name = "AssumeRole" };
static const struct aws_operation assume_role_with_web_identity = {
	.service = AWS_STS, .name = "AssumeRoleWithWebIdentity", .is_unsigned = true
};

void sts_identity_release(struct sts_identity *identity)
{
	str_release(&identity->account);
	str_release(&identity->arn);
	str_release(&identity->user_id);
}

int sts_get_caller_identity(struct aws_client *client, struct sts_identity *ret_identity,
			    struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	const struct xml_node *result;

	if (aws_call(aws_client_caller(client), &get_caller_identity, NULL, &reply, err) < 0)
		return -1;
	result = aws_reply_result(&reply);
	if (!*xml_text(result, "Account") || !*xml_text(result, "Arn"))
		return aws_reply_lacks(&get_caller_identity, "account and ARN", err);
	sts_identity_release(ret_identity);
	str_adds(&ret_identity->account, xml_text(result, "Account"));
	str_adds(&ret_identity->arn, xml_text(result, "Arn"));
	str_adds(&ret_identity->user_id, xml_text(result, "UserId"));
	return 0;
}

void sts_role_release(struct sts_role *role)
{
	aws_credentials_release(&role->credentials);
	str_release(&role->assumed_role_id);
	str_release(&role->arn);
}

static int take_role(const struct aws_operation *operation, const struct aws_reply *reply,
		     struct sts_role *ret, struct error *err)
{
	const struct xml_node *result = aws_reply_result(reply);
	const struct xml_node *keys = xml_child(result, "Credentials");
	struct aws_credentials *credentials = &ret->credentials;
	int64_t expires_ms;

	if (!*xml_text(keys, "AccessKeyId") || !*xml_text(keys, "SecretAccessKey") ||
	    !*xml_text(keys, "SessionToken") ||
	    !clock_parse_rfc3339(xml_text(keys, "Expiration"), &expires_ms))
		return aws_reply_lacks(operation, "credentials or their end", err);
	sts_role_release(ret);
	str_adds(&credentials->access_key_id, xml_text(keys, "AccessKeyId"));
	secret_sets(&credentials->secret_key, xml_text(keys, "SecretAccessKey"));
	secret_sets(&credentials->session_token, xml_text(keys, "SessionToken"));
	credentials->expires_ms = expires_ms;
	str_adds(&ret->assumed_role_id, xml_text(result, "AssumedRoleUser/AssumedRoleId"));
	str_adds(&ret->arn, xml_text(result, "AssumedRoleUser/Arn"));
	return 0;
}

static void add_duration(struct str *form, unsigned duration_s)
{
	if (duration_s)
		str_addf(form, "&DurationSeconds=%u", duration_s);
}

int sts_assume_role(struct aws_caller *caller, const struct sts_role_request *request,
		    struct sts_role *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_wipe) struct str form = STR_INIT;
	struct aws_input input = { .form = &form };

	aws_form_add(&form, "RoleArn", request->role_arn);
	aws_form_add(&form, "RoleSessionName", request->session_name);
	aws_form_add(&form, "ExternalId", request->external_id);
	aws_form_add(&form, "SerialNumber", request->serial_number);
	if (request->token_code)
		aws_form_add(&form, "TokenCode", secret_bytes(request->token_code));
	add_duration(&form, request->duration_s);
	if (aws_call(caller, &assume_role, &input, &reply, err) < 0)
		return -1;
	return take_role(&assume_role, &reply, ret, err);
}

int sts_assume_role_with_web_identity(struct aws_caller *caller,
				      const struct sts_role_request *request, struct sts_role *ret,
				      struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_wipe) struct str form = STR_INIT;
	struct aws_input input = { .form = &form };

	aws_form_add(&form, "RoleArn", request->role_arn);
	aws_form_add(&form, "RoleSessionName", request->session_name);
	aws_form_add(&form, "WebIdentityToken", secret_bytes(request->web_identity_token));
	add_duration(&form, request->duration_s);
	if (aws_call(caller, &assume_role_with_web_identity, &input, &reply, err) < 0)
		return -1;
	return take_role(&assume_role_with_web_identity, &reply, ret, err);
}
