package gateway

import (
	"slices"
	"testing"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// TestIsOfType: the record of a resource is dropped only when the resource itself is deleted.
func TestIsOfType(t *testing.T) {
	const at = ":eu-central-1:111122223333:"
	for _, c := range []struct {
		operation, resource string
		want                bool
	}{
		{"DeleteVolume", "arn:aws:ec2" + at + "volume/vol-1", true},
		{"TerminateInstances", "arn:aws:ec2" + at + "instance/i-1", true},
		{"DeleteSecurityGroup", "arn:aws:ec2" + at + "security-group/sg-1", true},
		{"DeleteRoute", "arn:aws:ec2" + at + "route-table/rtb-1", false},
		{"DeleteRouteTable", "arn:aws:ec2" + at + "route-table/rtb-1", true},
		{"DeleteNetworkInterfacePermission", "arn:aws:ec2" + at + "network-interface/eni-1", false},
		{"DeleteListener", "arn:aws:elasticloadbalancing" + at + "loadbalancer/app/a/1", false},
		{"CreateListener", "arn:aws:elasticloadbalancing" + at + "loadbalancer/app/a/1", false},
		{"DeleteLoadBalancer", "arn:aws:elasticloadbalancing" + at + "loadbalancer/app/a/1", true},
		{"DeleteFunction", "arn:aws:lambda" + at + "function:f", true},
		{"DeleteFunctionConcurrency", "arn:aws:lambda" + at + "function:f", false},
		{"DeleteQueue", "arn:aws:sqs" + at + "q", true},
		{"DeleteTopic", "arn:aws:sns" + at + "t", true},
		{"CreateQueue", "arn:aws:sqs" + at + "q", true},
		{"DeleteMessage", "arn:aws:sqs" + at + "q", false},
		{"DeleteTable", "arn:aws:dynamodb" + at + "table/t", true},
		{"DeleteItem", "arn:aws:dynamodb" + at + "table/t", false},
		{"DeleteSecret", "arn:aws:secretsmanager" + at + "secret:s-123456", true},
		{"CreateTable", "arn:aws:dynamodb" + at + "table/t", true},
		{"DeleteAutoScalingGroup", "arn:aws:autoscaling" + at + "autoScalingGroup:1-2:autoScalingGroupName/a", true},
		{"DeleteVolume", "*", false},
		{"DeleteDBInstance", "arn:aws:rds" + at + "db:d", true},
		{"DeleteDBSnapshot", "arn:aws:rds" + at + "db:d", false},
		{"DeleteDBInstanceAutomatedBackup", "arn:aws:rds" + at + "db:d", false},
		{"CreateDBCluster", "arn:aws:rds" + at + "cluster:c", true},
		{"DeleteElasticsearchDomain", "arn:aws:es" + at + "domain/d", true},
		{"DeleteCacheCluster", "arn:aws:elasticache" + at + "cluster:c", true},
		{"DeleteRepository", "arn:aws:codecommit" + at + "r", true},
		{"DeleteFile", "arn:aws:codecommit" + at + "r", false},
	} {
		if got := isOfType(c.operation, c.resource); got != c.want {
			t.Errorf("%s %s: %v", c.operation, c.resource, got)
		}
	}
}

func TestChangeOf(t *testing.T) {
	tagged := []awsmodel.Call{{Keys: map[string][]string{"aws:RequestTag/a": {"b"}}}}
	for _, c := range []struct {
		name     string
		readOnly bool
		calls    []awsmodel.Call
		want     change
	}{
		{"CreateTags", false, tagged, addsTags}, {"TagResource", false, tagged, addsTags}, {"AddTagsToResource", false, tagged, addsTags},
		{"DeleteTags", false, nil, removesTags}, {"UntagResource", false, nil, removesTags}, {"RemoveTagsFromResource", false, nil, removesTags},
		{"RunInstances", false, tagged, creates}, {"RunInstances", false, nil, changesNothing}, {"CreateVolume", false, tagged, creates},
		{"DeleteVolume", false, nil, deletes}, {"DescribeTags", true, nil, changesNothing}, {"GetItem", true, tagged, changesNothing},
		{"DeleteSecret", false, nil, changesNothing}, // until it is deleted for good, it can be restored with its policy
	} {
		if got := changeOf(&awsmodel.Operation{Name: c.name, ReadOnly: c.readOnly, Calls: c.calls}); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// runInstances is an answer to RunInstances as the Amazon EC2 API Reference shows it, shortened.
const runInstances = `<RunInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89</requestId><reservationId>r-1</reservationId><instancesSet>
<item><instanceId>i-1234567890abcdef0</instanceId><imageId>ami-60a54009</imageId><subnetId>subnet-1a2b</subnetId><groupSet><item><groupId>sg-1</groupId></item></groupSet>
<blockDeviceMapping><item><ebs><volumeId>vol-0123</volumeId></ebs></item></blockDeviceMapping><iamInstanceProfile><arn>arn:aws:iam::111122223333:instance-profile/p</arn></iamInstanceProfile></item>
<item><instanceId>i-1234567890abcdef1</instanceId></item></instancesSet></RunInstancesResponse>`

func TestCreatedBy(t *testing.T) {
	const at = ":eu-central-1:111122223333:"
	for _, c := range []struct {
		operation string
		protocol  awsmodel.Protocol
		resource  string
		answer    string
		want      []string
	}{
		{"RunInstances", awsmodel.EC2, "arn:aws:ec2" + at + "instance/*", runInstances,
			[]string{"arn:aws:ec2" + at + "instance/i-1234567890abcdef0", "arn:aws:ec2" + at + "instance/i-1234567890abcdef1"}},
		{"RunInstances", awsmodel.EC2, "arn:aws:ec2" + at + "volume/*", runInstances, []string{"arn:aws:ec2" + at + "volume/vol-0123"}},
		{"CreateSecurityGroup", awsmodel.EC2, "arn:aws:ec2" + at + "security-group/*", "<R><groupId>sg-9</groupId></R>", []string{"arn:aws:ec2" + at + "security-group/sg-9"}},
		{"CreateSecurityGroup", awsmodel.EC2, "arn:aws:ec2" + at + "security-group/*", "<R><groupId>sg-9/../x</groupId></R>", nil},
		{"CreateSecurityGroup", awsmodel.EC2, "arn:aws:ec2" + at + "vpc/vpc-1", "<R><groupId>sg-9</groupId></R>", nil}, // what it is made in
		{"CreateLoadBalancer", awsmodel.Query, "arn:aws:elasticloadbalancing" + at + "loadbalancer/app/a/*", "<R><LoadBalancerArn>arn:aws:elasticloadbalancing" + at + "loadbalancer/app/a/50dc</LoadBalancerArn></R>",
			[]string{"arn:aws:elasticloadbalancing" + at + "loadbalancer/app/a/50dc"}},
		{"CreateKey", awsmodel.JSON, "arn:aws:kms" + at + "key/*", `{"KeyMetadata":{"Arn":"arn:aws:kms` + at + `key/1234","Other":"arn:aws:kms` + at + `alias/x"}}`, []string{"arn:aws:kms" + at + "key/1234"}},
		{"CreateKey", awsmodel.JSON, "arn:aws:kms" + at + "key/*", `{"KeyMetadata":{"Arn":"arn:aws:kms:eu-central-1:444455556666:key/1234"}}`, nil},
		{"CreateTable", awsmodel.JSON, "arn:aws:dynamodb" + at + "table/t", `{}`, []string{"arn:aws:dynamodb" + at + "table/t"}},
		{"CreateFleet", awsmodel.CBOR, "arn:aws:gamelift" + at + "fleet/*", "\xa1\x6fFleetAttributes\xa1\x68FleetArn\x78\x38arn:aws:gamelift" + at + "fleet/fleet-1", []string{"arn:aws:gamelift" + at + "fleet/fleet-1"}},
		{"CreateThing", awsmodel.JSON, "arn:aws:x" + at + "*", `{"Arn":"arn:aws:x` + at + `a"}`, nil}, // the pattern tells no type
	} {
		values, err := answerValues(c.protocol, []byte(c.answer))
		if err != nil {
			t.Fatal(err)
		}
		call := awsmodel.Call{Action: "ec2:" + c.operation, Resource: c.resource}
		operation := &awsmodel.Operation{Service: &awsmodel.Service{Prefix: "ec2"}, Name: c.operation, Calls: []awsmodel.Call{call}}
		x := &serviceExchange{operation: operation, caller: iam.Root("aws", "111122223333")}
		if got := x.createdBy(call, values); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s: %v, want %v", c.resource, c.operation, got, c.want)
		}
	}
}

// TestEC2IDElements holds the names of ids against the Amazon EC2 API Reference.
func TestEC2IDElements(t *testing.T) {
	for kind, want := range map[string]string{"instance": "instanceId", "network-interface": "networkInterfaceId", "security-group": "groupId", "elastic-ip": "allocationId",
		"natgateway": "natGatewayId", "vpc": "vpcId", "spot-instances-request": "spotInstanceRequestId", "launch-template": "launchTemplateId", "key-pair": "keyPairId"} {
		if got := ec2IDElement(policy.ARN{Service: "ec2", Resource: kind + "/*"}); got != want {
			t.Errorf("%s: %q", kind, got)
		}
	}
	if got := ec2IDElement(policy.ARN{Service: "rds", Resource: "db/*"}); got != "" {
		t.Errorf("rds: %q", got)
	}
}

// TestBrokenAnswers: of an answer that is not in the protocol's form, nothing is learned.
func TestBrokenAnswers(t *testing.T) {
	for protocol, body := range map[awsmodel.Protocol]string{awsmodel.JSON: `{"a":`, awsmodel.EC2: "<a><b></a>", awsmodel.CBOR: "\xa1\x61"} {
		if values, err := answerValues(protocol, []byte(body)); err == nil {
			t.Errorf("%s: %v", protocol, values)
		}
	}
}
