#include "base/cleanup.h"
#include "base/mem.h"
#include "stack/check.h"
#include "sys/file.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define TAG "Parameters:\n  ApplicationImageTag: {Type: String}\n"
#define NONE                                                                                       \
	"Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref "                   \
	"ApplicationImageTag}}}\n"
#define TAG_FILE "ApplicationImageTag=1\n"

/* A template with one parameter X, which is used, before the tag's; X stands in line 2. */
#define X(declaration)                                                                             \
	"Parameters:\n  X: {" declaration "}\n  ApplicationImageTag: {Type: String}\n"             \
	"Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Sub "                   \
	"'${X}${ApplicationImageTag}'}}}\n"

/* A task with a container that reads secrets; what its role may is in `statements`. */
#define TASK(properties, environment)                                                              \
	"  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n" properties                \
	"      ContainerDefinitions:\n"                                                            \
	"        - Name: app\n"                                                                    \
	"          Image: !Sub x:${ApplicationImageTag}\n"                                         \
	"          Environment:\n" environment
#define SECRETS		  "            - {Name: SECRETS, Value: todobackend/credentials}\n"
#define READS(references) "            - {Name: SECRETS, Value: !Sub '" references "'}\n"
#define READ_SSM(action, name)                                                                     \
	"{Effect: Allow, Action: 'ssm:" action "', "                                               \
	"Resource: 'arn:aws:ssm:*:1:parameter/" name "'}"
#define OWN "            - {Name: SECRETS, Value: !Ref Secret}\n"
#define SECRET(properties)                                                                         \
	"  Secret: {Type: 'AWS::SecretsManager::Secret', Properties: {" properties "}}\n"
#define SIDECAR                                                                                    \
	"  S: {Type: 'AWS::ECS::TaskDefinition', Properties: {ContainerDefinitions: "              \
	"[{Image: 'nginx:1'}]}}\n"
#define REGION "            - {Name: AWS_DEFAULT_REGION, Value: !Ref AWS::Region}\n"
#define ROLE(statements)                                                                           \
	"  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies:\n"                    \
	"        - PolicyDocument: {Statement: [" statements "]}\n"
#define READ(resource)                                                                             \
	"{Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: " resource "}"
#define DECRYPT "{Effect: Allow, Action: ['kms:Decrypt'], Resource: !ImportValue key}"
#define OURS	"!Sub 'arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:todobackend/*'"
#define BY_ROLE "      TaskRoleArn: !Sub ${Role.Arn}\n"

/* What is found: "line:column severity rule", one a line, in order. */
struct row {
	const char *template;
	const char *parameters; /* NULL: no file */
	const char *found;
};

