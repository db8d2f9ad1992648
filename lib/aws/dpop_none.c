#include "aws/dpop.h"

/* For a program without OpenSSL, which runs where nobody signs in with 'aws login'. */
int dpop_prove(const char *pem, const char *url, int64_t wall_ms, const char *id, struct str *out,
	       struct error *err)
{
	(void)pem, (void)url, (void)wall_ms, (void)id, (void)out;
	error_set(err, ERROR_CONFIG, "this program cannot renew a session of 'aws login'");
	return error_fix(err, "give it a role, or use deployer-entrypoint");
}
