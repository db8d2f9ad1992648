#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/run.h"
#include "deploy/state.h"
#include "docker/compose_override.h"
#include "docker/image.h"
#include "sys/file.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* Longer than any release takes to come to its end, or to hang. */
#define PROJECT_WAIT_MS (60U * 60 * 1000)
#define BUILD_WAIT_MS	(60U * 60 * 1000)

/*
 * The names that built images get beside their own: "localhost" is no registry, so that nothing is
 * ever pulled or pushed under them.
 */
#define PINNED_REPOSITORY "localhost/deployer"

/* Waits for its turn, and says so where there is something to wait for. */
static int lock(const struct run *run, const char *name, const char *waiting_for, unsigned wait_ms,
		int *ret_fd, struct error *err)
{
	CLEANUP_FREE char *path = state_path(run->pipeline->env, name);
	CLEANUP_FREE char *dir = file_dirname(path);

	if (file_make_dirs(dir, err) < 0)
		return -1;
	if (file_lock(path, 0, ret_fd, err) == 0)
		return 0;
	if (err->kind != ERROR_REFUSED)
		return -1;
	error_release(err);
	report_note(run->pipeline->report, "waiting for %s on this machine", waiting_for);
	return file_lock(path, wait_ms, ret_fd, err);
}

static int lock_project(struct run *run, struct error *err)
{
	const char *project = run->compose.project.buf;
	CLEANUP_FREE char *name = mem_printf("project-%s.lock", project);
	CLEANUP_FREE char *what = mem_printf("another release of '%s'", project);

	return lock(run, name, what, PROJECT_WAIT_MS, &run->project_lock, err);
}

int run_claim_project(struct run *run, struct error *err)
{
	const char *project = run->compose.project.buf;
	CLEANUP_FREE char *name = mem_printf("project-%s.lock", project);
	CLEANUP_FREE char *path = state_path(run->pipeline->env, name);
	CLEANUP_FREE char *dir = file_dirname(path);

	if (file_make_dirs(dir, err) < 0)
		return -1;
	if (file_lock(path, 0, &run->project_lock, err) == 0)
		return 0;
	if (err->kind != ERROR_REFUSED)
		return -1;
	error_wrap(err, "a release of '%s' runs on this machine", project);
	return error_fix(err, "wait until it is over, or end it");
}

void run_unlock_project(struct run *run)
{
	if (run->project_lock >= 0)
		(void)close(run->project_lock);
	run->project_lock = -1;
}

static int open_session(struct run *run, struct error *err)
{
	const struct env *env = run->pipeline->env;
	CLEANUP(str_release) struct str host = STR_INIT;
	struct engine_auth auth = { .username = run->authorization.username.buf,
				    .password = &run->authorization.password };

	if (run->authorization.proxy_endpoint.len == 0)
		return 0;
	url_host(run->authorization.proxy_endpoint.buf, &host);
	auth.server = host.buf;
	if (docker_session_open(env, &auth, NULL, &run->session, err) < 0)
		return -1;
	docker_session_add_env(&run->session, env, &run->compose.env);
	return 0;
}