static const struct row rows[] = {
	{ TAG NONE, TAG_FILE, "" },
	{ TAG NONE, NULL, "" },
	/* Files that cannot be read; the rest is checked nevertheless. */
	{ "Parameters: {}\nResources: [\n", TAG_FILE, "stack.yml:3:1 template-unreadable" },
	{ "Parameters: {a: b: c}\n", TAG_FILE, "stack.yml:1:18 template-unreadable" },
	{ TAG "Resources: \xff\n", TAG_FILE, "stack.yml:3:12 template-unreadable" },
	{ "\xef\xbb\xbf" TAG NONE, TAG_FILE, "stack.yml:1:1 template-unreadable" },
	{ "\xff\xfeR\n", TAG_FILE, "stack.yml:1:1 template-unreadable" },
	{ TAG "Outputs: {}\n", TAG_FILE, "stack.yml:1:1 template-unreadable" },
	{ "{\"Resources\": {}", TAG_FILE, "stack.yml:2:1 template-unreadable" },
	{ "", TAG_FILE, "stack.yml:1:1 template-unreadable" },
	{ TAG NONE, TAG_FILE " B = 1\n", "dev.cfg:2:1 parameters-unreadable" },
	{ TAG NONE, "A=1\n" TAG_FILE "A=2\n", "dev.cfg:3:1 parameters-unreadable" },
	{ TAG NONE, "{\"A\": \"1\",\n \"B\" \"2\"}", "dev.cfg:2:8 parameters-unreadable" },
	{ TAG NONE, "[{\"ParameterKey\": \"A\"}]", "dev.cfg:1:2 parameters-unreadable" },
	{ TAG NONE, "A: 1\nB: {x: y}\n", "dev.cfg:2:1 parameters-unreadable" },
	{ TAG NONE, "A: [\n", "dev.cfg:2:1 parameters-unreadable" },
	/* Keys. */
	{ TAG NONE "Resources: {A: {P: !Ref ApplicationImageTag}}\n", TAG_FILE,
	  "stack.yml:4:1 duplicate-key" },
	{ TAG NONE, "Other=1\n" TAG_FILE, "dev.cfg:1:7 unknown-parameter" },
	{ TAG NONE, "", "stack.yml:2:3 missing-parameter" },
	{ "Parameters: {Tag: {Type: String}}\nResources: {A: {Type: T, P: !Ref Tag}}\n", "Tag=1\n",
	  "stack.yml:1:1 tag-parameter-missing" },
	{ "Parameters: {ApplicationImageTag: {Type: String}}\nResources: {}\n", TAG_FILE,
	  "stack.yml:1:14 unused-parameter" },
	{ "Transform: Macro\nParameters: {ApplicationImageTag: {Type: String}}\nResources: {}\n",
	  TAG_FILE, "" },
	{ TAG "Resources: {A: {P: {'Fn::Sub': ['${v}${ApplicationImageTag.x}', {v: 1}]}}}\n",
	  TAG_FILE, "" },
	/* Types. */
	{ X("Type: Strin"), "X=1\n" TAG_FILE, "stack.yml:2:7 parameter-type" },
	{ X("Default: a"), TAG_FILE, "stack.yml:2:3 parameter-type" },
	{ X("Type: 'List<AWS::EC2::Subnet::Id>'"), "X=subnet-a5d3ecee, subnet-324e246f\n" TAG_FILE,
	  "" },
	{ X("Type: 'List<AWS::EC2::Subnet::Id>'"), "X=subnet-a5d3ecee,vpc-324e246f\n" TAG_FILE,
	  "dev.cfg:1:3 aws-type" },
	{ X("Type: 'List<AWS::EC2::Subnet::Id>'"), "X=\n" TAG_FILE, "dev.cfg:1:3 aws-type" },
	{ X("Type: 'List<AWS::EC2::Subnet::Id>'"), "X=subnet-a5d3ecee,\n" TAG_FILE,
	  "dev.cfg:1:3 aws-type" },
	{ X("Type: 'AWS::EC2::VPC::Id'"), "X=vpc-f8233a8\n" TAG_FILE, "dev.cfg:1:3 aws-type" },
	{ X("Type: 'AWS::EC2::VPC::Id'"), "X=vpc-0123456789abcdef0\n" TAG_FILE, "" },
	{ X("Type: 'AWS::EC2::Image::Id', Default: ami"), TAG_FILE, "stack.yml:2:36 aws-type" },
	{ X("Type: 'AWS::EC2::SecurityGroup::Id'"), "X=sg-1\n" TAG_FILE, "dev.cfg:1:3 aws-type" },
	{ X("Type: 'AWS::EC2::AvailabilityZone::Name'"), "X=us-east-1a\n" TAG_FILE, "" },
	{ X("Type: 'AWS::EC2::AvailabilityZone::Name'"), "X=us-east-1-wl1-bos-wlz-1\n" TAG_FILE,
	  "" },
	{ X("Type: 'AWS::EC2::AvailabilityZone::Name'"), "X=us-east-1\n" TAG_FILE,
	  "dev.cfg:1:3 aws-type" },
	{ X("Type: 'AWS::Route53::HostedZone::Id'"), "X=Z0ABC\n" TAG_FILE, "" },
	{ X("Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>'"),
	  "X=/aws/service/ami-amazon-linux-latest/al2023:1\n" TAG_FILE, "" },
	/* What is given is a name in the Parameter Store, and the constraints are on it. */
	{ X("Type: 'AWS::SSM::Parameter::Value<String>'"), "X=a b\n" TAG_FILE,
	  "dev.cfg:1:3 aws-type" },
	{ X("Type: 'AWS::SSM::Parameter::Value<String>', AllowedValues: [/a, /b]"),
	  "X=/b\n" TAG_FILE, "" },
	{ X("Type: 'AWS::SSM::Parameter::Value<String>', AllowedValues: [/a, /b]"),
	  "X=/c\n" TAG_FILE, "dev.cfg:1:3 allowed-values" },
	{ X("Type: 'AWS::SSM::Parameter::Value<String>', AllowedPattern: '/dev/.*'"),
	  "X=/prod/a\n" TAG_FILE, "dev.cfg:1:3 allowed-pattern" },
	{ X("Type: 'AWS::SSM::Parameter::Value<CommaDelimitedList>', MaxLength: 3"),
	  "X=/dev\n" TAG_FILE, "dev.cfg:1:3 value-length" },
	{ X("Type: 'AWS::SSM::Parameter::Name', AllowedPattern: '/dev/.*', Default: /a"), TAG_FILE,
	  "stack.yml:2:69 allowed-pattern" },
	{ X("Type: 'AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>'"),
	  "X=subnets:3\n" TAG_FILE, "" },
	{ X("Type: 'AWS::SSM::Parameter::Value<Number>'"), "X=/a\n" TAG_FILE,
	  "stack.yml:2:7 parameter-type" },
	{ X("Type: 'List<AWS::SSM::Parameter::Name>'"), "X=/a\n" TAG_FILE,
	  "stack.yml:2:7 parameter-type" },
	{ X("Type: 'AWS::SSM::Parameter::Value<List<String>>'"), "X=/a\n" TAG_FILE, "" },
	{ X("Type: 'AWS::SSM::Parameter::Value<Thing>'"), "X=/a\n" TAG_FILE,
	  "stack.yml:2:7 parameter-type" },
	/* Numbers. */
	{ X("Type: Number, MinValue: 1, MaxValue: '4'"), "X=4\n" TAG_FILE, "" },
	{ X("Type: Number, MinValue: 1, MaxValue: '4'"), "X=0.5\n" TAG_FILE, "dev.cfg:1:3 number" },
	{ X("Type: Number, MinValue: 1, MaxValue: '4'"), "X=4.1\n" TAG_FILE, "dev.cfg:1:3 number" },
	{ X("Type: Number"), "X=0x10\n" TAG_FILE, "dev.cfg:1:3 number" },
	{ X("Type: Number"), "X=nan\n" TAG_FILE, "dev.cfg:1:3 number" },
	{ X("Type: Number"), "X=1.\n" TAG_FILE, "" },
	{ X("Type: Number"), "X=.\n" TAG_FILE, "dev.cfg:1:3 number" },
	{ X("Type: Number"), "X=-1.5e3\n" TAG_FILE, "" },
	{ X("Type: 'List<Number>'"), "X=1, 2,x\n" TAG_FILE, "dev.cfg:1:3 number" },
	/* Constraints. */
	{ X("Type: String, AllowedValues: [a, 1, true]"), "X=1\n" TAG_FILE, "" },
	{ X("Type: String, AllowedValues: [a, 1, true]"), "X=b\n" TAG_FILE,
	  "dev.cfg:1:3 allowed-values" },
	{ X("Type: CommaDelimitedList, AllowedValues: [a, b]"), "X=a,b , c\n" TAG_FILE,
	  "dev.cfg:1:3 allowed-values" },
	{ X("Type: CommaDelimitedList, AllowedValues: [a]"), "X=\n" TAG_FILE, "" },
	{ X("Type: String, AllowedPattern: '[a-z]+', Default: A"), TAG_FILE,
	  "stack.yml:2:47 allowed-pattern" },
	{ X("Type: String, AllowedPattern: '(?=.*\\d).+'"), "X=a\n" TAG_FILE,
	  "stack.yml:2:21 pattern-not-checked" },
	{ X("Type: String, MinLength: 2, MaxLength: 3"), "X=\xc3\xa9\n" TAG_FILE,
	  "dev.cfg:1:3 value-length" },
	{ X("Type: String, MinLength: 2, MaxLength: 3"), "X=\xc3\xa9\xc3\xa9\xc3\xa9\n" TAG_FILE,
	  "" },
	{ X("Type: String, MaxLength: 3"), "X=abcd\n" TAG_FILE, "dev.cfg:1:3 value-length" },
	/* Other formats of the parameter file. */
	{ X("Type: Number"), "{\"Parameters\": {\n  \"X\": \"y\",\n  \"ApplicationImageTag\": 1}}",
	  "dev.cfg:2:9 number" },
	{ X("Type: Number"),
	  "[{\"ParameterKey\": \"X\", \"UsePreviousValue\": true},\n"
	  "\"ApplicationImageTag=1\"]",
	  "" },
	/* Passwords. */
	{ "Parameters:\n  DbPassword: {Type: String, NoEcho: true}\n  ApplicationImageTag: {Type: "
	  "String}\nResources: {A: {Type: 'AWS::SecretsManager::Secret', P: !Sub "
	  "'${DbPassword}${ApplicationImageTag}'}}\n",
	  "DbPassword=x\n" TAG_FILE, "dev.cfg:1:12 plain-password" },
	{ "Parameters:\n  DbPassword: {Type: String}\n  ApplicationImageTag: {Type: "
	  "String}\nResources: {A: {P: !Sub '${DbPassword}${ApplicationImageTag}'}}\n",
	  "DbPassword=x\n" TAG_FILE, "stack.yml:2:3 password-echo" },
	/* Where a password lies, and what it is like, is none. */
	{ "Parameters:\n  DbPasswordArn: {Type: String}\n  PasswordLength: {Type: Number}\n"
	  "  ApplicationImageTag: {Type: String}\nResources: {S: {Type: "
	  "'AWS::SecretsManager::Secret'}, A: {P: !Sub "
	  "'${DbPasswordArn}${PasswordLength}${ApplicationImageTag}'}}\n",
	  "DbPasswordArn=arn:x\nPasswordLength=9\n" TAG_FILE, "" },
	/* Containers. */
	{ TAG "Resources:\n" TASK("", REGION), TAG_FILE, "" },
	{ TAG
	  "Resources:\n  S: {P: !Ref ApplicationImageTag}\n  T: {Type: 'AWS::ECS::TaskDefinition', "
	  "Properties: {ContainerDefinitions: [{Image: 'x:latest'}]}}\n",
	  TAG_FILE, "stack.yml:2:3 tag-parameter-unused" },
	/* The image may be that of another kind of resource, or a nested stack's. */
	{ TAG "Resources:\n" SIDECAR "  F: {Type: 'AWS::Lambda::Function', Properties: {Code: "
	      "{ImageUri: !Sub 'x:${ApplicationImageTag}'}}}\n",
	  TAG_FILE, "" },
	{ TAG "Resources:\n" SIDECAR "  N: {Type: 'AWS::CloudFormation::Stack', Properties: "
	      "{Parameters: {Tag: !Ref ApplicationImageTag}}}\n",
	  TAG_FILE, "" },
	{ TAG "Resources:\n" SIDECAR "  C: {Type: 'AWS::ECS::TaskDefinition', Properties: "
	      "{ContainerDefinitions: !If [a, [{Image: !Sub "
	      "'x:${ApplicationImageTag}'}], []]}}\n",
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION) ROLE(READ(OURS) ", " DECRYPT), TAG_FILE,
	  "" },
	{ TAG "Resources:\n" TASK("", SECRETS REGION), TAG_FILE, "stack.yml:11:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION) ROLE(DECRYPT), TAG_FILE,
	  "stack.yml:12:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, REGION SECRETS) ROLE(READ(OURS)), TAG_FILE,
	  "stack.yml:13:15 secrets-decrypt" },
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS) ROLE(READ(OURS) ", " DECRYPT), TAG_FILE,
	  "stack.yml:12:15 secrets-region" },
	{ TAG "Resources:\n" TASK(BY_ROLE "      RequiresCompatibilities: [FARGATE]\n", SECRETS)
		  ROLE(READ("'*'") ", " DECRYPT),
	  TAG_FILE, "" },
	/* The name without what Secrets Manager puts behind it matches nothing. */
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION)
		  ROLE(READ("'arn:aws:secretsmanager:us-east-1:1:secret:"
			    "todobackend/credentials'") ", " DECRYPT),
	  TAG_FILE, "stack.yml:12:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION)
		  ROLE(READ("['arn:aws:s3:::b', "
			    "'arn:aws:secretsmanager:*:1:secret:todobackend/"
			    "credentials-*']") ", " DECRYPT),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION)
		  ROLE(READ("!Sub 'arn:aws:secretsmanager:*:1:secret:other/*'") ", " DECRYPT),
	  TAG_FILE, "stack.yml:12:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION) ROLE(
		  "{Effect: Deny, Action: '*', Resource: '*'}, "
		  "{Effect: Allow, Action: 'SecretsManager:get*', Resource: !Ref S}, " DECRYPT),
	  TAG_FILE, "" },
	/* Every form of a reference, and the action that each needs. */
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("A=todobackend/x:KEY todobackend/x:K:AWSCURRENT: "
						 "todobackend/${Y} todobackend/x:${Z}") REGION)
		  ROLE(READ(OURS) ", " DECRYPT),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("other/x:KEY") REGION)
		  ROLE(READ(OURS) ", " DECRYPT),
	  TAG_FILE, "stack.yml:12:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("arn:aws:secretsmanager:r:1:secret:todobackend/"
						 "x-AbCdEf:KEY::") REGION)
		  ROLE(READ(OURS) ", " DECRYPT),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("ssm:/app/KEY") REGION)
		  ROLE(READ("'*'") ", " DECRYPT),
	  TAG_FILE, "stack.yml:12:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("ssm:/app/KEY:3,B=ssm:/app/b") REGION)
		  ROLE(READ_SSM("GetParameter", "app/*") ", " DECRYPT),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("ssm:KEY") REGION)
		  ROLE(READ_SSM("Get*", "KEY") ", " DECRYPT),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("ssm:/other/KEY") REGION)
		  ROLE(READ_SSM("GetParameter", "app/*") ", " DECRYPT),
	  TAG_FILE, "stack.yml:12:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("arn:aws:ssm:r:1:parameter/app/KEY") REGION)
		  ROLE(READ_SSM("GetParameter", "app/KEY") ", " DECRYPT),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("ssm:/app/") REGION)
		  ROLE(READ_SSM("GetParametersByPath", "app") ", " DECRYPT),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("ssm:/app/") REGION)
		  ROLE(READ_SSM("GetParametersByPath", "app/*") ", " DECRYPT),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("ssm:/app/") REGION)
		  ROLE(READ_SSM("GetParameter", "app/*") ", " DECRYPT),
	  TAG_FILE, "stack.yml:12:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("ssm:/app/KEY") REGION)
		  ROLE(DECRYPT) "      ManagedPolicyArns: "
				"['arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess']\n",
	  TAG_FILE, "" },
	/* The grammar of another entrypoint. */
	{ TAG "Resources:\n" TASK(BY_ROLE, READS("{a}:b") REGION) ROLE(DECRYPT), TAG_FILE, "" },
	/* A policy beside the role, and a role that is not known here. */
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION)
		  ROLE(DECRYPT) "  P:\n    Type: AWS::IAM::Policy\n    Properties: {Roles: [!Ref "
				"Role], PolicyDocument: {Statement: " READ("'*'") "}}\n",
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK("      TaskRoleArn: !ImportValue role\n", SECRETS REGION),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION)
		  ROLE(DECRYPT) "      ManagedPolicyArns: "
				"['arn:aws:iam::aws:policy/SecretsManagerReadWrite']\n",
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, SECRETS REGION)
		  ROLE(DECRYPT) "      ManagedPolicyArns: "
				"['arn:aws:iam::aws:policy/AmazonS3FullAccess']\n",
	  TAG_FILE, "stack.yml:12:15 secrets-role" },
	/* A secret of the template's own; its default key needs no permission. */
	{ TAG "Resources:\n" TASK(BY_ROLE, OWN REGION) ROLE(READ("!Ref Secret")) SECRET(""),
	  TAG_FILE, "" },
	{ TAG "Resources:\n" TASK(BY_ROLE, OWN REGION) ROLE(DECRYPT) SECRET(""), TAG_FILE,
	  "stack.yml:12:15 secrets-role" },
	{ TAG "Resources:\n" TASK(BY_ROLE, OWN REGION) ROLE(READ("!Ref Secret"))
		  SECRET("KmsKeyId: alias/own"),
	  TAG_FILE, "stack.yml:12:15 secrets-decrypt" },
	/* Services. */
	{ TAG "Resources:\n  T: {P: !Ref ApplicationImageTag}\n  S:\n    Type: AWS::ECS::Service\n"
	      "    Properties:\n      DeploymentConfiguration: {MaximumPercent: 200}\n",
	  TAG_FILE, "stack.yml:8:7 circuit-breaker" },
	{ TAG "Resources:\n  T: {P: !Ref ApplicationImageTag}\n  S:\n    Type: AWS::ECS::Service\n"
	      "    Properties: {DesiredCount: 1}\n",
	  TAG_FILE, "stack.yml:7:5 circuit-breaker" },
	{ TAG "Resources:\n  T: {P: !Ref ApplicationImageTag}\n  S:\n    Type: AWS::ECS::Service\n"
	      "    Properties: {DeploymentConfiguration: {DeploymentCircuitBreaker: {Enable: "
	      "'true', Rollback: true}}}\n",
	  TAG_FILE, "" },
	{ TAG "Resources:\n  T: {P: !Ref ApplicationImageTag}\n  S:\n    Type: AWS::ECS::Service\n"
	      "    Properties: {DeploymentController: {Type: CODE_DEPLOY}}\n",
	  TAG_FILE, "" },
};

