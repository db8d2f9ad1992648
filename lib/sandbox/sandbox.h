#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/strv.h"
#include "net/http.h"
#include "sandbox/scenario.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* What an account is made of. Strings are borrowed for the sandbox's life; NULL takes the default.
 */
struct sandbox_options {
	const char *state_dir; /* where the account survives; NULL: in memory only */
	const char *account;   /* 12 digits */
	const char *region;
	const char *
		scenario; /* file of faults to play (sandbox/scenario.h), read anew when replaced */
	unsigned speed;	  /* how many seconds of AWS pass in one of ours; 0: 60 */
	struct clock *clock;
	struct http *http; /* how the registry is asked */
};

/* Someone who may call: a long-term key, or a session of a role with a token and an end. */
struct sandbox_key {
	char *access_key_id;
	struct secret secret;
	struct secret token;
	char *arn;
	char *user_id;
	int64_t expires_ms; /* 0: never */
};

/* A token of GetAuthorizationToken: the password of the registry's user "AWS" for its time. */
struct registry_token {
	struct secret password;
	int64_t expires_ms;
	unsigned requests; /* it is good for, and one more; 0: any number */
	int status;	   /* of the answer when it has come to its end */
};

/*
 * An AWS account in one region, as far as this program plays it.
 *
 * `state` is what survives, one JSON document, in the words of the services' own replies:
 *
 *	{"Account", "Region", "RegistryPort", "Stacks": [...], "ChangeSets": [...],
 *	 "Repositories": {NAME: {...}}, "Exports": {NAME: VALUE}, "Counters": {...}}
 *
 * `counts` tells how often each operation was called, and with which error. Everything but the
 * keys' secrets may be written to disk. A call holds `lock` from its signature check to its reply.
 */
struct sandbox {
	struct clock *clock;
	struct http *http;
	unsigned speed;
	char *state_path;
	json_t *state;
	bool is_changed;
	int64_t saved_ms;
	json_t *counts;
	size_t key_count;
	struct sandbox_key *keys;
	struct scenario scenario;
	char *scenario_path;	     /* NULL where there is none */
	struct stat scenario_status; /* of the file that was read */
	char *registry_host;	     /* "127.0.0.1:5000", NULL where there is no registry */
	unsigned registry_port;	     /* of the registry itself, behind sandbox/registry_gate.h */
	struct secret registry_password; /* to it; nobody else is told */
	size_t token_count;
	struct registry_token *tokens;
	pthread_mutex_t lock;
};

/*
 * Opens the account under `state_dir`, or a new one. ERROR_CONFIG where the state was written for
 * another account or region, or is damaged, and where the scenario is wrong.
 */
int sandbox_open(const struct sandbox_options *options, struct sandbox **ret_sandbox,
		 struct error *err);
void sandbox_free(struct sandbox *sandbox);
void sandbox_freep(struct sandbox **sandbox);

/*
 * Reads the scenario anew where its file was replaced or changed: what it says of calls, resources,
 * services and change sets holds from then on, its counts begin again; what stacks are found in and
 * made with is for the start alone. Where it cannot be read or is wrong, ERROR_CONFIG with the code
 * InvalidScenario, and the former one stays.
 */
int sandbox_refresh_scenario(struct sandbox *sandbox, struct error *err);

/* Writes the state where it was changed. */
int sandbox_save(struct sandbox *sandbox, struct error *err);

/* The same while calls come in: at most once a second, and what fails is left to the next time. */
void sandbox_save_sometimes(struct sandbox *sandbox, int64_t now_ms);

const char *sandbox_account(const struct sandbox *sandbox);
const char *sandbox_region(const struct sandbox *sandbox);

/* A member of the state, made empty where it is missing. Borrowed. */
json_t *sandbox_list(struct sandbox *sandbox, const char *name);
json_t *sandbox_map(struct sandbox *sandbox, const char *name);

/* Adds a key that may call from now on. Borrowed until the next one is added. */
struct sandbox_key *sandbox_add_key(struct sandbox *sandbox, const char *prefix);
const struct sandbox_key *sandbox_find_key(const struct sandbox *sandbox, const char *id);

/* An export that templates can import (Fn::ImportValue), beside those of stacks. */
void sandbox_add_export(struct sandbox *sandbox, const char *name, const char *value);

/* `len` random characters out of `alphabet`; a random UUID. */
void sandbox_random(struct str *out, size_t len, const char *alphabet);
void sandbox_random_uuid(struct str *out);

/*
 * Counts a call for the list of calls: its service and operation, and the code that it was refused
 * with or what became of its reply ("" where nothing is to say).
 */
void sandbox_count_call(struct sandbox *sandbox, const char *service, const char *operation,
			const char *note);

/* How long something that takes AWS `seconds` takes here. */
int64_t sandbox_duration_ms(const struct sandbox *sandbox, unsigned seconds);

#endif
