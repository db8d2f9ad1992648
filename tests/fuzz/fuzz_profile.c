#include "aws/profile.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int file = AWS_PROFILE_FILE_CONFIG; file <= AWS_PROFILE_FILE_CREDENTIALS; file++) {
		struct aws_profiles profiles = AWS_PROFILES_INIT;
		struct error err = ERROR_INIT;

		(void)aws_profiles_parse((enum aws_profile_file)file, "fuzz", (const char *)data,
					 size, &report_none, &profiles, &err);
		aws_profiles_release(&profiles);
		error_release(&err);
	}
	return 0;
}
