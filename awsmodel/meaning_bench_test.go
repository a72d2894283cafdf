package awsmodel

import "testing"

func BenchmarkCalls(b *testing.B) {
	models, reference := openBoth(b)
	c := NewClassifier(models, reference)
	for _, test := range []struct{ service, operation, input string }{
		{"DynamoDB", "GetItem", `{"TableName":"T","Key":{"id":{"S":"1"}}}`},
		{"EC2", "RunInstances", `{"ImageId":"ami-0123456789abcdef0","InstanceType":"t3.micro","SubnetId":"subnet-0123456789abcdef0","SecurityGroupIds":["sg-0123456789abcdef0"],
			"TagSpecifications":[{"ResourceType":"instance","Tags":[{"Key":"a","Value":"b"}]}]}`},
		{"SQS", "SendMessage", `{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/111122223333/jobs","MessageBody":"x"}`},
	} {
		b.Run(test.operation, func(b *testing.B) {
			o := &Operation{Service: serviceOf(b, models, test.service), Name: test.operation, Input: inputOf(b, test.input)}
			b.ReportAllocs()
			for range b.N {
				if _, err := c.calls(o, samplePlace()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
