#include "aws/call.h"
#include "aws/cloudformation.h"
#include "aws/credentials.h"
#include "aws/ecr.h"
#include "aws/sts.h"
#include "base/cleanup.h"
#include "deploy/doctor_check.h"
#include "deploy/records.h"
#include "deploy/run.h"
#include "docker/registry.h"
#include "stack/status.h"

#include <stdlib.h>
#include <string.h>

#define RELEASES_LOOKED_AT 20
#define RELEASE_GUESS_MS   (15LL * 60 * 1000)

/* Far less than the five minutes after which AWS refuses (SigV4), enough to be a clock gone wrong.
 */
#define SKEW_BAD_MS (60LL * 1000)

/* ---- credentials ---- */

static int compare_ms(const void *a_, const void *b_)
{
	const int64_t *a = a_, *b = b_;

	return (*a > *b) - (*a < *b);
}

/* Whole releases that came to their end in one run: others waited for somebody in between. */
static bool is_whole(const struct record *record)
{
	return record->exit_status == 0 && record->runs == 1 &&
	       strcmp(record->command.buf, "release") == 0 && record->ended_ms > record->started_ms;
}

/* How long a release usually takes here, the median of the last ones; 0 where none is known. */
static int64_t usual_release_ms(const struct doctor_request *request)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(records_release) struct records records = RECORDS_INIT;
	CLEANUP_FREE char *dir = records_dir(request->env, request->config->dir);
	int64_t taken_ms[RELEASES_LOOKED_AT];
	size_t count = 0;

	if (!dir ||
	    records_read(dir, request->config->environment, RELEASES_LOOKED_AT, &records, &err) < 0)
		return 0;
	for (size_t i = 0; i < records.count && count < RELEASES_LOOKED_AT; i++) {
		const struct record *record = &records.items[i].record;

		if (is_whole(record))
			taken_ms[count++] = record->ended_ms - record->started_ms;
	}
	if (!count)
		return 0;
	qsort(taken_ms, count, sizeof(taken_ms[0]), compare_ms);
	return taken_ms[count / 2];
}

static void tell_end(struct checkup *checkup, const struct aws_credentials *credentials)
{
	const struct doctor_request *request = checkup->look->request;
	int64_t left_ms = credentials->expires_ms - request->clock->wall_ms(request->clock);
	int64_t usual_ms = usual_release_ms(request);
	CLEANUP(str_release) struct str left = STR_INIT;
	CLEANUP(str_release) struct str usual = STR_INIT;

	clock_format_duration(left_ms > 0 ? left_ms : 0, &left);
	clock_format_duration(usual_ms ? usual_ms : RELEASE_GUESS_MS, &usual);
	if (left_ms >= (usual_ms ? usual_ms : RELEASE_GUESS_MS)) {
		(void)found(checkup, DOCTOR_OK, "from %s, for %s more; a release takes %s%s",
			    credentials->source.buf, left.buf, usual.buf,
			    usual_ms ? "" : ", it is assumed");
		return;
	}
	advise(found(checkup, DOCTOR_WARNING, "from %s: they end in %s, and a release takes %s%s",
		     credentials->source.buf, left.buf, usual.buf,
		     usual_ms ? "" : ", it is assumed"),
	       "sign in again before the release, unless they are renewed by themselves");
}

void doctor_credentials(struct checkup *checkup)
{
	const struct doctor_request *request = checkup->look->request;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	if (!request->client) {
		struct doctor_finding *finding =
			found(checkup, DOCTOR_ERROR, "%s", request->client_error->msg.buf);

		finding->kind = request->client_error->kind;
		advise(finding, "%s", request->client_error->fix.buf);
		return;
	}
	if (aws_client_credentials(request->client, &credentials, &err) < 0) {
		found_error(checkup, &err);
		return;
	}
	checkup->look->has_credentials = true;
	if (credentials->expires_ms)
		tell_end(checkup, credentials);
	else
		(void)found(checkup, DOCTOR_OK, "from %s, without an end", credentials->source.buf);
}

/* ---- account and clock ---- */

static void check_clock(struct checkup *checkup)
{
	int64_t skew_ms = aws_client_caller(checkup->client)->skew_ms;
	CLEANUP(str_release) struct str amount = STR_INIT;

	clock_format_duration(skew_ms < 0 ? -skew_ms : skew_ms, &amount);
	if (skew_ms > -SKEW_BAD_MS && skew_ms < SKEW_BAD_MS)
		(void)found(checkup, DOCTOR_OK, "the clock is right");
	else
		advise(found(checkup, DOCTOR_WARNING, "the clock is %s %s", amount.buf,
			     skew_ms < 0 ? "ahead" : "behind"),
		       "set it: sudo timedatectl set-ntp true (deployer makes up for it, other "
		       "tools do not)");
}

static void check_owner(struct checkup *checkup, const struct sts_identity *identity)
{
	const char *wanted = config_text(checkup->look->request->config, CONFIG_AWS_ACCOUNT);
	const char *region = aws_client_region(checkup->look->request->client);
	struct doctor_finding *finding;

	if (*wanted && strcmp(wanted, identity->account.buf) != 0) {
		finding = found(checkup, DOCTOR_ERROR,
				"the credentials belong to account %s, not to %s",
				identity->account.buf, wanted);
		finding->kind = ERROR_REFUSED;
		advise(finding, "use --profile or --env for account %s, or change aws.account",
		       wanted);
		return;
	}
	(void)found(checkup, DOCTOR_OK, "%s in account %s, region %s", identity->arn.buf,
		    identity->account.buf, region ? region : "(none)");
}

