#include "secrets/fetch.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "secrets/document.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE                                                                                 \
	(1UL << 20) /* address space, of which a handshake and a name look-up touch little */

/* The work that the threads share: each takes the next reference until there is none. */
struct fetch {
	const struct secrets_references *references;
	struct secrets_answers answers;
	atomic_size_t next;
};

struct worker {
	struct fetch *fetch;
	struct aws_client *client;
	pthread_t thread;
	bool is_started;
};

void secrets_answers_release(struct secrets_answers *answers)
{
	for (size_t i = 0; i < answers->count; i++) {
		secrets_value_release(&answers->items[i].secret);
		ssm_parameters_release(&answers->items[i].parameters);
		error_release(&answers->items[i].err);
	}
	free(answers->items);
	*answers = (struct secrets_answers)SECRETS_ANSWERS_INIT;
}

static struct secrets_answers new_answers(size_t count)
{
	struct secrets_answers answers = {
		.count = count,
		.items = mem_zalloc((count + 1) * sizeof(*answers.items)),
	};

	for (size_t i = 0; i < count; i++) {
		answers.items[i].secret = (struct secrets_value)SECRETS_VALUE_INIT;
		answers.items[i].err = (struct error)ERROR_INIT;
	}
	return answers;
}

/* ---- reading ---- */

static int ask(struct aws_client *client, const struct secrets_reference *reference,
	       struct secrets_answer *answer)
{
	switch (reference->kind) {
	case SECRETS_SECRET:
		return secrets_get_value(client, reference->id, reference->version,
					 reference->stage, &answer->secret, &answer->err);
	case SECRETS_PARAMETER:
		return ssm_get_parameter(client, reference->id, &answer->parameters, &answer->err);
	case SECRETS_PARAMETERS:
		return ssm_get_parameters_by_path(client, reference->id, &answer->parameters,
						  &answer->err);
	}
	return -1;
}

static bool is_absence(const struct error *err)
{
	return error_has_code(err, "ResourceNotFoundException") ||
	       error_has_code(err, "ParameterNotFound");
}

static void fetch_one(struct aws_client *client, const struct secrets_reference *reference,
		      struct secrets_answer *answer)
{
	if (ask(client, reference, answer) == 0) {
		if (reference->kind != SECRETS_PARAMETERS || answer->parameters.count)
			return;
		if (!reference->is_optional) {
			(void)error_set(&answer->err, ERROR_REMOTE, "no parameter lies below it");
			/* The service calls an empty path no error: the remedy is the same. */
			error_set_code(&answer->err, "ParameterNotFound");
			(void)error_wrap(&answer->err, "'%s'", reference->text);
		}
		answer->is_absent = true;
		return;
	}
	if (reference->is_optional && is_absence(&answer->err)) {
		error_release(&answer->err);
		answer->is_absent = true;
		return;
	}
	(void)error_wrap(&answer->err, "'%s'", reference->text);
}

static void *work(void *ctx)
{
	const struct worker *worker = ctx;
	struct fetch *fetch = worker->fetch;

	for (;;) {
		size_t i = atomic_fetch_add(&fetch->next, 1);

		if (i >= fetch->references->count)
			return NULL;
		fetch_one(worker->client, &fetch->references->items[i], &fetch->answers.items[i]);
	}
}

/* ---- threads ---- */

static int start_worker(struct worker *worker, struct error *err)
{
	pthread_attr_t attributes;
	int problem;

	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	problem = pthread_create(&worker->thread, &attributes, work, worker);
	(void)pthread_attr_destroy(&attributes);
	if (problem)
		return error_set_errno(err, problem, "cannot start a thread");
	worker->is_started = true;
	return 0;
}

static void stop_workers(struct worker *workers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (workers[i].is_started)
			(void)pthread_join(workers[i].thread, NULL);
		aws_client_free(workers[i].client);
	}
	free(workers);
}

