#include "sandbox/resource_type.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/digest.h"
#include "data/json.h"
#include "sandbox/ecr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Longest name that load balancers and target groups take. */
#define SHORT_NAME 32

/* clang-format off */
/* Sorted by name. */
static const struct resource_type types[] = {
	{ .name = "AWS::ApplicationAutoScaling::ScalableTarget",
	  .id = "{=ResourceId}|{=ScalableDimension}|{=ServiceNamespace}",
	  .attributes = "Id={id}",
	  .create_only = "ResourceId ScalableDimension ServiceNamespace",
	  .create_s = 10, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::ApplicationAutoScaling::ScalingPolicy",
	  .id = "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}:policyName/{=PolicyName}",
	  .attributes = "Arn={id} ScalableDimension={=ScalableDimension}",
	  .create_only = "PolicyName ServiceNamespace ResourceId ScalableDimension "
		"ScalingTargetId",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::AutoScaling::AutoScalingGroup",
	  .id = "{name}",
	  .name_property = "AutoScalingGroupName",
	  .attributes = "AutoScalingGroupARN=arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{hash:32}:autoScalingGroupName/{id}",
	  .create_only = "InstanceId AutoScalingGroupName",
	  .create_s = 90, .update_s = 60, .delete_s = 90 },
	{ .name = "AWS::AutoScaling::LaunchConfiguration",
	  .id = "{name}",
	  .name_property = "LaunchConfigurationName",
	  .attributes = "",
	  .create_only = "*",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::AutoScaling::LifecycleHook",
	  .id = "{name}",
	  .name_property = "LifecycleHookName",
	  .attributes = "",
	  .create_only = "AutoScalingGroupName LifecycleHookName",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::AutoScaling::ScalingPolicy",
	  .id = "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}:autoScalingGroupName/{=AutoScalingGroupName}:policyName/{name}",
	  .attributes = "Arn={id} PolicyName={tail}",
	  .create_only = "AutoScalingGroupName",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::CertificateManager::Certificate",
	  .id = "arn:aws:acm:{region}:{account}:certificate/{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
	  .attributes = "Id={id}",
	  .create_only = "SubjectAlternativeNames DomainValidationOptions ValidationMethod "
		"KeyAlgorithm DomainName CertificateAuthorityArn",
	  .create_s = 60, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::CloudFormation::Stack",
	  .id = "arn:aws:cloudformation:{region}:{account}:stack/{name}/{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
	  .create_s = 30, .update_s = 30, .delete_s = 30 },
	{ .name = "AWS::CloudFormation::WaitCondition",
	  .id = "arn:aws:cloudformation:{region}:{account}:stack/{stack}/{name}",
	  .attributes = "Id={id} Data={}",
	  .create_only = "Handle Timeout Count",
	  .create_s = 10, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::CloudFormation::WaitConditionHandle",
	  .id = "https://cloudformation-waitcondition-{region}.s3.amazonaws.com/{name}",
	  .attributes = "Id={id}",
	  .create_s = 2, .update_s = 2, .delete_s = 2 },
	{ .name = "AWS::CloudFront::Distribution",
	  .id = "E{upper:13}",
	  .attributes = "Id={id} DomainName=d{hash:13}.cloudfront.net",
	  .create_s = 240, .update_s = 180, .delete_s = 240 },
	{ .name = "AWS::CloudWatch::Alarm",
	  .id = "{name}",
	  .name_property = "AlarmName",
	  .attributes = "Arn=arn:aws:cloudwatch:{region}:{account}:alarm:{id}",
	  .create_only = "AlarmName",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::CodeBuild::Project",
	  .id = "{name}",
	  .name_property = "Name",
	  .attributes = "Arn=arn:aws:codebuild:{region}:{account}:project/{id} Id={id}",
	  .create_only = "Name",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::Cognito::UserPool",
	  .id = "{region}_{upper:9}",
	  .attributes = "UserPoolId={id} "
		"Arn=arn:aws:cognito-idp:{region}:{account}:userpool/{id} "
		"ProviderName=cognito-idp.{region}.amazonaws.com/{id} "
		"ProviderURL=https://cognito-idp.{region}.amazonaws.com/{id}",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::DynamoDB::Table",
	  .id = "{name}",
	  .name_property = "TableName",
	  .attributes = "Arn=arn:aws:dynamodb:{region}:{account}:table/{id} "
		"StreamArn=arn:aws:dynamodb:{region}:{account}:table/{id}/stream/2026-01-01T00:00:00.000",
	  .create_only = "TableName ImportSourceSpecification",
	  .create_s = 20, .update_s = 20, .delete_s = 15 },
	{ .name = "AWS::EC2::EIP",
	  .id = "203.0.113.{count}",
	  .attributes = "AllocationId=eipalloc-{hash:17} PublicIp={id}",
	  .create_only = "NetworkBorderGroup TransferAddress IpamPoolId Address",
	  .create_s = 10, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::Instance",
	  .id = "i-{hex:17}",
	  .attributes = "InstanceId={id} AvailabilityZone={region}a PrivateIp=10.0.0.10 "
		"PrivateDnsName=ip-10-0-0-10.ec2.internal PublicIp=203.0.113.10 "
		"PublicDnsName=ec2-203-0-113-10.compute-1.amazonaws.com "
		"VpcId=vpc-{hash:8}",
	  .create_only = "AvailabilityZone CpuOptions HostResourceGroupArn ImageId KeyName "
		"LaunchTemplate NetworkInterfaces PlacementGroupName PrivateIpAddress "
		"SecurityGroups SubnetId",
	  .create_s = 40, .update_s = 20, .delete_s = 40 },
	{ .name = "AWS::EC2::InternetGateway",
	  .id = "igw-{hex:17}",
	  .attributes = "InternetGatewayId={id}",
	  .create_s = 15, .update_s = 5, .delete_s = 15 },
	{ .name = "AWS::EC2::LaunchTemplate",
	  .id = "lt-{hex:17}",
	  .attributes = "LaunchTemplateId={id} DefaultVersionNumber=1 LatestVersionNumber=1",
	  .create_only = "LaunchTemplateName",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::NatGateway",
	  .id = "nat-{hex:17}",
	  .attributes = "NatGatewayId={id}",
	  .create_only = "VpcId SubnetId ConnectivityType AllocationId PrivateIpAddress",
	  .create_s = 100, .update_s = 10, .delete_s = 60 },
	{ .name = "AWS::EC2::NetworkInterface",
	  .id = "eni-{hex:17}",
	  .attributes = "Id={id} PrimaryPrivateIpAddress=10.0.0.11 SecondaryPrivateIpAddresses=10.0.0.12,10.0.0.13 "
		"VpcId=vpc-{hash:8}",
	  .create_only = "PrivateIpAddress InterfaceType SubnetId",
	  .create_s = 10, .update_s = 5, .delete_s = 10 },
	{ .name = "AWS::EC2::Route",
	  .id = "{=RouteTableId}|{=DestinationCidrBlock}",
	  .attributes = "CidrBlock={=DestinationCidrBlock}",
	  .create_only = "RouteTableId DestinationCidrBlock DestinationIpv6CidrBlock "
		"DestinationPrefixListId",
	  .create_s = 10, .update_s = 5, .delete_s = 10 },
	{ .name = "AWS::EC2::RouteTable",
	  .id = "rtb-{hex:17}",
	  .attributes = "RouteTableId={id}",
	  .create_only = "VpcId",
	  .create_s = 10, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::SecurityGroup",
	  .id = "sg-{hex:17}",
	  .attributes = "GroupId={id} Id={id} VpcId={=VpcId}",
	  .create_only = "GroupDescription GroupName VpcId",
	  .create_s = 8, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::SecurityGroupEgress",
	  .id = "sgr-{hex:17}",
	  .attributes = "Id={id}",
	  .create_only = "IpProtocol DestinationSecurityGroupId ToPort CidrIp FromPort GroupId "
		"CidrIpv6 DestinationPrefixListId",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::SecurityGroupIngress",
	  .id = "sgr-{hex:17}",
	  .attributes = "Id={id}",
	  .create_only = "GroupName IpProtocol SourceSecurityGroupId SourcePrefixListId ToPort "
		"CidrIp SourceSecurityGroupName SourceSecurityGroupOwnerId FromPort "
		"GroupId CidrIpv6",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::Subnet",
	  .id = "subnet-{hex:17}",
	  .attributes = "SubnetId={id} AvailabilityZone={=AvailabilityZone} "
		"CidrBlock={=CidrBlock} VpcId={=VpcId} "
		"NetworkAclAssociationId=aclassoc-{hash:17} Ipv6CidrBlocks=",
	  .create_only = "VpcId AvailabilityZone AvailabilityZoneId CidrBlock OutpostArn",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::SubnetRouteTableAssociation",
	  .id = "rtbassoc-{hex:17}",
	  .attributes = "Id={id}",
	  .create_only = "SubnetId RouteTableId",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::VPC",
	  .id = "vpc-{hex:17}",
	  .attributes = "VpcId={id} CidrBlock={=CidrBlock} DefaultNetworkAcl=acl-{hash:17} "
		"DefaultSecurityGroup=sg-{hash:17} "
		"CidrBlockAssociations=vpc-cidr-assoc-{hash:17} Ipv6CidrBlocks=",
	  .create_only = "CidrBlock Ipv4IpamPoolId Ipv4NetmaskLength",
	  .create_s = 12, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::EC2::VPCGatewayAttachment",
	  .id = "IGW|{=VpcId}",
	  .attributes = "AttachmentType=IGW",
	  .create_only = "VpcId",
	  .create_s = 15, .update_s = 5, .delete_s = 15 },
	{ .name = "AWS::ECR::Repository",
	  .id = "{name}",
	  .name_property = "RepositoryName",
	  .attributes = "Arn=arn:aws:ecr:{region}:{account}:repository/{id} "
		"RepositoryUri={registry}/{id}",
	  .create_only = "RepositoryName EncryptionConfiguration",
	  .create_s = 3, .update_s = 3, .delete_s = 3 },
	{ .name = "AWS::ECS::Cluster",
	  .id = "{name}",
	  .name_property = "ClusterName",
	  .attributes = "Arn=arn:aws:ecs:{region}:{account}:cluster/{id}",
	  .create_only = "ClusterName",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::ECS::Service",
	  .id = "arn:aws:ecs:{region}:{account}:service/{=Cluster}/{name}",
	  .name_property = "ServiceName",
	  .attributes = "Name={tail} ServiceArn={id}",
	  .create_only = "Cluster Role SchedulingStrategy ServiceName",
	  .create_s = 60, .update_s = 60, .delete_s = 45 },
	{ .name = "AWS::ECS::TaskDefinition",
	  .id = "arn:aws:ecs:{region}:{account}:task-definition/{name}:{count}",
	  .name_property = "Family",
	  .attributes = "TaskDefinitionArn={id}",
	  .create_only = "*",
	  .create_s = 2, .update_s = 2, .delete_s = 2 },
	{ .name = "AWS::EFS::FileSystem",
	  .id = "fs-{hex:17}",
	  .attributes = "FileSystemId={id} "
		"Arn=arn:aws:elasticfilesystem:{region}:{account}:file-system/{id}",
	  .create_only = "AvailabilityZoneName Encrypted KmsKeyId PerformanceMode",
	  .create_s = 15, .update_s = 10, .delete_s = 10 },
	{ .name = "AWS::ElasticLoadBalancingV2::Listener",
	  .id = "arn:aws:elasticloadbalancing:{region}:{account}:listener/app/{hex:16}/{hex:16}",
	  .attributes = "ListenerArn={id}",
	  .create_only = "LoadBalancerArn",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::ElasticLoadBalancingV2::ListenerRule",
	  .id = "arn:aws:elasticloadbalancing:{region}:{account}:listener-rule/app/{hex:16}/{hex:16}",
	  .attributes = "RuleArn={id} IsDefault=false",
	  .create_only = "ListenerArn",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::ElasticLoadBalancingV2::LoadBalancer",
	  .id = "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{short}/{hex:16}",
	  .name_property = "Name",
	  .attributes = "LoadBalancerArn={id} "
		"DNSName={short}-{hash:10}.{region}.elb.amazonaws.com "
		"LoadBalancerName={short} LoadBalancerFullName=app/{short}/{tail} "
		"CanonicalHostedZoneID=Z35SXDOTRQ7X7K SecurityGroups=",
	  .create_only = "Name Type Scheme",
	  .create_s = 120, .update_s = 10, .delete_s = 20 },
	{ .name = "AWS::ElasticLoadBalancingV2::TargetGroup",
	  .id = "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{short}/{hex:16}",
	  .name_property = "Name",
	  .attributes = "TargetGroupArn={id} TargetGroupName={short} "
		"TargetGroupFullName=targetgroup/{short}/{tail} LoadBalancerArns=",
	  .create_only = "TargetType ProtocolVersion Port Name VpcId Protocol IpAddressType",
	  .create_s = 10, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::Events::Rule",
	  .id = "{name}",
	  .name_property = "Name",
	  .attributes = "Arn=arn:aws:events:{region}:{account}:rule/{id}",
	  .create_only = "Name",
	  .create_s = 30, .update_s = 10, .delete_s = 30 },
	{ .name = "AWS::IAM::InstanceProfile",
	  .id = "{name}",
	  .name_property = "InstanceProfileName",
	  .attributes = "Arn=arn:aws:iam::{account}:instance-profile/{id}",
	  .create_only = "InstanceProfileName Path",
	  .create_s = 120, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::IAM::ManagedPolicy",
	  .id = "arn:aws:iam::{account}:policy/{name}",
	  .name_property = "ManagedPolicyName",
	  .attributes = "PolicyArn={id}",
	  .create_only = "ManagedPolicyName Description Path",
	  .create_s = 15, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::IAM::Policy",
	  .id = "{name}",
	  .name_property = "PolicyName",
	  .attributes = "Id={id}",
	  .create_s = 15, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::IAM::Role",
	  .id = "{name}",
	  .name_property = "RoleName",
	  .attributes = "Arn=arn:aws:iam::{account}:role/{id} RoleId=AROA{HASH:17}",
	  .create_only = "Path RoleName",
	  .create_s = 18, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::IAM::User",
	  .id = "{name}",
	  .name_property = "UserName",
	  .attributes = "Arn=arn:aws:iam::{account}:user/{id}",
	  .create_only = "UserName",
	  .create_s = 20, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::KMS::Alias",
	  .id = "{=AliasName}",
	  .name_property = "AliasName",
	  .attributes = "",
	  .create_only = "AliasName",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::KMS::Key",
	  .id = "{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
	  .attributes = "KeyId={id} Arn=arn:aws:kms:{region}:{account}:key/{id}",
	  .create_s = 10, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::Lambda::Function",
	  .id = "{name}",
	  .name_property = "FunctionName",
	  .attributes = "Arn=arn:aws:lambda:{region}:{account}:function:{id}",
	  .create_only = "FunctionName PackageType",
	  .create_s = 10, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::Lambda::Permission",
	  .id = "{name}",
	  .attributes = "Id={id}",
	  .create_only = "*",
	  .create_s = 10, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::Lambda::Version",
	  .id = "arn:aws:lambda:{region}:{account}:function:{=FunctionName}:{count}",
	  .attributes = "Version={tail} FunctionArn={id}",
	  .create_only = "FunctionName Description CodeSha256",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::Logs::LogGroup",
	  .id = "{name}",
	  .name_property = "LogGroupName",
	  .attributes = "Arn=arn:aws:logs:{region}:{account}:log-group:{id}:*",
	  .create_only = "LogGroupName",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::RDS::DBCluster",
	  .id = "{name}",
	  .name_property = "DBClusterIdentifier",
	  .attributes = "DBClusterArn=arn:aws:rds:{region}:{account}:cluster:{id} "
		"Endpoint.Address={id}.cluster-{hash:12}.{region}.rds.amazonaws.com "
		"Endpoint.Port=3306 "
		"ReadEndpoint.Address={id}.cluster-ro-{hash:12}.{region}.rds.amazonaws.com "
		"DBClusterResourceId=cluster-{HASH:26}",
	  .create_only = "AvailabilityZones DBClusterIdentifier DBSubnetGroupName DatabaseName "
		"EngineMode KmsKeyId SnapshotIdentifier StorageEncrypted",
	  .create_s = 180, .update_s = 60, .delete_s = 120 },
	{ .name = "AWS::RDS::DBInstance",
	  .id = "{name}",
	  .name_property = "DBInstanceIdentifier",
	  .attributes = "DBInstanceArn=arn:aws:rds:{region}:{account}:db:{id} "
		"DbiResourceId=db-{HASH:26} "
		"Endpoint.Address={id}.{hash:12}.{region}.rds.amazonaws.com "
		"Endpoint.Port=3306 Endpoint.HostedZoneId=Z2R2ITUGPM61AM",
	  .create_only = "BackupTarget CharacterSetName DBClusterIdentifier DBInstanceIdentifier "
		"DBName DBSubnetGroupName KmsKeyId MasterUsername SourceRegion "
		"StorageEncrypted Timezone",
	  .create_s = 300, .update_s = 60, .delete_s = 180 },
	{ .name = "AWS::RDS::DBSubnetGroup",
	  .id = "{name}",
	  .name_property = "DBSubnetGroupName",
	  .attributes = "",
	  .create_only = "DBSubnetGroupName",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::Route53::HostedZone",
	  .id = "Z{upper:13}",
	  .attributes = "Id={id} NameServers=ns-1.awsdns-01.com,ns-2.awsdns-02.net",
	  .create_only = "Name",
	  .create_s = 30, .update_s = 10, .delete_s = 30 },
	{ .name = "AWS::Route53::RecordSet",
	  .id = "{=Name}",
	  .attributes = "",
	  .create_only = "Name HostedZoneId HostedZoneName",
	  .create_s = 30, .update_s = 20, .delete_s = 30 },
	{ .name = "AWS::S3::Bucket",
	  .id = "{lower}",
	  .name_property = "BucketName",
	  .attributes = "Arn=arn:aws:s3:::{id} DomainName={id}.s3.amazonaws.com "
		"RegionalDomainName={id}.s3.{region}.amazonaws.com "
		"DualStackDomainName={id}.s3.dualstack.{region}.amazonaws.com "
		"WebsiteURL=http://{id}.s3-website-{region}.amazonaws.com",
	  .create_only = "BucketName",
	  .create_s = 20, .update_s = 10, .delete_s = 5 },
	{ .name = "AWS::SNS::Subscription",
	  .id = "{=TopicArn}:{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
	  .attributes = "Arn={id}",
	  .create_only = "Endpoint Protocol TopicArn",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::SNS::Topic",
	  .id = "arn:aws:sns:{region}:{account}:{name}",
	  .name_property = "TopicName",
	  .attributes = "TopicArn={id} TopicName={tail}",
	  .create_only = "TopicName FifoTopic",
	  .create_s = 10, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::SQS::Queue",
	  .id = "https://sqs.{region}.amazonaws.com/{account}/{name}",
	  .name_property = "QueueName",
	  .attributes = "Arn=arn:aws:sqs:{region}:{account}:{tail} QueueName={tail} "
		"QueueUrl={id}",
	  .create_only = "FifoQueue QueueName",
	  .create_s = 60, .update_s = 10, .delete_s = 60 },
	{ .name = "AWS::SSM::Parameter",
	  .id = "{name}",
	  .name_property = "Name",
	  .attributes = "Type={=Type} Value={=Value}",
	  .create_only = "Name",
	  .create_s = 3, .update_s = 3, .delete_s = 3 },
	{ .name = "AWS::SecretsManager::Secret",
	  .id = "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{letters:6}",
	  .name_property = "Name",
	  .attributes = "Id={id}",
	  .create_only = "Name",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
	{ .name = "AWS::StepFunctions::StateMachine",
	  .id = "arn:aws:states:{region}:{account}:stateMachine:{name}",
	  .name_property = "StateMachineName",
	  .attributes = "Arn={id} Name={tail} StateMachineRevisionId={hash:32}",
	  .create_only = "StateMachineName StateMachineType",
	  .create_s = 5, .update_s = 5, .delete_s = 5 },
};
/* clang-format on */

/* A known type without a row of its own. */
static const struct resource_type plain_type = {
	.name = "", .id = "{name}", .create_s = 5, .update_s = 5, .delete_s = 5
};

static const struct resource_type custom_type = {
	.name = "AWS::CloudFormation::CustomResource",
	.id = "{name}",
	.create_only = "ServiceToken",
	.create_s = 15,
	.update_s = 15,
	.delete_s = 10,
};

bool resource_type_is_custom(const char *name)
{
	return strncmp(name, "Custom::", 8) == 0 || strcmp(name, custom_type.name) == 0;
}

bool resource_type_needs_iam(const char *name)
{
	static const char *const names[] = { "AWS::IAM::AccessKey",
					     "AWS::IAM::Group",
					     "AWS::IAM::InstanceProfile",
					     "AWS::IAM::ManagedPolicy",
					     "AWS::IAM::Policy",
					     "AWS::IAM::Role",
					     "AWS::IAM::User",
					     "AWS::IAM::UserToGroupAddition" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static int compare_types(const void *name, const void *type)
{
	return strcmp(name, ((const struct resource_type *)type)->name);
}

const struct resource_type *resource_type_find(const char *name)
{
	const struct resource_type *type = bsearch(name, types, sizeof(types) / sizeof(types[0]),
						   sizeof(types[0]), compare_types);

	if (type)
		return type;
	if (resource_type_is_custom(name))
		return &custom_type;
	return resource_name_is_known(name) ? &plain_type : NULL;
}

bool resource_type_replaces(const struct resource_type *type, const char *property)
{
	CLEANUP(strv_release) struct strv names = STRV_INIT;

	if (!type->create_only || strcmp(property, "Tags") == 0)
		return false;
	if (strcmp(type->create_only, "*") == 0)
		return true;
	strv_split(&names, type->create_only, " ");
	return strv_has(&names, property);
}

/* ---- patterns ---- */

static const char hex[] = "0123456789abcdef";
static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const char *last_part(const char *text)
{
	const char *end = text;

	for (const char *p = text; *p; p++) {
		if ((*p == '/' || *p == ':') && p[1])
			end = p + 1;
	}
	return end;
}

static void add_property(const struct resource_identity *resource, const char *name,
			 struct str *out)
{
	const char *text = json_text(resource->properties, name);

	if (text)
		str_adds(out, strncmp(text, "arn:", 4) == 0 && strcmp(name, "TopicArn") != 0
				      ? last_part(text)
				      : text);
}

static void add_name(const struct resource_identity *resource, struct str *out)
{
	const char *given = resource->type->name_property
				    ? json_text(resource->properties, resource->type->name_property)
				    : NULL;

	if (given) {
		str_adds(out, given);
		return;
	}
	str_addf(out, "%s-%s-", resource->stack, resource->logical_id);
	sandbox_random(out, 12, upper);
}

/* At most 32 characters: of the given name, or of stack and logical id. */
static void add_short_name(const struct resource_identity *resource, struct str *out)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	const char *given = json_text(resource->properties, "Name");

	if (given)
		str_adds(&name, given);
	else
		str_addf(&name, "%.5s-%.12s-", resource->stack, resource->logical_id);
	if (!given)
		digest_sha256_hex(&name, resource->logical_id, strlen(resource->logical_id));
	str_add(out, name.buf, name.len < SHORT_NAME ? name.len : SHORT_NAME);
}

static void add_lower_name(const struct resource_identity *resource, struct str *out)
{
	size_t start = out->len;

	add_name(resource, out);
	for (size_t i = start; i < out->len; i++)
		out->buf[i] = (char)tolower((unsigned char)out->buf[i]);
}

static void add_hash(const char *physical_id, size_t len, bool is_upper, struct str *out)
{
	CLEANUP(str_release) struct str digits = STR_INIT;

	digest_sha256_hex(&digits, physical_id, strlen(physical_id));
	for (size_t i = 0; i < len && i < digits.len; i++) {
		int digit = is_upper ? toupper((unsigned char)digits.buf[i]) : digits.buf[i];

		str_addc(out, (char)digit);
	}
}

/* Counts what stands before it in the id: the revisions of a task definition's family. */
static void add_count(json_t *counters, struct str *out)
{
	json_int_t next = json_integer_value(json_object_get(counters, out->buf)) + 1;

	(void)json_object_set_new(counters, out->buf, json_integer(next));
	str_addf(out, "%lld", (long long)next);
}

/* "{word:N}": random or derived characters. */
static void add_characters(const struct resource_identity *resource, struct slice word,
			   struct str *out)
{
	const char *colon = memchr(word.p, ':', word.n);
	struct slice kind = { word.p, colon ? (size_t)(colon - word.p) : word.n };
	uint64_t len = 0;

	if (!colon || !slice_to_u64((struct slice){ colon + 1, word.n - kind.n - 1 }, 64, &len))
		return;
	if (slice_is(kind, "hex"))
		sandbox_random(out, len, hex);
	else if (slice_is(kind, "upper"))
		sandbox_random(out, len, upper);
	else if (slice_is(kind, "letters"))
		sandbox_random(out, len, letters);
	else
		add_hash(resource->physical_id, len, slice_is(kind, "HASH"), out);
}

static void add_word(const struct resource_identity *resource, struct slice word, struct str *out)
{
	if (slice_is(word, "account")) {
		str_adds(out, sandbox_account(resource->sandbox));
	} else if (slice_is(word, "region")) {
		str_adds(out, sandbox_region(resource->sandbox));
	} else if (slice_is(word, "registry")) {
		ecr_registry_host(resource->sandbox, out);
	} else if (slice_is(word, "stack")) {
		str_adds(out, resource->stack);
	} else if (slice_is(word, "id")) {
		str_adds(out, resource->physical_id);
	} else if (slice_is(word, "tail")) {
		str_adds(out, last_part(resource->physical_id));
	} else if (slice_is(word, "name")) {
		add_name(resource, out);
	} else if (slice_is(word, "short")) {
		add_short_name(resource, out);
	} else if (slice_is(word, "lower")) {
		add_lower_name(resource, out);
	} else if (slice_is(word, "count")) {
		add_count(resource->counters, out);
	} else if (word.n && word.p[0] == '=') {
		CLEANUP_FREE char *name = mem_strndup(word.p + 1, word.n - 1);

		add_property(resource, name, out);
	} else {
		add_characters(resource, word, out);
	}
}

static void expand(const struct resource_identity *resource, struct slice pattern, struct str *out)
{
	for (size_t i = 0; i < pattern.n; i++) {
		const char *start = pattern.p + i;
		const char *end = *start == '{' ? memchr(start, '}', pattern.n - i) : NULL;

		if (end) {
			add_word(resource, (struct slice){ start + 1, (size_t)(end - start) - 1 },
				 out);
			i += (size_t)(end - start);
		} else {
			str_addc(out, *start);
		}
	}
}

void resource_type_new_id(const struct resource_identity *resource, struct str *out)
{
	CLEANUP(str_release) struct str id = STR_INIT;

	/* {count} looks at what stands before it: not at what the caller has in `out`. */
	expand(resource, slice_of(resource->type->id), &id);
	str_add(out, id.buf, id.len);
}

/* Where the attributes are not listed: an ARN for "...Arn", the id for "...Id", else some text. */
static void add_any_attribute(const struct resource_identity *resource, const char *name,
			      struct str *out)
{
	size_t len = strlen(name);

	if (len >= 3 && strcasecmp(name + len - 3, "arn") == 0)
		str_addf(out, "arn:aws:sandbox:%s:%s:%s", sandbox_region(resource->sandbox),
			 sandbox_account(resource->sandbox), resource->physical_id);
	else if (len >= 2 && strcmp(name + len - 2, "Id") == 0)
		str_adds(out, resource->physical_id);
	else if (len >= 9 && strcmp(name + len - 9, "Addresses") == 0)
		str_adds(out, "10.0.0.10,10.0.0.11");
	else
		str_addf(out, "%s-%s", resource->logical_id, name);
}

bool resource_type_attribute(const struct resource_identity *resource, const char *name,
			     struct str *out)
{
	CLEANUP(strv_release) struct strv pairs = STRV_INIT;
	size_t len = strlen(name);

	if (!resource->type->attributes) {
		add_any_attribute(resource, name, out);
		return true;
	}
	strv_split(&pairs, resource->type->attributes, " ");
	for (size_t i = 0; i < pairs.count; i++) {
		if (strncmp(pairs.v[i], name, len) == 0 && pairs.v[i][len] == '=') {
			expand(resource, slice_of(pairs.v[i] + len + 1), out);
			return true;
		}
	}
	return false;
}