/* A template and a parameter file of their own. */
struct project {
	char *dir;
	struct stack_template template;
	struct error template_error;
	struct parameter_file file;
	struct error file_error;
	struct strv off;
	struct findings findings;
	struct check_request request;
};

#define PROJECT                                                                                    \
	CLEANUP(project_release)                                                                   \
	struct project project = { .template = STACK_TEMPLATE_INIT,                                \
				   .template_error = ERROR_INIT,                                   \
				   .file = PARAMETER_FILE_INIT,                                    \
				   .file_error = ERROR_INIT,                                       \
				   .off = STRV_INIT,                                               \
				   .findings = FINDINGS_INIT }

static void project_release(struct project *project)
{
	stack_template_release(&project->template);
	error_release(&project->template_error);
	parameter_file_release(&project->file);
	error_release(&project->file_error);
	strv_release(&project->off);
	findings_release(&project->findings);
	file_remove_tree(project->dir);
	free(project->dir);
}

static char *write_file(const struct project *project, const char *name, const char *text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *path = file_join(project->dir, name);

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, &err), 0);
	return path;
}

static void begin(struct project *project, const char *template, const char *parameters)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *stack = NULL;
	CLEANUP_FREE char *file = NULL;

	assert_int_equal(file_make_private_dir("check", &project->dir, &err), 0);
	stack = write_file(project, "stack.yml", template);
	(void)stack_template_load(stack, &project->template, &project->template_error);
	if (parameters) {
		file = write_file(project, "dev.cfg", parameters);
		(void)parameter_file_load(file, NULL, &project->file, &project->file_error);
	}
	project->request = (struct check_request){
		.template = &project->template,
		.template_error = project->template_error.kind ? &project->template_error : NULL,
		.parameters = parameters ? &project->file : NULL,
		.parameters_error = project->file_error.kind ? &project->file_error : NULL,
		.tag_parameter = "ApplicationImageTag",
		.off = &project->off,
	};
}

