#include "deploy/doctor.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/doctor_check.h"

#include <pthread.h>
#include <string.h>

/* What must be over before a check begins. */
enum after {
	AFTER_NOTHING,
	AFTER_CREDENTIALS, /* needs a client of AWS */
	AFTER_ALL,	   /* what the others found */
	AFTER_IMAGE,	   /* the same, and a client */
	AFTER_COUNT,
};

/* In the order in which findings are shown: nearest to the user first. */
static const struct doctor_check {
	const char *name;
	enum after after;
	bool needs_http;
	void (*run)(struct checkup *checkup);
} checks[] = {
	{ "git", AFTER_NOTHING, false, doctor_git },
	{ "template", AFTER_NOTHING, false, doctor_template },
	{ "engine", AFTER_NOTHING, true, doctor_engine },
	{ "compose", AFTER_NOTHING, false, doctor_compose },
	{ "services", AFTER_NOTHING, true, doctor_services },
	{ "docker generations", AFTER_ALL, false, doctor_generations },
	{ "docker config", AFTER_NOTHING, false, doctor_docker_config },
	{ "disk", AFTER_NOTHING, false, doctor_disk },
	{ "credentials", AFTER_NOTHING, false, NULL }, /* by the first thread, for prompts */
	{ "account", AFTER_CREDENTIALS, true, doctor_account },
	{ "stack", AFTER_CREDENTIALS, true, doctor_stack },
	{ "repository", AFTER_IMAGE, true, doctor_repository },
	{ "registry", AFTER_IMAGE, true, doctor_registry },
};

#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

/* A check in a thread of its own, or, where there is none to be had, in this one. */
struct examination {
	const struct doctor_check *check;
	struct checkup checkup;
	pthread_t thread;
	bool is_started;
};

const char *doctor_severity_name(enum doctor_severity severity)
{
	static const char *const names[] = { "ok", "warning", "error" };

	return names[severity];
}

void doctor_findings_release(struct doctor_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		str_release(&findings->items[i].text);
		str_release(&findings->items[i].fix);
	}
	free(findings->items);
	*findings = (struct doctor_findings)DOCTOR_FINDINGS_INIT;
}

size_t doctor_count(const struct doctor_findings *findings, enum doctor_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].severity == severity;
	return count;
}

enum error_kind doctor_first_error(const struct doctor_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].severity == DOCTOR_ERROR)
			return findings->items[i].kind;
	}
	return ERROR_NONE;
}

/* ---- what checks find ---- */

struct doctor_finding *found(struct checkup *checkup, enum doctor_severity severity,
			     const char *fmt, ...)
{
	struct doctor_findings *findings = &checkup->findings;
	struct doctor_finding *finding =
		mem_grow(&findings->items, &findings->count, sizeof(*finding));
	va_list ap;

	*finding = (struct doctor_finding){
		.check = checkup->name,
		.severity = severity,
		.kind = severity == DOCTOR_ERROR ? ERROR_CONFIG : ERROR_NONE,
		.text = STR_INIT,
		.fix = STR_INIT,
	};
	va_start(ap, fmt);
	str_vaddf(&finding->text, fmt, ap);
	va_end(ap);
	return finding;
}

void advise(struct doctor_finding *finding, const char *fmt, ...)
{
	va_list ap;

	str_reset(&finding->fix);
	va_start(ap, fmt);
	str_vaddf(&finding->fix, fmt, ap);
	va_end(ap);
}

void found_error(struct checkup *checkup, struct error *err)
{
	struct doctor_finding *finding = found(checkup, DOCTOR_ERROR, "%s", err->msg.buf);

	finding->kind = err->kind;
	advise(finding, "%s", err->fix.buf);
	error_release(err);
}

void found_refusal(struct checkup *checkup, struct error *err, const char *action)
{
	bool is_refused = error_has_code(err, "AccessDenied") ||
			  error_has_code(err, "AccessDeniedException") ||
			  error_has_code(err, "UnauthorizedOperation");

	struct doctor_finding *finding;

	found_error(checkup, err);
	finding = &checkup->findings.items[checkup->findings.count - 1];
	if (is_refused)
		advise(finding, "allow %s: 'deployer iam' prints the least policy for a release",
		       action);
	else if (!finding->fix.len)
		advise(finding, "the message is AWS's own: see %s in its API reference", action);
}

/* ---- running them ---- */

static void *run_one(void *ctx)
{
	struct examination *examination = ctx;

	examination->check->run(&examination->checkup);
	return NULL;
}

/* A client of its own: one transport is not for two threads. */
static bool equip(struct examination *examination)
{
	struct checkup *checkup = &examination->checkup;
	const struct doctor_request *request = checkup->look->request;
	enum after after = examination->check->after;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	if (examination->check->needs_http)
		checkup->http = request->http_new(request->clock);
	if (after != AFTER_CREDENTIALS && after != AFTER_IMAGE)
		return true;
	return checkup->look->has_credentials &&
	       aws_client_sibling(request->client, checkup->http, &checkup->client, &err) == 0;
}

static void begin(struct examination *examination)
{
	if (!examination->check->run || !equip(examination))
		return;
	examination->is_started =
		pthread_create(&examination->thread, NULL, run_one, examination) == 0;
	if (!examination->is_started)
		(void)run_one(examination);
}

static void begin_all(struct examination *all, enum after after)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (all[i].check->after == after)
			begin(&all[i]);
	}
}

static void wait_for_all(struct examination *all)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (all[i].is_started)
			(void)pthread_join(all[i].thread, NULL);
		all[i].is_started = false;
	}
}

/* Takes the findings over, and everything else away. */
static void collect(struct examination *examination, struct doctor_findings *ret)
{
	struct checkup *checkup = &examination->checkup;

	for (size_t i = 0; i < checkup->findings.count; i++) {
		struct doctor_finding *finding =
			mem_grow(&ret->items, &ret->count, sizeof(*finding));

		*finding = checkup->findings.items[i];
	}
	free(checkup->findings.items);
	aws_client_free(checkup->client);
	if (checkup->http)
		checkup->look->request->http_free(checkup->http);
}

static void examine(struct examination *all)
{
	begin_all(all, AFTER_NOTHING);
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (!checks[i].run)
			doctor_credentials(&all[i].checkup);
	}
	begin_all(all, AFTER_CREDENTIALS);
	wait_for_all(all);
	begin_all(all, AFTER_ALL);
	begin_all(all, AFTER_IMAGE);
	wait_for_all(all);
}

void doctor_look(const struct doctor_request *request, struct doctor_findings *ret)
{
	struct look look = {
		.request = request,
		.engine_version = STR_INIT,
		.image = IMAGE_REF_INIT,
	};
	CLEANUP_FREE struct examination *all = mem_zalloc(CHECK_COUNT * sizeof(*all));

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		all[i].check = &checks[i];
		all[i].checkup = (struct checkup){ .name = checks[i].name, .look = &look };
	}
	examine(all);
	for (size_t i = 0; i < CHECK_COUNT; i++)
		collect(&all[i], ret);
	str_release(&look.engine_version);
	image_ref_release(&look.image);
}
