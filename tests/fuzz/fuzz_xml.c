#include "base/cleanup.h"
#include "data/xml.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(xml_freep) struct xml_node *root = xml_read((const char *)data, size, &err);

	(void)xml_text(root, "DescribeStacksResult/Stacks/member/StackStatus");
	if (!root == (err.kind == ERROR_NONE))
		__builtin_trap();
	return 0;
}
