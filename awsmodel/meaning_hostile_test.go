package awsmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// Names that would read as more, or as a pattern, in an ARN are errors or leave the resource open; they never become a resource of their own.
func TestNamesCannotForgeResources(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	cases := []struct{ service, operation, input string }{
		{"DynamoDB", "GetItem", `{"TableName":%s,"Key":{"id":{"S":"1"}}}`}, {"Lambda", "Invoke", `{"FunctionName":%s}`},
		{"EKS", "DescribeCluster", `{"name":%s}`}, {"SQS", "SendMessage", `{"QueueUrl":%s}`}, {"Secrets Manager", "GetSecretValue", `{"SecretId":%s}`},
		{"EC2", "TerminateInstances", `{"InstanceIds":[%s]}`}, {"EC2", "CreateTags", `{"Resources":[%s],"Tags":[{"Key":"a","Value":"b"}]}`},
		{"KMS", "Encrypt", `{"KeyId":%s}`}, {"ECR", "BatchGetImage", `{"repositoryName":%s}`}, {"SSM", "GetParameter", `{"Name":%s}`},
		{"CloudWatch Logs", "PutLogEvents", `{"logGroupName":%s,"logStreamName":"s"}`}, {"EventBridge", "PutRule", `{"Name":%s}`},
		{"Auto Scaling", "SetDesiredCapacity", `{"AutoScalingGroupName":%s}`}, {"Kinesis", "PutRecord", `{"StreamName":%s}`},
		{"ECS", "StopTask", `{"cluster":%s,"task":"t"}`}, {"API Gateway", "GetRestApi", `{"restApiId":%s}`},
	}
	for _, name := range []string{"*", "?", "a*", "a?", "a\x00", "a\nb", "a\x7f", "", "a:b:c:d", ":", "arn:aws:x:y:z:*", "arn:aws:*:us-east-1:111122223333:*"} {
		for _, test := range cases {
			quoted, err := json.Marshal(name)
			if err != nil {
				t.Fatal(err)
			}
			input := inputOf(t, fmt.Sprintf(test.input, quoted))
			calls, err := c.calls(&Operation{Service: serviceOf(t, models, test.service), Name: test.operation, Input: input}, samplePlace())
			if err != nil {
				continue
			}
			for _, call := range calls {
				if !call.AnyResource && !strings.HasSuffix(call.Resource, "/*") && strings.ContainsAny(call.Resource, "*?\n\x00\x7f") {
					t.Errorf("%s %q: %s is decided as a name", test.operation, name, call.Resource)
				}
				if !call.AnyResource && name != "" && !strings.HasPrefix(name, "a:b") && name != ":" {
					t.Errorf("%s %q: %s is decided without an error", test.operation, name, call.Resource)
				}
			}
		}
	}
}

// A member that seems to name a resource, and that no rule binds, opens the decision to every resource of the type.
func TestUnboundMembersCoverTheirType(t *testing.T) {
	checkMeanings(t, []meaningCase{
		{"EC2", "DeleteLaunchTemplate", `{"LaunchTemplateName":"web"}`, []string{"ec2:DeleteLaunchTemplate " + ec2Here + "launch-template/* any"}},
		{"EC2", "RunInstances", `{"ImageId":"ami-0123456789abcdef0","SubnetId":"subnet-0123456789abcdef0","SecurityGroups":["default"]}`, []string{
			"ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0", "ec2:RunInstances " + ec2Here + "instance/*",
			"ec2:RunInstances " + ec2Here + "network-interface/* ec2:Subnet=" + ec2Here + "subnet/subnet-0123456789abcdef0",
			"ec2:RunInstances " + ec2Here + "security-group/* any", "ec2:RunInstances " + ec2Here + "subnet/subnet-0123456789abcdef0", "ec2:RunInstances " + ec2Here + "volume/*"}},
		{"ECS", "DescribeClusters", `{"clusters":["a","arn:aws:s3:::b"]}`, []string{"ecs:DescribeClusters arn:aws:ecs" + here + "cluster/* any",
			"ecs:DescribeClusters arn:aws:ecs" + here + "cluster/a"}},
		{"EC2", "DisassociateAddress", `{"AssociationId":"eipassoc-0123456789abcdef0"}`, []string{"ec2:DisassociateAddress * any"}},
	})
}

