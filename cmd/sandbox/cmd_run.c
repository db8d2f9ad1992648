#include "base/cleanup.h"
#include "cmd/sandbox/commands.h"
#include "cmd/sandbox/session.h"
#include "sys/proc.h"

/*
 * The program keeps the terminal, and its end is this program's end: also where a signal asked both
 * to stop and the program made something of it.
 */
static int run_program(struct app *app, const struct session *session, char **words,
		       struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end = { .status = -1 };

	for (; *words; words++)
		strv_add(&proc.args, *words);
	session_environment(app, session, &proc.env);
	proc.role = PROC_SESSION;
	proc.is_foreground = true;
	if (proc_run(&proc, &end, err) < 0) {
		if (err->kind != ERROR_SIGNAL || end.status < 0)
			return -1;
		error_release(err);
	}
	app->exit_status = end.signal ? 128 + end.signal : end.status;
	return 0;
}

static int run_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(session_release) struct session session = SESSION_INIT;
	CLEANUP(error_release) struct error failure = ERROR_INIT;
	int result;

	if (session_start(app, args, &session, err) < 0)
		return -1;
	result = run_program(app, &session, operands, err);
	if (session_stop(app, &session, result < 0 ? &failure : err) < 0)
		result = -1;
	return result;
}

const struct cmd cmd_run = {
	.name = "run",
	.group = "Sandbox",
	.summary = "run a program against the sandbox",
	.details =
		"Starts an AWS of its own on this machine (STS, ECR with a real image registry, "
		"S3, CloudFormation, ECS, CloudWatch Logs, Secrets Manager, SSM), points the "
		"program's AWS_* environment at it, runs the program, ends with its exit status, "
		"and says what was called.\n"
		"\n"
		"A scenario makes things go wrong; it is YAML or JSON, and read anew when "
		"replaced:\n"
		"\n"
		"  faults:                    # on calls\n"
		"  - action: DescribeStacks   # the operation, or \"*\"\n"
		"    service: cloudformation  # or registry, with an action like \"PUT "
		"manifests\"\n"
		"    from: 2                  # the first call that is hit (1)\n"
		"    count: 3                 # how many are (1; 0: all that follow)\n"
		"    reply: throttle          # or error, delay; drop: not done, no answer;\n"
		"                             # lost: done, no answer; cut: done, half of one\n"
		"    status: 503              # of an error; also: code, message, body\n"
		"    delay_ms: 1500           # before the reply\n"
		"  resources:                 # on stacks\n"
		"  - logical_id: App          # which; also: type, stack\n"
		"    action: UPDATE           # or CREATE, DELETE, ROLLBACK (of an update)\n"
		"    outcome: fail            # or stuck, slow\n"
		"    reason: did not stabilize\n"
		"    seconds: 600             # AWS's time until then\n"
		"    count: 1                 # how often (0: always)\n"
		"  services:                  # on ECS services\n"
		"  - logical_id: App          # which; also: stack, image (part of its name)\n"
		"    outcome: crash           # or oom, pull, secret, unhealthy, unplaced, steady\n"
		"    container: web           # which ends (the first essential one)\n"
		"    exit_code: 1             # with crash, oom, unhealthy\n"
		"    reason: no database      # of the container's exit, or the task's stop\n"
		"    log: [starting, failed]  # what it says before\n"
		"    seconds: 20              # AWS's time that a task lives\n"
		"    failures: 4              # after so many tasks all is well (0: never)\n"
		"    breaker: hidden          # circuit breaker: on, off; hidden: it rolls back,\n"
		"                             # and the stack's update is complete\n"
		"    image_digest: sha256:00  # with steady: what runs, whatever the registry has\n"
		"    count: 1                 # how many task definitions it hits (1; 0: all)\n"
		"  functions:                 # Lambda functions behind custom resources\n"
		"  - logical_id: Migrate      # which resource; also: action, stack\n"
		"    outcome: fail            # or silent (it never answers), succeed\n"
		"    reason: it said no       # instead of where its log is\n"
		"    log: [first, second]     # what it says\n"
		"    seconds: 20              # AWS's time until it answers\n"
		"    container: migrate       # of its ECS task; also: exit_code, task_log\n"
		"    count: 1                 # how often (1; 0: always)\n"
		"  tokens:                    # of ECR\n"
		"  - requests: 5              # so many it is good for; also: seconds\n"
		"    status: 401              # of the registry's answer afterwards (403)\n"
		"    count: 1                 # how many tokens (1; 0: all)\n"
		"  stacks:                    # as a whole\n"
		"  - name: app                # which\n"
		"    is_made: true            # made at the start, a day old; also: template,\n"
		"                             # parameters ([NAME=VALUE, ...])\n"
		"    events: 10000            # old ones that it is made with besides\n"
		"    found: UPDATE_FAILED     # its status at the start; also one yet unknown\n"
		"    then: UPDATE_COMPLETE    # the status after it, as many seconds later\n"
		"    ends: DELETE_FAILED      # an operation ends in this status\n"
		"    stale: 3                 # DescribeStacks is so many reads behind\n"
		"    count: 1                 # how often (1; 0: always)\n"
		"  change_sets:               # as they are made\n"
		"  - stack: app               # of which stack; also: name\n"
		"    outcome: fail            # or stuck (never ready), obsolete, warn\n"
		"    reason: no such thing    # StatusReason, with fail and warn\n"
		"    count: 1                 # how many (1; 0: all)\n"
		"  lacks: [DescribeEvents]    # operations that this region does not have yet\n"
		"  allows: [\"sts:*\"]          # all that the identity may do\n"
		"  page_size: 2               # of every list, at most",
	.operands = "[--] CMD [ARGUMENT...]",
	.min_operands = 1,
	.max_operands = -1,
	.passes_rest = true,
	.opts = session_opts,
	.args_size = sizeof(struct session_args),
	.run = run_run,
};
