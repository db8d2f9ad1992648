/* What docker writes to a credential helper: an action by the first byte, then its input. */
#include "base/cleanup.h"
#include "docker/helper.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int get(void *ctx, const char *host, struct str *ret_username, struct secret *ret_password,
	       struct error *err)
{
	(void)ctx;
	if (host[0] == 'x') {
		error_set_code(err, "NotFound");
		return error_set(err, ERROR_CONFIG, "not ours");
	}
	str_adds(ret_username, host);
	secret_sets(ret_password, host);
	return 0;
}

static int list(void *ctx, struct strv *ret_hosts, struct error *err)
{
	(void)ctx;
	(void)err;
	strv_add(ret_hosts, "h");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const actions[] = { "get", "store", "erase", "list", "version", "" };
	const struct helper helper = { .get = get, .list = list };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str input = STR_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	int result;

	if (size == 0)
		return 0;
	str_add(&input, data + 1, size - 1);
	result = helper_run(&helper, actions[data[0] % 6], &input, &out, &err);
	assert((result == 0) == (err.kind == ERROR_NONE));
	assert(result == 0 || out.len > 0);
	return 0;
}
