package e2e

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// queryTricks are form bodies: Action and parameters in other places, twice, or in another form.
func queryTricks() (cases []hostile) {
	add := func(name string, change func(r *rawRequest)) {
		cases = append(cases, hostile{name: "form: " + name, trusted: true, make: changed("ec2", change)})
	}
	body := func(name, body string) { add(name, func(r *rawRequest) { r.body = body }) }
	add("Action in query and body", func(r *rawRequest) { r.target = "/?Action=TerminateInstances&Version=2016-11-15" })
	add("Action in the query alone", func(r *rawRequest) {
		r.target, r.body = "/?Action=DescribeInstances&Version=2016-11-15", "Version=2016-11-15"
	})
	add("a parameter in the query", func(r *rawRequest) { r.target = "/?InstanceId.2=i-0a1b2c3d4e5f60002" })
	body("Action twice", "Action=DescribeInstances&Action=TerminateInstances&Version=2016-11-15")
	body("Action in two spellings", "Action=DescribeInstances&%41ction=TerminateInstances&Version=2016-11-15")
	body("Version twice", "Action=DescribeInstances&Version=2016-11-15&Version=2010-05-08")
	body("no Action", "Version=2016-11-15")
	body("no Version", "Action=DescribeInstances")
	body("another service's Version", "Action=DescribeInstances&Version=2010-03-31")
	body("an Action in small letters", "Action=describeinstances&Version=2016-11-15")
	body("an unknown Action", "Action=DescribeEverything&Version=2016-11-15")
	body("a parameter twice", "Action=TerminateInstances&InstanceId.1=i-1&InstanceId.1=i-2&Version=2016-11-15")
	body("a parameter in two spellings", "Action=TerminateInstances&InstanceId.1=i-1&InstanceId%2e1=i-2&Version=2016-11-15")
	body("a list with a gap", "Action=TerminateInstances&InstanceId.1=i-1&InstanceId.3=i-2&Version=2016-11-15")
	body("a list from 0", "Action=TerminateInstances&InstanceId.0=i-1&Version=2016-11-15")
	body("a list's index with a zero", "Action=TerminateInstances&InstanceId.1=i-1&InstanceId.01=i-2&Version=2016-11-15")
	body("a negative index", "Action=TerminateInstances&InstanceId.-1=i-1&Version=2016-11-15")
	body("a list as a value", "Action=TerminateInstances&InstanceId=i-1&InstanceId.1=i-2&Version=2016-11-15")
	body("an unknown parameter", "Action=DescribeInstances&Surprise=1&Version=2016-11-15")
	body("a bad escape", "Action=DescribeInstances&InstanceId.1=%zz&Version=2016-11-15")
	body("invalid UTF-8", "Action=DescribeInstances&InstanceId.1=%ff&Version=2016-11-15")
	body("a wildcard for an id", "Action=TerminateInstances&InstanceId.1=*&Version=2016-11-15")
	body("an ARN's parts for an id", "Action=TerminateInstances&InstanceId.1=i-1%2F..%2Fvolume&Version=2016-11-15")
	body("a parameter without a name before its dot", "Action=TerminateInstances&InstanceId.1=i-1&.InstanceId.2=i-2&Version=2016-11-15")
	body("a semicolon for an ampersand", "Action=DescribeInstances;Action=TerminateInstances&Version=2016-11-15")
	body("ten thousand parameters", "Action=DescribeInstances&Version=2016-11-15"+strings.Repeat("&x=1", 10000))
	body("two megabytes", "Action=DescribeInstances&Version=2016-11-15&InstanceId.1="+strings.Repeat("i", 2<<20))
	add("no content type", func(r *rawRequest) { r.remove("Content-Type") })
	add("text", func(r *rawRequest) { r.set("Content-Type", "text/plain") })
	add("a multipart form", func(r *rawRequest) { r.set("Content-Type", "multipart/form-data; boundary=x") })
	add("JSON's content type", func(r *rawRequest) { r.set("Content-Type", "application/x-amz-json-1.1") })
	add("two content types", func(r *rawRequest) { r.add("Content-Type", "application/json") })
	add("a target beside the Action", func(r *rawRequest) { r.set("X-Amz-Target", "DynamoDB_20120810.GetItem") })
	add("PUT", func(r *rawRequest) { r.method = "PUT" })
	add("a path", func(r *rawRequest) { r.target = "/services" })
	add("a compressed body", func(r *rawRequest) { r.set("Content-Encoding", "gzip") })
	return cases
}

