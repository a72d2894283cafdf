package awsmodel

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// upstream compiles a policy that a project publishes for its own controller, with what its readers have to fill in.
func upstream(t *testing.T, name string, replacements ...string) *policy.Policy {
	t.Helper()
	folder := os.Getenv("OPENIRSA_TESTDATA")
	if folder == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	source, err := os.ReadFile(filepath.Join(folder, "policies", name))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replacements); i += 2 {
		source = bytes.ReplaceAll(source, []byte(replacements[i]), []byte(replacements[i+1]))
	}
	document, err := policy.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := policy.Compile(name, document, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// allows decides all calls under one identity policy. tags are those of the resources, by ARN.
func allows(p *policy.Policy, reference *Reference, calls []Call, tags map[string]map[string]string) bool {
	caller := policy.Principal{Type: policy.Role, ARN: "arn:aws:sts::111122223333:assumed-role/controller/s", Account: "111122223333",
		RoleARN: "arn:aws:iam::111122223333:role/controller"}
	for _, call := range calls {
		context := &policy.Context{}
		for key, values := range call.Keys {
			if entry, _ := reference.Key(key); entry.List || len(values) != 1 {
				context.SetList(key, values...)
			} else {
				context.Set(key, values[0])
			}
		}
		for key, value := range tags[call.Resource] {
			for _, prefix := range call.TagKeys {
				context.Set(prefix+key, value)
			}
		}
		request := &policy.Request{Principal: caller, Action: call.Action, Resource: call.Resource, WildcardOnly: call.WildcardOnly,
			AnyResource: call.AnyResource, Context: context}
		if decision := (policy.Policies{Identity: []*policy.Policy{p}}).Decide(request); decision.Effect != policy.Allowed {
			return false
		}
	}
	return true
}

// Each call of a controller is allowed under the policy that its project publishes, and denied one tag, resource or region away. The requests
// are those that the controllers' sources make.
func TestControllersUnderTheirPolicies(t *testing.T) {
	const (
		balancers = "aws-load-balancer-controller/iam_policy.json"
		ebs       = "aws-ebs-csi-driver/AmazonEBSCSIDriverPolicyV2.json"
		efs       = "aws-efs-csi-driver/iam-policy-example.json"
		cni       = "aws-vpc-cni/ipv4-scoped-to-cluster.json"
		nodes     = "cluster-autoscaler/minimal-asg-arn.json"
		push      = "external-secrets/secretsmanager-push-restrictive.json"
		read      = "external-secrets/secretsmanager-read-with-batch.json"
	)
	group, volume := ec2Here+"security-group/sg-0123456789abcdef0", ec2Here+"volume/vol-0123456789abcdef0"
	snapshot := "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"
	card, machine := ec2Here+"network-interface/eni-0123456789abcdef0", ec2Here+"instance/i-0123456789abcdef0"
	target := elbHere + "targetgroup/web/0123456789abcdef"
	point := "arn:aws:elasticfilesystem" + here + "access-point/fsap-0123456789abcdef0"
	elbTag := map[string]string{"elbv2.k8s.aws/cluster": "prod"}
	ebsTag := map[string]string{"ebs.csi.aws.com/cluster": "true"}
	cniTag := map[string]string{"cluster.k8s.amazonaws.com/name": "prod"}
	cases := []struct {
		policy, service, operation, input string
		tags                              map[string]map[string]string
		region                            string
		want                              bool
	}{
		{balancers, "Elastic Load Balancing v2", "CreateLoadBalancer", `{"Name":"web","Tags":[{"Key":"elbv2.k8s.aws/cluster","Value":"prod"}]}`, nil, "", true},
		{balancers, "Elastic Load Balancing v2", "CreateLoadBalancer", `{"Name":"web","Tags":[{"Key":"other","Value":"prod"}]}`, nil, "", false},
		{balancers, "Elastic Load Balancing v2", "CreateLoadBalancer", `{"Name":"web"}`, nil, "", false},
		{balancers, "Elastic Load Balancing v2", "CreateTargetGroup", `{"Name":"web","Tags":[{"Key":"elbv2.k8s.aws/cluster","Value":"prod"}]}`, nil, "", true},
		{balancers, "Elastic Load Balancing v2", "DeleteTargetGroup", `{"TargetGroupArn":"` + target + `"}`, map[string]map[string]string{target: elbTag}, "", true},
		{balancers, "Elastic Load Balancing v2", "DeleteTargetGroup", `{"TargetGroupArn":"` + target + `"}`, nil, "", false},
		{balancers, "Elastic Load Balancing v2", "RegisterTargets", `{"TargetGroupArn":"` + target + `","Targets":[{"Id":"10.0.0.1"}]}`, nil, "", true},
		{balancers, "EC2", "CreateSecurityGroup", `{"GroupName":"k8s","VpcId":"vpc-0123456789abcdef0","TagSpecifications":[{"ResourceType":"security-group","Tags":[{"Key":"elbv2.k8s.aws/cluster","Value":"prod"}]}]}`, nil, "", true},
		{balancers, "EC2", "CreateSecurityGroup", `{"GroupName":"k8s","TagSpecifications":[{"ResourceType":"security-group","Tags":[{"Key":"other","Value":"prod"}]}]}`, nil, "", false},
		{balancers, "EC2", "DeleteSecurityGroup", `{"GroupId":"sg-0123456789abcdef0"}`, map[string]map[string]string{group: elbTag}, "", true},
		{balancers, "EC2", "DeleteSecurityGroup", `{"GroupId":"sg-0123456789abcdef0"}`, nil, "", false},
		{balancers, "EC2", "RunInstances", `{"ImageId":"ami-0123456789abcdef0"}`, nil, "", false},
		{ebs, "EC2", "CreateVolume", `{"AvailabilityZone":"us-east-1a","Size":4,"TagSpecifications":[{"ResourceType":"volume","Tags":[{"Key":"ebs.csi.aws.com/cluster","Value":"true"}]}]}`, nil, "", true},
		{ebs, "EC2", "CreateVolume", `{"AvailabilityZone":"us-east-1a","Size":4,"TagSpecifications":[{"ResourceType":"volume","Tags":[{"Key":"ebs.csi.aws.com/cluster","Value":"false"}]}]}`, nil, "", false},
		{ebs, "EC2", "CreateVolume", `{"AvailabilityZone":"us-east-1a","SnapshotId":"snap-0123456789abcdef0","TagSpecifications":[{"ResourceType":"volume","Tags":[{"Key":"ebs.csi.aws.com/cluster","Value":"true"}]}]}`, map[string]map[string]string{snapshot: ebsTag}, "", true},
		{ebs, "EC2", "CreateVolume", `{"AvailabilityZone":"us-east-1a","SnapshotId":"snap-0123456789abcdef0","TagSpecifications":[{"ResourceType":"volume","Tags":[{"Key":"ebs.csi.aws.com/cluster","Value":"true"}]}]}`, nil, "", false},
		{ebs, "EC2", "CreateSnapshot", `{"VolumeId":"vol-0123456789abcdef0","TagSpecifications":[{"ResourceType":"snapshot","Tags":[{"Key":"ebs.csi.aws.com/cluster","Value":"true"}]}]}`, map[string]map[string]string{volume: ebsTag}, "", true},
		{ebs, "EC2", "AttachVolume", `{"VolumeId":"vol-0123456789abcdef0","InstanceId":"i-0123456789abcdef0","Device":"/dev/xvdf"}`, map[string]map[string]string{volume: ebsTag}, "", true},
		{ebs, "EC2", "AttachVolume", `{"VolumeId":"vol-0123456789abcdef0","InstanceId":"i-0123456789abcdef0","Device":"/dev/xvdf"}`, nil, "", false},
		{ebs, "EC2", "DeleteVolume", `{"VolumeId":"vol-0123456789abcdef0"}`, map[string]map[string]string{volume: ebsTag}, "", true},
		{ebs, "EC2", "DeleteVolume", `{"VolumeId":"vol-0123456789abcdef0"}`, map[string]map[string]string{volume: {"ebs.csi.aws.com/cluster": "false"}}, "", false},
		{ebs, "EC2", "DescribeVolumes", `{"VolumeIds":["vol-0123456789abcdef0"]}`, nil, "", true},
		{efs, "EFS", "CreateAccessPoint", `{"FileSystemId":"fs-01234567","Tags":[{"Key":"efs.csi.aws.com/cluster","Value":"true"}]}`, nil, "", true},
		{efs, "EFS", "CreateAccessPoint", `{"FileSystemId":"fs-01234567","Tags":[{"Key":"other","Value":"true"}]}`, nil, "", false},
		{efs, "EFS", "DeleteAccessPoint", `{"AccessPointId":"fsap-0123456789abcdef0"}`, map[string]map[string]string{point: {"efs.csi.aws.com/cluster": "true"}}, "", true},
		{efs, "EFS", "DeleteAccessPoint", `{"AccessPointId":"fsap-0123456789abcdef0"}`, nil, "", false},
		{efs, "EFS", "DescribeMountTargets", `{"FileSystemId":"fs-01234567"}`, nil, "", true},
		{cni, "EC2", "AssignPrivateIpAddresses", `{"NetworkInterfaceId":"eni-0123456789abcdef0"}`, map[string]map[string]string{card: cniTag}, "", true},
		{cni, "EC2", "AssignPrivateIpAddresses", `{"NetworkInterfaceId":"eni-0123456789abcdef0"}`, nil, "", false},
		{cni, "EC2", "AttachNetworkInterface", `{"NetworkInterfaceId":"eni-0123456789abcdef0","InstanceId":"i-0123456789abcdef0","DeviceIndex":1}`, map[string]map[string]string{card: cniTag, machine: {"kubernetes.io/cluster/prod": "owned"}}, "", true},
		{cni, "EC2", "AttachNetworkInterface", `{"NetworkInterfaceId":"eni-0123456789abcdef0","InstanceId":"i-0123456789abcdef0","DeviceIndex":1}`, map[string]map[string]string{card: cniTag}, "", false},
		{nodes, "Auto Scaling", "SetDesiredCapacity", `{"AutoScalingGroupName":"nodes","DesiredCapacity":2}`, nil, "", true},
		{nodes, "Auto Scaling", "SetDesiredCapacity", `{"AutoScalingGroupName":"others","DesiredCapacity":2}`, nil, "", false},
		{nodes, "Auto Scaling", "SetDesiredCapacity", `{"AutoScalingGroupName":"nodes","DesiredCapacity":2}`, nil, "eu-west-1", false},
		{push, "Secrets Manager", "CreateSecret", `{"Name":"dev-db"}`, nil, "us-west-2", true},
		{push, "Secrets Manager", "CreateSecret", `{"Name":"dev-db"}`, nil, "us-east-1", false},
		{push, "Secrets Manager", "CreateSecret", `{"Name":"prod-db"}`, nil, "us-west-2", false},
		{push, "Secrets Manager", "DeleteSecret", `{"SecretId":"dev-db"}`, nil, "us-west-2", false},
		{read, "Secrets Manager", "GetSecretValue", `{"SecretId":"dev-db"}`, nil, "us-west-2", true},
		{read, "Secrets Manager", "GetSecretValue", `{"SecretId":"dev"}`, nil, "us-west-2", true}, // dev- and six letters are what the pattern allows
		{read, "Secrets Manager", "GetSecretValue", `{"SecretId":"de"}`, nil, "us-west-2", false},
		{read, "Secrets Manager", "BatchGetSecretValue", `{"SecretIdList":["dev-db","dev-key"]}`, nil, "us-west-2", true},
		{read, "Secrets Manager", "BatchGetSecretValue", `{"SecretIdList":["dev-db","prod-key"]}`, nil, "us-west-2", false},
	}
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	for _, test := range cases {
		t.Run(test.operation, func(t *testing.T) {
			p := upstream(t, test.policy, "${CLUSTER_NAME}", "prod", "${VPC_ID}", "vpc-0123456789abcdef0", "${YOUR_CLUSTER_AWS_REGION}", "us-east-1",
				"${YOUR_AWS_ACCOUNT_ID}", "111122223333", "${YOUR_ASG_NAME}", "nodes")
			place := samplePlace()
			if test.region != "" {
				place.Region = test.region
			}
			calls, err := c.calls(&Operation{Service: serviceOf(t, models, test.service), Name: test.operation, Input: inputOf(t, test.input)}, place)
			if err != nil {
				t.Fatal(err)
			}
			if got := allows(p, reference, calls, test.tags); got != test.want {
				t.Errorf("%s %s in %s: allowed is %v, want %v: %v", test.operation, test.input, place.Region, got, test.want, calls)
			}
		})
	}
}

// TestActionsOfPolicies: each action that the shared policies name is one that some operation means, or is listed with its reason.
func TestActionsOfPolicies(t *testing.T) {
	folder := os.Getenv("OPENIRSA_TESTDATA")
	if folder == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	models, reference := openBoth(t)
	has := map[string]bool{}
	for _, s := range models.Services() {
		for _, o := range s.Operations() {
			has[s.Prefix+":"+o.Name] = true
		}
	}
	other := map[string]string{}
	quoted := regexp.MustCompile(`"([a-z0-9-]+):([A-Z][A-Za-z0-9]+)"`)
	named := 0
	err := filepath.WalkDir(filepath.Join(folder, "policies"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" || filepath.Base(filepath.Dir(path)) == "negative" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range quoted.FindAllStringSubmatch(string(text), -1) {
			name := match[1] + ":" + match[2]
			if _, known := reference.Action(name); !known || match[1] == "s3" || match[1] == "iam" || match[1] == "sts" {
				continue // keys, and actions of the doors that have tables of their own
			}
			if named++; !has[name] {
				other[name] = path
			}
		}
		return err
	})
	if err != nil || named == 0 {
		t.Fatalf("%d actions are named (%v)", named, err)
	}
	for name := range withoutOperation {
		if other[name] == "" {
			t.Errorf("%s is named by no policy, or is an operation", name)
		}
	}
	for name, path := range other {
		if withoutOperation[name] == "" {
			t.Errorf("%s, which %s names, is no operation's", name, path)
		}
	}
}

