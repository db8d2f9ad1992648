#include "docker/compose_call.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "docker/engine.h"
#include "docker/failure.h"

#include <string.h>

/* Of a build whose images somebody else removes. */
#define BUILD_ATTEMPTS 3

void compose_release(struct compose *compose)
{
	strv_release(&compose->command);
	str_release(&compose->version);
	strv_release(&compose->files);
	str_release(&compose->override);
	str_release(&compose->project);
	str_release(&compose->dir);
	strv_release(&compose->env);
}

/* One compose command: what it does, for messages, and whose output its lines are. */
struct step {
	const char *source;
	bool is_cleanup;
	struct report *report; /* NULL: that of the others */
};

/* The command line up to the subcommand. --ansi came with 1.28; before that it was --no-ansi. */
void compose_prepare(const struct compose *compose, struct proc *proc)
{
	strv_add_list(&proc->args, &compose->command);
	if (compose->major == 1 && strncmp(compose->version.buf, "1.2", 3) == 0 &&
	    compose->version.buf[3] < '8')
		strv_add(&proc->args, "--no-ansi");
	else
		strv_add_all(&proc->args, "--ansi", "never", NULL);
	for (size_t i = 0; i < compose->files.count; i++)
		strv_add_all(&proc->args, "-f", compose->files.v[i], NULL);
	if (compose->override.len)
		strv_add_all(&proc->args, "-f", compose->override.buf, NULL);
	if (compose->project.len)
		strv_add_all(&proc->args, "-p", compose->project.buf, NULL);
	if (compose->dir.len) {
		strv_add_all(&proc->args, "--project-directory", compose->dir.buf, NULL);
		proc->dir = compose->dir.buf;
	}
	strv_add_all(&proc->env, "COMPOSE_PROGRESS=plain", "BUILDKIT_PROGRESS=plain",
		     "COMPOSE_MENU=false", NULL);
	strv_add_list(&proc->env, &compose->env);
	proc->role = compose->role;
}

/* Hands everything on, and keeps the last line that tells why a build had to fail. */
struct cause {
	struct report report;
	struct report *next;
	struct str *line;
};

static void find_cause(struct report *report, const struct report_event *event)
{
	const struct cause *cause = (const struct cause *)report;

	if (event->kind == REPORT_OUTPUT && docker_failure_ends_build(event->text)) {
		str_reset(cause->line);
		str_adds(cause->line, event->text);
	}
	cause->next->emit(cause->next, event);
}

/* Runs a prepared step to its end; a signal that ended compose reads as the shell has it. */
static int run_step(struct compose *compose, struct proc *proc, const struct step *step,
		    int *ret_status, struct error *err)
{
	struct proc_output output = { step->report ? step->report : compose->report, step->source };
	struct proc_end end;

	proc_report_to(proc, &output);
	proc->timeout_ms = compose->timeout_ms;
	proc->is_shielded = step->is_cleanup;
	if (proc_run(proc, &end, err) < 0)
		return -1;
	if (end.timed_out) {
		error_set(err, ERROR_CHILD, "%s: not done after %u s", step->source,
			  compose->timeout_ms / 1000);
		return error_fix(err, "see its output above: a service that never becomes healthy "
				      "is waited for (compose.timeout in deployer.yml)");
	}
	*ret_status = end.signal ? 128 + end.signal : end.status;
	return 0;
}

static int build(struct compose *compose, bool pull, const struct strv *services, int *ret_status,
		 struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str line = STR_INIT;
	struct cause cause = { { find_cause }, compose->report, &line };
	const struct step step = { .source = "build", .report = &cause.report };

	compose_prepare(compose, &proc);
	strv_add(&proc.args, "build");
	if (pull)
		strv_add(&proc.args, "--pull");
	strv_add_list(&proc.args, services);
	if (run_step(compose, &proc, &step, ret_status, err) < 0)
		return -1;
	if (*ret_status == 0 || !line.len)
		return 0;
	return docker_failure_set(err, ERROR_CHILD, line.buf);
}

