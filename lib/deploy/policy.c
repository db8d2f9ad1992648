#include "deploy/policy.h"

#include "base/cleanup.h"
#include "data/json.h"

#include <string.h>

/* What actions are allowed on: a statement each. {p} {r} {a} stand for partition, region, account.
 */
enum resource {
	ON_ANYTHING,
	ON_REPOSITORY,
	ON_STACK,
	ON_SERVICES,
	ON_LOGS,
	ON_BUCKET,
	ON_ROLE,
	ON_SECRETS,
	ON_PARAMETERS,
	RESOURCES,
};

static const struct action {
	const char *name;
	enum resource resource;
	unsigned uses;
} actions[] = {
	{ "ecr:GetAuthorizationToken", ON_ANYTHING, POLICY_PULL | POLICY_PUSH },
	{ "ecr:BatchCheckLayerAvailability", ON_REPOSITORY, POLICY_PULL | POLICY_PUSH },
	{ "ecr:BatchGetImage", ON_REPOSITORY, POLICY_PULL | POLICY_PUSH },
	{ "ecr:GetDownloadUrlForLayer", ON_REPOSITORY, POLICY_PULL | POLICY_PUSH },
	{ "ecr:DescribeRepositories", ON_REPOSITORY, POLICY_PULL | POLICY_PUSH },
	{ "ecr:DescribeImages", ON_REPOSITORY, POLICY_PUSH | POLICY_WATCH },
	{ "ecr:CompleteLayerUpload", ON_REPOSITORY, POLICY_PUSH },
	{ "ecr:InitiateLayerUpload", ON_REPOSITORY, POLICY_PUSH },
	{ "ecr:PutImage", ON_REPOSITORY, POLICY_PUSH },
	{ "ecr:UploadLayerPart", ON_REPOSITORY, POLICY_PUSH },
	{ "ecr:CreateRepository", ON_REPOSITORY, POLICY_MAKE_REPOSITORY },
	{ "cloudformation:DescribeStacks", ON_STACK, POLICY_WATCH | POLICY_PLAN },
	{ "cloudformation:DescribeStackEvents", ON_STACK, POLICY_WATCH },
	{ "cloudformation:DescribeEvents", ON_STACK, POLICY_WATCH },
	{ "cloudformation:ListStackResources", ON_STACK, POLICY_WATCH | POLICY_PLAN },
	{ "cloudformation:GetTemplate", ON_STACK, POLICY_WATCH | POLICY_PLAN },
	{ "cloudformation:CreateChangeSet", ON_STACK, POLICY_PLAN },
	{ "cloudformation:DescribeChangeSet", ON_STACK, POLICY_PLAN },
	{ "cloudformation:DeleteChangeSet", ON_STACK, POLICY_PLAN },
	{ "cloudformation:ListChangeSets", ON_STACK, POLICY_PLAN },
	{ "cloudformation:DeleteStack", ON_STACK, POLICY_PLAN },
	{ "cloudformation:ExecuteChangeSet", ON_STACK, POLICY_CHANGE },
	{ "cloudformation:CancelUpdateStack", ON_STACK, POLICY_CHANGE },
	{ "cloudformation:UpdateTerminationProtection", ON_STACK, POLICY_CHANGE },
	{ "cloudformation:ContinueUpdateRollback", ON_STACK, POLICY_RECOVER },
	{ "cloudformation:RollbackStack", ON_STACK, POLICY_RECOVER },
	{ "iam:PassRole", ON_ROLE, POLICY_PLAN },
	{ "ecs:DescribeTaskDefinition", ON_ANYTHING, POLICY_WATCH },
	{ "ecs:ListTasks", ON_ANYTHING, POLICY_WATCH },
	{ "ecs:DescribeServices", ON_SERVICES, POLICY_WATCH },
	{ "ecs:DescribeTasks", ON_SERVICES, POLICY_WATCH },
	{ "logs:DescribeLogStreams", ON_LOGS, POLICY_WATCH },
	{ "logs:FilterLogEvents", ON_LOGS, POLICY_WATCH },
	{ "logs:GetLogEvents", ON_LOGS, POLICY_WATCH },
	/* CloudFormation gets the template with the caller's credentials. */
	{ "s3:GetObject", ON_BUCKET, POLICY_UPLOAD },
	{ "s3:PutObject", ON_BUCKET, POLICY_UPLOAD },
	{ "secretsmanager:ListSecrets", ON_ANYTHING, POLICY_READ_SECRETS },
	{ "secretsmanager:DescribeSecret", ON_SECRETS, POLICY_READ_SECRETS },
	{ "secretsmanager:GetSecretValue", ON_SECRETS, POLICY_READ_SECRETS },
	{ "secretsmanager:ListSecretVersionIds", ON_SECRETS, POLICY_READ_SECRETS },
	{ "secretsmanager:CreateSecret", ON_SECRETS, POLICY_WRITE_SECRETS },
	{ "secretsmanager:PutSecretValue", ON_SECRETS, POLICY_WRITE_SECRETS },
	{ "secretsmanager:TagResource", ON_SECRETS, POLICY_WRITE_SECRETS },
	{ "ssm:GetParameter", ON_PARAMETERS, POLICY_READ_SECRETS },
	{ "ssm:GetParametersByPath", ON_PARAMETERS, POLICY_READ_SECRETS },
};

