#ifndef SANDBOX_SCENARIO_H
#define SANDBOX_SCENARIO_H

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>

struct reply;

/*
 * A scenario: what goes wrong, as data. YAML or JSON, every key optional but those marked:
 *
 *	faults:                       # on calls
 *	- action: DescribeStacks      # required: the operation, or "*"
 *	  service: cloudformation     # its signing name, or registry
 *	  from: 2                     # the first call it hits, counted per fault (1)
 *	  count: 3                    # how many calls it hits (1; 0: all that follow)
 *	  reply: throttle             # required: throttle, error, drop, lost, cut, delay
 *	  status: 503                 # with error: the HTTP status (500)
 *	  code: ServiceUnavailable    # with error: the service's code (InternalFailure)
 *	  message: try later          # with error
 *	  body: "<html>"              # with error: these bytes instead
 *	  delay_ms: 1500              # before the reply, with any of them
 *	resources:                    # on stacks
 *	- logical_id: App             # which resource: its name
 *	  type: AWS::ECS::Service     # ... or its type
 *	  stack: todobackend          # of which stack
 *	  action: UPDATE              # CREATE, UPDATE, DELETE, or ROLLBACK: an update that undoes
 *	  outcome: fail               # required: fail, stuck, slow
 *	  reason: did not stabilize   # with fail: ResourceStatusReason
 *	  seconds: 600                # AWS's time until it fails, or that it takes
 *	  count: 1                    # how often (0: always)
 *	services:                     # on ECS services
 *	- logical_id: App             # which: its name in the stack; also: stack
 *	  image: ":bad"               # ... or text in the image of a container
 *	  outcome: crash              # required: crash, oom, pull, secret,
 *				      # unhealthy, unplaced, steady
 *	  container: web              # which one ends (the first essential one)
 *	  exit_code: 1                # with crash, oom, unhealthy
 *	  reason: ...                 # stoppedReason, or that of the container
 *	  log: [first line, second]   # what it says before
 *	  seconds: 20                 # AWS's time that a task lives
 *	  failures: 4                 # after so many all is well (0: never)
 *	  breaker: off                # not as in the template: on, off, or hidden
 *				      # (rolled back behind an UPDATE_COMPLETE)
 *	  image_digest: sha256:...    # with steady: what runs
 *	  count: 1                    # how many task definitions it hits (1; 0: all)
 *	functions:                    # Lambda functions behind custom resources
 *	- logical_id: MigrateTask     # which custom resource; also: stack, action
 *	  outcome: fail               # required: fail, silent (never answers), succeed
 *	  reason: ...                 # instead of where its log is
 *	  log: [first line, second]   # what the function says
 *	  seconds: 20                 # AWS's time until it answers
 *	  container: migrate          # of the ECS task that it runs, where it has one as property
 *	  exit_code: 1
 *	  task_log: [first line, second]
 *	  count: 1                    # how often (1; 0: always)
 *	stacks:                       # on stacks as a whole
 *	- name: todobackend           # required: which, or "*"
 *	  found: IMPORT_IN_PROGRESS   # it is in this status when the sandbox starts,
 *	  seconds: 60                 # ... after so long by AWS's clock
 *	  then: IMPORT_COMPLETE       # ... in this one (never, where it is left out)
 *	  ends: DELETE_FAILED         # an operation ends in this status
 *	  stale: 3                    # DescribeStacks is so many reads behind a new operation
 *	  count: 1                    # how often (1; 0: always)
 *	  is_made: true               # it is made at the start, a day old, with
 *	  template: "Resources: ..."  # ... this template (one parameter of SSM)
 *	  parameters: [Tag=1a]        # ... these values
 *	  events: 10000               # ... so many old events besides its creation's
 *	change_sets:                  # as they are made
 *	- stack: todobackend          # of which stack; also: name
 *	  outcome: fail               # required: fail, stuck (never ready), obsolete, warn
 *	  reason: ...                 # StatusReason, with fail and warn
 *	  count: 1                    # how many (1; 0: all)
 *	lacks: [DescribeEvents]       # operations that this region does not have yet
 *	allows: ["s3:PutObject"]      # all that the identity may do: IAM's names, and
 *				      # "sts:*"; anything else is AccessDenied
 *	tokens:                       # of GetAuthorizationToken
 *	- requests: 5                 # to the registry that it is good for (any number)
 *	  seconds: 600                # AWS's time that it lives (12 h)
 *	  status: 401                 # of the registry's answer afterwards (403)
 *	  count: 1                    # how many tokens (1; 0: all)
 *	page_size: 2                  # of every list, at most
 *
 * throttle, error and drop do not act on the account; lost acts and then drops the connection, cut
 * acts and breaks off in the middle of the body; delay only delays.
 *
 * A request to the registry is hit only where `service` says so, and is named by its method and by
 * what it is about: "PUT manifests"; "HEAD blobs"; "POST uploads", "PATCH uploads" and "PUT
 * uploads"; "GET tags"; "GET base" for "/v2/" itself. There cut is as lost.
 */
