package awsmodel

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

const costlyBody = 1 << 20

// repeated fills a body with as many of one part as there is room for.
func repeated(before, part, after string) []byte {
	return []byte(before + strings.Repeat(part, (costlyBody-len(before)-len(after))/len(part)) + after)
}

// counted is repeated for parts that differ in a number.
func counted(before, part, after string) []byte {
	var b strings.Builder
	b.WriteString(before)
	for i := 1; b.Len()+len(after)+2*len(part) < costlyBody; i++ {
		b.WriteString(strings.ReplaceAll(part, "#", fmt.Sprint(i)))
	}
	return []byte(b.String() + after)
}

func jsonRequest(target string, body []byte) Request {
	return Request{Method: "POST", Path: "/", Header: map[string][]string{"X-Amz-Target": {target}, "Content-Type": {"application/x-amz-json-1.0"}}, Body: body}
}

func formRequest(body []byte) Request {
	return Request{Method: "POST", Path: "/", Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: body}
}

func cborRequest(operation, member, element string) Request {
	body := []byte{0xbf, byte(0x60 + len(member))}
	body = append(append(body, member...), 0x9f)
	body = append(append(body, strings.Repeat(element, costlyBody/len(element))...), 0xff, 0xff)
	return Request{Method: "POST", Path: "/service/GraniteServiceVersion20100801/operation/" + operation,
		Header: map[string][]string{"Smithy-Protocol": {"rpc-v2-cbor"}, "Content-Type": {"application/cbor"}}, Body: body}
}

// The bodies of 1 MiB that were or could be the most costly, in every protocol. They took up to minutes and gigabytes once; they take less than half a
// second on a machine with nothing else to do, and the bound here is for one that has.
func TestBodiesCostLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("the largest bodies there may be, read in one goroutine")
	}
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	key := strings.Repeat("k", costlyBody/2)
	restJSON := func(path, body string) Request {
		return Request{Method: "POST", Path: path, Header: map[string][]string{"Content-Type": {"application/json"}}, Body: counted(body, `"arn:aws:lambda:us-east-1:1:layer:a:#",`, `"a"]}`)}
	}
	dynamo := "DynamoDB_20120810."
	tags := ""
	for i := range 450 {
		tags += fmt.Sprintf("&Tag.%d.Key=a%d&Tag.%[1]d.Value=a", i+1, i)
	}
	const ec2 = "&Version=2016-11-15"
	const rrset = `<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes>`
	for name, test := range map[string]struct {
		signingName string
		request     Request
	}{
		"a list under a long key":      {"dynamodb", jsonRequest(dynamo+"BatchWriteItem", repeated(`{"RequestItems":{"`+key+`":[`, `{},`, `{}]}}`))},
		"a map under a long key":       {"dynamodb", jsonRequest(dynamo+"PutItem", repeated(`{"TableName":"t","Item":{"`+key+`":{"L":[`, `{"N":"1"},`, `{"N":"1"}]}}}`))},
		"many attributes":              {"dynamodb", jsonRequest(dynamo+"PutItem", counted(`{"TableName":"t","Item":{`, `"a#":{"S":""},`, `"b":{"S":""}}}`))},
		"many empty structures":        {"dynamodb", jsonRequest(dynamo+"BatchGetItem", repeated(`{"RequestItems":{"t":{"Keys":[`, `{},`, `{}]}}}`))},
		"many tables":                  {"dynamodb", jsonRequest(dynamo+"BatchGetItem", counted(`{"RequestItems":{`, `"a#":{"Keys":[]},`, `"b":{"Keys":[]}}}`))},
		"many statements":              {"dynamodb", jsonRequest(dynamo+"BatchExecuteStatement", repeated(`{"Statements":[`, `{"Statement":"SELECT * FROM a"},`, `{"Statement":"SELECT * FROM a"}]}`))},
		"a long expression":            {"dynamodb", jsonRequest(dynamo+"GetItem", repeated(`{"TableName":"t","Key":{"a":{"S":"a"}},"ProjectionExpression":"`, `a,`, `a"}`))},
		"many names":                   {"ssm", jsonRequest("AmazonSSM.GetParameters", counted(`{"Names":[`, `"a#",`, `"a"]}`))},
		"an encryption context":        {"kms", jsonRequest("TrentService.Encrypt", counted(`{"KeyId":"a","Plaintext":"YQ==","EncryptionContext":{`, `"a#":"",`, `"b":""}}`))},
		"many secrets":                 {"secretsmanager", jsonRequest("secretsmanager.BatchGetSecretValue", repeated(`{"SecretIdList":[`, `"a",`, `"a"]}`))},
		"many events":                  {"events", jsonRequest("AWSEvents.PutEvents", counted(`{"Entries":[`, `{"EventBusName":"#"},`, `{}]}`))},
		"many devices":                 {"ec2", formRequest(counted("Action=RunInstances&MinCount=1&MaxCount=1"+ec2, "&BlockDeviceMapping.#.DeviceName=a", ""))},
		"many instances":               {"ec2", formRequest(counted("Action=StopInstances"+ec2, "&InstanceId.#=i", ""))},
		"many subnets":                 {"ec2", formRequest(counted("Action=RunInstances&MinCount=1&MaxCount=1"+ec2, "&NetworkInterface.#.SubnetId=subnet-12345678", ""))},
		"many tags on many resources":  {"ec2", formRequest(counted("Action=CreateTags"+ec2+tags, "&ResourceId.#=i-0123456789#", ""))},
		"many groups":                  {"autoscaling", formRequest(counted("Action=CreateOrUpdateTags&Version=2011-01-01", "&Tags.member.#.ResourceId=a#&Tags.member.#.Key=a", ""))},
		"many empty texts in CBOR":     {"monitoring", cborRequest("DeleteAlarms", "AlarmNames", "\x60")},
		"many structures in CBOR":      {"monitoring", cborRequest("PutMetricData", "MetricData", "\xa1\x6aMetricName\x61a")},
		"many elements of XML":         {"route53", Request{Method: "POST", Path: "/2013-04-01/hostedzone/Z1/rrset", Body: repeated(rrset, "<Change></Change>", "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>")}},
		"many ARNs in JSON over REST":  {"lambda", restJSON("/2015-03-31/functions", `{"FunctionName":"f","Role":"arn:aws:iam::111122223333:role/a","Code":{},"Layers":[`)},
		"many segments of a path":      {"lambda", Request{Method: "GET", Path: strings.Repeat("/a", costlyBody/2)}},
		"many parameters in the query": {"apigateway", Request{Method: "DELETE", Path: "/tags/a", RawQuery: string(counted("tagKeys=a", "&tagKeys=#", ""))}},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := c.Classify(test.signingName, test.request, samplePlace())
			spent := time.Since(start)
			runtime.ReadMemStats(&after)
			if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 4*time.Second || allocated > 200 {
				t.Errorf("it took %v and %d MiB (%v)", spent, allocated, err)
			}
			if err != nil && len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}