#define PUBLISH (POLICY_PULL | POLICY_PUSH)
#define DEPLOY	(POLICY_WATCH | POLICY_PLAN | POLICY_CHANGE | POLICY_UPLOAD)

static const struct {
	const char *command;
	unsigned uses;
} commands[] = {
	{ "release", PUBLISH | DEPLOY },
	{ "login", POLICY_PULL },
	{ "test", POLICY_PULL },
	{ "publish", PUBLISH },
	{ "plan", POLICY_WATCH | POLICY_PLAN | POLICY_UPLOAD },
	{ "deploy", DEPLOY },
	{ "watch", POLICY_WATCH },
	{ "diagnose", POLICY_WATCH },
	{ "status", POLICY_PULL | POLICY_WATCH },
	{ "params diff", POLICY_WATCH },
	{ "promote", PUBLISH | DEPLOY },
	{ "recover", POLICY_WATCH | POLICY_RECOVER },
	{ "rollback", PUBLISH | DEPLOY },
	{ "secrets", POLICY_READ_SECRETS | POLICY_WRITE_SECRETS },
	{ "secrets run", POLICY_READ_SECRETS },
	{ "secrets get", POLICY_READ_SECRETS },
	{ "secrets list", POLICY_READ_SECRETS },
	{ "bump", 0 },
	{ "check", 0 },
	{ "whoami", 0 },
};

bool policy_uses(const char *command, unsigned *ret_uses)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].command, command) == 0) {
			*ret_uses = commands[i].uses;
			return true;
		}
	}
	return false;
}

static const char *or_any(const char *text)
{
	return text && *text ? text : "*";
}

/* "arn:aws:ecr:eu-west-1:123456789012:" of a service. */
static void add_arn(const struct policy_scope *scope, const char *service, struct str *out)
{
	str_addf(out, "arn:%s:%s:%s:%s:", or_any(scope->partition), service, or_any(scope->region),
		 or_any(scope->account));
}

/* The resources of a statement, one a line. */
static void add_resources(const struct policy_scope *scope, enum resource resource,
			  struct strv *out)
{
	CLEANUP(str_release) struct str arn = STR_INIT;

	switch (resource) {
	case ON_REPOSITORY:
		add_arn(scope, "ecr", &arn);
		str_addf(&arn, "repository/%s", or_any(scope->repository));
		break;
	case ON_STACK:
		add_arn(scope, "cloudformation", &arn);
		str_addf(&arn, "stack/%s/*", or_any(scope->stack));
		break;
	case ON_SERVICES:
		add_arn(scope, "ecs", &arn);
		strv_addf(out, "%sservice/*", arn.buf);
		str_adds(&arn, "task/*");
		break;
	case ON_LOGS:
		add_arn(scope, "logs", &arn);
		str_adds(&arn, "log-group:*");
		break;
	case ON_BUCKET:
		str_addf(&arn, "arn:%s:s3:::%s/*", or_any(scope->partition), or_any(scope->bucket));
		break;
	case ON_SECRETS:
		add_arn(scope, "secretsmanager", &arn);
		str_adds(&arn, "secret:*");
		break;
	case ON_PARAMETERS:
		add_arn(scope, "ssm", &arn);
		str_adds(&arn, "parameter/*");
		break;
	case ON_ROLE:
		str_adds(&arn, or_any(scope->role));
		break;
	case ON_ANYTHING:
	case RESOURCES:
		str_adds(&arn, "*");
		break;
	}
	strv_add(out, arn.buf);
}

/* What is not set is not used: no role is handed on, nothing uploaded. */
static bool is_moot(const struct policy_scope *scope, enum resource resource)
{
	return (resource == ON_ROLE && !(scope->role && *scope->role)) ||
	       (resource == ON_BUCKET && !(scope->bucket && *scope->bucket));
}

static void add_list(const struct strv *list, struct str *out)
{
	for (size_t i = 0; i < list->count; i++) {
		str_adds(out, i ? ",\n        " : "\n        ");
		json_quote(out, list->v[i]);
	}
}

static void write_statement(const struct policy_scope *scope, enum resource resource,
			    const struct strv *names, struct str *out)
{
	CLEANUP(strv_release) struct strv resources = STRV_INIT;

	add_resources(scope, resource, &resources);
	str_adds(out, "    {\n      \"Effect\": \"Allow\",\n      \"Action\": [");
	add_list(names, out);
	str_adds(out, "\n      ],\n      \"Resource\": [");
	add_list(&resources, out);
	str_adds(out, "\n      ]");
	if (resource == ON_ROLE)
		str_adds(out, ",\n      \"Condition\": {\"StringEquals\": "
			      "{\"iam:PassedToService\": \"cloudformation.amazonaws.com\"}}");
	str_adds(out, "\n    }");
}

void policy_write(const struct policy_scope *scope, unsigned uses, struct str *out)
{
	const char *between = "\n";

	str_adds(out, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [");
	for (int resource = 0; resource < RESOURCES; resource++) {
		CLEANUP(strv_release) struct strv names = STRV_INIT;

		for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
			if ((int)actions[i].resource == resource && (actions[i].uses & uses))
				strv_add(&names, actions[i].name);
		}
		if (!names.count || is_moot(scope, (enum resource)resource))
			continue;
		str_adds(out, between);
		write_statement(scope, (enum resource)resource, &names, out);
		between = ",\n";
	}
	str_adds(out, "\n  ]\n}\n");
}
