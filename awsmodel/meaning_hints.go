package awsmodel

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// hints say which members of a service's requests name a part of its ARNs, where the names do not: by "prefix:Part", or "prefix:type.Part" where
// several types have a part of that name. The sources are the services' API references, which say of each member what it names.
var hints = map[string]string{
	"autoscaling:GroupFriendlyName":                          "AutoScalingGroupName AutoScalingGroupNames",
	"cassandra:keyspace.KeyspaceName":                        "keyspaceName",
	"cloudformation:StackName":                               "StackName",
	"cognito-idp:UserPoolId":                                 "UserPoolId",
	"dynamodb:BackupName":                                    "BackupArn",
	"ec2:KeyPairName":                                        "KeyName KeyNames",
	"ec2:PlacementGroupName":                                 "GroupName GroupNames",
	"ec2:SecurityGroupId":                                    "GroupId GroupIds Groups SecurityGroupId SecurityGroupIds SecurityGroups",
	"ec2:NaclId":                                             "NetworkAclId NetworkAclIds",
	"ec2:AllocationId":                                       "AllocationId AllocationIds PublicIp PublicIps",
	"ec2:DedicatedHostId":                                    "HostId HostIds",
	"ec2:VpcFlowLogId":                                       "FlowLogId FlowLogIds",
	"ecs:task-definition.TaskDefinitionFamilyName":           "family",
	"elasticache:replicationgroup.ReplicationGroupId":        "ReplicationGroupId",
	"elasticache:cluster.CacheClusterId":                     "CacheClusterId",
	"elasticache:subnetgroup.CacheSubnetGroupName":           "CacheSubnetGroupName",
	"elasticbeanstalk:ApplicationName":                       "ApplicationName",
	"es:DomainName":                                          "DomainName",
	"events:rule-on-default-event-bus.RuleName":              "",
	"firehose:DeliveryStreamName":                            "DeliveryStreamName",
	"kms:Alias":                                              "AliasName",
	"kms:KeyId":                                              "KeyId TargetKeyId",
	"logs:LogGroupName":                                      "logGroupName logGroupIdentifier logGroupIdentifiers logGroupNames logGroupArn",
	"rds:ClusterInstanceName":                                "DBClusterIdentifier",
	"rds:DbClusterInstanceName":                              "DBClusterIdentifier SourceDBClusterIdentifier",
	"rds:ClusterParameterGroupName":                          "DBClusterParameterGroupName",
	"rds:ClusterSnapshotName":                                "DBClusterSnapshotIdentifier",
	"rds:DbInstanceName":                                     "DBInstanceIdentifier SourceDBInstanceIdentifier",
	"rds:OptionGroupName":                                    "OptionGroupName",
	"rds:ParameterGroupName":                                 "DBParameterGroupName",
	"rds:SnapshotName":                                       "DBSnapshotIdentifier",
	"rds:SubnetGroupName":                                    "DBSubnetGroupName",
	"rds:SubscriptionName":                                   "SubscriptionName",
	"redshift:ClusterName":                                   "ClusterIdentifier",
	"route53:hostedzone.Id":                                  "Id HostedZoneId",
	"route53:healthcheck.Id":                                 "HealthCheckId",
	"rds:CopyDBClusterSnapshot.ClusterSnapshotName":          "SourceDBClusterSnapshotIdentifier TargetDBClusterSnapshotIdentifier",
	"rds:CopyDBSnapshot.SnapshotName":                        "SourceDBSnapshotIdentifier TargetDBSnapshotIdentifier",
	"rds:GlobalCluster":                                      "GlobalClusterIdentifier",
	"rds:RestoreDBClusterFromSnapshot.ClusterSnapshotName":   "SnapshotIdentifier",
	"athena:DataCatalogName":                                 "CatalogName",
	"ecs:TaskDefinitionRevisionNumber":                       "taskDefinition taskDefinitions",
	"eks:CancelUpdate.ClusterName":                           "name",
	"eks:DescribeUpdate.ClusterName":                         "name",
	"eks:ListUpdates.ClusterName":                            "name",
	"eks:UpdateClusterConfig.ClusterName":                    "name",
	"eks:UpdateClusterVersion.ClusterName":                   "name",
	"events:EventBusName":                                    "EventBusName Name",
	"glue:CreateDatabase.DatabaseName":                       "DatabaseInput.Name",
	"glue:CreateTable.TableName":                             "TableInput.Name",
	"glue:CreateUserDefinedFunction.UserDefinedFunctionName": "FunctionInput.FunctionName",
	"glue:DeleteDatabase.DatabaseName":                       "Name",
	"glue:DeleteTable.TableName":                             "Name",
	"glue:DevEndpointName":                                   "EndpointName",
	"glue:GetDatabase.DatabaseName":                          "Name",
	"glue:GetTable.TableName":                                "Name",
	"glue:UpdateDatabase.DatabaseName":                       "Name",
	"glue:UpdateTable.TableName":                             "TableInput.Name",
	"iot:Certificate":                                        "certificateId",
	"iot:CACertificate":                                      "certificateId caCertificateId",
	"secretsmanager:SecretId":                                "SecretId Name",
	"sns:TopicName":                                          "Name TopicArn",
	"sqs:QueueName":                                          "QueueUrl QueueName",
	"ssm:DocumentName":                                       "DocumentName Name",
	"ssm:ParameterNameWithoutLeadingSlash":                   "Name Names Path",
	"ssm:StartSession.InstanceId":                            "Target",
	"ssm:GetConnectionStatus.InstanceId":                     "Target",
	"ssm:maintenancewindow.ResourceId":                       "WindowId",
	"ssm:opsitem.ResourceId":                                 "OpsItemId",
	"ssm:opsmetadata.ResourceId":                             "OpsMetadataArn",
	"ssm:patchbaseline.PatchBaselineIdResourceId":            "BaselineId",
	"ssm:servicesetting.ResourceId":                          "SettingId",
	"states:StateMachineName":                                "name stateMachineArn",
	"wafv2:rulegroup.Name":                                   "Name",
}

