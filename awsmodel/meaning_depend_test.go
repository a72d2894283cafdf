package awsmodel

import (
	"slices"
	"strings"
	"testing"
)

// What requests need beside their own action, by the reference's dependent actions and the services' pages on them:
// the calls behind it in the order of their names, with "?" behind those on whatever the pattern covers.
var dependTests = []struct{ service, operation, input, want string }{
	{"EC2", "RunInstances", `{"ImageId":"resolve:ssm:/aws/ami","MinCount":1,"MaxCount":1}`, "ssm:GetParameters arn:aws:ssm:us-east-1:111122223333:parameter/*?"},
	{"EC2", "RunInstances", `{"ImageId":"ami-0123456789abcdef0","MinCount":1,"MaxCount":1}`, ""},
	{"EC2", "CreateVpcEndpoint", `{"VpcId":"vpc-1","ServiceName":"com.amazonaws.us-east-1.s3"}`, "ec2:DescribeSecurityGroups *|ec2:DescribeSubnets *|ec2:DescribeVpcs *"},
	{"CloudFormation", "DescribeStacks", `{}`, "cloudformation:ListStacks *"},
	{"CloudFormation", "DescribeStacks", `{"StackName":"s"}`, ""},
	{"Auto Scaling", "CreateAutoScalingGroup", `{"AutoScalingGroupName":"g","MinSize":1,"MaxSize":1}`, ""}, // its service-linked role
	{"RDS", "CreateDBInstance", `{"DBInstanceIdentifier":"d","Engine":"mysql","DBInstanceClass":"c","ManageMasterUserPassword":true}`,
		"secretsmanager:CreateSecret arn:aws:secretsmanager:us-east-1:111122223333:secret:*?|secretsmanager:TagResource arn:aws:secretsmanager:us-east-1:111122223333:secret:*?"},
	{"RDS", "CreateDBInstance", `{"DBInstanceIdentifier":"d","Engine":"mysql","DBInstanceClass":"c","ManageMasterUserPassword":false}`, ""},
	{"RDS", "DeleteDBInstance", `{"DBInstanceIdentifier":"d","SkipFinalSnapshot":true}`, ""},
	{"WAFV2", "AssociateWebACL", `{"WebACLArn":"arn:aws:wafv2:us-east-1:111122223333:regional/webacl/a/b",` +
		`"ResourceArn":"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/a/b"}`,
		"elasticloadbalancing:SetWebAcl *"},
	{"MemoryDB", "FailoverShard", `{"ClusterName":"c","ShardName":"s"}`, ""}, // AmazonMemoryDBFullAccess is memorydb:*
	{"OSIS", "CreatePipeline", `{"PipelineName":"p","MinUnits":1,"MaxUnits":2,"PipelineConfigurationBody":"version: 2"}`, "iam:PassRole arn:aws:iam::111122223333:role/*?"},
	{"SSM", "CreateDocument", `{"Name":"d","Content":"{}","DocumentType":"automation"}`, "iam:PassRole arn:aws:iam::111122223333:role/*?"},
	{"SSM", "CreateDocument", `{"Name":"d","Content":"{}"}`, ""},
	{"m2", "CreateDataSetImportTask", `{"applicationId":"a","importConfig":{"s3Location":"s3://in/sets.json"}}`, "s3:GetObject arn:aws:s3:::in/sets.json*?"}, // as what services do
	{"ElastiCache", "CopySnapshot", `{"SourceSnapshotName":"s","TargetSnapshotName":"t","TargetBucket":"out"}`,
		"s3:DeleteObject arn:aws:s3:::out/*?|s3:GetBucketAcl arn:aws:s3:::out|s3:PutObject arn:aws:s3:::out/*?"},
	{"Redshift", "GetClusterCredentials", `{"DbUser":"u","ClusterIdentifier":"c","AutoCreate":true,"DbGroups":["admins"]}`,
		"redshift:CreateClusterUser arn:aws:redshift:us-east-1:111122223333:dbuser:*/*?|redshift:JoinGroup arn:aws:redshift:us-east-1:111122223333:dbgroup:*/*?"},
	{"Redshift", "GetClusterCredentials", `{"DbUser":"u","ClusterIdentifier":"c","DbGroups":[]}`, ""},
	{"EFS", "DeleteMountTarget", `{"MountTargetId":"fsmt-0123456789abcdef0"}`,
		"ec2:DeleteNetworkInterface arn:aws:ec2:us-east-1:111122223333:network-interface/*?"},
	{"CloudWatch Logs", "FilterLogEvents", `{"logGroupName":"g","unmask":true}`, "logs:Unmask arn:aws:logs:us-east-1:111122223333:log-group:g"},
	{"CloudWatch Logs", "FilterLogEvents", `{"logGroupName":"g","unmask":false}`, ""},
	{"WAFV2", "PutLoggingConfiguration", `{"LoggingConfiguration":{"ResourceArn":"arn:aws:wafv2:us-east-1:111122223333:regional/webacl/a/b",` +
		`"LogDestinationConfigs":["arn:aws:s3:::aws-waf-logs-a"]}}`,
		"logs:CreateLogDelivery *|logs:DeleteLogDelivery *|logs:GetLogDelivery *|logs:ListLogDeliveries *|logs:UpdateLogDelivery *|" +
			"s3:GetBucketPolicy arn:aws:s3:::aws-waf-logs-a|s3:PutBucketPolicy arn:aws:s3:::aws-waf-logs-a"},
	{"WAFV2", "PutLoggingConfiguration", `{"LoggingConfiguration":{"ResourceArn":"arn:aws:wafv2:us-east-1:111122223333:regional/webacl/a/b",` +
		`"LogDestinationConfigs":["arn:aws:firehose:us-east-1:111122223333:deliverystream/aws-waf-logs-a"]}}`, ""},
	{"Redshift Data", "ExecuteStatement", `{"Sql":"select 1","WorkgroupName":"w","SecretArn":"arn:aws:secretsmanager:us-east-1:111122223333:secret:a"}`, ""},
	{"SSM", "UpdateAssociation", `{"AssociationId":"8dfe3659-4309-493a-8755-0123456789ab"}`,
		"ssm:DescribeAssociation *?"},
	{"KMS", "ReplicateKey", `{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","ReplicaRegion":"eu-west-1"}`, "kms:CreateKey *"},
	{"SageMaker", "CreateFeatureGroup", `{"FeatureGroupName":"g","RecordIdentifierFeatureName":"r","EventTimeFeatureName":"e","FeatureDefinitions":[],"Tags":[]}`, ""},
}

