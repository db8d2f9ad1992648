#ifndef AWS_DPOP_H
#define AWS_DPOP_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

/*
 * Appends a proof that the sender of a POST to `url` holds the private key in `pem` (RFC 9449
 * section 4.2): a JWT signed with ES256. `pem` is a P-256 key, PKCS #8 or SEC 1. `id` must be new
 * for every proof. ERROR_AUTH where the key is none of that kind.
 */
int dpop_prove(const char *pem, const char *url, int64_t wall_ms, const char *id, struct str *out,
	       struct error *err);

#endif
