#include "aws/credentials_json.h"
#include "base/cleanup.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the metadata services of ECS, EKS and EC2 answer: taken whole, or refused as ERROR_AUTH. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct aws_credentials_names names = {
		.id = "AccessKeyId",
		.secret = "SecretAccessKey",
		.token = "Token",
		.expires = "Expiration",
		.account = "AccountId",
	};
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(aws_credentials_release) struct aws_credentials got = AWS_CREDENTIALS_INIT;
	CLEANUP(aws_json_wipe) json_t *document = json_read((const char *)data, size, &err);

	if (!document)
		return 0;
	if (aws_credentials_read(document, &names, &got, &err) < 0) {
		assert(err.kind == ERROR_AUTH && err.msg.len);
		return 0;
	}
	assert(got.access_key_id.len && secret_is_set(&got.secret_key));
	assert(strcmp(secret_bytes(&got.secret_key), json_text(document, names.secret)) == 0);
	return 0;
}