static int run_workers(struct fetch *fetch, struct aws_client *client, struct http *const *https,
		       size_t count, struct error *err)
{
	struct worker *workers = mem_zalloc(count * sizeof(*workers));
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++) {
		workers[i].fetch = fetch;
		result = aws_client_sibling(client, https[i], &workers[i].client, err);
	}
	for (size_t i = 0; result == 0 && i < count; i++)
		result = start_worker(&workers[i], err);
	stop_workers(workers, count);
	return result;
}

static int take_failure(struct fetch *fetch, struct report *report, struct error *err)
{
	struct error *first = NULL;

	for (size_t i = 0; i < fetch->answers.count; i++) {
		struct error *found = &fetch->answers.items[i].err;

		if (found->kind == ERROR_NONE)
			continue;
		if (first)
			report_warning(report, "%s", found->msg.buf);
		else
			first = found;
	}
	if (!first)
		return 0;
	*err = *first;
	*first = (struct error)ERROR_INIT;
	return -1;
}

int secrets_fetch(struct aws_client *client, struct http *const *https, size_t http_count,
		  const struct secrets_references *references, struct report *report,
		  struct secrets_answers *ret, struct error *err)
{
	struct fetch fetch = {
		.references = references,
		.answers = new_answers(references->count),
	};
	struct worker self = { .fetch = &fetch, .client = client };
	int result = 0;

	if (http_count > references->count)
		http_count = references->count;
	if (http_count > 1)
		result = run_workers(&fetch, client, https, http_count, err);
	else
		(void)work(&self);
	if (result == 0)
		result = take_failure(&fetch, report, err);
	if (result == 0) {
		secrets_answers_release(ret);
		*ret = fetch.answers;
		return 0;
	}
	secrets_answers_release(&fetch.answers);
	return -1;
}

/* ---- variables ---- */

static int read_parameters(const struct secrets_reference *reference,
			   const struct ssm_parameters *list, const struct secrets_rules *rules,
			   struct secrets_variables *ret, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *slash = strrchr(list->items[i].name, '/');
		const char *name = slash ? slash + 1 : list->items[i].name;

		if (reference->variable)
			name = reference->variable;
		if (secrets_variables_inject(ret, name, &list->items[i].value, reference->text,
					     rules, err) < 0)
			return -1;
	}
	return 0;
}

static int read_secret(const struct secrets_reference *reference,
		       const struct secrets_value *secret, const struct secrets_rules *rules,
		       struct secrets_variables *ret, struct error *err)
{
	if (!secret->is_binary)
		return secrets_document_read(reference, &secret->value, rules, ret, err);
	error_set(err, ERROR_CONFIG, "'%s' is a binary secret (SecretBinary)", reference->text);
	return error_fix(err, "store it as text, in base64 where it must be");
}

int secrets_answers_read(const struct secrets_references *references,
			 const struct secrets_answers *answers, const struct secrets_rules *rules,
			 struct secrets_variables *ret, struct error *err)
{
	for (size_t i = 0; i < answers->count; i++) {
		const struct secrets_reference *reference = &references->items[i];
		const struct secrets_answer *answer = &answers->items[i];
		int result;

		if (answer->is_absent) {
			report_note(rules->report, "'%s' is absent, and may be", reference->text);
			continue;
		}
		if (reference->kind == SECRETS_SECRET)
			result = read_secret(reference, &answer->secret, rules, ret, err);
		else
			result = read_parameters(reference, &answer->parameters, rules, ret, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

int secrets_collect(struct aws_client *client, struct http *const *https, size_t http_count,
		    const struct secrets_references *references, const struct secrets_rules *rules,
		    struct secrets_variables *ret, struct error *err)
{
	CLEANUP(secrets_answers_release) struct secrets_answers answers = SECRETS_ANSWERS_INIT;

	if (secrets_fetch(client, https, http_count, references, rules->report, &answers, err) < 0)
		return !is_absence(err) ? -1
					: error_fix(err, "is it in this account and region? What "
							 "may be absent is named in "
							 "SECRETS_OPTIONAL");
	return secrets_answers_read(references, &answers, rules, ret, err);
}
