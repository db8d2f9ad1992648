#include "sandbox/containers.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "sandbox/certificate.h"
#include "sandbox/server.h"
#include "sys/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#define BRIDGE "docker0"

struct containers {
	const struct sandbox *sandbox;
	struct server *server;
	char address[INET_ADDRSTRLEN];
	char *ca_path;
	struct str key;
	struct str certificate;
};

static void free_interfaces(struct ifaddrs **list)
{
	if (*list)
		freeifaddrs(*list);
}

static int find_bridge(char ret_address[INET_ADDRSTRLEN], struct error *err)
{
	CLEANUP(free_interfaces) struct ifaddrs *list = NULL;

	if (getifaddrs(&list) < 0)
		return error_set_errno(err, errno, "cannot list the network's interfaces");
	for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
		struct sockaddr_in address;

		if (strcmp(at->ifa_name, BRIDGE) != 0 || !at->ifa_addr ||
		    at->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&address, at->ifa_addr, sizeof(address));
		if (inet_ntop(AF_INET, &address.sin_addr, ret_address, INET_ADDRSTRLEN))
			return 0;
	}
	error_set(err, ERROR_TOOL, "there is no bridge '" BRIDGE "' to reach containers by");
	return error_fix(err, "start the Docker engine, or leave --containers out");
}

static int start(struct containers *containers, struct sandbox *sandbox, struct error *err)
{
	struct server_tls tls = { .address = containers->address };

	if (find_bridge(containers->address, err) < 0 ||
	    certificate_make(containers->address, &containers->key, &containers->certificate, err) <
		    0)
		return -1;
	tls.key = containers->key.buf;
	tls.certificate = containers->certificate.buf;
	if (file_write_atomic(containers->ca_path, tls.certificate, containers->certificate.len,
			      0644, err) < 0)
		return -1;
	return server_start_tls(sandbox, &tls, &containers->server, err);
}

int containers_start(struct sandbox *sandbox, const char *ca_path, struct containers **ret,
		     struct error *err)
{
	struct containers *containers = mem_zalloc(sizeof(*containers));
	CLEANUP_FREE char *absolute = NULL;

	containers->sandbox = sandbox;
	containers->key = containers->certificate = (struct str)STR_INIT;
	containers->ca_path = mem_strdup(ca_path);
	if (start(containers, sandbox, err) < 0) {
		containers_stop(containers);
		return -1;
	}
	/* Engines mount absolute paths only. */
	absolute = realpath(ca_path, NULL);
	if (absolute) {
		free(containers->ca_path);
		containers->ca_path = move_ptr(absolute);
	}
	*ret = containers;
	return 0;
}

void containers_stop(struct containers *containers)
{
	if (!containers)
		return;
	server_stop(containers->server);
	str_wipe(&containers->key);
	str_release(&containers->certificate);
	free(containers->ca_path);
	free(containers);
}

void containers_environment(const struct containers *containers, struct strv *out)
{
	const struct sandbox_key *key;

	if (!containers)
		return;
	key = &containers->sandbox->keys[0];
	strv_addf(out, "DEPLOYER_SANDBOX_URL=https://%s:%u", containers->address,
		  server_port(containers->server));
	strv_addf(out, "DEPLOYER_SANDBOX_CA=%s", containers->ca_path);
	strv_addf(out, "DEPLOYER_SANDBOX_KEY_ID=%s", key->access_key_id);
	strv_addf(out, "DEPLOYER_SANDBOX_KEY=%s", secret_bytes(&key->secret));
}
