/*
 * Linked into the tests of a build with MemorySanitizer, which watches only what it compiled: what
 * the libraries below wrote would look uninitialized to it. Each wrapper (--wrap of the linker)
 * says of one function which bytes it wrote; the memory that a library allocates on the way counts
 * as written.
 */
#include <expat.h>
#include <isa-l/igzip_lib.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sanitizer/allocator_interface.h>
#include <sanitizer/msan_interface.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <yaml.h>

static _Thread_local unsigned inside;

static void enter(void)
{
	__msan_scoped_disable_interceptor_checks();
	inside++;
}

static void leave(void)
{
	inside--;
	__msan_scoped_enable_interceptor_checks();
}

static void written(const volatile void *block, size_t size)
{
	if (inside)
		__msan_unpoison(block, size);
}

static void freed(const volatile void *block)
{
	(void)block;
}

static void *zeroed(size_t size)
{
	return calloc(1, size);
}

static void *resized(void *block, size_t size)
{
	void *larger = realloc(block, size);

	if (larger)
		__msan_unpoison(larger, size);
	return larger;
}

static void *zeroed_for_openssl(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return zeroed(size);
}

static void *resized_for_openssl(void *block, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return resized(block, size);
}

static void free_for_openssl(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	free(block);
}

/* Declares the function of the library and the one that is called in its place. */
#define WRAP(type, name, ...)                                                                      \
	type __real_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

WRAP(void, json_set_alloc_funcs, json_malloc_t allocate, json_free_t release)
{
	(void)allocate;
	__real_json_set_alloc_funcs(zeroed, release);
}

/* Three of the libraries take an allocator. Before data/json.c says how its blocks are freed. */
__attribute__((constructor(101))) static void watch_allocations(void)
{
	(void)__sanitizer_install_malloc_and_free_hooks(written, freed);
	(void)CRYPTO_set_mem_functions(zeroed_for_openssl, resized_for_openssl, free_for_openssl);
	__real_json_set_alloc_funcs(zeroed, free);
}

WRAP(json_t *, json_loadb, const char *bytes, size_t len, size_t flags, json_error_t *ret_error)
{
	json_t *value;

	__msan_check_mem_is_initialized(bytes, len);
	enter();
	value = __real_json_loadb(bytes, len, flags, ret_error);
	leave();
	if (ret_error)
		__msan_unpoison(ret_error, sizeof(*ret_error));
	return value;
}

WRAP(json_t *, json_load_file, const char *path, size_t flags, json_error_t *ret_error)
{
	json_t *value;

	enter();
	value = __real_json_load_file(path, flags, ret_error);
	leave();
	if (ret_error)
		__msan_unpoison(ret_error, sizeof(*ret_error));
	return value;
}

WRAP(int, json_equal, const json_t *one, const json_t *other)
{
	int equal;

	enter();
	equal = __real_json_equal(one, other);
	leave();
	return equal;
}

WRAP(char *, json_dumps, const json_t *value, size_t flags)
{
	char *text;

	enter();
	text = __real_json_dumps(value, flags);
	leave();
	return text;
}

WRAP(XML_Parser, XML_ParserCreate, const XML_Char *encoding)
{
	const XML_Memory_Handling_Suite memory = { zeroed, resized, free };

	return XML_ParserCreate_MM(encoding, &memory, NULL);
}

WRAP(enum XML_Status, XML_Parse, XML_Parser parser, const char *bytes, int len, int is_last)
{
	enum XML_Status status;

	__msan_check_mem_is_initialized(bytes, (size_t)len);
	__msan_scoped_disable_interceptor_checks();
	status = __real_XML_Parse(parser, bytes, len, is_last);
	__msan_scoped_enable_interceptor_checks();
	return status;
}

WRAP(int, yaml_parser_initialize, yaml_parser_t *parser)
{
	int done;

	enter();
	done = __real_yaml_parser_initialize(parser);
	leave();
	__msan_unpoison(parser, sizeof(*parser));
	return done;
}

WRAP(int, yaml_parser_parse, yaml_parser_t *parser, yaml_event_t *event)
{
	int done;

	enter();
	done = __real_yaml_parser_parse(parser, event);
	leave();
	__msan_unpoison(event, sizeof(*event));
	return done;
}