func TestDependentActions(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	for _, test := range dependTests {
		o := &Operation{Service: serviceOf(t, models, test.service), Name: test.operation, Input: inputOf(t, test.input)}
		calls, err := c.calls(o, samplePlace())
		if err != nil {
			t.Errorf("%s %s: %v", test.service, test.operation, err)
			continue
		}
		var got []string
		for _, call := range calls {
			entry, _ := reference.Action(calls[0].Action)
			more := strings.Fields(moreDependents[o.Service.Prefix+":"+test.operation])
			if !slices.Contains(append(more, entry.Dependent...), call.Action) || !call.Forwarded {
				continue
			}
			text := call.Action + " " + call.Resource
			if call.AnyResource {
				text += "?"
			}
			got = append(got, text)
		}
		slices.Sort(got)
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s %s %s:\n got %s\nwant %s", test.service, test.operation, test.input, strings.Join(got, "|"), test.want)
		}
	}
}

// Every dependent action of every operation with all its members is asked for, or a row of the table says when; and
// every row says it of some operation.
func TestDependentActionsOfEveryOperation(t *testing.T) {
	if testing.Short() {
		t.Skip("every operation, in one goroutine")
	}
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	used, more, asked := map[string]bool{}, map[string]bool{}, 0
	for _, s := range models.Services() {
		for _, o := range s.Operations() {
			entry, _ := reference.Action(s.Prefix + ":" + o.Name)
			input, _ := sampler{entry}.sample(o.Input, "", 0).(map[string]any)
			calls, err := c.calls(&Operation{Service: s, Name: o.Name, Input: input}, samplePlace())
			if err != nil {
				continue // of these TestEveryOperationMeansAnAction knows
			}
			for i, call := range calls {
				if call.Forwarded || !strings.HasPrefix(call.Action, s.Prefix+":") {
					continue
				}
				own, _ := reference.Action(call.Action)
				names := own.Dependent
				if i == 0 {
					names = slices.Concat(names, strings.Fields(moreDependents[s.Prefix+":"+o.Name]))
					more[s.Prefix+":"+o.Name] = true
				}
				for _, name := range names {
					row := rowOf(s.Prefix, o.Name, name)
					used[row] = true
					dependent, _ := reference.Action(name)
					tags := dependent.AccessLevel == "Tagging" && strings.HasPrefix(name, s.Prefix+":")
					wanted := slices.ContainsFunc(calls, func(c Call) bool { return c.Action == name })
					if wanted {
						asked++
					}
					if !wanted && !tags && (row == "" || dependentNeeds[row] == always) && !actsByRole[s.Prefix] {
						t.Errorf("%s:%s: %s is not asked for", s.Prefix, o.Name, name)
					}
				}
			}
		}
	}
	for row := range dependentNeeds {
		if !used[row] {
			t.Errorf("%s is of no operation", row)
		}
	}
	for operation, actions := range moreDependents {
		if !more[operation] {
			t.Errorf("%s is no operation", operation)
		}
		for name := range strings.FieldsSeq(actions) {
			if entry, known := reference.Action(name); !known || entry.Name != name {
				t.Errorf("%s: %s is no action", operation, name)
			}
		}
	}
	t.Logf("%d dependent actions are asked for", asked)
}