// withoutOperation are actions that no operation has the name of, with what they are (Service Authorization Reference).
var withoutOperation = map[string]string{
	"ecr:BatchImportUpstreamImage":        "of a pull through a cache, which Docker does",
	"elasticfilesystem:ClientMount":       "of a mount, which NFS does",
	"elasticfilesystem:ClientRootAccess":  "of a mount, which NFS does",
	"elasticfilesystem:ClientWrite":       "of a mount, which NFS does",
	"s3files:ClientMount":                 "of a mount, which NFS does",
	"s3files:ClientRootAccess":            "of a mount, which NFS does",
	"s3files:ClientWrite":                 "of a mount, which NFS does",
	"elasticloadbalancing:SetWebAcl":      "asked for by AWS WAF's AssociateWebACL",
	"lambda:InvokeFunction":               "the action of Invoke",
	"ec2messages:AcknowledgeMessage":      "of Systems Manager's agent, in no SDK",
	"ec2messages:DeleteMessage":           "of Systems Manager's agent, in no SDK",
	"ec2messages:FailMessage":             "of Systems Manager's agent, in no SDK",
	"ec2messages:GetEndpoint":             "of Systems Manager's agent, in no SDK",
	"ec2messages:GetMessages":             "of Systems Manager's agent, in no SDK",
	"ec2messages:SendReply":               "of Systems Manager's agent, in no SDK",
	"ssm:GetManifest":                     "of Systems Manager's agent, in no SDK",
	"ssm:ListInstanceAssociations":        "of Systems Manager's agent, in no SDK",
	"ssm:PutConfigurePackageResult":       "of Systems Manager's agent, in no SDK",
	"ssm:UpdateInstanceAssociationStatus": "of Systems Manager's agent, in no SDK",
	"ssm:UpdateInstanceInformation":       "of Systems Manager's agent, in no SDK",
	"ssmmessages:CreateControlChannel":    "of Systems Manager's agent, in no SDK",
	"ssmmessages:CreateDataChannel":       "of Systems Manager's agent, in no SDK",
	"ssmmessages:OpenControlChannel":      "of Systems Manager's agent, in no SDK",
	"ssmmessages:OpenDataChannel":         "of Systems Manager's agent, in no SDK",
}
