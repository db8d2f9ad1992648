/* Image references and registry addresses: what parses is put together again to the same text. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "docker/address.h"
#include "docker/image.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void join(const struct image_ref *ref, struct str *out)
{
	str_addf(out, "%s%s%s", ref->host.buf, ref->host.len ? "/" : "", ref->name.buf);
	str_addf(out, "%s%s", ref->tag.len ? ":" : "", ref->tag.buf);
	str_addf(out, "%s%s", ref->digest.len ? "@" : "", ref->digest.buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = mem_strndup((const char *)data, size);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(error_release) struct error other = ERROR_INIT;
	CLEANUP(image_ref_release) struct image_ref ref = IMAGE_REF_INIT;
	CLEANUP(str_release) struct str joined = STR_INIT;
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str region = STR_INIT;

	if (image_ref_parse(text, &ref, &err) == 0) {
		join(&ref, &joined);
		assert(strcmp(joined.buf, text) == 0);
		assert(ref.tag.len == 0 || image_tag_is_valid(ref.tag.buf));
		assert(ref.digest.len == 0 || image_digest_is_valid(ref.digest.buf));
	}
	str_reset(&joined);
	address_host(text, &joined);
	(void)ecr_host_parse(joined.buf, &account, &region);
	(void)address_normalize(text, &joined, &other);
	return 0;
}
