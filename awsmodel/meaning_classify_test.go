package awsmodel

import (
	"errors"
	"testing"
)

// Whole requests, as the AWS CLI sends them: the wire, the operation and what it means.
func TestClassify(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	form := map[string][]string{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}, "Host": {"ec2.us-east-1.amazonaws.com"}}
	cases := []struct {
		service string
		request Request
		name    string
		read    bool
		want    string
	}{
		{"ec2", Request{Method: "POST", Path: "/", Header: form, Body: []byte("Action=DeleteVolume&Version=2016-11-15&VolumeId=vol-0123456789abcdef0")},
			"DeleteVolume", false, "ec2:DeleteVolume " + ec2Here + "volume/vol-0123456789abcdef0"},
		{"ec2", Request{Method: "POST", Path: "/", Header: form, Body: []byte("Action=DescribeVolumes&Version=2016-11-15")},
			"DescribeVolumes", true, "ec2:DescribeVolumes * wildcard"},
		{"dynamodb", Request{Method: "POST", Path: "/", Header: map[string][]string{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"DynamoDB_20120810.DescribeTable"}},
			Body: []byte(`{"TableName":"Books"}`)}, "DescribeTable", true, "dynamodb:DescribeTable arn:aws:dynamodb" + here + "table/Books"},
		{"eks", Request{Method: "GET", Path: "/clusters/prod", Header: map[string][]string{}}, "DescribeCluster", true, "eks:DescribeCluster arn:aws:eks" + here + "cluster/prod"},
		{"apigateway", Request{Method: "GET", Path: "/restapis/abc", Header: map[string][]string{}}, "GetRestApi", true, "apigateway:GET arn:aws:apigateway:us-east-1::/restapis/abc"},
	}
	for _, test := range cases {
		operation, err := c.Classify(test.service, test.request, samplePlace())
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if operation.Name != test.name || operation.ReadOnly != test.read || len(operation.Calls) != 1 || describeCall(operation.Calls[0]) != test.want {
			t.Errorf("got %s, read-only %v, %v; want %s, %v, %s", operation.Name, operation.ReadOnly, operation.Calls, test.name, test.read, test.want)
		}
	}
	_, err := c.Classify("cloudformation", Request{Method: "POST", Path: "/", Header: form, Body: []byte("Action=CreateStack&Version=2010-05-15&StackName=a&TemplateBody=%7B%7D")}, samplePlace())
	var e *Error
	if !errors.As(err, &e) || e.Kind != Undecidable {
		t.Errorf("a stack without a role: got %v", err)
	}
}