// documentTricks are JSON and CBOR bodies.
func documentTricks() (cases []hostile) {
	add := func(name string, change func(r *rawRequest)) {
		cases = append(cases, hostile{name: "json: " + name, trusted: true, make: changed("dynamodb", change)})
	}
	body := func(name, body string) { add(name, func(r *rawRequest) { r.body = body }) }
	body("a member twice", `{"TableName":"orders","TableName":"secret","Key":{"id":{"S":"1"}}}`)
	body("a member in two spellings", `{"TableName":"orders","Table\u004eame":"secret","Key":{"id":{"S":"1"}}}`)
	body("a key of a map twice", `{"TableName":"orders","Key":{"id":{"S":"1"},"id":{"S":"2"}}}`)
	body("a member in small letters", `{"TableName":"orders","tablename":"secret","Key":{"id":{"S":"1"}}}`)
	body("an unknown member", `{"TableName":"orders","Key":{"id":{"S":"1"}},"Surprise":1}`)
	body("a second document", `{"TableName":"orders","Key":{"id":{"S":"1"}}}{"TableName":"secret"}`)
	body("a comma at the end", `{"TableName":"orders","Key":{"id":{"S":"1"}},}`)
	body("a comment", `{"TableName":"orders",/*"TableName":"secret",*/"Key":{"id":{"S":"1"}}}`)
	body("a number for a name", `{"TableName":1,"Key":{"id":{"S":"1"}}}`)
	body("a list", `[{"TableName":"orders"}]`)
	body("NaN", `{"TableName":"orders","Key":{"id":{"S":"1"}},"ConsistentRead":NaN}`)
	body("invalid UTF-8", "{\"TableName\":\"\xff\",\"Key\":{\"id\":{\"S\":\"1\"}}}")
	body("half a surrogate", `{"TableName":"\ud800","Key":{"id":{"S":"1"}}}`)
	body("a byte order mark", "\xef\xbb\xbf"+`{"TableName":"orders","Key":{"id":{"S":"1"}}}`)
	body("half a document", `{"TableName":"orders"`)
	body("a hundred thousand brackets", `{"TableName":"orders","Key":`+strings.Repeat("[", 100000))
	body("a depth of a thousand", `{"TableName":"orders","Key":{"id":`+strings.Repeat(`{"L":[`, 1000)+`{"S":"1"}`+strings.Repeat(`]}`, 1000)+`}}`)
	body("a name that is a path", `{"TableName":"orders/../secret","Key":{"id":{"S":"1"}}}`)
	body("a name that is a pattern", `{"TableName":"*","Key":{"id":{"S":"1"}}}`)
	body("a form", "Action=GetItem&TableName=orders")
	add("a target twice", func(r *rawRequest) { r.add("X-Amz-Target", "DynamoDB_20120810.DeleteTable") })
	add("two targets in one", func(r *rawRequest) { r.set("X-Amz-Target", "DynamoDB_20120810.GetItem,DynamoDB_20120810.DeleteTable") })
	add("another service's target", func(r *rawRequest) { r.set("X-Amz-Target", "DynamoDBStreams_20120810.GetRecords") })
	add("an unknown target", func(r *rawRequest) { r.set("X-Amz-Target", "DynamoDB_20120810.GetEverything") })
	add("an unsigned target", func(r *rawRequest) { r.unsigned = []string{"x-amz-target"} })
	cases[len(cases)-1].trusted = false
	add("no target", func(r *rawRequest) { r.remove("X-Amz-Target") })
	add("a form's content type", func(r *rawRequest) { r.set("Content-Type", "application/x-www-form-urlencoded") })
	add("CBOR's content type", func(r *rawRequest) { r.set("Content-Type", "application/cbor") })
	add("CBOR's protocol", func(r *rawRequest) { r.set("Smithy-Protocol", "rpc-v2-cbor") })
	add("an Action in the query", func(r *rawRequest) { r.target = "/?Action=DeleteTable" })
	add("GET", func(r *rawRequest) { r.method = "GET" })

	packed := func(name string, change func(r *rawRequest)) {
		cases = append(cases, hostile{name: "cbor: " + name, trusted: true, make: changed("cloudwatch", change)})
	}
	names := "\x6aAlarmNames"
	for name, body := range map[string]string{
		"a member twice": "\xa2" + names + "\x81\x61a" + names + "\x81\x61b", "a member in two lengths": "\xa2" + names + "\x81\x61a" + "\x78\x0aAlarmNames\x81\x61b",
		"bytes after it": "\xa1" + names + "\x81\x61a\x00", "half of it": "\xa1" + names + "\x81\x61", "a length without end": "\xa1" + names + "\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
		"a text of a terabyte": "\xa1" + names + "\x81\x7b\x00\x00\x01\x00\x00\x00\x00\x00", "a depth of ten thousand": "\xa1" + names + strings.Repeat("\x81", 10000) + "\x61a",
		"an unknown member": "\xa1\x68Surprise\x01", "a number for a list": "\xa1" + names + "\x01", "a list": "\x81\x61a", "invalid UTF-8": "\xa1" + names + "\x81\x61\xff",
		"JSON": `{"AlarmNames":["a"]}`, "an end without a beginning": "\xff", "an end for a value": "\xbf" + names + "\xff",
		"a name in pieces beside it": "\xa2" + names + "\x81\x61a\x7f\x65Alarm\x65Names\xff\x81\x61b", "pieces of pieces": "\xa1" + names + "\x81\x7f\x7f\x61a\xff\xff",
		"a tag on a name": "\xa1" + names + "\x81\xc0\x61a", "undefined in a list": "\xa1" + names + "\x81\xf7",
	} {
		packed(name, func(r *rawRequest) { r.body = body })
	}
	packed("JSON's content type", func(r *rawRequest) { r.set("Content-Type", "application/json") })
	packed("no protocol", func(r *rawRequest) { r.remove("Smithy-Protocol") })
	packed("another protocol", func(r *rawRequest) { r.set("Smithy-Protocol", "rpc-v3-cbor") })
	packed("a target beside it", func(r *rawRequest) { r.set("X-Amz-Target", "GraniteServiceVersion20100801.DeleteAlarms") })
	packed("another service's path", func(r *rawRequest) { r.target = "/service/Logs_20140328/operation/DescribeAlarms" })
	packed("an unknown operation", func(r *rawRequest) { r.target += "s" })
	return cases
}

