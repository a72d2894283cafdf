package awsmodel

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	smithy "github.com/aws/smithy-go/encoding/cbor"
)

// trick is a request that readers of its protocol may understand in different ways.
type trick struct {
	name, service string
	request       Request
	want          string // in the message of the refusal
}

func checkTricks(t *testing.T, tricks []trick) {
	t.Helper()
	m := models(t)
	for _, c := range tricks {
		o, err := m.Parse(c.service, c.request)
		if err == nil {
			t.Errorf("%s: it is %s with %v", c.name, o.Name, o.Input)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want …%s…", c.name, err, c.want)
		}
	}
}

// TestCBORTricks: what is not one value to every reader of CBOR (RFC 8949, 3, 5.3 and 5.6), or not of the type that the model says.
func TestCBORTricks(t *testing.T) {
	const name = "\x69NextToken"
	const records = "\x6aMaxRecords"
	const start = "\x69StartDate"
	token := func(value string) Request { return cbor("DescribeAlarmHistory", "\xa1"+name+value) }
	number := func(value string) Request { return cbor("DescribeAlarmHistory", "\xa1"+records+value) }
	date := func(value string) Request { return cbor("DescribeAlarmHistory", "\xa1"+start+value) }
	enabled := func(value string) Request { return cbor("PutMetricAlarm", "\xa1\x6eActionsEnabled"+value) }
	body := func(text string) Request { return cbor("DescribeAlarmHistory", text) }
	names := func(value string) Request { return cbor("DescribeAlarms", "\xa1\x6aAlarmNames"+value) }
	var tricks []trick
	for _, c := range []struct {
		name    string
		request Request
		want    string
	}{
		{"a name twice, once null", body("\xa2" + name + "\xf6" + name + "\x61a"), "twice"},
		{"a name twice, once undefined", body("\xa2" + name + "\x61a" + name + "\xf7"), "twice"},
		{"a name in a longer encoding", body("\xa2" + name + "\x61a\x78\x09NextToken\x61b"), "twice"},
		{"a name in pieces", body("\xa2" + name + "\x61a\x7f\x64Next\x65Token\xff\x61b"), "twice"},
		{"a name in small letters", body("\xa1\x69nexttoken\x61a"), "no parameter"},
		{"a name with a NUL", body("\xa1\x6aNextToken\x00\x61a"), "no parameter"},
		{"a number for a name", body("\xa1\x01\x61a"), "another type"},
		{"bytes for a name", body("\xa1\x49NextToken\x61a"), "another type"},
		{"a tag on the name", body("\xa1\xc1" + name + "\x61a"), "another type"},
		{"a list for the input", body("\x81" + name), "another type"},
		{"a tag for CBOR itself", body("\xd9\xd9\xf7\xa1" + name + "\x61a"), "another type"},
		{"a break for the input", body("\xff"), "misplaced"},
		{"a break for a value", body("\xbf" + name + "\xff"), "misplaced"},
		{"a break in a map of one", body("\xa1\xff"), "misplaced"},
		{"a break in a list of one", names("\x81\xff"), "misplaced"},
		{"a map without its break", body("\xbf" + name + "\x61a"), "end early"},
		{"a map that is too short", body("\xa2" + name + "\x61a"), "end early"},
		{"more after a map", body("\xa1" + name + "\x61a" + name + "\x61b"), "data follow"},
		{"a break after a map", body("\xa0\xff"), "data follow"},
		{"an integer that does not end", body("\xa1" + records + "\x1a\x00"), "end early"},
		{"a reserved length", token("\x7c"), "reserved"},
		{"a list of 2^64 - 1", names("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), "longer than the data"},
		{"a text of 2^63", token("\x7b\x80\x00\x00\x00\x00\x00\x00\x00"), "longer than the data"},
		{"a text in pieces of bytes", token("\x7f\x41a\xff"), "a piece of a string"},
		{"a text in pieces of pieces", token("\x7f\x7f\x61a\xff\xff"), "a piece of a string"},
		{"a text without its break", token("\x7f\x61a"), "end early"},
		{"half a character in each piece", token("\x7f\x61\xc3\x61\xa9\xff"), "UTF-8"},
		{"a text that is not UTF-8", token("\x62\xc0\x80"), "UTF-8"},
		{"a surrogate in a text", token("\x63\xed\xa0\x80"), "UTF-8"},
		{"bytes for a text", token("\x41a"), "another type"},
		{"a tag on a text", token("\xd8\x20\x61a"), "another type"},
		{"null in a list", names("\x81\xf6"), "null"},
		{"undefined in a list", names("\x81\xf7"), "null"},
		{"a list in a list", names("\x81\x81\x61a"), "another type"},
		{"a float for an integer", number("\xf9\x3c\x00"), "not an integer"},
		{"NaN for an integer", number("\xf9\x7e\x00"), "not an integer"},
		{"2^31", number("\x1a\x80\x00\x00\x00"), "does not fit"},
		{"2^64 - 1", number("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), "does not fit"},
		{"-2^64", number("\x3b\xff\xff\xff\xff\xff\xff\xff\xff"), "does not fit"},
		{"a bignum", number("\xc2\x41\x05"), "not a number"},
		{"a decimal fraction", number("\xc4\x82\x00\x05"), "not a number"},
		{"a text for a number", number("\x615"), "not a number"},
		{"true for a number", number("\xf5"), "not a number"},
		{"an integer for a boolean", enabled("\x01"), "not a boolean"},
		{"false in two bytes", enabled("\xf8\x14"), "not a boolean"},
		{"a simple value that nobody knows", enabled("\xf0"), "not a boolean"},
		{"a timestamp in text", date("\xc0\x74" + "2024-01-01T00:00:00Z"), "tag 1"},
		{"a timestamp tagged twice", date("\xc1\xc1\x01"), "not a number"},
		{"a timestamp of NaN", date("\xc1\xf9\x7e\x00"), "not a number"},
		{"a timestamp without end", date("\xc1\xf9\x7c\x00"), "not a number"},
	} {
		tricks = append(tricks, trick{c.name, "monitoring", c.request, c.want})
	}
	checkTricks(t, tricks)
}

// TestCBORAnew: of the many encodings of one value the backend gets the deterministic one (RFC 8949, 4.2.1; the shorter keys first, floats in 64 bits),
// and smithy-go, which has a reader of its own, finds the same in it as in what was sent.
func TestCBORAnew(t *testing.T) {
	m := models(t)
	for _, c := range []struct{ name, operation, sent, want string }{
		{"long integers", "DescribeAlarms", "\xa1\x6aMaxRecords\x1b\x00\x00\x00\x00\x00\x00\x00\x05", "\xa1\x6aMaxRecords\x05"},
		{"lengths that are longer than they must be", "DescribeAlarms", "\xb9\x00\x01\x78\x0aAlarmNames\x98\x01\x79\x00\x01a", "\xa1\x6aAlarmNames\x81\x61a"},
		{"no lengths", "DescribeAlarms", "\xbf\x6aAlarmNames\x9f\x7f\x61a\x60\x61b\xff\xff\xff", "\xa1\x6aAlarmNames\x81\x62ab"},
		{"another order", "DescribeAlarms", "\xa2\x6aMaxRecords\x05\x69NextToken\x61a", "\xa2\x69NextToken\x61a\x6aMaxRecords\x05"},
		{"a float of 16 bits", "DescribeAlarmHistory", "\xa1\x69StartDate\xc1\xf9\x3e\x00", "\xa1\x69StartDate\xc1\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00"},
		{"a float of 32 bits", "DescribeAlarmHistory", "\xa1\x69StartDate\xc1\xfa\x3f\xc0\x00\x00", "\xa1\x69StartDate\xc1\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00"},
		{"a tag of two bytes", "DescribeAlarmHistory", "\xa1\x69StartDate\xd8\x01\x18\x05", "\xa1\x69StartDate\xc1\x05"},
		{"a negative integer", "DescribeAlarmHistory", "\xa1\x69StartDate\xc1\x39\x00\x00", "\xa1\x69StartDate\xc1\x20"},
		{"null and undefined", "DescribeAlarms", "\xa3\x69NextToken\xf6\x6aMaxRecords\xf7\x6cActionPrefix\x61a", "\xa1\x6cActionPrefix\x61a"},
	} {
		o, err := m.Parse("monitoring", cbor(c.operation, c.sent))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := string(o.Request().Body); got != c.want {
			t.Errorf("%s: written anew it is %x, want %x", c.name, got, c.want)
		}
		before, err := smithy.Decode([]byte(c.sent))
		if err != nil {
			t.Errorf("%s: smithy-go does not read it: %v", c.name, err)
			continue
		}
		if after, err := smithy.Decode(o.Request().Body); err != nil || !reflect.DeepEqual(plainCBOR(before), plainCBOR(after)) {
			t.Errorf("%s: smithy-go reads %v, %v in it, and %v in what was sent", c.name, after, err, before)
		}
	}
}

// plainCBOR is a value without what makes no difference: floats of 32 bits, and members that are null.
func plainCBOR(value smithy.Value) smithy.Value {
	switch value := value.(type) {
	case smithy.Float32:
		return smithy.Float64(value)
	case *smithy.Tag:
		return smithy.Tag{ID: value.ID, Value: plainCBOR(value.Value)}
	case smithy.Map:
		plain := smithy.Map{}
		for name, member := range value {
			switch member.(type) {
			case *smithy.Nil, *smithy.Undefined:
			default:
				plain[name] = plainCBOR(member)
			}
		}
		return plain
	}
	return value
}

// TestJSONTricks: what parsers of JSON take differently (RFC 8259, 4, 6, 7, 8 and 9).
func TestJSONTricks(t *testing.T) {
	var tricks []trick
	for _, c := range []struct{ name, body, want string }{
		{"a name twice, once null", `{"Description":"a","Description":null}`, "twice"},
		{"a name twice, once escaped", `{"Description":"a","Descr\u0069ption":"b"}`, "twice"},
		{"a name in small letters", `{"description":"a"}`, "no parameter"},
		{"a name with a long s", `{"De\u017fcription":"a"}`, "no parameter"},
		{"a name with a NUL", `{"Description\u0000":"a"}`, "no parameter"},
		{"the second surrogate alone", `{"Description":"\udc00"}`, "surrogate"},
		{"surrogates in another order", `{"Description":"\udc00\ud800"}`, "surrogate"},
		{"a surrogate and a letter", `{"Description":"\ud800\u0041"}`, "surrogate"},
		{"a surrogate in UTF-8", "{\"Description\":\"\xed\xa0\x80\"}", "UTF-8"},
		{"a letter in two bytes too many", "{\"Description\":\"\xc1\x81\"}", "UTF-8"},
		{"an escape of hexadecimal", `{"Description":"\x41"}`, "unknown escape"},
		{"an escape with a sign", `{"Description":"\u+041"}`, "hexadecimal"},
		{"other quotes", `{'Description':'a'}`, "expected"},
		{"no quotes", `{Description:"a"}`, "expected"},
		{"a tabulator in a string", "{\"Description\":\"\t\"}", "control character"},
		{"a form feed between", "{\f\"Description\":\"a\"}", "expected"},
		{"a space of no width between", "{\ufeff\"Description\":\"a\"}", "expected"},
		{"a NUL at the end", "{}\x00", "follows"},
		{"a second value", `{} null`, "follows"},
		{"UTF-16", "{\x00}\x00", "expected"},
		{"a number for a text", `{"Description":1}`, "another type"},
		{"a text for a boolean", `{"MultiRegion":"true"}`, "must not be a string"},
		{"a boolean in capitals", `{"MultiRegion":True}`, "another type"},
		{"an object for a list", `{"Tags":{"0":{"TagKey":"k","TagValue":"v"}}}`, "must be a list"},
		{"a list for an object", `{"Tags":[["TagKey","k"]]}`, "must be an object"},
	} {
		tricks = append(tricks, trick{c.name, "kms", target(create, c.body), c.want})
	}
	for _, number := range []string{"+1", "01", "1.", ".5", "0x10", "1e2", "1.0", "1_0", "--1", "1e", "Infinity", `"1"`, "2147483648", "१"} {
		tricks = append(tricks, trick{"the number " + number, "kms", target("TrentService.ScheduleKeyDeletion", `{"KeyId":"a","PendingWindowInDays":`+number+`}`), ""})
	}
	checkTricks(t, tricks)
}

// TestXMLTricks: what readers of XML take differently, by the Recommendations for XML 1.0 and for namespaces, or leave out.
func TestXMLTricks(t *testing.T) {
	whole := func(text string) Request {
		return Request{Method: "POST", Path: "/2013-04-01/hostedzone", Body: []byte(text)}
	}
	const good = `<CreateHostedZoneRequest><Name>a</Name><CallerReference>b</CallerReference></CreateHostedZoneRequest>`
	var tricks []trick
	for _, c := range []struct {
		name    string
		request Request
		want    string
	}{
		{"a prefix that nobody declared", zone(`<p:Name>a</p:Name>`), "another namespace"},
		{"a prefix for the namespace", zone(`<p:Name xmlns:p="https://route53.amazonaws.com/doc/2013-04-01/">a</p:Name>`), "attribute"},
		{"two prefixes", zone(`<p:q:Name>a</p:q:Name>`), "XML, byte"},
		{"no namespace within one", whole(strings.Replace(good, "<Name>", `<Name xmlns="">`, 1)), "attribute"},
		{"another namespace at the root", whole(strings.Replace(good, "Request>", `Request xmlns="urn:x">`, 1)), "namespace"},
		{"a type", zone(`<Name xsi:type="xs:int">1</Name>`), "attribute"},
		{"a type with its namespace", zone(`<Name xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`), "attribute"},
		{"white space to be kept", zone(`<Name xml:space="preserve"> a</Name>`), "attribute"},
		{"white space before a value", zone(`<Name> a</Name>`), "white space around"},
		{"white space after a value", zone("<Name>a\n</Name>"), "white space around"},
		{"white space by its number", zone(`<Name>a&#32;</Name>`), "white space around"},
		{"white space in a section", zone(`<Name><![CDATA[ a]]></Name>`), "white space around"},
		{"a processing instruction", zone(`<?x y?><Name>a</Name>`), "processing instruction"},
		{"a declaration within", zone(`<Name><?xml version="1.0"?>a</Name>`), "processing instruction"},
		{"a comment in a value", zone(`<Name>a<!-- b -->c</Name>`), "comment"},
		{"an element in a value", zone(`<Name>a<b/>c</Name>`), "text is beside"},
		{"an entity of HTML", zone(`<Name>&nbsp;a</Name>`), "XML, byte"},
		{"a character that XML has not", zone(`<Name>&#1;</Name>`), "XML, byte"},
		{"an ampersand", zone(`<Name>a & b</Name>`), "XML, byte"},
		{"not UTF-8", zone("<Name>\xe9</Name>"), "XML, byte"},
		{"another version", whole(`<?xml version="1.1"?>` + good), "XML, byte"},
		{"another encoding", whole(`<?xml version="1.0" encoding="UTF-16"?>` + good), "XML, byte"},
		{"Latin 1", whole(`<?xml version="1.0" encoding="ISO-8859-1"?>` + good), "XML, byte"},
		{"UTF-16", whole("\xff\xfe<\x00a\x00/\x00>\x00"), "XML, byte"},
		{"UTF-7", whole(`+ADw-CreateHostedZoneRequest+AD4-`), "must be an element"},
		{"a mark of the byte order", whole("\xef\xbb\xbf" + good), "must be an element"},
		{"text before", whole("a" + good), "must be an element"},
		{"text after", whole(good + "a"), "follows"},
		{"a comment after", whole(good + "<!-- a -->"), "comment"},
		{"elements that cross", zone(`<Name><CallerReference>a</Name></CallerReference>`), "no parameter"},
		{"an end in other letters", zone(`<Name>a</name>`), "XML, byte"},
		{"a name in small letters", zone(`<name>a</name>`), "no parameter"},
		{"a structure as a text", zone(`<Name>a</Name><CallerReference>b</CallerReference><VPC>vpc-1</VPC>`), "has a text"},
		{"a number with a space", zone(`<HostedZoneConfig><PrivateZone> true</PrivateZone></HostedZoneConfig>`), "true or false"},
		{"a boolean as a number", zone(`<HostedZoneConfig><PrivateZone>1</PrivateZone></HostedZoneConfig>`), "true or false"},
	} {
		tricks = append(tricks, trick{c.name, "route53", c.request, c.want})
	}
	checkTricks(t, tricks)
}

// TestXMLAnew: sections, references and line ends are written in one way.
func TestXMLAnew(t *testing.T) {
	m := models(t)
	const begin = `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><CallerReference>r</CallerReference><Name>`
	const end = `</Name></CreateHostedZoneRequest>`
	for sent, want := range map[string]string{
		"a<![CDATA[<b>&amp;]]>c": "a&lt;b&gt;&amp;amp;c",
		"&#x61;&lt;&#98;":        "a&lt;b",
		"a\r\nb\rc":              "a&#xA;b&#xA;c",
		"a&#13;b":                "a&#xD;b",
	} {
		o, err := m.Parse("route53", zone("\n <Name>"+sent+"</Name>\n<CallerReference>r</CallerReference>"))
		if err != nil {
			t.Errorf("%q: %v", sent, err)
		} else if got := string(o.Request().Body); got != begin+want+end {
			t.Errorf("%q is written as %q", sent, got)
		}
	}
}

// TestQueryTricks: lists, names and separators that servers read differently.
func TestQueryTricks(t *testing.T) {
	var tricks []trick
	for name, parameters := range map[string]string{
		"a list of another kind": "SecurityGroupId.member.1=a", "a number with a sign": "SecurityGroupId.%2B1=a", "a number in other digits": "SecurityGroupId.%EF%BC%91=a",
		"a number with a space": "SecurityGroupId.1%20=a", "the number 2^64": "SecurityGroupId.18446744073709551617=a", "a dot at the end": "SecurityGroupId.1.=a",
		"a dot before": ".SecurityGroupId.1=a", "two dots": "SecurityGroupId..1=a", "brackets": "SecurityGroupId%5B1%5D=a", "a name in small letters": "securitygroupid.1=a",
		"a name with a NUL": "SecurityGroupId.1%00=a", "a value and parts": "ImageId=a&ImageId.1=b", "a semicolon": "ImageId=a;SecurityGroupId.1=b&ImageId=c",
		"a name and no value": "ImageId", "an empty parameter": "&ImageId=a", "an Action with a part": "Action.1=TerminateInstances", "half an escape": "ImageId=%4",
	} {
		tricks = append(tricks, trick{name, "ec2", form(run + "&" + parameters), ""})
	}
	for name, parameters := range map[string]string{
		"a list without its member": "ResourceArns.1=a", "a list with another member": "ResourceArns.item.1=a", "two lists in one": "ResourceArns.member.1=a&ResourceArns.item.1=b",
	} {
		tricks = append(tricks, trick{name, "elasticloadbalancing", form(elb + "&Tags.member.1.Key=k&" + parameters), "ResourceArns"})
	}
	checkTricks(t, tricks)
	o, err := models(t).Parse("ec2", form(run+"&ImageId=a%3Bb%26c%3Dd%25%00&SecurityGroupId.2=y&SecurityGroupId.1=%78"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(o.Request().Body), "Action=RunInstances&ImageId=a%3Bb%26c%3Dd%25%00&MaxCount=1&MinCount=1&SecurityGroupId.1=x&SecurityGroupId.2=y&Version=2016-11-15"; got != want {
		t.Errorf("written anew it is %s, want %s", got, want)
	}
}

// TestPathTricks: a name with slashes must not be another operation's path to a server that decodes paths before it takes them apart. Of such a name that
// makes no other path, such as most ARNs, the slashes are encoded.
func TestPathTricks(t *testing.T) {
	functions := "/2015-03-31/functions/"
	checkTricks(t, []trick{
		{"an add-on", "eks", rest("DELETE", "/clusters/a%2Faddons%2Fb", "", ""), "the path of DeleteAddon"},
		{"a node group", "eks", rest("DELETE", "/clusters/a%2fnode-groups%2fb", "", ""), "the path of DeleteNodegroup"},
		{"a policy", "elasticfilesystem", rest("DELETE", "/2015-02-01/file-systems/fs-1%2Fpolicy", "", ""), "the path of DeleteFileSystemPolicy"},
		{"a permission", "lambda", rest("DELETE", functions+"f%2Fpolicy%2Fsid", "", ""), "the path of RemovePermission"},
		{"records", "route53", Request{Method: "GET", Path: "/2013-04-01/hostedzone/Z1%2Frrset"}, "the path of ListResourceRecordSets"},
		{"a header in the query", "lambda", rest("POST", functions+"f/invocations", "X-Amz-Invocation-Type=Event", "x"), "X-Amz-Invocation-Type"},
		{"a header twice", "lambda", with(rest("POST", functions+"f/invocations", "", "x"), "X-Amz-Invocation-Type", "Event", "DryRun"), "2 times"},
	})
	m := models(t)
	for sent, want := range map[string]string{
		"/clusters/a;b=c":                            "/clusters/a%3Bb%3Dc",
		"/clusters/a%3fb":                            "/clusters/a%3Fb",
		"/clusters/%61+b/":                           "/clusters/a%2Bb",
		"/tags/arn:aws:eks:a:1:cluster%2Fb":          "/tags/arn%3Aaws%3Aeks%3Aa%3A1%3Acluster%2Fb",
		"/tags/arn:aws:eks:a:1:nodegroup%2fb%2fc%2F": "/tags/arn%3Aaws%3Aeks%3Aa%3A1%3Anodegroup%2Fb%2Fc%2F",
	} {
		if o, err := m.Parse("eks", rest("GET", sent, "", "")); err != nil || o.Request().Path != want {
			t.Errorf("%s is written as %v, %v", sent, o, err)
		}
	}
}

// FuzzSecondReader: of whatever is understood, a second reader of the format finds the same in what is written anew as in what was sent.
func FuzzSecondReader(f *testing.F) {
	m := models(f)
	f.Add([]byte(`{"Description":"a\u00e9\ud83d\ude00","Tags":[{"TagKey":"k","TagValue":null}],"MultiRegion":true,"ClientToken":"c"}`), false)
	f.Add([]byte(" {\"Policy\" :\t\"{}\",\r\n\"Tags\":[ ] }"), false)
	f.Add([]byte("null"), false)
	f.Add([]byte("\xbf\x69StartDate\xc1\xfa\x3f\xc0\x00\x00\x6aMaxRecords\x19\x00\x05\xff"), true)
	f.Add([]byte("\xa2\x6cContributorId\xf7\x69AlarmName\x7f\x61a\x60\x62\xc3\xa9\xff"), true)
	f.Fuzz(func(t *testing.T, body []byte, packed bool) {
		service, request, read := "kms", target(create, string(body)), plainJSON
		if packed {
			service, request, read = "monitoring", cbor("DescribeAlarmHistory", string(body)), plainPacked
		}
		o, err := m.Parse(service, request)
		if err != nil || len(body) == 0 {
			return
		}
		before, beforeErr := read(body)
		after, afterErr := read(o.Request().Body)
		if beforeErr != nil || afterErr != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%q is read as %v, %v, and written anew as %q, which is read as %v, %v", body, before, beforeErr, o.Request().Body, after, afterErr)
		}
	})
}

// plainJSON is what encoding/json reads, without the members that are null, and without the tokens that SDKs make up.
func plainJSON(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	members, _ := withoutNull(value).(map[string]any)
	if members == nil { // null is no input
		members = map[string]any{}
	}
	for name := range members {
		if madeUp(name) {
			delete(members, name)
		}
	}
	return members, nil
}

func withoutNull(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if value[name] = withoutNull(member); member == nil {
				delete(value, name)
			}
		}
	case []any:
		for i := range value {
			value[i] = withoutNull(value[i])
		}
	}
	return value
}

// plainPacked is what smithy-go reads, without the members that are null or that SDKs make up.
func plainPacked(body []byte) (any, error) {
	value, err := smithy.Decode(body)
	if err != nil {
		return nil, err
	}
	plain, _ := plainCBOR(value).(smithy.Map)
	for name := range plain {
		if madeUp(name) {
			delete(plain, name)
		}
	}
	return plain, nil
}
