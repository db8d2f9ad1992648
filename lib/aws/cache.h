#ifndef AWS_CACHE_H
#define AWS_CACHE_H

#include "aws/credentials.h"
#include "aws/provider.h"
#include "data/json.h"

#include <stdbool.h>

/*
 * The credentials cache that the AWS CLI v2 keeps in ~/.aws/cli/cache, shared with it: the same
 * file names, the same contents (botocore, credentials.py, CachedCredentialFetcher; utils.py,
 * JSONFileCache), so that neither asks again for what the other has. With no_cache of the options
 * it is neither read nor written.
 */

/*
 * Appends the name under which the credentials that `args` ask for are kept: the SHA-1 of Python's
 * json.dumps(args, sort_keys=True), with separators=(',', ':') where `is_compact`.
 */
void aws_cache_key(const json_t *args, bool is_compact, struct str *out);

/* Reads credentials that last for another 15 minutes. False where there are none, or skip_cache. */
bool aws_cache_load(const struct aws_search *search, const char *key, struct aws_credentials *ret);

/* Writes a document {"Credentials": ...}, mode 0600. Where it cannot, the user is warned. */
void aws_cache_store(const struct aws_search *search, const char *key, const json_t *document);

/* {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"}, a new reference.
 */
json_t *aws_cache_credentials(const struct aws_credentials *credentials);

/*
 * A file of a cache below the home: "HOME/.aws/DIR/KEY.json", owned by the caller; NULL where there
 * is no home. The SSO and sign-in tokens lie in such files too.
 */
char *aws_cache_path(const struct env *env, const char *dir, const char *key);

/* Reads a file of a cache: NULL where it is not there or not JSON. */
json_t *aws_cache_read(const char *path);

/* Writes one, mode 0600 whatever it had before. */
int aws_cache_write(const char *path, const json_t *document, struct error *err);

#endif