// restTricks are paths, parameters and XML documents of the REST protocols.
func restTricks() (cases []hostile) {
	path := func(name, target string) {
		cases = append(cases, hostile{name: "rest: " + name, trusted: true, make: changed("lambda", func(r *rawRequest) { r.target = target })})
	}
	path("dot segments", "/2015-03-31/functions/report/../payroll/invocations")
	path("encoded dot segments", "/2015-03-31/functions/report/%2e%2e/payroll/invocations")
	path("an encoded slash in a name", "/2015-03-31/functions/report%2f..%2fpayroll/invocations")
	path("an encoded colon and star in a name", "/2015-03-31/functions/%2a/invocations")
	path("a name that is two to whoever decodes it first", "/2015-03-31/functions/report%2finvocations/invocations")
	path("two slashes", "/2015-03-31//functions/report/invocations")
	path("an empty name", "/2015-03-31/functions//invocations")
	path("a bad escape", "/2015-03-31/functions/%zz/invocations")
	path("a NUL", "/2015-03-31/functions/report%00/invocations")
	path("another version", "/2014-03-31/functions/report/invocations")
	path("an unknown parameter", "/2015-03-31/functions/report/invocations?Surprise=1")
	path("a parameter twice", "/2015-03-31/functions/report/invocations?Qualifier=a&Qualifier=b")
	path("an Action", "/2015-03-31/functions/report/invocations?Action=DeleteFunction")
	cases = append(cases,
		hostile{name: "rest: a header of the model twice", make: changed("lambda", func(r *rawRequest) { r.add("X-Amz-Invocation-Type", "RequestResponse") })},
		hostile{name: "rest: an unknown header", make: changed("lambda", func(r *rawRequest) { r.add("X-Amz-Surprise", "1") })},
		hostile{name: "rest: another method", make: changed("lambda", func(r *rawRequest) { r.method = "DELETE" })})

	good := recordSet("web.example.com")
	for name, body := range map[string]string{
		"an entity": `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + recordSet("&e;"), "a document type": `<!DOCTYPE a>` + good,
		"a billion laughs": `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>` + recordSet("&b;"),
		"an element twice": strings.Replace(good, "<Type>A</Type>", "<Type>A</Type><Type>CNAME</Type>", 1), "an unknown element": strings.Replace(good, "<TTL>", "<Surprise>1</Surprise><TTL>", 1),
		"another root": strings.ReplaceAll(good, "ChangeResourceRecordSetsRequest", "CreateHostedZoneRequest"), "a second document": good + good, "half a document": good[:200],
		"text beside elements": strings.Replace(good, "<TTL>", "surprise<TTL>", 1), "elements crossed": strings.Replace(good, "</Type><TTL>60</TTL>", "<TTL>60</Type></TTL>", 1),
		"JSON": `{"ChangeBatch":{}}`, "a depth of ten thousand": strings.Repeat("<a>", 10000), "no number": strings.Replace(good, "60", "sixty", 1), "a character that XML has not": strings.Replace(good, "web.", "&#0;", 1),
		"space around a name": strings.Replace(good, "web.example.com", " web.example.com ", 1), "a prefix": strings.NewReplacer("<TTL>", "<a:TTL>", "</TTL>", "</a:TTL>").Replace(good),
		"UTF-16": `<?xml version="1.0" encoding="UTF-16"?>` + good, "a type": strings.Replace(good, "<TTL>", `<TTL xsi:type="long">`, 1),
	} {
		cases = append(cases, hostile{name: "xml: " + name, trusted: true, make: changed("route53", func(r *rawRequest) { r.body = body })})
	}
	return append(cases,
		hostile{name: "xml: a zone by dots", make: changed("route53", func(r *rawRequest) { r.target = "/2013-04-01/hostedzone/Z1/../Z2/rrset" })},
		hostile{name: "xml: JSON's content type", make: changed("route53", func(r *rawRequest) { r.set("Content-Type", "application/json") })})
}

// wireTricks are HTTP's: what a request is, and where it ends.
func wireTricks() []hostile {
	head := func(name string, own int, change func(text string) string) hostile {
		return hostile{name: "http: " + name, own: own, make: func(p *plane) string { return change(good()["ec2"](p).sign().text()) }}
	}
	replace := func(name, old, with string) hostile {
		return head(name, 0, func(text string) string { return strings.Replace(text, old, with, 1) })
	}
	return []hostile{
		replace("Content-Length and Transfer-Encoding", "Content-Length:", "Transfer-Encoding: chunked\r\nContent-Length:"),
		replace("two lengths", "Content-Length:", "Content-Length: 5\r\nContent-Length:"),
		replace("a negative length", "Content-Length: ", "Content-Length: -"),
		replace("a length with a sign", "Content-Length: ", "Content-Length: +"),
		replace("a length in hexadecimal", "Content-Length: ", "Content-Length: 0x"),
		replace("a length of 2^63", "Content-Length: ", "Content-Length: 922337203685477580"),
		head("a transfer coding that nobody knows", 501, func(text string) string {
			return strings.Replace(text, "Content-Length:", "Transfer-Encoding: gzip, chunked\r\nX-Length:", 1)
		}),
		head("chunked twice", 501, func(text string) string {
			return strings.Replace(text, "Content-Length:", "Transfer-Encoding: chunked, chunked\r\nX-Length:", 1)
		}),
		replace("a chunk that is none", "Content-Length:", "Transfer-Encoding: chunked\r\nX-Length:"),
		replace("a header folded over two lines", "Content-Type:", "X-Amz-Meta-Smuggled:\r\n 1\r\nContent-Type:"),
		replace("a space before the colon", "Content-Type:", "Content-Type :"),
		replace("a NUL in a header", "Content-Type: ", "Content-Type: \x00"),
		replace("a line feed alone", "Content-Type: ", "X-A: a\nX-Amz-Target: b\r\nContent-Type: "),
		replace("a header without a name", "Content-Type:", ": a\r\nContent-Type:"),
		replace("two hosts", "Content-Type:", "Host: other.example.com\r\nContent-Type:"),
		replace("an absolute target of another host", "POST / ", "POST http://other.example.com/ "),
		replace("an absolute target", "POST / ", "POST http://127.0.0.1/ "),
		replace("a target without a slash", "POST / ", "POST ec2 "),
		replace("a target of an asterisk", "POST / ", "OPTIONS * "),
		replace("CONNECT", "POST / ", "CONNECT other.example.com:443 "),
		replace("TRACE", "POST / ", "TRACE / "),
		replace("a method that is none", "POST / ", "PO(ST / "),
		replace("a fragment", "POST / ", "POST /#Action=TerminateInstances "),
		replace("a tab for a space", "POST / ", "POST\t/ "),
		replace("HTTP/1.0 without a host", "HTTP/1.1\r\nHost: ", "HTTP/1.0\r\nX-Host: "),
		head("a version that does not exist", 505, func(text string) string { return strings.Replace(text, "HTTP/1.1", "HTTP/3.7", 1) }),
		head("headers of two megabytes", 0, func(text string) string {
			return strings.Replace(text, "Content-Type:", "X-Long: "+strings.Repeat("x", 2<<20)+"\r\nContent-Type:", 1)
		}),
		head("a hundred thousand headers", 0, func(text string) string {
			return strings.Replace(text, "Content-Type:", strings.Repeat("X-Many: x\r\n", 100000)+"Content-Type:", 1)
		}),
		head("a long target", 0, func(text string) string {
			return strings.Replace(text, "POST / ", "POST /?"+strings.Repeat("a", 2<<20)+" ", 1)
		}),
		head("a body that does not come", 0, func(text string) string { return text[:strings.Index(text, "\r\n\r\n")+4] }),
		head("half a header", 0, func(text string) string { return text[:strings.Index(text, "Authorization:")] + "\r\n\r\n" }),
		head("an account header", 0, func(text string) string {
			return strings.Replace(text, "Authorization:", "X-Openirsa-Account: 999999999999\r\nX-Authorization:", 1)
		}),
	}
}

// chunked is a body in S3's chunks, each signed after the one before it (Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
// Transferring Payload in Multiple Chunks").
type chunked struct {
	request *rawRequest
	pieces  []string // chunks as they are sent; the last is empty
	trailer []string // lines
}

const chunkSize = 64 << 10

// inChunks signs the request of a body of two and a half chunks.
func inChunks(p *plane, hash string, header ...string) *chunked {
	content := strings.Repeat("0123456789abcdef", chunkSize*5/2/16)
	r := p.rawFor("s3", "PUT", "/bucket/some/key", "", append([]string{"Content-Encoding", "aws-chunked", "X-Amz-Decoded-Content-Length", fmt.Sprint(len(content))}, header...)...)
	r.hash = hash
	r.sign()
	c := &chunked{request: r}
	previous := r.signature
	for begin := 0; begin <= len(content); begin += chunkSize {
		piece := content[begin:min(begin+chunkSize, len(content))]
		previous = c.chunk(piece, previous)
	}
	previous = c.chunk("", previous)
	c.trail("", previous)
	return c
}

// chunk adds one chunk and returns its signature.
func (c *chunked) chunk(data, previous string) (signature string) {
	if !strings.HasPrefix(c.request.hash, "STREAMING-AWS4") {
		c.pieces = append(c.pieces, fmt.Sprintf("%x\r\n%s\r\n", len(data), data))
		return ""
	}
	signature = c.sum("AWS4-HMAC-SHA256-PAYLOAD", previous+"\n"+hexHash("")+"\n"+hexHash(data))
	c.pieces = append(c.pieces, fmt.Sprintf("%x;chunk-signature=%s\r\n%s\r\n", len(data), signature, data))
	return signature
}

func (c *chunked) sum(algorithm, rest string) string {
	r := c.request
	return hex.EncodeToString(keyed(r.signingKey(), algorithm+"\n"+r.at.Format("20060102T150405Z")+"\n"+r.scope()+"\n"+rest))
}

// trail sets the trailer to one line, signed where the payload is.
func (c *chunked) trail(line, previous string) {
	if line == "" {
		return
	}
	c.trailer = []string{line}
	if strings.HasPrefix(c.request.hash, "STREAMING-AWS4") {
		c.trailer = append(c.trailer, "x-amz-trailer-signature:"+c.sum("AWS4-HMAC-SHA256-TRAILER", previous+"\n"+hexHash(line+"\n")))
	}
}

// text is the request with what is left of its pieces.
func (c *chunked) text() string {
	body := strings.Join(c.pieces, "")
	if len(c.pieces) > 0 && strings.HasPrefix(c.pieces[len(c.pieces)-1], "0") {
		body = strings.TrimSuffix(body, "\r\n")
		for _, line := range c.trailer {
			body += line + "\r\n"
		}
		body += "\r\n"
	}
	c.request.body = body
	return c.request.text()
}