static void describe(const struct project *project, struct str *out)
{
	for (size_t i = 0; i < project->findings.count; i++) {
		const struct finding *finding = &project->findings.items[i];

		str_addf(out, "%s%s:%u:%u %s", i ? "\n" : "", strrchr(finding->file, '/') + 1,
			 finding->line, finding->column, check_rule_name(finding->rule));
	}
}

static void finds_what_each_rule_is_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str found = STR_INIT;
		PROJECT;

		begin(&project, rows[i].template, rows[i].parameters);
		check_run(&project.request, &project.findings);
		describe(&project, &found);
		if (strcmp(found.buf, rows[i].found) != 0)
			fail_msg("row %zu: '%s', not '%s', in:\n%s", i, found.buf, rows[i].found,
				 rows[i].template);
	}
}

static void switches_off_each_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *rule = strrchr(rows[i].found, ' ');
		PROJECT;

		begin(&project, rows[i].template, rows[i].parameters);
		if (rule)
			strv_add(&project.off, rule + 1);
		check_run(&project.request, &project.findings);
		assert_int_equal(project.findings.count, 0);
	}
}

/* A rule that no row above finds anything with is not tested. */
static void has_a_row_for_every_rule(void **state)
{
	const struct check_rule *rule;

	(void)state;
	for (size_t i = 0; (rule = check_rule_at(i)); i++) {
		/* These go by size: measures_the_template(). */
		bool found = strncmp(check_rule_name(rule), "template-", 9) == 0;

		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++)
			found = found || strstr(rows[j].found, check_rule_name(rule));
		if (!found)
			fail_msg("no row for %s", check_rule_name(rule));
	}
}

