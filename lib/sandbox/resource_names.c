#include "sandbox/resource_type.h"

#include <stdlib.h>
#include <string.h>

/*
 * The names of resource types, one row a service, for the services that deployments use. Source:
 * AWS CloudFormation User Guide, "AWS resource and property types reference". Sorted by service.
 */
struct service_names {
	const char *service;
	const char *types; /* with a blank on either side of each */
};

/* clang-format off */
static const struct service_names rows[] = {
	{ "ACMPCA",
	  " Certificate CertificateAuthority CertificateAuthorityActivation Permission " },
	{ "AccessAnalyzer",
	  " Analyzer " },
	{ "Amplify",
	  " App Branch Domain " },
	{ "ApiGateway",
	  " Account ApiKey Authorizer BasePathMapping BasePathMappingV2 ClientCertificate "
	  "Deployment DocumentationPart DocumentationVersion DomainName "
	  "DomainNameAccessAssociation DomainNameV2 GatewayResponse Method Model "
	  "RequestValidator Resource RestApi Stage UsagePlan UsagePlanKey VpcLink " },
	{ "ApiGatewayV2",
	  " Api ApiGatewayManagedOverrides ApiMapping Authorizer Deployment DomainName "
	  "Integration IntegrationResponse Model Route RouteResponse RoutingRule Stage VpcLink " },
	{ "AppConfig",
	  " Application ConfigurationProfile Deployment DeploymentStrategy Environment Extension "
	  "ExtensionAssociation HostedConfigurationVersion " },
	{ "AppMesh",
	  " GatewayRoute Mesh Route VirtualGateway VirtualNode VirtualRouter VirtualService " },
	{ "AppRunner",
	  " AutoScalingConfiguration ObservabilityConfiguration Service VpcConnector "
	  "VpcIngressConnection " },
	{ "AppSync",
	  " Api ApiCache ApiKey ChannelNamespace DataSource DomainName DomainNameApiAssociation "
	  "FunctionConfiguration GraphQLApi GraphQLSchema Resolver SourceApiAssociation " },
	{ "ApplicationAutoScaling",
	  " ScalableTarget ScalingPolicy " },
	{ "Athena",
	  " CapacityReservation DataCatalog NamedQuery PreparedStatement WorkGroup " },
	{ "AutoScaling",
	  " AutoScalingGroup LaunchConfiguration LifecycleHook ScalingPolicy ScheduledAction "
	  "WarmPool " },
	{ "AutoScalingPlans",
	  " ScalingPlan " },
	{ "Backup",
	  " BackupPlan BackupSelection BackupVault Framework LogicallyAirGappedBackupVault "
	  "ReportPlan RestoreTestingPlan RestoreTestingSelection TieringConfiguration " },
	{ "Batch",
	  " ComputeEnvironment ConsumableResource JobDefinition JobQueue QuotaShare "
	  "SchedulingPolicy ServiceEnvironment " },
	{ "Budgets",
	  " Budget BudgetsAction " },
	{ "CDK",
	  " Metadata " },
	{ "CertificateManager",
	  " Account Certificate " },
	{ "Chatbot",
	  " CustomAction MicrosoftTeamsChannelConfiguration SlackChannelConfiguration " },
	{ "Cloud9",
	  " EnvironmentEC2 " },
	{ "CloudFormation",
	  " CustomResource GuardHook HookDefaultVersion HookTypeConfig HookVersion LambdaHook "
	  "Macro ModuleDefaultVersion ModuleVersion PublicTypeVersion Publisher "
	  "ResourceDefaultVersion ResourceVersion Stack StackSet TypeActivation WaitCondition "
	  "WaitConditionHandle " },
	{ "CloudFront",
	  " AnycastIpList CachePolicy CloudFrontOriginAccessIdentity ConnectionFunction "
	  "ConnectionGroup ContinuousDeploymentPolicy Distribution DistributionTenant Function "
	  "KeyGroup KeyValueStore MonitoringSubscription OriginAccessControl "
	  "OriginRequestPolicy PublicKey RealtimeLogConfig ResponseHeadersPolicy "
	  "StreamingDistribution TrustStore VpcOrigin " },
	{ "CloudTrail",
	  " Channel Dashboard EventDataStore ResourcePolicy Trail " },
	{ "CloudWatch",
	  " Alarm AlarmMuteRule AnomalyDetector CompositeAlarm Dashboard InsightRule "
	  "MetricStream OTelEnrichment " },
	{ "CodeArtifact",
	  " Domain PackageGroup Repository " },
	{ "CodeBuild",
	  " Fleet Project ReportGroup SourceCredential " },
	{ "CodeCommit",
	  " Repository " },
	{ "CodeConnections",
	  " Connection " },
	{ "CodeDeploy",
	  " Application DeploymentConfig DeploymentGroup " },
	{ "CodePipeline",
	  " CustomActionType Pipeline Webhook " },
	{ "CodeStarConnections",
	  " Connection RepositoryLink SyncConfiguration " },
	{ "CodeStarNotifications",
	  " NotificationRule " },
	{ "Cognito",
	  " IdentityPool IdentityPoolPrincipalTag IdentityPoolRoleAttachment "
	  "LogDeliveryConfiguration ManagedLoginBranding Terms UserPool UserPoolClient "
	  "UserPoolDomain UserPoolGroup UserPoolIdentityProvider UserPoolResourceServer "
	  "UserPoolRiskConfigurationAttachment UserPoolUICustomizationAttachment UserPoolUser "
	  "UserPoolUserToGroupAttachment " },
	{ "Config",
	  " AggregationAuthorization ConfigRule ConfigurationAggregator ConfigurationRecorder "
	  "ConformancePack DeliveryChannel OrganizationConfigRule OrganizationConformancePack "
	  "RemediationConfiguration StoredQuery " },
	{ "DAX",
	  " Cluster ParameterGroup SubnetGroup " },
	{ "DLM",
	  " LifecyclePolicy " },
	{ "DMS",
	  " Certificate DataMigration DataProvider Endpoint EventSubscription InstanceProfile "
	  "MigrationProject ReplicationConfig ReplicationInstance ReplicationSubnetGroup "
	  "ReplicationTask " },
	{ "DirectoryService",
	  " MicrosoftAD SimpleAD " },
	{ "DocDB",
	  " DBCluster DBClusterParameterGroup DBInstance DBSubnetGroup EventSubscription "
	  "GlobalCluster " },
	{ "DynamoDB",
	  " GlobalTable Table " },
	{ "EC2",
	  " CapacityManagerDataExport CapacityReservation CapacityReservationFleet "
	  "CarrierGateway ClientVpnAuthorizationRule ClientVpnEndpoint ClientVpnRoute "
	  "ClientVpnTargetNetworkAssociation CustomerGateway DHCPOptions EC2Fleet EIP "
	  "EIPAssociation EgressOnlyInternetGateway EnclaveCertificateIamRoleAssociation "
	  "FlowLog GatewayRouteTableAssociation Host IPAM IPAMAllocation IPAMPool IPAMPoolCidr "
	  "IPAMPrefixListResolver IPAMPrefixListResolverTarget IPAMResourceDiscovery "
	  "IPAMResourceDiscoveryAssociation IPAMScope Instance InstanceConnectEndpoint "
	  "InternetGateway IpPoolRouteTableAssociation KeyPair LaunchTemplate LocalGatewayRoute "
	  "LocalGatewayRouteTable LocalGatewayRouteTableVPCAssociation "
	  "LocalGatewayRouteTableVirtualInterfaceGroupAssociation LocalGatewayVirtualInterface "
	  "LocalGatewayVirtualInterfaceGroup NatGateway NetworkAcl NetworkAclEntry "
	  "NetworkInsightsAccessScope NetworkInsightsAccessScopeAnalysis "
	  "NetworkInsightsAnalysis NetworkInsightsPath NetworkInterface "
	  "NetworkInterfaceAttachment NetworkInterfacePermission "
	  "NetworkPerformanceMetricSubscription PlacementGroup PrefixList Route RouteServer "
	  "RouteServerAssociation RouteServerEndpoint RouteServerPeer RouteServerPropagation "
	  "RouteTable SecurityGroup SecurityGroupEgress SecurityGroupIngress "
	  "SecurityGroupVpcAssociation SnapshotBlockPublicAccess SpotFleet "
	  "SqlHaStandbyDetectedInstance Subnet SubnetCidrBlock SubnetNetworkAclAssociation "
	  "SubnetRouteTableAssociation TrafficMirrorFilter TrafficMirrorFilterRule "
	  "TrafficMirrorSession TrafficMirrorTarget TransitGateway TransitGatewayAttachment "
	  "TransitGatewayConnect TransitGatewayConnectPeer TransitGatewayMeteringPolicy "
	  "TransitGatewayMeteringPolicyEntry TransitGatewayMulticastDomain "
	  "TransitGatewayMulticastDomainAssociation TransitGatewayMulticastGroupMember "
	  "TransitGatewayMulticastGroupSource TransitGatewayPeeringAttachment "
	  "TransitGatewayRoute TransitGatewayRouteTable TransitGatewayRouteTableAssociation "
	  "TransitGatewayRouteTablePropagation TransitGatewayVpcAttachment VPC "
	  "VPCBlockPublicAccessExclusion VPCBlockPublicAccessOptions VPCCidrBlock "
	  "VPCDHCPOptionsAssociation VPCEncryptionControl VPCEndpoint "
	  "VPCEndpointConnectionNotification VPCEndpointService VPCEndpointServicePermissions "
	  "VPCGatewayAttachment VPCPeeringConnection VPNConcentrator VPNConnection "
	  "VPNConnectionRoute VPNGateway VPNGatewayRoutePropagation VerifiedAccessEndpoint "
	  "VerifiedAccessGroup VerifiedAccessInstance VerifiedAccessTrustProvider Volume "
	  "VolumeAttachment " },
	{ "ECR",
	  " PublicRepository PullThroughCacheRule PullTimeUpdateExclusion RegistryPolicy "
	  "RegistryScanningConfiguration ReplicationConfiguration Repository "
	  "RepositoryCreationTemplate SigningConfiguration " },
	{ "ECS",
	  " CapacityProvider Cluster ClusterCapacityProviderAssociations Daemon "
	  "DaemonTaskDefinition ExpressGatewayService PrimaryTaskSet Service TaskDefinition "
	  "TaskSet " },
	{ "EFS",
	  " AccessPoint FileSystem MountTarget " },
	{ "EKS",
	  " AccessEntry Addon Capability Cluster FargateProfile IdentityProviderConfig Nodegroup "
	  "PodIdentityAssociation " },
	{ "EMR",
	  " Cluster InstanceFleetConfig InstanceGroupConfig SecurityConfiguration Step Studio "
	  "StudioSessionMapping WALWorkspace " },
	{ "ElastiCache",
	  " CacheCluster GlobalReplicationGroup ParameterGroup ReplicationGroup SecurityGroup "
	  "SecurityGroupIngress ServerlessCache SubnetGroup User UserGroup " },
	{ "ElasticBeanstalk",
	  " Application ApplicationVersion ConfigurationTemplate Environment " },
	{ "ElasticLoadBalancing",
	  " LoadBalancer " },
	{ "ElasticLoadBalancingV2",
	  " Listener ListenerCertificate ListenerRule LoadBalancer TargetGroup TrustStore "
	  "TrustStoreRevocation " },
	{ "Elasticsearch",
	  " Domain " },
	{ "EventSchemas",
	  " Discoverer Registry RegistryPolicy Schema " },
	{ "Events",
	  " ApiDestination Archive Connection Endpoint EventBus EventBusPolicy Rule " },
	{ "FIS",
	  " ExperimentTemplate TargetAccountConfiguration " },
	{ "FSx",
	  " DataRepositoryAssociation FileSystem S3AccessPointAttachment Snapshot "
	  "StorageVirtualMachine Volume " },
	{ "GlobalAccelerator",
	  " Accelerator CrossAccountAttachment EndpointGroup Listener " },
	{ "Glue",
	  " Catalog Classifier Connection Crawler CustomEntityType DataCatalogEncryptionSettings "
	  "DataQualityRuleset Database DevEndpoint IdentityCenterConfiguration Integration "
	  "IntegrationResourceProperty Job MLTransform Partition Registry Schema SchemaVersion "
	  "SchemaVersionMetadata SecurityConfiguration Table TableOptimizer Trigger "
	  "UsageProfile Workflow " },
	{ "Grafana",
	  " Workspace " },
	{ "Greengrass",
	  " ConnectorDefinition ConnectorDefinitionVersion CoreDefinition CoreDefinitionVersion "
	  "DeviceDefinition DeviceDefinitionVersion FunctionDefinition "
	  "FunctionDefinitionVersion Group GroupVersion LoggerDefinition "
	  "LoggerDefinitionVersion ResourceDefinition ResourceDefinitionVersion "
	  "SubscriptionDefinition SubscriptionDefinitionVersion " },
	{ "GuardDuty",
	  " Detector Filter IPSet MalwareProtectionPlan Master Member PublishingDestination "
	  "ThreatEntitySet ThreatIntelSet TrustedEntitySet " },
	{ "IAM",
	  " AccessKey Group GroupPolicy InstanceProfile ManagedPolicy OIDCProvider Policy Role "
	  "RolePolicy SAMLProvider ServerCertificate ServiceLinkedRole User UserPolicy "
	  "UserToGroupAddition VirtualMFADevice " },
	{ "ImageBuilder",
	  " Component ContainerRecipe DistributionConfiguration Image ImagePipeline ImageRecipe "
	  "InfrastructureConfiguration LifecyclePolicy Workflow " },
	{ "Inspector",
	  " AssessmentTarget AssessmentTemplate ResourceGroup " },
	{ "IoT",
	  " AccountAuditConfiguration Authorizer BillingGroup CACertificate Certificate "
	  "CertificateProvider Command CustomMetric Dimension DomainConfiguration "
	  "EncryptionConfiguration FleetMetric JobTemplate Logging MitigationAction Policy "
	  "PolicyPrincipalAttachment ProvisioningTemplate ResourceSpecificLogging RoleAlias "
	  "ScheduledAudit SecurityProfile SoftwarePackage SoftwarePackageVersion Thing "
	  "ThingGroup ThingPrincipalAttachment ThingType TopicRule TopicRuleDestination " },
	{ "KMS",
	  " Alias Key ReplicaKey " },
	{ "Kinesis",
	  " ResourcePolicy Stream StreamConsumer " },
	{ "KinesisAnalyticsV2",
	  " Application ApplicationCloudWatchLoggingOption ApplicationOutput "
	  "ApplicationReferenceDataSource " },
	{ "KinesisFirehose",
	  " DeliveryStream " },
	{ "LakeFormation",
	  " DataCellsFilter DataLakeSettings Permissions PrincipalPermissions Resource Tag "
	  "TagAssociation " },
	{ "Lambda",
	  " Alias CapacityProvider CodeSigningConfig EventInvokeConfig EventSourceMapping "
	  "Function LayerVersion LayerVersionPermission Permission ResourcePolicy Url Version " },
	{ "Logs",
	  " AccountPolicy Delivery DeliveryDestination DeliverySource Destination Integration "
	  "LogAnomalyDetector LogGroup LogStream MetricFilter QueryDefinition ResourcePolicy "
	  "ScheduledQuery SubscriptionFilter Transformer " },
	{ "MSK",
	  " BatchScramSecret Cluster ClusterPolicy Configuration Replicator ServerlessCluster "
	  "Topic VpcConnection " },
	{ "MWAA",
	  " Environment " },
	{ "MemoryDB",
	  " ACL Cluster MultiRegionCluster ParameterGroup SubnetGroup User " },
	{ "Neptune",
	  " DBCluster DBClusterParameterGroup DBInstance DBParameterGroup DBSubnetGroup "
	  "EventSubscription " },
	{ "NetworkFirewall",
	  " Firewall FirewallPolicy LoggingConfiguration RuleGroup TLSInspectionConfiguration "
	  "VpcEndpointAssociation " },
	{ "OpenSearchService",
	  " Application Domain " },
	{ "Organizations",
	  " Account Organization OrganizationalUnit Policy ResourcePolicy " },
	{ "Pipes",
	  " Pipe " },
	{ "QLDB",
	  " Ledger Stream " },
	{ "RAM",
	  " Permission ResourceShare " },
	{ "RDS",
	  " CustomDBEngineVersion DBCluster DBClusterParameterGroup DBInstance DBParameterGroup "
	  "DBProxy DBProxyEndpoint DBProxyTargetGroup DBSecurityGroup DBSecurityGroupIngress "
	  "DBShardGroup DBSubnetGroup EventSubscription GlobalCluster Integration OptionGroup " },
	{ "Redshift",
	  " Cluster ClusterParameterGroup ClusterSecurityGroup ClusterSecurityGroupIngress "
	  "ClusterSubnetGroup EndpointAccess EndpointAuthorization EventSubscription "
	  "Integration ScheduledAction " },
	{ "ResourceGroups",
	  " Group TagSyncTask " },
	{ "Route53",
	  " CidrCollection DNSSEC HealthCheck HostedZone KeySigningKey RecordSet RecordSetGroup " },
	{ "Route53Resolver",
	  " FirewallDomainList FirewallRuleGroup FirewallRuleGroupAssociation OutpostResolver "
	  "ResolverConfig ResolverDNSSECConfig ResolverEndpoint ResolverQueryLoggingConfig "
	  "ResolverQueryLoggingConfigAssociation ResolverRule ResolverRuleAssociation " },
	{ "S3",
	  " AccessGrant AccessGrantsInstance AccessGrantsLocation AccessPoint Bucket "
	  "BucketPolicy MultiRegionAccessPoint MultiRegionAccessPointPolicy StorageLens "
	  "StorageLensGroup " },
	{ "SDB",
	  " Domain " },
	{ "SES",
	  " ConfigurationSet ConfigurationSetEventDestination ContactList "
	  "CustomVerificationEmailTemplate DedicatedIpPool EmailIdentity "
	  "MailManagerAddonInstance MailManagerAddonSubscription MailManagerAddressList "
	  "MailManagerArchive MailManagerIngressPoint MailManagerRelay MailManagerRuleSet "
	  "MailManagerTrafficPolicy MultiRegionEndpoint ReceiptFilter ReceiptRule "
	  "ReceiptRuleSet Template Tenant VdmAttributes " },
	{ "SNS",
	  " Subscription Topic TopicInlinePolicy TopicPolicy " },
	{ "SQS",
	  " Queue QueueInlinePolicy QueuePolicy " },
	{ "SSM",
	  " Association Document MaintenanceWindow MaintenanceWindowTarget MaintenanceWindowTask "
	  "Parameter PatchBaseline ResourceDataSync ResourcePolicy " },
	{ "SSO",
	  " Application ApplicationAssignment Assignment Instance "
	  "InstanceAccessControlAttributeConfiguration PermissionSet " },
	{ "SageMaker",
	  " App AppImageConfig Cluster CodeRepository DataQualityJobDefinition Device "
	  "DeviceFleet Domain Endpoint EndpointConfig FeatureGroup Image ImageVersion "
	  "InferenceComponent InferenceExperiment MlflowTrackingServer Model "
	  "ModelBiasJobDefinition ModelCard ModelExplainabilityJobDefinition ModelPackage "
	  "ModelPackageGroup ModelQualityJobDefinition MonitoringSchedule NotebookInstance "
	  "NotebookInstanceLifecycleConfig PartnerApp Pipeline ProcessingJob Project Space "
	  "StudioLifecycleConfig UserProfile Workteam " },
	{ "Scheduler",
	  " Schedule ScheduleGroup " },
	{ "SecretsManager",
	  " ResourcePolicy RotationSchedule Secret SecretTargetAttachment " },
	{ "SecurityHub",
	  " AggregatorV2 AutomationRule AutomationRuleV2 ConfigurationPolicy ConnectorV2 "
	  "DelegatedAdmin FindingAggregator Hub HubV2 Insight OrganizationConfiguration "
	  "PolicyAssociation ProductSubscription SecurityControl Standard " },
	{ "ServiceCatalog",
	  " AcceptedPortfolioShare CloudFormationProduct CloudFormationProvisionedProduct "
	  "LaunchNotificationConstraint LaunchRoleConstraint LaunchTemplateConstraint Portfolio "
	  "PortfolioPrincipalAssociation PortfolioProductAssociation PortfolioShare "
	  "ResourceUpdateConstraint ServiceAction ServiceActionAssociation StackSetConstraint "
	  "TagOption TagOptionAssociation " },
	{ "ServiceDiscovery",
	  " HttpNamespace Instance PrivateDnsNamespace PublicDnsNamespace Service " },
	{ "Signer",
	  " ProfilePermission SigningProfile " },
	{ "StepFunctions",
	  " Activity StateMachine StateMachineAlias StateMachineVersion " },
	{ "Synthetics",
	  " Canary Group " },
	{ "Transfer",
	  " Agreement Certificate Connector Profile Server User WebApp Workflow " },
	{ "WAF",
	  " ByteMatchSet IPSet Rule SizeConstraintSet SqlInjectionMatchSet WebACL XssMatchSet " },
	{ "WAFRegional",
	  " ByteMatchSet GeoMatchSet IPSet RateBasedRule RegexPatternSet Rule SizeConstraintSet "
	  "SqlInjectionMatchSet WebACL WebACLAssociation XssMatchSet " },
	{ "WAFv2",
	  " IPSet LoggingConfiguration RegexPatternSet RuleGroup WebACL WebACLAssociation " },
	{ "WorkSpaces",
	  " ConnectionAlias Workspace WorkspacesPool " },
	{ "XRay",
	  " Group ResourcePolicy SamplingRule TransactionSearchConfig " },
};
/* clang-format on */

static int compare_rows(const void *key, const void *row)
{
	return strcmp(key, ((const struct service_names *)row)->service);
}

bool resource_name_is_known(const char *name)
{
	const struct service_names *row;
	char service[32], word[96];

	if (sscanf(name, "AWS::%31[A-Za-z0-9]::%93[A-Za-z0-9]", service, word + 1) != 2 ||
	    strlen(name) != strlen("AWS::::") + strlen(service) + strlen(word + 1))
		return false;
	row = bsearch(service, rows, sizeof(rows) / sizeof(rows[0]), sizeof(rows[0]), compare_rows);
	if (!row)
		return false;
	word[0] = ' ';
	(void)snprintf(word + strlen(word), 2, " ");
	return strstr(row->types, word) != NULL;
}