// defaults are the parts of ARNs that a request may leave out, with what they are then (Amazon ECS API Reference: "the default cluster is assumed").
var defaults = map[string]string{"ecs:ClusterName": "default"}

// unrelated are members that have the name of a service's type and are of another service's: the security groups of a VPC.
var unrelated = map[string]bool{"docdb:vpcsecuritygroupids": true, "elasticache:securitygroupids": true, "rds:vpcsecuritygroupids": true,
	"redshift:vpcsecuritygroupids": true,
	// The zone of an alias's target, and the products that findings describe (their ARN says which product they are put in for).
	"route53:hostedzoneid": true, "securityhub:productname": true}

// absent tells whether a type of the action's is none that the request is about although the reference does not say so: Glue's catalogs beside an
// account's own, which a request names by the member CatalogId with more than the account in it (AWS Glue Developer Guide, "Specifying AWS Glue
// resource ARNs"), and the job that SubmitJob makes (AWS Batch User Guide, "Resource: Restrict to job definition prefix on job submission": the
// policy allows it on job definitions and queues alone).
func (b *binder) absent(kind string) bool {
	return b.entry.Name == "batch:SubmitJob" && kind == "job" ||
		b.prefix == "glue" && kind == "catalog" && (b.text("CatalogId") == "" || policy.IsAccountID(b.text("CatalogId")))
}

// slashed are the parts of ARNs in which names with slashes are what they are.
var slashed = map[string]bool{
	"codeartifact:RepositoryName": true,
	"ecr-public:RepositoryName":   true,
	"iot:TopicName":               true,
	"logs:LogStreamName":          true,
}

// whole families of types of which a request names one, by the text before the first slash in their names: each is an alternative to the others
// (Elastic Load Balancing has a type for each kind of load balancer).
var families = map[string]bool{"elasticloadbalancing": true, "ssm": true, "states": true}

// alternative tells whether another type of the action may be what was named instead of the type.
func (b *binder) alternative(i int) bool {
	if !families[b.prefix] {
		return false
	}
	kind := b.entry.ResourceTypes[i].Type.Name
	for j, other := range b.entry.ResourceTypes {
		if j != i && len(b.targets[j]) > 0 && sameFamily(b.prefix, kind, other.Type.Name) {
			return true
		}
	}
	return false
}

