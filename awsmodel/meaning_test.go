package awsmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// describeCall writes a call as the tables of these tests do: action, resource, then "any" or "wildcard", what it passes, and its keys.
func describeCall(call Call) string {
	parts := []string{call.Action, call.Resource}
	if call.AnyResource {
		parts = append(parts, "any")
	}
	if call.WildcardOnly {
		parts = append(parts, "wildcard")
	}
	if call.InstanceProfile != "" {
		parts = append(parts, "profile="+call.InstanceProfile)
	}
	if call.RoleName != "" {
		parts = append(parts, "role="+call.RoleName)
	}
	for _, key := range slices.Sorted(maps.Keys(call.Keys)) {
		if key == "ec2:Region" || key == "kms:CallerAccount" || strings.HasPrefix(key, "ec2:") && strings.HasSuffix(key, "ID") {
			continue // they repeat the place and the resource; TestPlaceKeys holds them
		}
		parts = append(parts, key+"="+strings.Join(call.Keys[key], ","))
	}
	return strings.Join(parts, " ")
}

func serviceOf(t testing.TB, models *Models, id string) *Service {
	t.Helper()
	for _, s := range models.Services() {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("no service %s", id)
	return nil
}

// inputOf reads an input from JSON as the parsers give it.
func inputOf(t testing.TB, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	input := map[string]any{}
	if err := decoder.Decode(&input); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return input
}

// meaningCase is what one request means; a want that begins with "!" is a part of an error's message.
type meaningCase struct {
	service, operation, input string
	want                      []string
}

func checkMeanings(t *testing.T, cases []meaningCase) {
	t.Helper()
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	for _, test := range cases {
		t.Run(test.operation, func(t *testing.T) {
			s := serviceOf(t, models, test.service)
			if _, known := s.Operation(test.operation); !known {
				t.Fatalf("%s has no operation %s", test.service, test.operation)
			}
			calls, err := c.calls(&Operation{Service: s, Name: test.operation, Input: inputOf(t, test.input)}, samplePlace())
			if message, fails := strings.CutPrefix(test.want[0], "!"); fails {
				var e *Error
				if !errors.As(err, &e) || !strings.Contains(fmt.Sprint(e.Kind, " ", e.Message), message) {
					t.Fatalf("%s: got %v, %v; want an error with %q", test.input, calls, err, message)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", test.input, err)
			}
			var got []string
			for _, call := range calls {
				got = append(got, describeCall(call))
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(test.want))
			if !slices.Equal(got, want) {
				t.Errorf("%s\n got  %s\n want %s", test.input, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
			}
		})
	}
}

const (
	ec2Here = "arn:aws:ec2:us-east-1:111122223333:"
	elbHere = "arn:aws:elasticloadbalancing:us-east-1:111122223333:"
	anyRole = "arn:aws:iam::111122223333:role/*"
)

// The expectations are those of the Service Authorization Reference's page of Amazon EC2, of "Example policies to control access the Amazon EC2
// API" and of "Grant permission to tag Amazon EC2 resources during creation" (Amazon EC2 User Guide).
func TestMeaningOfEC2(t *testing.T) {
	checkMeanings(t, []meaningCase{
		{"EC2", "DescribeInstances", `{"InstanceIds":["i-0123456789abcdef0"]}`, []string{"ec2:DescribeInstances * wildcard"}},
		{"EC2", "TerminateInstances", `{"InstanceIds":["i-0123456789abcdef0","i-0123456789abcdef1"]}`, []string{
			"ec2:TerminateInstances " + ec2Here + "instance/i-0123456789abcdef0", "ec2:TerminateInstances " + ec2Here + "instance/i-0123456789abcdef1"}},
		{"EC2", "TerminateInstances", `{"InstanceIds":["web"]}`, []string{"ec2:TerminateInstances " + ec2Here + "instance/* any"}},
		{"EC2", "AttachVolume", `{"Device":"/dev/sdf","InstanceId":"i-0123456789abcdef0","VolumeId":"vol-0123456789abcdef0"}`, []string{
			"ec2:AttachVolume " + ec2Here + "instance/i-0123456789abcdef0", "ec2:AttachVolume " + ec2Here + "volume/vol-0123456789abcdef0"}},
		{"EC2", "CreateVolume", `{"AvailabilityZone":"us-east-1a","Size":10,"VolumeType":"gp3","Encrypted":true,"TagSpecifications":[
			{"ResourceType":"volume","Tags":[{"Key":"CSIVolumeName","Value":"pvc-1"},{"Key":"ebs.csi.aws.com/cluster","Value":"true"}]}]}`, []string{
			"ec2:CreateVolume " + ec2Here + "volume/* aws:RequestTag/CSIVolumeName=pvc-1 aws:RequestTag/ebs.csi.aws.com/cluster=true" +
				" aws:TagKeys=CSIVolumeName,ebs.csi.aws.com/cluster ec2:AvailabilityZone=us-east-1a ec2:Encrypted=true ec2:VolumeSize=10 ec2:VolumeType=gp3",
			"ec2:CreateTags " + ec2Here + "volume/* aws:RequestTag/CSIVolumeName=pvc-1 aws:RequestTag/ebs.csi.aws.com/cluster=true" +
				" aws:TagKeys=CSIVolumeName,ebs.csi.aws.com/cluster ec2:CreateAction=CreateVolume"}},
		{"EC2", "CreateVolume", `{"AvailabilityZone":"us-east-1a","SnapshotId":"snap-0123456789abcdef0"}`, []string{
			"ec2:CreateVolume " + ec2Here + "volume/* ec2:AvailabilityZone=us-east-1a ec2:ParentSnapshot=arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0",
			"ec2:CreateVolume arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"}},
		{"EC2", "CreateSnapshot", `{"VolumeId":"vol-0123456789abcdef0"}`, []string{
			"ec2:CreateSnapshot arn:aws:ec2:us-east-1::snapshot/* ec2:ParentVolume=" + ec2Here + "volume/vol-0123456789abcdef0",
			"ec2:CreateSnapshot " + ec2Here + "volume/vol-0123456789abcdef0"}},
		{"EC2", "CreateTags", `{"Resources":["sg-0123456789abcdef0"],"Tags":[{"Key":"elbv2.k8s.aws/cluster","Value":"prod"}]}`, []string{
			"ec2:CreateTags " + ec2Here + "security-group/sg-0123456789abcdef0 aws:RequestTag/elbv2.k8s.aws/cluster=prod aws:TagKeys=elbv2.k8s.aws/cluster"}},
		{"EC2", "DeleteTags", `{"Resources":["vol-0123456789abcdef0"],"Tags":[{"Key":"a"}]}`, []string{
			"ec2:DeleteTags " + ec2Here + "volume/vol-0123456789abcdef0 aws:TagKeys=a"}},
		{"EC2", "CreateTags", `{"Resources":["strange"],"Tags":[{"Key":"a","Value":"b"}]}`, []string{
			"ec2:CreateTags " + ec2Here + "*/* any aws:RequestTag/a=b aws:TagKeys=a"}},
		{"EC2", "CreateTags", `{"Resources":["i-*"],"Tags":[{"Key":"a","Value":"b"}]}`, []string{"!2 "}},
		{"EC2", "CreateSecurityGroup", `{"GroupName":"k8s","Description":"for an ingress","VpcId":"vpc-0123456789abcdef0","TagSpecifications":[
			{"ResourceType":"security-group","Tags":[{"Key":"elbv2.k8s.aws/cluster","Value":"prod"}]}]}`, []string{
			"ec2:CreateSecurityGroup " + ec2Here + "security-group/* aws:RequestTag/elbv2.k8s.aws/cluster=prod aws:TagKeys=elbv2.k8s.aws/cluster" +
				" ec2:Vpc=" + ec2Here + "vpc/vpc-0123456789abcdef0",
			"ec2:CreateSecurityGroup " + ec2Here + "vpc/vpc-0123456789abcdef0",
			"ec2:CreateTags " + ec2Here + "security-group/* aws:RequestTag/elbv2.k8s.aws/cluster=prod aws:TagKeys=elbv2.k8s.aws/cluster" +
				" ec2:CreateAction=CreateSecurityGroup"}},
		{"EC2", "AuthorizeSecurityGroupIngress", `{"GroupId":"sg-0123456789abcdef0","IpPermissions":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,
			"UserIdGroupPairs":[{"GroupId":"sg-0123456789abcdef1"}]}]}`, []string{
			"ec2:AuthorizeSecurityGroupIngress " + ec2Here + "security-group/sg-0123456789abcdef0"}},
		{"EC2", "AuthorizeSecurityGroupIngress", `{"GroupName":"default"}`, []string{"ec2:AuthorizeSecurityGroupIngress " + ec2Here + "security-group/* any"}},
		{"EC2", "CreateNetworkInterface", `{"SubnetId":"subnet-0123456789abcdef0","Groups":["sg-0123456789abcdef0"]}`, []string{
			"ec2:CreateNetworkInterface " + ec2Here + "network-interface/* ec2:Subnet=" + ec2Here + "subnet/subnet-0123456789abcdef0",
			"ec2:CreateNetworkInterface " + ec2Here + "subnet/subnet-0123456789abcdef0",
			"ec2:CreateNetworkInterface " + ec2Here + "security-group/sg-0123456789abcdef0"}},
		{"EC2", "AssignPrivateIpAddresses", `{"NetworkInterfaceId":"eni-0123456789abcdef0","SecondaryPrivateIpAddressCount":1}`, []string{
			"ec2:AssignPrivateIpAddresses " + ec2Here + "network-interface/eni-0123456789abcdef0"}},
		{"EC2", "ModifyInstanceAttribute", `{"InstanceId":"i-0123456789abcdef0","InstanceType":{"Value":"m5.large"}}`, []string{
			"ec2:ModifyInstanceAttribute " + ec2Here + "instance/i-0123456789abcdef0 ec2:Attribute=InstanceType ec2:Attribute/InstanceType=m5.large"}},
		{"EC2", "DeleteKeyPair", `{"KeyPairId":"key-0123456789abcdef0"}`, []string{"ec2:DeleteKeyPair " + ec2Here + "key-pair/* any"}},
		{"EC2", "DeleteKeyPair", `{"KeyName":"mine"}`, []string{"ec2:DeleteKeyPair " + ec2Here + "key-pair/mine"}},
		{"EC2", "AssociateIamInstanceProfile", `{"InstanceId":"i-0123456789abcdef0","IamInstanceProfile":{"Name":"web"}}`, []string{
			"ec2:AssociateIamInstanceProfile " + ec2Here + "instance/i-0123456789abcdef0",
			"iam:PassRole " + anyRole + " any profile=web iam:PassedToService=ec2.amazonaws.com"}},
		{"EC2", "CreateVpcPeeringConnection", `{"VpcId":"vpc-0123456789abcdef0","PeerVpcId":"vpc-0123456789abcdef1"}`, []string{
			"ec2:CreateVpcPeeringConnection " + ec2Here + "vpc/vpc-0123456789abcdef0", "ec2:CreateVpcPeeringConnection " + ec2Here + "vpc/vpc-0123456789abcdef1",
			"ec2:CreateVpcPeeringConnection " + ec2Here + "vpc-peering-connection/*"}},
	})
}

// The first example of "Work with instances: RunInstances" in the Amazon EC2 User Guide, and what a launch template leaves open.
func TestMeaningOfRunInstances(t *testing.T) {
	checkMeanings(t, []meaningCase{
		{"EC2", "RunInstances", `{"ImageId":"ami-0123456789abcdef0","InstanceType":"t3.micro","MinCount":1,"MaxCount":1,"KeyName":"mine",
			"SubnetId":"subnet-0123456789abcdef0","SecurityGroupIds":["sg-0123456789abcdef0"],"MetadataOptions":{"HttpTokens":"required"},
			"IamInstanceProfile":{"Arn":"arn:aws:iam::111122223333:instance-profile/web"},
			"TagSpecifications":[{"ResourceType":"instance","Tags":[{"Key":"team","Value":"a"}]}]}`, []string{
			"ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0",
			"ec2:RunInstances " + ec2Here + "instance/* aws:RequestTag/team=a aws:TagKeys=team" +
				" ec2:InstanceProfile=arn:aws:iam::111122223333:instance-profile/web ec2:InstanceType=t3.micro ec2:MetadataHttpTokens=required",
			"ec2:RunInstances " + ec2Here + "key-pair/mine",
			"ec2:RunInstances " + ec2Here + "network-interface/* ec2:Subnet=" + ec2Here + "subnet/subnet-0123456789abcdef0",
			"ec2:RunInstances " + ec2Here + "security-group/sg-0123456789abcdef0",
			"ec2:RunInstances " + ec2Here + "subnet/subnet-0123456789abcdef0",
			"ec2:RunInstances " + ec2Here + "volume/*",
			"ec2:CreateTags " + ec2Here + "instance/* aws:RequestTag/team=a aws:TagKeys=team ec2:CreateAction=RunInstances",
			"iam:PassRole " + anyRole + " any profile=arn:aws:iam::111122223333:instance-profile/web iam:PassedToService=ec2.amazonaws.com"}},
		{"EC2", "RunInstances", `{"LaunchTemplate":{"LaunchTemplateId":"lt-0123456789abcdef0"},"MinCount":1,"MaxCount":1}`, []string{
			"ec2:RunInstances arn:aws:ec2:us-east-1::image/* any", "ec2:RunInstances " + ec2Here + "instance/*",
			"ec2:RunInstances " + ec2Here + "launch-template/lt-0123456789abcdef0", "ec2:RunInstances " + ec2Here + "network-interface/*",
			"ec2:RunInstances " + ec2Here + "security-group/* any", "ec2:RunInstances " + ec2Here + "subnet/* any", "ec2:RunInstances " + ec2Here + "volume/*",
			"ec2:CreateTags * any", "iam:PassRole " + anyRole + " any iam:PassedToService=ec2.amazonaws.com"}},
	})
}

// Elastic Load Balancing: the Service Authorization Reference, and "ELB API permissions to tag resources during creation".
func TestMeaningOfLoadBalancing(t *testing.T) {
	balancer := elbHere + "loadbalancer/app/web/0123456789abcdef"
	tag := `"Tags":[{"Key":"elbv2.k8s.aws/cluster","Value":"prod"}]`
	tagged := " aws:RequestTag/elbv2.k8s.aws/cluster=prod aws:TagKeys=elbv2.k8s.aws/cluster"
	checkMeanings(t, []meaningCase{
		{"Elastic Load Balancing v2", "CreateLoadBalancer", `{"Name":"web","Type":"network","Scheme":"internal","Subnets":["subnet-0123456789abcdef0"],` + tag + `}`, []string{
			"elasticloadbalancing:CreateLoadBalancer " + elbHere + "loadbalancer/net/web/*" + tagged +
				" elasticloadbalancing:Scheme=internal elasticloadbalancing:Subnet=subnet-0123456789abcdef0",
			"elasticloadbalancing:AddTags " + elbHere + "loadbalancer/net/web/*" + tagged + " elasticloadbalancing:CreateAction=CreateLoadBalancer"}},
		{"Elastic Load Balancing v2", "CreateTargetGroup", `{"Name":"web",` + tag + `}`, []string{
			"elasticloadbalancing:CreateTargetGroup " + elbHere + "targetgroup/web/*" + tagged,
			"elasticloadbalancing:AddTags " + elbHere + "targetgroup/web/*" + tagged + " elasticloadbalancing:CreateAction=CreateTargetGroup"}},
		{"Elastic Load Balancing v2", "CreateListener", `{"LoadBalancerArn":"` + balancer + `","Protocol":"HTTPS","Port":443,
			"DefaultActions":[{"Type":"forward","TargetGroupArn":"` + elbHere + `targetgroup/web/0123456789abcdef"}]}`, []string{
			"elasticloadbalancing:CreateListener " + balancer + " elasticloadbalancing:ListenerProtocol=HTTPS"}},
		{"Elastic Load Balancing v2", "AddTags", `{"ResourceArns":["` + elbHere + `targetgroup/web/0123456789abcdef"],` + tag + `}`, []string{
			"elasticloadbalancing:AddTags " + elbHere + "targetgroup/web/0123456789abcdef" + tagged}},
		{"Elastic Load Balancing v2", "DeleteLoadBalancer", `{"LoadBalancerArn":"` + balancer + `"}`, []string{"elasticloadbalancing:DeleteLoadBalancer " + balancer}},
		{"Elastic Load Balancing v2", "DeleteLoadBalancer", `{"LoadBalancerArn":"` + elbHere + `loadbalancer/app/*"}`, []string{"!2 "}},
		{"Elastic Load Balancing v2", "DescribeLoadBalancers", `{"LoadBalancerArns":["` + balancer + `"]}`, []string{"elasticloadbalancing:DescribeLoadBalancers * wildcard"}},
		{"Elastic Load Balancing v2", "RegisterTargets", `{"TargetGroupArn":"` + elbHere + `targetgroup/web/0123456789abcdef","Targets":[{"Id":"10.0.0.1"}]}`, []string{
			"elasticloadbalancing:RegisterTargets " + elbHere + "targetgroup/web/0123456789abcdef"}},
		{"Elastic Load Balancing", "DeleteLoadBalancer", `{"LoadBalancerName":"old"}`, []string{"elasticloadbalancing:DeleteLoadBalancer " + elbHere + "loadbalancer/old"}},
	})
}