// rowOf is the key of the row for a dependent action of an operation; empty where there is none.
func rowOf(prefix, operation, dependent string) string {
	service, _, _ := strings.Cut(dependent, ":")
	for _, key := range []string{prefix + ":" + operation + " " + dependent, prefix + ":" + operation + " " + service + ":*", prefix + " " + dependent,
		prefix + " " + service + ":*", dependent, service + ":*"} {
		if _, known := dependentNeeds[key]; known {
			return key
		}
	}
	return ""
}

// notInModels are members of conditions that no model has: those of newer APIs, and the keys of maps.
var notInModels = map[string]bool{
	"budgets BillingViewArn": true, "cloudfront ConnectionMode": true, "servicecatalog ImportFromPhysicalId": true, "verifiedpermissions tags": true,
}

// A condition with a misspelt member would never hold, and what it is for would not be asked.
func TestConditionsNameMembers(t *testing.T) {
	models, _ := openBoth(t)
	members := map[string]map[string]bool{} // by prefix, and by operation
	for _, s := range models.Services() {
		for _, o := range s.Operations() {
			for _, who := range [...]string{s.Prefix, s.Prefix + ":" + o.Name} {
				if members[who] == nil {
					members[who] = map[string]bool{}
				}
				addMembers(members[who], o.Input, map[*Shape]bool{})
			}
		}
	}
	for row, needs := range dependentNeeds {
		if needs == always || needs == never {
			continue
		}
		who, _, _ := strings.Cut(row, " ")
		prefix, _, _ := strings.Cut(who, ":")
		for condition := range strings.FieldsSeq(needs) {
			member, _, _ := strings.Cut(strings.TrimPrefix(condition, "!"), "=")
			if condition != whose && !strings.HasPrefix(condition, "~") && !members[who][bare(member)] && !notInModels[prefix+" "+member] {
				t.Errorf("%s: there is no member %s", row, member)
			}
		}
	}
}

func addMembers(to map[string]bool, s *Shape, seen map[*Shape]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	for _, m := range s.Members {
		to[bare(m.Name)] = true
		addMembers(to, m.Shape, seen)
	}
	if s.Element != nil {
		addMembers(to, s.Element.Shape, seen)
	}
}
