#ifndef SANDBOX_CONTAINERS_H
#define SANDBOX_CONTAINERS_H

#include "sandbox/sandbox.h"

/*
 * The sandbox as containers on this machine's Docker engine reach it: over TLS at the address of
 * the engine's bridge (docker0), with a certificate of its own that `ca_path` gets. The loopback
 * address is no way in for them, and everything else that speaks to AWS speaks TLS.
 */
struct containers;

/* ERROR_TOOL where there is no such bridge. `sandbox` is borrowed until containers_stop(). */
int containers_start(struct sandbox *sandbox, const char *ca_path, struct containers **ret,
		     struct error *err);
void containers_stop(struct containers *containers);

/*
 * Adds DEPLOYER_SANDBOX_URL, DEPLOYER_SANDBOX_CA (the certificate's file), DEPLOYER_SANDBOX_KEY_ID
 * and DEPLOYER_SANDBOX_KEY: a compose file hands them on as AWS_ENDPOINT_URL, AWS_CA_BUNDLE and
 * keys, since 'deployer' keeps the keys in AWS_* from it. Nothing where `containers` is NULL.
 */
void containers_environment(const struct containers *containers, struct strv *out);

#endif
