package awsmodel

import (
	"bytes"
	"compress/gzip"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// form is a request in Query, and target one in AWS JSON.
func form(body string) Request {
	return Request{Method: "POST", Path: "/", Body: []byte(body), Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}}
}

func target(operation, body string) Request {
	return Request{Method: "POST", Path: "/", Body: []byte(body),
		Header: map[string][]string{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {operation}}}
}

func rest(method, path, query, body string) Request {
	header := map[string][]string{}
	if body != "" {
		header["Content-Type"] = []string{"application/json"}
	}
	return Request{Method: method, Path: path, RawQuery: query, Body: []byte(body), Header: header}
}

func cbor(operation string, body string) Request {
	return Request{Method: "POST", Path: "/service/GraniteServiceVersion20100801/operation/" + operation, Body: []byte(body),
		Header: map[string][]string{"Content-Type": {"application/cbor"}, "Smithy-Protocol": {"rpc-v2-cbor"}}}
}

// with is a request with one more header.
func with(r Request, name string, values ...string) Request {
	r.Header[name] = values
	return r
}

func zipped(body string) string {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write([]byte(body)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return compressed.String()
}

const (
	elb    = "Action=AddTags&Version=2015-12-01"
	run    = "Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=1"
	create = "TrentService.CreateKey"
)

// TestRefused: what could mean two things, or is not in the model, is refused, and the message says where.
func TestRefused(t *testing.T) {
	m := models(t)
	deep := strings.Repeat(`[`, 40)
	cases := []struct {
		name, service string
		request       Request
		kind          ErrorKind
		want          string
	}{
		{"unknown service", "nothing", form(elb), UnknownOperation, "no service"},
		{"no action", "ec2", form("Version=2016-11-15"), MissingParameter, "Action and Version"},
		{"no version", "ec2", form("Action=RunInstances"), MissingParameter, "Action and Version"},
		{"another version", "ec2", form("Action=RunInstances&Version=2010-01-01"), UnknownOperation, `"RunInstances" in version`},
		{"another case", "ec2", form("Action=runInstances&Version=2016-11-15"), UnknownOperation, "runInstances"},
		{"action twice", "ec2", form(run + "&Action=TerminateInstances"), UnknownParameter, "Action: it is given twice"},
		{"action twice by escapes", "ec2", form(run + "&%41ction=TerminateInstances"), UnknownParameter, "Action: it is given twice"},
		{"action in query and body", "ec2", Request{Method: "POST", Path: "/", RawQuery: "Action=TerminateInstances", Body: []byte(run), Header: form("").Header}, Malformed, "query string"},
		{"action with parts", "ec2", form(run + "&Action.1=x"), MissingParameter, "Action and Version"},
		{"unknown parameter", "ec2", form(run + "&Colour=red"), UnknownParameter, "no parameter Colour"},
		{"unknown part", "ec2", form(run + "&Placement.Colour=red"), UnknownParameter, "no parameter Placement.Colour"},
		{"parameter of the JSON name", "ec2", form(run + "&ipv6AddressCount=1"), UnknownParameter, "ipv6AddressCount"},
		{"given twice", "ec2", form(run + "&ImageId=a&ImageId=b"), UnknownParameter, "ImageId: it is given twice"},
		{"a gap", "ec2", form(run + "&SecurityGroupId.1=a&SecurityGroupId.3=b"), UnknownParameter, "none is 2"},
		{"from nought", "ec2", form(run + "&SecurityGroupId.0=a"), UnknownParameter, "none is 1"},
		{"a leading nought", "ec2", form(run + "&SecurityGroupId.01=a"), UnknownParameter, "none is 1"},
		{"a list's own value", "ec2", form(run + "&SecurityGroupId=a"), UnknownParameter, "a value of its own"},
		{"a value and parts", "ec2", form(run + "&ImageId=a&ImageId.1=b"), UnknownParameter, "and has parts"},
		{"a member in EC2", "ec2", form(run + "&SecurityGroupId.member.1=a"), UnknownParameter, "none is 1"},
		{"no member", "elasticloadbalancing", form(elb + "&ResourceArns.1=a&Tags.member.1.Key=k"), UnknownParameter, "ResourceArns.member"},
		{"beside the member", "elasticloadbalancing", form(elb + "&ResourceArns.member.1=a&ResourceArns.2=b&Tags.member.1.Key=k"), UnknownParameter, "nothing may be beside"},
		{"missing in a list", "elasticloadbalancing", form(elb + "&ResourceArns.member.1=a&Tags.member.1.Value=v"), MissingParameter, "Tags.member.1.Key"},
		{"not an integer", "ec2", form("Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=1.0"), UnknownParameter, "MaxCount: it is not an integer"},
		{"too large", "ec2", form("Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=2147483648"), UnknownParameter, "fit 32 bits"},
		{"not a boolean", "ec2", form(run + "&DryRun=True"), UnknownParameter, "DryRun: it must be true or false"},
		{"a bad escape", "ec2", form(run + "&ImageId=%4"), Malformed, "byte 61"},
		{"not UTF-8", "ec2", form(run + "&ImageId=%ff"), Malformed, "percent-encoded UTF-8"},
		{"without =", "ec2", form(run + "&ImageId"), Malformed, "without a name or without a value"},
		{"an empty pair", "ec2", form(run + "&&ImageId=a"), Malformed, "without a name"},
		{"too deep", "ec2", form(run + "&" + strings.Repeat("a.", 70) + "a=b"), Malformed, "too deep"},
		{"another path", "ec2", Request{Method: "POST", Path: "/x", Body: []byte(run), Header: form("").Header}, Malformed, "the path /"},
		{"another character set", "ec2", with(form(run), "Content-Type", "application/x-www-form-urlencoded; charset=utf-16"), Malformed, "not UTF-8"},
		{"two content types", "ec2", with(form(run), "Content-Type", "application/x-www-form-urlencoded", "application/json"), Malformed, "2 times"},
		{"JSON to EC2", "ec2", target("EC2.RunInstances", "{}"), UnknownOperation, "EC2.RunInstances"},
		{"a form to JSON", "kms", form("Action=CreateKey&Version=2014-11-01"), UnknownOperation, "CreateKey"},
		{"a form with a target", "kms", with(target(create, "{}"), "Content-Type", "application/x-www-form-urlencoded"), Malformed, "not that of AWS JSON"},
		{"a target of REST JSON's type", "kms", with(target(create, "{}"), "Content-Type", "application/json"), Malformed, "not that of AWS JSON"},
		{"two targets", "kms", with(target(create, "{}"), "X-Amz-Target", create, "TrentService.ListKeys"), Malformed, "2 times"},
		{"targets in two cases", "kms", with(target(create, "{}"), "x-amz-target", "TrentService.ListKeys"), Malformed, "2 times"},
		{"another target's prefix", "kms", target("Trent.CreateKey", "{}"), UnknownOperation, "Trent.CreateKey"},
		{"a query string", "kms", Request{Method: "POST", Path: "/", RawQuery: "Action=x", Body: []byte("{}"), Header: target(create, "").Header}, Malformed, "query string"},
		{"a name twice", "kms", target(create, `{"Description":"a","Description":"b"}`), Malformed, "byte 32"},
		{"a name twice by escapes", "kms", target(create, `{"Description":"a","D\u0065scription":"b"}`), Malformed, "twice"},
		{"another case of a name", "kms", target(create, `{"description":"a"}`), UnknownParameter, "no parameter description"},
		{"a number for a string", "kms", target(create, `{"Description":1}`), UnknownParameter, "byte 15: it has another type"},
		{"a string for a boolean", "kms", target(create, `{"MultiRegion":"true"}`), UnknownParameter, "must not be a string"},
		{"an object for a list", "kms", target(create, `{"Tags":{}}`), UnknownParameter, "must be a list"},
		{"null in a list", "kms", target(create, `{"Tags":[null]}`), UnknownParameter, "must not be null"},
		{"after the end", "kms", target(create, `{} {}`), Malformed, "byte 3: text follows"},
		{"a comma at the end", "kms", target(create, `{"Description":"a",}`), Malformed, "a comma after the last"},
		{"a lone surrogate", "kms", target(create, `{"Description":"\ud800"}`), Malformed, "a surrogate"},
		{"not UTF-8 in JSON", "kms", target(create, "{\"Description\":\"\xff\"}"), Malformed, "not UTF-8"},
		{"a control character", "kms", target(create, "{\"Description\":\"\n\"}"), Malformed, "control character"},
		{"cut off", "kms", target(create, `{"Description":"a`), Malformed, "without an end"},
		{"base64 of another alphabet", "kms", target("TrentService.Decrypt", `{"CiphertextBlob":"_-8="}`), UnknownParameter, "not base64"},
		{"base64 with a line end", "kms", target("TrentService.Decrypt", `{"CiphertextBlob":"AAAA\n"}`), UnknownParameter, "not base64"},
		{"base64 with bits left", "kms", target("TrentService.Decrypt", `{"CiphertextBlob":"AB=="}`), UnknownParameter, "not base64"},
		{"missing", "kms", target("TrentService.ListGrants", `{}`), MissingParameter, "KeyId"},
		{"a union of two", "dynamodb", target("DynamoDB_20120810.PutItem", `{"TableName":"t","Item":{"a":{"S":"x","N":"1"}}}`), UnknownParameter, "exactly one"},
		{"too deep for JSON", "dynamodb", target("DynamoDB_20120810.PutItem", `{"TableName":"t","Item":{"a":{"L":`+deep), UnknownParameter, "must be an object"},
		{"an unknown header", "kms", with(target(create, "{}"), "X-Amz-Colour", "red"), UnknownParameter, "header x-amz-colour"},
		{"a compressed body", "kms", with(target(create, zipped("{}")), "Content-Encoding", "gzip"), Malformed, "content encoding"},
		{"a compressed body of another operation", "monitoring", with(form(zipped("Action=ListMetrics&Version=2010-08-01")), "Content-Encoding", "gzip"), Malformed, "no compressed body"},
		{"a bomb", "monitoring", with(form(zipped(strings.Repeat("a", maxInflated+1))), "Content-Encoding", "gzip"), Malformed, "more than"},
		{"another path of CBOR", "monitoring", Request{Method: "POST", Path: "/", Header: cbor("", "").Header}, Malformed, "a POST to"},
		{"another protocol", "monitoring", with(cbor("ListMetrics", "\xa0"), "Smithy-Protocol", "rpc-v2-json"), Malformed, "rpc-v2-json"},
		{"JSON as CBOR", "monitoring", with(cbor("ListMetrics", "{}"), "Content-Type", "application/json"), Malformed, "not that of RPC v2 CBOR"},
		{"CBOR's name twice", "monitoring", cbor("ListMetrics", "\xa2\x69NextToken\x61a\x69NextToken\x61b"), UnknownParameter, "twice"},
		{"CBOR after the end", "monitoring", cbor("ListMetrics", "\xa0\xa0"), Malformed, "byte 1: data follow"},
		{"CBOR of another type", "monitoring", cbor("ListMetrics", "\xa1\x69NextToken\x01"), Malformed, "another type"},
		{"CBOR that says it is long", "monitoring", cbor("ListMetrics", "\xbb\xff\xff\xff\xff\xff\xff\xff\xff"), Malformed, "longer than the data"},
		{"a timestamp without a tag", "monitoring", cbor("DescribeAlarmHistory", "\xa1\x69StartDate\x01"), UnknownParameter, "tag 1"},
		{"no such path", "eks", rest("GET", "/nothing", "", ""), UnknownOperation, "GET \"/nothing\""},
		{"another method", "eks", rest("PATCH", "/clusters", "", ""), UnknownOperation, "PATCH"},
		{"dots", "eks", rest("GET", "/clusters/../addons", "", ""), Malformed, "dots"},
		{"escaped dots", "eks", rest("GET", "/clusters/%2e%2e", "", ""), Malformed, "dots"},
		{"dots behind an escaped slash", "eks", rest("GET", "/clusters/a%2f..%2fb", "", ""), Malformed, "dots"},
		{"an empty segment", "eks", rest("GET", "/clusters//addons", "", ""), Malformed, "empty segment"},
		{"a control character in the path", "eks", rest("GET", "/clusters/a%00", "", ""), Malformed, "control character"},
		{"an unknown query parameter", "eks", rest("GET", "/clusters", "colour=red", ""), UnknownParameter, "colour"},
		{"a query parameter twice", "eks", rest("GET", "/clusters", "maxResults=1&maxResults=2", ""), UnknownParameter, "twice"},
		{"a body where there is none", "eks", rest("GET", "/clusters", "", `{"a":1}`), Malformed, "has no body"},
		{"a form to REST", "eks", with(rest("POST", "/clusters", "", "name=a"), "Content-Type", "application/x-www-form-urlencoded"), Malformed, "the path /"},
		{"a member of the path in the body", "eks", rest("POST", "/clusters/a/addons", "", `{"clusterName":"b","addonName":"c"}`), UnknownParameter, "clusterName"},
		{"a document type", "route53", Request{Method: "POST", Path: "/2013-04-01/hostedzone", Body: []byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`)}, Malformed, "directive"},
		{"another root", "route53", Request{Method: "POST", Path: "/2013-04-01/hostedzone", Body: []byte(`<Other/>`)}, Malformed, "CreateHostedZoneRequest"},
		{"an element twice", "route53", zone(`<Name>a</Name><Name>b</Name>`), UnknownParameter, "twice"},
		{"an unknown element", "route53", zone(`<Colour>a</Colour>`), UnknownParameter, "Colour"},
		{"another namespace", "route53", zone(`<Name xmlns="urn:x">a</Name>`), Malformed, "namespace"},
		{"an attribute", "route53", zone(`<Name a="b">a</Name>`), Malformed, "attribute"},
		{"text beside elements", "route53", zone(`a<Name>b</Name>`), Malformed, "text is beside"},
		{"a comment", "route53", zone(`<!-- a --><Name>b</Name>`), Malformed, "comment"},
		{"two documents", "route53", zone(`<Name>a</Name><CallerReference>b</CallerReference></CreateHostedZoneRequest><a>`), Malformed, "XML, byte"},
		{"a stream of events", "transcribe", Request{Method: "POST", Path: "/stream-transcription"}, Undecidable, "stream of events"},
		{"another service's bots", "lex", rest("GET", "/imports/a", "", ""), Undecidable, "only its host name tells"},
	}
	for _, c := range cases {
		o, err := m.Parse(c.service, c.request)
		var refused *Error
		switch {
		case err == nil:
			t.Errorf("%s: it is %s with %v", c.name, o.Name, o.Input)
		case !errors.As(err, &refused):
			t.Errorf("%s: %T", c.name, err)
		case refused.Kind != c.kind || !strings.Contains(refused.Message, c.want):
			t.Errorf("%s: kind %d, %q, want kind %d, …%s…", c.name, refused.Kind, refused.Message, c.kind, c.want)
		}
	}
}

func zone(content string) Request {
	return Request{Method: "POST", Path: "/2013-04-01/hostedzone", Body: []byte("<CreateHostedZoneRequest>" + content + "</CreateHostedZoneRequest>")}
}

// TestAccepted: what SDKs send and the canonical form does not have.
func TestAccepted(t *testing.T) {
	m := models(t)
	cases := []struct {
		name, service string
		request       Request
		operation     string
		input         map[string]any
	}{
		{"GET in Query", "ec2", Request{Method: "GET", Path: "/", RawQuery: run + "&X-Amz-Signature=a&X-Amz-Date=b"}, "RunInstances", nil},
		{"a plus is a space", "ec2", form(run + "&ImageId=a+b%2Bc"), "RunInstances", map[string]any{"ImageId": "a b+c"}},
		{"an empty list", "elasticloadbalancing", form("Action=DescribeLoadBalancers&Version=2015-12-01&Names="), "DescribeLoadBalancers", map[string]any{"Names": []any{}}},
		{"no path", "kms", Request{Method: "POST", Body: []byte("{}"), Header: target(create, "").Header}, "CreateKey", nil},
		{"no body", "kms", target(create, ""), "CreateKey", nil},
		{"JSON of the other version", "kms", with(target(create, "{}"), "Content-Type", "application/x-amz-json-1.0"), "CreateKey", nil},
		{"null is absent", "kms", target(create, ` {"Description" : null, "Tags":[ ]} `), "CreateKey", map[string]any{"Tags": []any{}}},
		{"a token that newer SDKs make up", "kms", target(create, `{"ClientToken":"a"}`), "CreateKey", nil},
		{"headers without meaning", "kms", with(with(target(create, "{}"), "X-Amz-User-Agent", "a"), "Amz-Sdk-Request", "attempt=1"), "CreateKey", nil},
		{"CBOR of unknown length", "monitoring", cbor("ListMetrics", "\xbf\x7f\x64Next\x65Token\xff\x61a\xff"), "ListMetrics", map[string]any{"NextToken": "a"}},
		{"no CBOR", "monitoring", cbor("ListMetrics", ""), "ListMetrics", nil},
		{"a compressed body", "monitoring", with(form(zipped("Action=PutMetricData&Version=2010-08-01&Namespace=a")), "Content-Encoding", "gzip"), "PutMetricData", map[string]any{"Namespace": "a"}},
		{"a slash at the end", "lambda", rest("GET", "/2015-03-31/functions", "", ""), "ListFunctions", nil},
		{"no slash at the end", "lambda", rest("GET", "/2015-03-31/functions/", "", ""), "ListFunctions", nil},
		{"an ARN in the path", "eks", rest("GET", "/tags/arn:aws:eks:a:1:cluster%2Fb", "", ""), "ListTagsForResource", map[string]any{"resourceArn": "arn:aws:eks:a:1:cluster/b"}},
		{"a list in the query string", "eks", rest("GET", "/clusters", "include=b&include=a", ""), "ListClusters", map[string]any{"include": []any{"b", "a"}}},
		{"an empty object", "eks", rest("GET", "/clusters", "", "{}"), "ListClusters", nil},
		{"XML with a declaration", "route53", Request{Method: "POST", Path: "/2013-04-01/hostedzone", Body: []byte(`<?xml version="1.0" encoding="UTF-8"?>` +
			"\n" + `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"> <Name>a&amp;b</Name> <CallerReference>c</CallerReference></CreateHostedZoneRequest>`)},
			"CreateHostedZone", map[string]any{"Name": "a&b", "CallerReference": "c"}},
	}
	for _, c := range cases {
		o, err := m.Parse(c.service, c.request)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if o.Name != c.operation {
			t.Errorf("%s: it is %s", c.name, o.Name)
		}
		for name, want := range c.input {
			if !reflect.DeepEqual(o.Input[name], want) {
				t.Errorf("%s: %s is %v, want %v", c.name, name, o.Input[name], want)
			}
		}
		again, err := m.Parse(c.service, o.Request())
		if err != nil || again.Name != o.Name || !reflect.DeepEqual(again.Input, o.Input) {
			t.Errorf("%s: written anew it is %v, %v", c.name, again, err)
		}
	}
}

// FuzzParse: whatever is understood is written anew as a request with the same meaning, and that is a fixed point.
func FuzzParse(f *testing.F) {
	m := models(f)
	add := func(service string, r Request) {
		f.Add(service, r.Method, r.Path, r.RawQuery, strings.Join(r.Header["Content-Type"], ""), strings.Join(r.Header["X-Amz-Target"], ""),
			strings.Join(r.Header["Smithy-Protocol"], ""), r.Body)
	}
	add("ec2", form(run+"&SecurityGroupId.1=a&TagSpecification.1.Tag.1.Key=k"))
	add("elasticloadbalancing", form(elb+"&ResourceArns.member.1=a&Tags.member.1.Key=k"))
	add("sns", form("Action=SetTopicAttributes&Version=2010-03-31&TopicArn=a&AttributeName=b"))
	add("kms", target(create, `{"Description":"a\u00e9","Tags":[{"TagKey":"k","TagValue":"v"}],"MultiRegion":true}`))
	add("dynamodb", target("DynamoDB_20120810.PutItem", `{"TableName":"t","Item":{"a":{"B":"AAAA"}}}`))
	add("monitoring", cbor("DescribeAlarmHistory", "\xbf\x69StartDate\xc1\xfb\x41\xd0\x00\x00\x00\x00\x00\x00\xff"))
	add("eks", rest("POST", "/clusters/a/addons", "", `{"addonName":"c","tags":{"a":"b"}}`))
	add("lambda", rest("POST", "/2015-03-31/functions/a%2Fb/invocations", "Qualifier=c", "x"))
	add("route53", zone("<Name>a</Name><CallerReference>b</CallerReference>"))
	f.Fuzz(func(t *testing.T, service, method, path, query, contentType, target, protocol string, body []byte) {
		r := Request{Method: method, Path: path, RawQuery: query, Body: body, Header: map[string][]string{}}
		for name, value := range map[string]string{"Content-Type": contentType, "X-Amz-Target": target, "Smithy-Protocol": protocol} {
			if value != "" {
				r.Header[name] = []string{value}
			}
		}
		o, err := m.Parse(service, r)
		if err != nil {
			if !errors.As(err, new(*Error)) {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		again, err := m.Parse(service, o.Request())
		if err != nil {
			t.Fatalf("%s with %v is written as %+v, and that is refused: %v", o.Name, o.Input, o.Request(), err)
		}
		if again.Name != o.Name || again.Service != o.Service || !reflect.DeepEqual(again.Input, o.Input) {
			t.Fatalf("%s with %v is written as %s with %v", o.Name, o.Input, again.Name, again.Input)
		}
		if !reflect.DeepEqual(again.Request(), o.Request()) {
			t.Fatalf("%+v is written as %+v", o.Request(), again.Request())
		}
	})
}