static void measures_the_template(void **state)
{
	static const struct {
		size_t size;
		const char *bucket, *found;
	} sizes[] = {
		{ 40959, NULL, "" },
		{ 40960, NULL, "stack.yml:1:1 template-nearly-full" },
		{ 51200, "", "stack.yml:1:1 template-nearly-full" },
		{ 51200, "b", "" },
		{ 51201, NULL, "stack.yml:1:1 template-size" },
		{ 2000000, NULL, "stack.yml:1:1 template-size" },
		{ 51201, "b", "stack.yml:1:1 template-upload" },
		{ 1000000, "b", "stack.yml:1:1 template-upload" },
		{ 1000001, "b", "stack.yml:1:1 template-size" },
		{ 2000000, "b", "stack.yml:1:1 template-size" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CLEANUP(str_release) struct str text = STR_INIT;
		CLEANUP(str_release) struct str found = STR_INIT;
		PROJECT;

		str_adds(&text, TAG NONE "# ");
		while (text.len < sizes[i].size)
			str_addc(&text, 'x');
		begin(&project, text.buf, TAG_FILE);
		project.request.bucket = sizes[i].bucket;
		check_run(&project.request, &project.findings);
		describe(&project, &found);
		assert_string_equal(found.buf, sizes[i].found);
	}
}

static void says_what_the_template_says(void **state)
{
	static const struct {
		const char *declaration, *value, *message, *fix;
	} cases[] = {
		{ "Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: only letters",
		  "X=A1\n",
		  "parameter 'X': 'A1' does not match AllowedPattern '[a-z]+': only letters",
		  "give it a value that matches as a whole" },
		{ "Type: String, AllowedValues: [a, 1]", "X=b\n",
		  "parameter 'X': 'b' is none of AllowedValues", "use one of: a, 1" },
		{ "Type: String, NoEcho: 'true', AllowedValues: [a, 1]", "X=hunter2\n",
		  "parameter 'X': its value (NoEcho) is none of AllowedValues",
		  "use one of: a, 1" },
		{ "Type: 'AWS::EC2::VPC::Id'", "X=a\n",
		  "parameter 'X': 'a' is no AWS::EC2::VPC::Id",
		  "give it one like vpc-0123456789abcdef0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP_FREE char *template = mem_printf(X("%s"), cases[i].declaration);
		CLEANUP_FREE char *file = mem_printf("%s" TAG_FILE, cases[i].value);
		PROJECT;

		begin(&project, template, file);
		check_run(&project.request, &project.findings);
		assert_int_equal(project.findings.count, 1);
		assert_string_equal(project.findings.items[0].message, cases[i].message);
		assert_string_equal(project.findings.items[0].fix, cases[i].fix);
	}
}

static void never_shows_what_is_not_to_be_echoed(void **state)
{
	static const char *const declarations[] = {
		"Type: Number, NoEcho: true",
		"Type: String, NoEcho: true, MaxLength: 1",
		"Type: String, NoEcho: true, AllowedPattern: a",
		"Type: 'AWS::EC2::VPC::Id', NoEcho: true",
		"Type: 'List<Number>', NoEcho: true",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++) {
		CLEANUP_FREE char *template = mem_printf(X("%s"), declarations[i]);
		PROJECT;

		begin(&project, template, "X=hunter2\n" TAG_FILE);
		check_run(&project.request, &project.findings);
		assert_int_equal(project.findings.count, 1);
		assert_null(strstr(project.findings.items[0].message, "hunter2"));
		assert_null(strstr(project.findings.items[0].fix, "hunter2"));
	}
}

static void names_the_nearest_parameter(void **state)
{
	PROJECT;

	(void)state;
	begin(&project, X("Type: String, Default: a"),
	      "ApplicationImageTagg=1\n" TAG_FILE "Y2=1\n");
	check_run(&project.request, &project.findings);
	assert_int_equal(project.findings.count, 2);
	assert_non_null(strstr(project.findings.items[0].fix, "take it out of"));
	findings_release(&project.findings);
	project.request.tag_parameter = "ApplicationTag";
	check_run(&project.request, &project.findings);
	assert_int_equal(project.findings.count, 3);
}

static void takes_what_the_live_stack_has(void **state)
{
	CLEANUP(cfn_parameters_release) struct cfn_parameters live = CFN_PARAMETERS_INIT;
	PROJECT;

	(void)state;
	begin(&project, TAG NONE, "");
	cfn_parameters_add(&live, "ApplicationImageTag", "1");
	project.request.live = &live;
	check_run(&project.request, &project.findings);
	assert_int_equal(project.findings.count, 0);
}

static void checks_the_tag_that_will_be(void **state)
{
	PROJECT;

	(void)state;
	begin(&project,
	      "Parameters: {ApplicationImageTag: {Type: String, AllowedPattern: "
	      "'[0-9a-f]{7}'}}\n" NONE,
	      "ApplicationImageTag=latest\n");
	project.request.tag = "5fdbe62";
	check_run(&project.request, &project.findings);
	assert_int_equal(project.findings.count, 0);
	project.request.tag = NULL;
	check_run(&project.request, &project.findings);
	assert_int_equal(project.findings.count, 1);
}

static void keeps_500_of_many_findings(void **state)
{
	CLEANUP(str_release) struct str file = STR_INIT;
	PROJECT;

	(void)state;
	for (int i = 0; i < 20000; i++)
		str_addf(&file, "Unknown%d=1\n", i);
	str_adds(&file, TAG_FILE);
	begin(&project, TAG NONE, file.buf);
	check_run(&project.request, &project.findings);
	assert_int_equal(project.findings.count, 500);
	assert_int_equal(project.findings.dropped, 19500);
}

static void knows_its_rules(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv names = STRV_INIT;

	(void)state;
	strv_add(&names, "circuit-breaker");
	assert_int_equal(check_rules_known(&names, &err), 0);
	strv_add(&names, "circuit-braker");
	assert_int_equal(check_rules_known(&names, &err), -1);
	assert_string_equal(err.fix.buf, "did you mean 'circuit-breaker'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_each_rule_is_for),
		cmocka_unit_test(switches_off_each_rule),
		cmocka_unit_test(has_a_row_for_every_rule),
		cmocka_unit_test(measures_the_template),
		cmocka_unit_test(says_what_the_template_says),
		cmocka_unit_test(never_shows_what_is_not_to_be_echoed),
		cmocka_unit_test(names_the_nearest_parameter),
		cmocka_unit_test(takes_what_the_live_stack_has),
		cmocka_unit_test(checks_the_tag_that_will_be),
		cmocka_unit_test(keeps_500_of_many_findings),
		cmocka_unit_test(knows_its_rules),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