// otherMachine tells whether an id of Systems Manager is of the other kind of machine: those that are not EC2's have ids that begin with mi-.
func otherMachine(kind, id string) bool {
	managed := strings.HasPrefix(id, "mi-")
	return kind == "instance" && managed || kind == "managed-instance" && !managed
}

func sameFamily(prefix, one, other string) bool {
	if prefix == "ssm" { // a managed instance is one of EC2's or another machine's; their ids begin with i- and mi-
		return (one == "instance" || one == "managed-instance") && (other == "instance" || other == "managed-instance")
	}
	if prefix == "states" { // an execution of a standard or of an express state machine; a state machine, activity or map run
		return true
	}
	one, _, _ = strings.Cut(one, "/")
	other, _, _ = strings.Cut(other, "/")
	return one == other
}

// made are the types of resources that an action makes and whose name is not in its own
// (Service Authorization Reference, "Amazon EC2", and the operations' pages in the Amazon EC2 API Reference).
var made = map[string]string{
	"ec2:AllocateAddress":                      "elastic-ip",
	"ec2:AllocateHosts":                        "dedicated-host",
	"ec2:CopyImage":                            "image snapshot",
	"ec2:CopyVolumes":                          "volume",
	"ec2:CreateDelegateMacVolumeOwnershipTask": "mac-modification-task",
	"ec2:CreateFleet":                          "instance",
	"ec2:CreateFlowLogs":                       "vpc-flow-log",
	"ec2:CreateImage":                          "image snapshot",
	"ec2:CreateInstanceExportTask":             "export-instance-task",
	"ec2:CreateMacSystemIntegrityProtectionModificationTask": "mac-modification-task",
	"ec2:CreateManagedPrefixList":                            "prefix-list",
	"ec2:CreatePublicIpv4Pool":                               "ipv4pool-ec2",
	"ec2:CreateReplaceRootVolumeTask":                        "replace-root-volume-task volume",
	"ec2:CreateRestoreImageTask":                             "image",
	"ec2:CreateSnapshots":                                    "snapshot",
	"ec2:CreateTransitGatewayConnect":                        "transit-gateway-attachment",
	"ec2:CreateTransitGatewayPeeringAttachment":              "transit-gateway-attachment",
	"ec2:CreateTransitGatewayVpcAttachment":                  "transit-gateway-attachment",
	"ec2:CreateVpcEndpointServiceConfiguration":              "vpc-endpoint-service",
	"ec2:ExportImage":                                        "export-image-task",
	"ec2:ImportImage":                                        "image import-image-task",
	"ec2:ImportInstance":                                     "instance volume",
	"ec2:ImportSnapshot":                                     "import-snapshot-task snapshot",
	"ec2:RequestSpotInstances":                               "spot-instances-request",
	"ec2:RunInstances":                                       "instance network-interface volume",
	"ec2:StartNetworkInsightsAccessScopeAnalysis":            "network-insights-access-scope-analysis",
	"ec2:StartNetworkInsightsAnalysis":                       "network-insights-analysis",
}

// madeBeside are the types of which an action makes one although its request also names one: a copy's, or a disk's.
var madeBeside = map[string]string{
	"ec2:CopyImage":                   "image snapshot",
	"ec2:CopySnapshot":                "snapshot",
	"ec2:CopyVolumes":                 "volume",
	"ec2:CreateImage":                 "image snapshot",
	"ec2:CreateIpamPool":              "ipam-pool",
	"ec2:CreateReplaceRootVolumeTask": "volume",
	"ec2:CreateTransitGatewayConnect": "transit-gateway-attachment",
	"ec2:RunInstances":                "instance volume",
}

func createsInstead(action, kind string) bool { return listed(made[action], kind) }

func createsBeside(action, kind string) bool { return listed(madeBeside[action], kind) }

// listed tells whether a word is in a list that spaces separate.
func listed(list, word string) bool {
	for field := range strings.FieldsSeq(list) {
		if field == word {
			return true
		}
	}
	return false
}