int compose_build(struct compose *compose, bool pull, const struct strv *services, int *ret_status,
		  struct error *err)
{
	for (int attempt = 1; build(compose, pull, services, ret_status, err) < 0; attempt++) {
		if (!error_has_code(err, "ImageVanished") || attempt == BUILD_ATTEMPTS)
			return -1;
		report_note(compose->report, "%s: building again", err->msg.buf);
		error_release(err);
	}
	return 0;
}

int compose_run(struct compose *compose, const char *service, const struct strv *command,
		int *ret_status, struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	const struct step step = { .source = service };

	compose_prepare(compose, &proc);
	strv_add_all(&proc.args, "run", "--rm", "-T", service, NULL);
	strv_add_list(&proc.args, command);
	return run_step(compose, &proc, &step, ret_status, err);
}

static const struct engine_container *find_service(const struct engine_containers *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!list->items[i].oneoff)
			return &list->items[i];
	}
	return NULL;
}

/* Compose says that the service succeeded: its container has the last word. */
static int confirm_success(struct compose *compose, const char *service, int *ret_status,
			   struct error *err)
{
	CLEANUP(engine_containers_release)
	struct engine_containers list = ENGINE_CONTAINERS_INIT;
	const struct engine_container *container;

	if (engine_list_project(compose->engine, compose->project.buf, service, &list, err) < 0)
		return -1;
	container = find_service(&list);
	if (!container || container->exit_code < 0) {
		error_set(err, ERROR_CHILD, "%s: compose reports success, but the service is %s",
			  service, container ? container->state : "not there");
		return error_fix(err, "see its output above, or run 'docker ps -a'");
	}
	if (container->exit_code != 0)
		report_warning(compose->report,
			       "compose reports success, but the container of %s exited with %d",
			       service, container->exit_code);
	*ret_status = container->exit_code;
	return 0;
}

/*
 * Compose v1 ends with KeyError 'ContainerConfig' when it recreates a container on an Engine from
 * 25 on (compose issues 11742 and 12509): a failure there may be that one.
 */
static void hint_at_old_compose(const struct compose *compose)
{
	const char *version = compose->engine ? engine_version(compose->engine) : "";
	struct slice digits = { version, strspn(version, "0123456789") };
	uint64_t major;

	if (compose->major == 1 && slice_to_u64(digits, 9999, &major) && major >= 25)
		report_warning(compose->report,
			       "compose %s cannot recreate containers on Docker %s: install the "
			       "compose plugin (v2)",
			       compose->version.buf, version);
}

/*
 * Before a service is judged by its exit code: what a killed run left of it must go, or compose
 * would take that container, and its outcome, for this one's (reliability E16). v1 cannot replace a
 * container whose image is gone, and --renew-anon-volumes, which would let it, makes it replace
 * databases that are in use: such containers go, too.
 */
static int clear_way(struct compose *compose, const char *service, struct error *err)
{
	if (!compose->engine)
		return 0;
	if (engine_remove_service(compose->engine, compose->project.buf, service, err) < 0)
		return -1;
	return compose->major == 1
		       ? engine_remove_imageless(compose->engine, compose->project.buf, err)
		       : 0;
}

/* The service is named twice: --exit-code-from alone would bring the whole project up. */
int compose_up_until_exit(struct compose *compose, const char *service, int *ret_status,
			  struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	const struct step step = { .source = service };
	int status = -1;

	if (clear_way(compose, service, err) < 0)
		return -1;
	compose_prepare(compose, &proc);
	strv_add_all(&proc.args, "up", "--no-log-prefix", "--exit-code-from", service, service,
		     NULL);
	if (run_step(compose, &proc, &step, &status, err) < 0)
		return -1;
	if (status != 0)
		hint_at_old_compose(compose);
	if (status == 0 && compose->engine && confirm_success(compose, service, &status, err) < 0)
		return -1;
	*ret_status = status;
	return 0;
}

int compose_down(struct compose *compose, int *ret_status, struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	const struct step step = { .source = "down", .is_cleanup = true };

	compose_prepare(compose, &proc);
	strv_add_all(&proc.args, "down", "--volumes", "--remove-orphans", NULL);
	return run_step(compose, &proc, &step, ret_status, err);
}