void doctor_account(struct checkup *checkup)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(sts_identity_release) struct sts_identity identity = STS_IDENTITY_INIT;

	if (sts_get_caller_identity(checkup->client, &identity, &err) < 0) {
		found_error(checkup, &err);
		return;
	}
	check_owner(checkup, &identity);
	checkup->name = "clock";
	check_clock(checkup);
}

/* ---- the stack ---- */

static void judge_stack(struct checkup *checkup, const struct cfn_stack *stack)
{
	struct doctor_finding *finding;

	switch (stack_status_start(stack->status.buf)) {
	case START_CREATE:
	case START_UPDATE:
		(void)found(checkup, DOCTOR_OK, "%s is %s", stack->name.buf, stack->status.buf);
		return;
	case START_BUSY:
		advise(found(checkup, DOCTOR_WARNING, "%s is %s", stack->name.buf,
			     stack->status.buf),
		       "a deployment waits until that is over: 'deployer watch' follows it");
		return;
	case START_CHOICE:
	case START_STUCK:
	case START_UNKNOWN:
		break;
	}
	finding = found(checkup, DOCTOR_ERROR, "%s is %s", stack->name.buf, stack->status.buf);
	finding->kind = ERROR_STUCK;
	advise(finding, "%s", stack_status_fix(stack->status.buf));
}

/* A second read, which every deployment needs. */
static void check_resources(struct checkup *checkup, const struct cfn_stack *stack)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(cfn_resources_release) struct cfn_resources list = CFN_RESOURCES_INIT;

	if (cfn_list_resources(checkup->client, stack->id.buf, &list, &err) < 0)
		found_refusal(checkup, &err, "cloudformation:ListStackResources");
}

void doctor_stack(struct checkup *checkup)
{
	const char *name = config_text(checkup->look->request->config, CONFIG_STACK_NAME);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	if (!*config_text(checkup->look->request->config, CONFIG_STACK_TEMPLATE))
		return;
	if (cfn_describe_stack(checkup->client, name, &stack, &err) == 0) {
		judge_stack(checkup, &stack);
		check_resources(checkup, &stack);
		return;
	}
	if (error_has_code(&err, "StackNotFound"))
		(void)found(checkup, DOCTOR_OK, "there is no %s yet: a deployment makes it", name);
	else
		found_refusal(checkup, &err, "cloudformation:DescribeStacks");
}

/* ---- repository and registry ---- */

static void judge_repository(struct checkup *checkup, const struct ecr_repository *repository)
{
	const struct strv *tags = config_list(checkup->look->request->config, CONFIG_PUBLISH_TAGS);
	const char *name = checkup->look->image.name.buf;

	if (repository->is_immutable && tags->count)
		advise(found(checkup, DOCTOR_WARNING,
			     "the tags of %s are immutable: '%s' stays at its first image", name,
			     tags->v[0]),
		       "set publish: {tags: []} in deployer.yml");
	else
		(void)found(checkup, DOCTOR_OK, "%s, its tags are %s", name,
			    repository->is_immutable ? "immutable" : "mutable");
}

void doctor_repository(struct checkup *checkup)
{
	const struct image_ref *image = &checkup->look->image;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(ecr_repository_release) struct ecr_repository repository = ECR_REPOSITORY_INIT;
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str region = STR_INIT;

	if (!checkup->look->has_image)
		return;
	(void)ecr_host_parse(image->host.buf, &account, &region);
	if (ecr_describe_repository(checkup->client, account.len ? account.buf : NULL,
				    image->name.buf, &repository, &err) == 0) {
		judge_repository(checkup, &repository);
		return;
	}
	if (!error_has_code(&err, "RepositoryNotFoundException")) {
		found_refusal(checkup, &err, "ecr:DescribeRepositories");
		return;
	}
	error_become(&err, ERROR_PUBLISH);
	found_error(checkup, &err);
	advise(&checkup->findings.items[checkup->findings.count - 1],
	       "let the first release make it: deployer release --create");
}

/* That the token is given, and that the registry takes it. */
void doctor_registry(struct checkup *checkup)
{
	const struct doctor_request *request = checkup->look->request;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct pipeline pipeline = {
		.config = request->config,
		.client = checkup->client,
		.http = checkup->http,
		.env = request->env,
		.clock = request->clock,
		.report = &report_none,
	};
	struct run run = run_of(&pipeline);
	struct registry registry;

	if (!checkup->look->has_image)
		return;
	if (run_authorize(&run, &err) < 0) {
		found_refusal(checkup, &err, "ecr:GetAuthorizationToken");
	} else {
		registry = run_registry(&run);
		if (registry_check(&registry, &err) < 0)
			found_error(checkup, &err);
		else
			(void)found(checkup, DOCTOR_OK, "%s lets us in", registry.url);
	}
	run_release(&run);
}
