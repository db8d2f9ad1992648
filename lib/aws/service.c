#include "aws/service.h"

/* Source: the service models of the AWS CLI 2.36.7 (metadata of service-2.json). */
const struct aws_service aws_services[AWS_SERVICES] = {
	[AWS_CLOUDFORMATION] = {
		.title = "CloudFormation",
		.key = "cloudformation",
		.signing_name = "cloudformation",
		.protocol = AWS_PROTOCOL_QUERY,
		.version = "2010-05-15",
	},
	[AWS_ECR] = {
		.title = "ECR",
		.key = "ecr",
		.signing_name = "ecr",
		.protocol = AWS_PROTOCOL_JSON,
		.version = "AmazonEC2ContainerRegistry_V20150921",
	},
	[AWS_ECS] = {
		.title = "ECS",
		.key = "ecs",
		.signing_name = "ecs",
		.protocol = AWS_PROTOCOL_JSON,
		.version = "AmazonEC2ContainerServiceV20141113",
	},
	[AWS_LOGS] = {
		.title = "CloudWatch Logs",
		.key = "cloudwatch_logs",
		.signing_name = "logs",
		.protocol = AWS_PROTOCOL_JSON,
		.version = "Logs_20140328",
	},
	[AWS_S3] = {
		.title = "S3",
		.key = "s3",
		.signing_name = "s3",
		.protocol = AWS_PROTOCOL_REST_XML,
	},
	[AWS_SECRETS_MANAGER] = {
		.title = "Secrets Manager",
		.key = "secrets_manager",
		.signing_name = "secretsmanager",
		.protocol = AWS_PROTOCOL_JSON,
		.version = "secretsmanager",
	},
	[AWS_SSM] = {
		.title = "SSM",
		.key = "ssm",
		.signing_name = "ssm",
		.protocol = AWS_PROTOCOL_JSON,
		.version = "AmazonSSM",
	},
	[AWS_SSO] = {
		.title = "SSO",
		.key = "sso",
		.signing_name = "awsssoportal",
		.protocol = AWS_PROTOCOL_REST_JSON,
	},
	[AWS_SSO_OIDC] = {
		.title = "SSO OIDC",
		.key = "sso_oidc",
		.signing_name = "sso-oauth",
		.protocol = AWS_PROTOCOL_REST_JSON,
	},
	[AWS_STS] = {
		.title = "STS",
		.key = "sts",
		.signing_name = "sts",
		.protocol = AWS_PROTOCOL_QUERY,
		.version = "2011-06-15",
	},
};
