#include "aws/credentials.h"

void aws_credentials_release(struct aws_credentials *credentials)
{
	str_release(&credentials->access_key_id);
	secret_release(&credentials->secret_key);
	secret_release(&credentials->session_token);
	str_release(&credentials->account_id);
	str_release(&credentials->source);
	credentials->expires_ms = 0;
}

static void copy_str(struct str *to, const struct str *from)
{
	str_reset(to);
	str_add(to, from->buf, from->len);
}

void aws_credentials_copy(struct aws_credentials *to, const struct aws_credentials *from)
{
	if (to == from)
		return;
	copy_str(&to->access_key_id, &from->access_key_id);
	secret_copy(&to->secret_key, &from->secret_key);
	secret_copy(&to->session_token, &from->session_token);
	to->expires_ms = from->expires_ms;
	copy_str(&to->account_id, &from->account_id);
	copy_str(&to->source, &from->source);
}