/* RFC 3339, as the specification of the labels wants it. */
static void add_time(struct strv *labels, int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts;
	char text[32];

	if (gmtime_r(&seconds, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
		strv_addf(labels, "org.opencontainers.image.created=%s", text);
}

/*
 * Where an image comes from (github.com/opencontainers/image-spec, annotations.md). The time is the
 * commit's, so that a commit built twice is the same image as far as its Dockerfile allows. A
 * working tree that differs from the commit is not that revision.
 */
static void add_labels(const struct run *run, struct strv *labels)
{
	const struct revision *revision = &run->version.revision;

	strv_addf(labels, "org.opencontainers.image.version=%s", run->version.tag.buf);
	if (revision->id.len == 0)
		return;
	if (revision->origin.len)
		strv_addf(labels, "org.opencontainers.image.source=%s", revision->origin.buf);
	if (revision->is_dirty)
		return;
	strv_addf(labels, "org.opencontainers.image.revision=%s", revision->id.buf);
	add_time(labels, revision->time_ms);
}

static int write_file(const char *path, const struct str *text, struct error *err)
{
	return file_write_atomic(path, text->buf, text->len, 0600, err);
}

/* What compose v1 wants to see at the top of every file; v2 warns of it. */
static int find_format(const struct run *run, struct str *ret, struct error *err)
{
	if (run->compose.major > 1 || run->compose.files.count == 0)
		return 0;
	return compose_file_format(run->compose.files.v[0], ret, err);
}

static int write_labels(struct run *run, struct error *err)
{
	CLEANUP(strv_release) struct strv labels = STRV_INIT;
	CLEANUP(str_release) struct str format = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	if (find_format(run, &format, err) < 0)
		return -1;
	add_labels(run, &labels);
	compose_override_labels(&run->services, format.buf, &labels, &text);
	return write_file(run->labels_file, &text, err);
}

int run_open_local(struct run *run, struct error *err)
{
	struct compose *compose = &run->compose;

	if (run->local_dir)
		return 0;
	if (!compose->files.count &&
	    compose_find_files(compose, run->pipeline->env, &compose->files, err) < 0)
		return -1;
	if (lock_project(run, err) < 0 || open_session(run, err) < 0 ||
	    file_make_private_dir("compose", &run->local_dir, err) < 0)
		return -1;
	run->labels_file = file_join(run->local_dir, "labels.json");
	run->images_file = file_join(run->local_dir, "images.json");
	/* Provenance that buildx adds unasked makes an index of every image (buildx 0.10). */
	strv_set_env(&compose->env, "BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
	return write_labels(run, err);
}

void run_close_local(struct run *run)
{
	if (run->local_dir)
		file_remove_tree(run->local_dir);
	free(run->local_dir);
	free(run->labels_file);
	free(run->images_file);
	strv_release(&run->pinned);
	docker_session_close(&run->session);
	run_unlock_project(run);
}

/* Whether a service runs an image that the build of this one or of another makes. */
static bool is_built_here(const struct run *run, const struct compose_service *service)
{
	for (size_t i = 0; *service->image && i < run->services.count; i++) {
		const struct compose_service *other = &run->services.services[i];

		if (other->has_build && strcmp(other->image, service->image) == 0)
			return true;
	}
	return false;
}

static char *pinned_tag(const struct run *run, const char *service)
{
	return mem_printf("%s.%s", run->compose.project.buf, service);
}

static int pin(struct run *run, const struct compose_service *service, struct error *err)
{
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
	CLEANUP_FREE char *tag = pinned_tag(run, service->name);

	if (engine_inspect_image(run->engine, service->image, &image, err) < 0) {
		/* It was not among the services to build. */
		if (!error_has_code(err, "NotFound"))
			return -1;
		error_release(err);
		return 0;
	}
	if (engine_tag_image(run->engine, image.id.buf, PINNED_REPOSITORY, tag, err) < 0)
		return -1;
	strv_addf(&run->pinned, "%s=%s:%s", service->name, PINNED_REPOSITORY, tag);
	return 0;
}

static int pin_images(struct run *run, struct error *err)
{
	CLEANUP(str_release) struct str format = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	strv_release(&run->pinned);
	for (size_t i = 0; i < run->services.count; i++) {
		const struct compose_service *service = &run->services.services[i];

		if (is_built_here(run, service) && pin(run, service, err) < 0)
			return -1;
	}
	if (find_format(run, &format, err) < 0)
		return -1;
	compose_override_images(&run->pinned, format.buf, &text);
	return write_file(run->images_file, &text, err);
}

/*
 * Images are built under the names that the compose file gives them, which a Dockerfile may rely
 * on. A second checkout builds under the same names: one after the other, until they are pinned.
 */
int run_build(struct run *run, const struct step *step, int *ret_status, struct error *err)
{
	struct compose *compose = &run->compose;
	CLEANUP_CLOSE int fd = -1;

	if (lock(run, "build.lock", "another build", BUILD_WAIT_MS, &fd, err) < 0)
		return -1;
	str_reset(&compose->override);
	str_adds(&compose->override, run->labels_file);
	if (compose_build(compose, step->pull, &step->args, ret_status, err) < 0)
		return -1;
	str_reset(&compose->override);
	if (*ret_status != 0)
		return 0;
	run->is_built = true;
	if (pin_images(run, err) < 0)
		return error_wrap(err, "naming what was built");
	str_adds(&compose->override, run->images_file);
	return 0;
}

const char *run_image(const struct run *run, const char *service)
{
	const struct compose_service *row = compose_config_find(&run->services, service);
	size_t len = strlen(service);

	for (size_t i = 0; i < run->pinned.count; i++) {
		if (strncmp(run->pinned.v[i], service, len) == 0 && run->pinned.v[i][len] == '=')
			return run->pinned.v[i] + len + 1;
	}
	return row ? row->image : "";
}

int run_forget_images(struct run *run, struct error *err)
{
	if (compose_config(&run->compose, &run->services, err) < 0)
		return -1;
	for (size_t i = 0; i < run->services.count; i++) {
		const char *service = run->services.services[i].name;
		CLEANUP_FREE char *tag = pinned_tag(run, service);
		CLEANUP_FREE char *name = mem_printf("%s:%s", PINNED_REPOSITORY, tag);

		if (engine_remove_image(run->engine, name, err) < 0)
			return -1;
	}
	return 0;
}
