package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openirsa/openirsa/gateway"
)

// TestTagsAreOfWhatWasMade: a caller who may make things with tags gives none to what is there already, by naming it in the request, in tags that the
// backend repeats, or under a type that the operation does not make (Amazon EC2 User Guide, "Grant permission to tag Amazon EC2 resources during
// creation", has the statements).
func TestTagsAreOfWhatWasMade(t *testing.T) {
	p := newServicePlane(t, "ec2", "kms")
	maker := p.session(t, "maker", allow("ec2:RunInstances ec2:CreateVolume kms:CreateKey kms:TagResource", "*"),
		`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"StringEquals":{"ec2:CreateAction":["RunInstances","CreateVolume"]}}}`)
	made := arnOf("ec2", "volume/vol-0aaaaaaaaaaaaaaaa")
	group, face := arnOf("ec2", "security-group/sg-0bbbbbbbbbbbbbbbb"), arnOf("ec2", "network-interface/eni-0bbbbbbbbbbbbbbbb")
	image, volume, key := arnOf("ec2", "image/ami-0bbbbbbbbbbbbbbbb"), arnOf("ec2", "volume/vol-0bbbbbbbbbbbbbbbb"), arnOf("kms", "key/theirs")
	run := func(kind string, more ...string) rawRequest {
		return ec2Call("RunInstances", append([]string{"ImageId=ami-0bbbbbbbbbbbbbbbb", "MinCount=1", "MaxCount=1", "TagSpecification.1.ResourceType=" + kind,
			"TagSpecification.1.Tag.1.Key=owner", "TagSpecification.1.Tag.1.Value=me"}, more...)...)
	}
	const ran = `<R><instancesSet><item><imageId>ami-0bbbbbbbbbbbbbbbb</imageId><groupSet><item><groupId>sg-0bbbbbbbbbbbbbbbb</groupId></item></groupSet>
		<networkInterfaceId>eni-0bbbbbbbbbbbbbbbb</networkInterfaceId></item></instancesSet></R>`
	for name, attempt := range map[string]struct {
		request    rawRequest
		kind, body string
	}{
		"a group that the instance is in": {run("security-group", "SecurityGroupId.1=sg-0bbbbbbbbbbbbbbbb"), "text/xml", ran},
		"the default group":               {run("security-group"), "text/xml", ran},
		"an image":                        {run("image"), "text/xml", ran},
		"an interface": {run("network-interface", "NetworkInterface.1.NetworkInterfaceId=eni-0bbbbbbbbbbbbbbbb",
			"NetworkInterface.1.DeviceIndex=0"), "text/xml", ran},
		"a tag's value": {ec2Call("CreateVolume", "AvailabilityZone=a", "TagSpecification.1.ResourceType=volume", "TagSpecification.1.Tag.1.Key=owner",
			"TagSpecification.1.Tag.1.Value=me", "TagSpecification.1.Tag.2.Key=x", "TagSpecification.1.Tag.2.Value=+"+volume), "text/xml",
			"<R><volumeId>vol-0aaaaaaaaaaaaaaaa</volumeId><tagSet><item><key>x</key><value> " + volume + "</value></item></tagSet></R>"},
		"a description": {jsonCall("kms", "TrentService.CreateKey", `{"Description":"`+key+`","Tags":[{"TagKey":"owner","TagValue":"me"}]}`), "application/x-amz-json-1.1",
			`{"KeyMetadata":{"Arn":"` + arnOf("kms", "key/mine") + `","Description":"` + key + `"}}`},
	} {
		p.backend.answers(200, attempt.kind, attempt.body)
		p.call(t, maker, attempt.request).wants(t, name, 200, "")
	}
	for arn, want := range map[string]string{made: "me", arnOf("kms", "key/mine"): "me", group: "", face: "", image: "", volume: "", key: ""} {
		tags, err := p.directory.ResourceTags(t.Context(), account, arn)
		must(t, err)
		if tags["owner"] != want {
			t.Errorf("%s has the tags %v", arn, tags)
		}
	}
}