// Too many resources are an error and not a long wait.
func TestCallsAreBounded(t *testing.T) {
	models, reference := openBoth(t)
	ids := make([]any, maxCalls+1)
	for i := range ids {
		ids[i] = fmt.Sprintf("i-%017x", i)
	}
	_, err := NewClassifier(models, reference).calls(&Operation{Service: serviceOf(t, models, "EC2"), Name: "StopInstances", Input: map[string]any{"InstanceIds": ids}}, samplePlace())
	var e *Error
	if !errors.As(err, &e) || e.Kind != UnknownParameter {
		t.Errorf("got %v", err)
	}
}

// Keys that repeat the place and the resource, which the tables of the other tests leave out.
func TestPlaceKeys(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	calls, err := c.calls(&Operation{Service: serviceOf(t, models, "EC2"), Name: "DeleteVolume", Input: map[string]any{"VolumeId": "vol-0123456789abcdef0"}}, samplePlace())
	if err != nil || len(calls) != 1 {
		t.Fatal(calls, err)
	}
	if call := calls[0]; !slices.Equal(call.Keys["ec2:Region"], []string{"us-east-1"}) || !slices.Equal(call.Keys["ec2:VolumeID"], []string{"vol-0123456789abcdef0"}) ||
		!slices.Equal(call.TagKeys, []string{"aws:ResourceTag/", "ec2:ResourceTag/"}) {
		t.Errorf("%v", call)
	}
	calls, err = c.calls(&Operation{Service: serviceOf(t, models, "KMS"), Name: "Decrypt", Input: map[string]any{"KeyId": "k"}}, samplePlace())
	if err != nil || !slices.Equal(calls[0].Keys["kms:CallerAccount"], []string{"111122223333"}) {
		t.Error(calls, err)
	}
}

// Every service has its actions' prefix in the Service Authorization Reference, or a reason why not.
func TestEveryServiceHasItsPrefix(t *testing.T) {
	models, reference := openBoth(t)
	names := map[string]bool{}
	for _, s := range models.Services() {
		names[s.SigningName] = true
		if reason := unmapped[s.SigningName]; reference.Service(s.Prefix) == (reason != "") {
			t.Errorf("%s (%s): prefix %s, reason %q", s.ID, s.SigningName, s.Prefix, reason)
		}
	}
	for name := range prefixes {
		if !names[name] {
			t.Errorf("no service has the signing name %s", name)
		}
	}
}

func FuzzCalls(f *testing.F) {
	models, reference := openBoth(f)
	c := NewClassifier(models, reference)
	services := models.Services()
	f.Add(uint(0), uint(0), []byte(`{"InstanceIds":["i-0123456789abcdef0"]}`), "arn:aws:iam::111122223333:role/a")
	f.Add(uint(100), uint(3), []byte(`{"Statement":"SELECT * FROM a","Tags":[{"Key":"a","Value":"b"}]}`), "a/b")
	f.Fuzz(func(t *testing.T, service, operation uint, text []byte, value string) {
		s := services[service%uint(len(services))]
		operations := s.Operations()
		if len(operations) == 0 {
			return
		}
		o := operations[operation%uint(len(operations))]
		entry, _ := reference.Action(s.Prefix + ":" + o.Name)
		input, _ := sampler{entry}.sample(o.Input, "", 0).(map[string]any)
		overlay := map[string]any{}
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		if decoder.Decode(&overlay) == nil {
			for name, value := range overlay {
				input[name] = value
			}
		}
		for i, name := range slices.Sorted(keysOf(input)) {
			if _, is := input[name].(string); is && i%2 == len(value)%2 {
				input[name] = value
			}
		}
		calls, err := c.calls(&Operation{Service: s, Name: o.Name, Input: input}, samplePlace())
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Message == "" {
				t.Fatalf("%s.%s: %v is no *Error", s.ID, o.Name, err)
			}
			return
		}
		if len(calls) == 0 {
			t.Fatalf("%s.%s: no calls and no error", s.ID, o.Name)
		}
		for _, call := range calls {
			if call.Resource != "*" {
				if _, err := policy.ParseARN(call.Resource); err != nil {
					t.Fatalf("%s.%s: %q: %v", s.ID, o.Name, call.Resource, err)
				}
			}
			if _, known := reference.Action(call.Action); !known {
				t.Fatalf("%s.%s: no action %s", s.ID, o.Name, call.Action)
			}
		}
	})
}
