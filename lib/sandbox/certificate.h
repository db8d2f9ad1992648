#ifndef SANDBOX_CERTIFICATE_H
#define SANDBOX_CERTIFICATE_H

#include "base/error.h"
#include "base/str.h"

/*
 * Makes a key (P-256) and a certificate for an IPv4 address that it signs itself, both in PEM: for
 * a sandbox that containers reach over TLS. It lasts a day; the key never leaves the process.
 */
int certificate_make(const char *address, struct str *ret_key, struct str *ret_certificate,
		     struct error *err);

#endif
