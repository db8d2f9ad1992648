#ifndef DOCKER_ADDRESS_H
#define DOCKER_ADDRESS_H

#include "base/error.h"
#include "base/str.h"

/*
 * The two readings that Docker's tools have of a registry's address, in a config file's "auths" and
 * on a credential helper's standard input. A registry here is named by its host, with a port where
 * it has one: "127.0.0.1:5000".
 */

/*
 * Appends the host of an address as the docker CLI compares them: scheme and path left out, an IPv6
 * address with a port in brackets. Never fails: what is no URL ends at its first slash
 * (docker/cli, cli/config/credentials/file_store.go, ConvertToHostname).
 */
void address_host(const char *address, struct str *out);

/*
 * Appends the address as credential helpers normalise it: "//" before one without a scheme, no
 * query. ERROR_CONFIG for a scheme other than http and https, and where no host is named
 * (docker-credential-helpers, registryurl/parse.go).
 */
int address_normalize(const char *address, struct str *out, struct error *err);

#endif