WRAP(int, yaml_parser_load, yaml_parser_t *parser, yaml_document_t *document)
{
	int done;

	enter();
	done = __real_yaml_parser_load(parser, document);
	leave();
	__msan_unpoison(document, sizeof(*document));
	return done;
}

WRAP(int, EVP_Q_digest, OSSL_LIB_CTX *context, const char *name, const char *properties,
     const void *bytes, size_t len, unsigned char *digest, size_t *ret_len)
{
	size_t digest_len = 0;
	int done;

	__msan_check_mem_is_initialized(bytes, len);
	enter();
	done = __real_EVP_Q_digest(context, name, properties, bytes, len, digest, &digest_len);
	leave();
	__msan_unpoison(&digest_len, sizeof(digest_len));
	__msan_unpoison(digest, digest_len);
	if (ret_len)
		*ret_len = digest_len;
	return done;
}

WRAP(int, EVP_DigestFinal_ex, EVP_MD_CTX *context, unsigned char *digest, unsigned *ret_len)
{
	unsigned digest_len = 0;
	int done;

	enter();
	done = __real_EVP_DigestFinal_ex(context, digest, &digest_len);
	leave();
	__msan_unpoison(&digest_len, sizeof(digest_len));
	__msan_unpoison(digest, digest_len);
	if (ret_len)
		*ret_len = digest_len;
	return done;
}

WRAP(unsigned char *, EVP_Q_mac, OSSL_LIB_CTX *context, const char *name, const char *properties,
     const char *algorithm, const OSSL_PARAM *params, const void *key, size_t key_len,
     const unsigned char *bytes, size_t len, unsigned char *mac, size_t size, size_t *ret_len)
{
	size_t mac_len = 0;
	unsigned char *made;

	__msan_check_mem_is_initialized(key, key_len);
	__msan_check_mem_is_initialized(bytes, len);
	enter();
	made = __real_EVP_Q_mac(context, name, properties, algorithm, params, key, key_len, bytes,
				len, mac, size, &mac_len);
	leave();
	__msan_unpoison(&mac_len, sizeof(mac_len));
	__msan_unpoison(made, mac_len);
	if (ret_len)
		*ret_len = mac_len;
	return made;
}

WRAP(int, EVP_EncodeBlock, unsigned char *text, const unsigned char *bytes, int len)
{
	int written_len = __real_EVP_EncodeBlock(text, bytes, len);

	__msan_check_mem_is_initialized(bytes, (size_t)len);
	__msan_unpoison(text, (size_t)written_len + 1);
	return written_len;
}

WRAP(int, EVP_DecodeBlock, unsigned char *bytes, const unsigned char *text, int len)
{
	int written_len = __real_EVP_DecodeBlock(bytes, text, len);

	__msan_check_mem_is_initialized(text, (size_t)len);
	__msan_unpoison(bytes, written_len > 0 ? (size_t)written_len : 0);
	return written_len;
}

WRAP(int, isal_deflate_stateless, struct isal_zstream *stream)
{
	const uint8_t *out = stream->next_out;
	int result;

	__msan_check_mem_is_initialized(stream->next_in, stream->avail_in);
	result = __real_isal_deflate_stateless(stream);
	__msan_unpoison(stream, sizeof(*stream));
	__msan_unpoison(out, (size_t)(stream->next_out - out));
	return result;
}

/* Of libc all but these are known to the sanitizer of clang 14: since glibc 2.33 they are
 * functions. */
WRAP(int, fstat64, int fd, struct stat64 *ret_status)
{
	int result = __real_fstat64(fd, ret_status);

	__msan_unpoison(ret_status, sizeof(*ret_status));
	return result;
}

WRAP(int, fstatat64, int dir, const char *path, struct stat64 *ret_status, int flags)
{
	int result = __real_fstatat64(dir, path, ret_status, flags);

	__msan_unpoison(ret_status, sizeof(*ret_status));
	return result;
}

WRAP(int, lstat64, const char *path, struct stat64 *ret_status)
{
	int result = __real_lstat64(path, ret_status);

	__msan_unpoison(ret_status, sizeof(*ret_status));
	return result;
}

WRAP(int, stat64, const char *path, struct stat64 *ret_status)
{
	int result = __real_stat64(path, ret_status);

	__msan_unpoison(ret_status, sizeof(*ret_status));
	return result;
}