struct scenario {
	json_t *faults;
	json_t *resources;
	json_t *services;
	json_t *functions;
	json_t *stacks;
	json_t *change_sets;
	json_t *lacks;	/* names */
	json_t *allows; /* "SERVICE:ACTION"; NULL: everything */
	json_t *tokens;
	size_t page_size; /* 0: as the services have it */
};

#define SCENARIO_INIT                                                                              \
	{                                                                                          \
		.faults = NULL                                                                     \
	}

/* Reads a scenario; ERROR_CONFIG naming the entry and the key that is wrong. */
int scenario_read(const char *bytes, size_t len, struct scenario *ret, struct error *err);
void scenario_release(struct scenario *scenario);

/* What a fault does to a call. */
enum fault_kind {
	FAULT_NONE,
	FAULT_THROTTLE,
	FAULT_ERROR,
	FAULT_DROP,
	FAULT_LOST,
	FAULT_CUT,
	FAULT_DELAY,
};

struct fault {
	enum fault_kind kind;
	const json_t *entry; /* borrowed from the scenario */
	unsigned delay_ms;
};

/* Counts this call, or "registry" and a request, against every fault that it matches, and returns
 * the first that hits it. */
struct fault scenario_next_fault(struct scenario *scenario, const char *service,
				 const char *action);

/* What happens to a resource. `seconds` is 0 where the scenario does not say. */
enum outcome_kind { OUTCOME_USUAL, OUTCOME_FAIL, OUTCOME_STUCK, OUTCOME_SLOW };

struct outcome {
	enum outcome_kind kind;
	const char *reason; /* borrowed from the scenario */
	unsigned seconds;
};

/* What the next token is good for; 0 and 403 where the scenario does not say. */
struct token_terms {
	unsigned requests;
	unsigned seconds;
	int status;
};

struct token_terms scenario_next_token(struct scenario *scenario);

/* The entry for a change set that is made; NULL where there is none. */
const json_t *scenario_next_change_set(struct scenario *scenario, const char *stack,
				       const char *name);

/* Whether the region does not have this operation. */
bool scenario_lacks(const struct scenario *scenario, const char *action);

/* Whether the identity may call this; `service` is the signing name. */
bool scenario_allows(const struct scenario *scenario, const char *service, const char *action);

/* A resource that something happens to. Borrowed. */
struct scenario_subject {
	const char *stack;
	const char *logical_id;
	const char *type;
	const char *action;
};

struct outcome scenario_next_outcome(struct scenario *scenario,
				     const struct scenario_subject *subject);

/* The entry for a service with these containers, or for a function; NULL where there is none. */
const json_t *scenario_next_service(struct scenario *scenario,
				    const struct scenario_subject *subject,
				    const json_t *containers);
const json_t *scenario_next_function(struct scenario *scenario,
				     const struct scenario_subject *subject);

/* The entry for a stack that has `key`: found, ends or stale; NULL where there is none. */
const json_t *scenario_next_stack(struct scenario *scenario, const char *name, const char *key);

#endif