// TestRegionsOfBackends: a backend is asked in one region. It may take a name in the ARN of another region for one in its own, where another policy
// decides and other statements allow.
func TestRegionsOfBackends(t *testing.T) {
	p := newServicePlane(t, "kms", "secretsmanager", "rds")
	const elsewhere = "ap-southeast-2"
	narrow := p.session(t, "narrow", allow("kms:*", "arn:aws:kms:"+elsewhere+":*"), allow("secretsmanager:*", "arn:aws:secretsmanager:"+elsewhere+":*"), allow("kms:ListKeys", "*"))
	before := p.backend.count()
	for name, r := range map[string]rawRequest{
		"a key":     jsonCall("kms", "TrentService.Decrypt", `{"CiphertextBlob":"YQ==","KeyId":"arn:aws:kms:`+elsewhere+`:`+account+`:key/k"}`),
		"a policy":  jsonCall("kms", "TrentService.GetKeyPolicy", `{"KeyId":"arn:aws:kms:`+elsewhere+`:`+account+`:key/k"}`),
		"an alias":  jsonCall("kms", "TrentService.Decrypt", `{"CiphertextBlob":"YQ==","KeyId":"arn:aws:kms:`+elsewhere+`:`+account+`:alias/k"}`),
		"a secret":  jsonCall("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"arn:aws:secretsmanager:`+elsewhere+`:`+account+`:secret:s"}`),
		"a replica": jsonCall("secretsmanager", "secretsmanager.ReplicateSecretToRegions", `{"SecretId":"arn:aws:secretsmanager:`+elsewhere+`:`+account+`:secret:s","AddReplicaRegions":[{"Region":"`+elsewhere+`"}]}`),
	} {
		p.call(t, narrow, r).wants(t, name, 501, "NotImplementedException", "region")
	}
	if count := p.backend.count(); count != before {
		t.Errorf("%d requests reached the backend", count-before)
	}
	// A copy is from another region (Amazon RDS API Reference, CopyDBSnapshot, SourceDBSnapshotIdentifier).
	p.backend.answers(200, "text/xml", "<R/>")
	p.call(t, p.root, queryCall("rds", "2014-10-31", "CopyDBSnapshot", "SourceDBSnapshotIdentifier=arn:aws:rds:"+elsewhere+":"+account+":snapshot:s",
		"TargetDBSnapshotIdentifier=t")).wants(t, "a copy", 200, "")

	// A server of one region is that region's for every client.
	behind := httptest.NewServer(p.backend)
	t.Cleanup(behind.Close)
	one, err := gateway.NewUpstream(gateway.UpstreamConfig{URL: behind.URL, Account: account, Region: elsewhere, Silence: backendSilence})
	must(t, err)
	t.Cleanup(func() { must(t, one.Close()) })
	p = newServicePlaneOf(t, func(c *gateway.Config) { c.Services["kms"] = gateway.ServiceConfig{Upstream: one} })
	narrow = p.session(t, "narrow", allow("kms:*", "*"))
	for name, body := range map[string]string{"Decrypt": `{"CiphertextBlob":"YQ==","KeyId":"k"}`, "ListKeys": `{}`} {
		p.call(t, narrow, jsonCall("kms", "TrentService."+name, body)).wants(t, name, 501, "NotImplementedException", "region")
	}
}

// TestHalfNamesHideNothing: a name that may be any resource's is not decided without what is known of those: neither a Deny by a tag nor a policy that
// leaves out what has one is got around by an alias.
func TestHalfNamesHideNothing(t *testing.T) {
	p := newServicePlane(t, "kms", "ssm")
	key := arnOf("kms", "key/secret")
	must(t, p.directory.SetResourceTags(t.Context(), account, key, map[string]string{"class": "secret"}))
	denied := p.session(t, "denied", allow("kms:*", "*"), `{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/class":"secret"}}}`)
	without := p.session(t, "without", `{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:ResourceTag/class":"secret"}}}`)
	decrypt := func(id string) rawRequest {
		return jsonCall("kms", "TrentService.Decrypt", `{"CiphertextBlob":"YQ==","KeyId":"`+id+`"}`)
	}
	for _, id := range []string{key, "alias/any", arnOf("kms", "alias/any")} {
		p.call(t, denied, decrypt(id)).wants(t, id, 400, "AccessDeniedException", "explicit deny")
		p.call(t, without, decrypt(id)).wants(t, id, 400, "AccessDeniedException")
	}
	p.call(t, denied, decrypt("another")).wants(t, "another", 200, "")
	must(t, p.directory.ForgetResource(t.Context(), account, key))
	p.call(t, denied, decrypt("alias/any")).wants(t, "an alias of no such key", 200, "")

	// Those that Targets find by a tag are none that have another value of it: i-0123456789abcdef0 is of prod.
	commands := p.session(t, "commands", allow("ssm:SendCommand", "*"), `{"Effect":"Deny","Action":"ssm:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/env":"prod"}}}`)
	send := func(key, value string) rawRequest {
		return jsonCall("ssm", "AmazonSSM.SendCommand", `{"DocumentName":"d","Targets":[{"Key":"`+key+`","Values":["`+value+`"]}]}`)
	}
	p.call(t, commands, send("tag:env", "test")).wants(t, "test", 200, "")
	p.call(t, commands, send("tag:env", "prod")).wants(t, "prod", 400, "AccessDeniedException")
	p.call(t, commands, send("tag:team", "blue")).wants(t, "another tag", 400, "AccessDeniedException")
	p.call(t, commands, send("resource-groups:Name", "g")).wants(t, "a group", 400, "AccessDeniedException")
}

// TestNamesAreGivenAgain: nothing is left of what was known of a resource when its name is another's. A log group is decided on under another text than
// its tags are given to.
func TestNamesAreGivenAgain(t *testing.T) {
	p := newServicePlane(t, "logs", "rds")
	owner := p.session(t, "owner", `{"Effect":"Allow","Action":["logs:*","rds:*"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/owner":"me"}}}`)
	retention := jsonCall("logs", "Logs_20140328.PutRetentionPolicy", `{"logGroupName":"g","retentionInDays":1}`)
	start := queryCall("rds", "2014-10-31", "StartDBInstance", "DBInstanceIdentifier=d")
	for _, step := range []struct {
		name      string
		group, db rawRequest
		allowed   bool
	}{
		{"made", jsonCall("logs", "Logs_20140328.CreateLogGroup", `{"logGroupName":"g","tags":{"owner":"me"}}`),
			queryCall("rds", "2014-10-31", "CreateDBInstance", "DBInstanceIdentifier=D", "DBInstanceClass=c", "Engine=e", "Tags.Tag.1.Key=owner", "Tags.Tag.1.Value=me"), true},
		{"deleted", jsonCall("logs", "Logs_20140328.DeleteLogGroup", `{"logGroupName":"g"}`), queryCall("rds", "2014-10-31", "DeleteDBInstance", "DBInstanceIdentifier=D"), false},
		{"made again", jsonCall("logs", "Logs_20140328.CreateLogGroup", `{"logGroupName":"g"}`),
			queryCall("rds", "2014-10-31", "CreateDBInstance", "DBInstanceIdentifier=d", "DBInstanceClass=c", "Engine=e"), false},
	} {
		for request, answer := range map[*rawRequest][2]string{&step.group: {"application/x-amz-json-1.1", "{}"}, &step.db: {"text/xml", "<R/>"}} {
			p.backend.answers(200, answer[0], answer[1])
			p.call(t, p.root, *request).wants(t, step.name, 200, "")
		}
		for _, attempt := range []rawRequest{retention, start} {
			if got := p.call(t, owner, attempt); (got.status == 200) != step.allowed {
				t.Errorf("%s: %v", step.name, got)
			}
		}
		known, err := p.MatchingResources(t.Context(), account, arnOf("logs", "*"))
		must(t, err)
		if wanted := []string{arnOf("logs", "log-group:g")}; step.allowed && !slices.Equal(known, wanted) || !step.allowed && len(known) > 0 {
			t.Errorf("%s: something is kept of %v", step.name, known)
		}
	}
}

// lastDeadline remembers until when an answer may be written.
type lastDeadline struct {
	http.ResponseWriter
	at time.Time
}

func (w *lastDeadline) SetWriteDeadline(at time.Time) error {
	w.at = at
	return nil
}

// TestRefusalsHaveDeadlines: a client that takes no answers holds no connection for ever, also where they tell of a backend that is not there.
func TestRefusalsHaveDeadlines(t *testing.T) {
	away := httptest.NewServer(nil)
	away.Close()
	upstream, err := gateway.NewUpstream(gateway.UpstreamConfig{URL: away.URL, Account: account})
	must(t, err)
	var door *gateway.Gateway
	p := newServicePlaneOf(t, func(c *gateway.Config) {
		c.Services = map[string]gateway.ServiceConfig{"kms": {Upstream: upstream}}
		door, err = gateway.New(*c)
		must(t, err)
	})
	deadlines := make(chan time.Time, 1)
	server := httptest.NewServer(http.HandlerFunc(func(client http.ResponseWriter, r *http.Request) {
		w := &lastDeadline{ResponseWriter: client}
		door.ServeHTTP(w, r)
		deadlines <- w.at
	}))
	defer server.Close()
	p.url = server.URL
	p.call(t, p.root, jsonCall("kms", "TrentService.ListKeys", "{}")).wants(t, "no backend", 503, "ServiceUnavailableException")
	if at := <-deadlines; at.IsZero() {
		t.Error("the answer may take for ever")
	}
	p.logs.Reset()
}

// TestTagsWithoutCase: whoever may give a resource the tag CLASS does not take the tag class out of its decisions. "aws:ResourceTag/TagKey1" is of
// "either TagKey1 or tagkey1, but not both" (IAM User Guide, "AWS global condition context keys", aws:ResourceTag). Whom no policy asks decides as ever.
func TestTagsWithoutCase(t *testing.T) {
	p := newServicePlane(t, "kms", "ssm")
	key := arnOf("kms", "key/secret")
	must(t, p.directory.SetResourceTags(t.Context(), account, key, map[string]string{"class": "secret"}))
	denied := p.session(t, "denied", allow("kms:* ssm:*", "*"), `{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/class":"secret"}}}`,
		`{"Effect":"Deny","Action":"ssm:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/env":"prod"}}}`)
	tag := jsonCall("kms", "TrentService.TagResource", `{"KeyId":"`+key+`","Tags":[{"TagKey":"CLASS","TagValue":"x"}]}`)
	decrypt := jsonCall("kms", "TrentService.Decrypt", `{"CiphertextBlob":"YQ==","KeyId":"`+key+`"}`)
	p.call(t, denied, tag).wants(t, "to tag", 200, "")
	command := jsonCall("ssm", "AmazonSSM.SendCommand", `{"DocumentName":"d","Targets":[{"Key":"tag:ENV","Values":["test"]}]}`)
	for range 20 { // the keys of maps come in no order
		p.call(t, denied, decrypt).wants(t, "with both tags", 400, "AccessDeniedException", "but case")
		p.call(t, denied, command).wants(t, "by another case", 400, "AccessDeniedException", "but case")
	}
	p.call(t, p.root, decrypt).wants(t, "whom no policy asks", 200, "")
	p.call(t, p.root, jsonCall("kms", "TrentService.UntagResource", `{"KeyId":"`+key+`","TagKeys":["CLASS"]}`)).wants(t, "to untag", 200, "")
	p.call(t, denied, decrypt).wants(t, "with one tag", 400, "AccessDeniedException", "explicit deny")
}

// countingAttributes count how often all that is known is looked through.
type countingAttributes struct {
	gateway.Attributes
	looks *atomic.Int32
}

func (a countingAttributes) Matching(ctx context.Context, account, pattern string) ([]string, error) {
	a.looks.Add(1)
	return a.Attributes.Matching(ctx, account, pattern)
}

// TestManyHalfNames: a caller who may do nothing does not have all that is known looked through for each of thousands of names. As many as AWS takes are
// found (AWS Secrets Manager API Reference, BatchGetSecretValue: at most 20).
func TestManyHalfNames(t *testing.T) {
	var looks atomic.Int32
	p := newServicePlaneOf(t, func(c *gateway.Config) { c.Attributes = countingAttributes{c.Attributes, &looks} }, "secretsmanager")
	batch := func(count int) rawRequest {
		names := make([]string, count)
		for i := range names {
			names[i] = fmt.Sprintf("%q", fmt.Sprint("known", i))
		}
		names[0] = `"known"`
		return jsonCall("secretsmanager", "secretsmanager.BatchGetSecretValue", `{"SecretIdList":[`+strings.Join(names, ",")+`]}`)
	}
	p.call(t, p.session(t, "nobody"), batch(4000)).wants(t, "thousands", 400, "AccessDeniedException")
	if n := looks.Load(); n > 500 {
		t.Errorf("all that is known was looked through %d times", n)
	}
	blue := p.session(t, "blue", allow("secretsmanager:*", "*"),
		`{"Effect":"Deny","Action":"secretsmanager:GetSecretValue","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}}`)
	p.call(t, blue, batch(20)).wants(t, "as many as may be", 400, "AccessDeniedException", "known-AbCdEf")
}
