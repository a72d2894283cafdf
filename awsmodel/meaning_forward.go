package awsmodel

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// Many services reach for another service's resource within a request, with the permissions of whoever made it: Lambda reads a function's code from a
// bucket, EBS uses the key that a volume is encrypted with (IAM User Guide, "Forward access sessions"). A backend behind a gateway would reach for it
// with the gateway's key instead. The services' models do not say which members name such resources; their names and forms do, and the tables in
// meaning_forward_table.go say where something else holds.

// forwarder finds the objects of S3 and the keys of KMS that a request names for its service to use.
type forwarder struct {
	*reader
	role  bool // the service acts with a role that the request passes
	roles bool // the request passes a role, whatever for
	calls []Call
	seen  map[string]bool
}

// forwardPlace is where in a request a text is.
type forwardPlace struct {
	member string         // that holds it, or a key of a map
	within *forwardPlace  // the place of that structure or map; nil before the first name
	parent map[string]any // the structure or map that it is in
	free   bool           // the name is the caller's own, or an attribute's, and not the model's
}

// path is the names on the way to a place, in lower case.
func (at *forwardPlace) path() string {
	if at == nil {
		return ""
	}
	return at.within.path() + "." + strings.ToLower(at.member)
}

// forwards are the calls that the service will make itself for an operation that passes what is in passes.
func (r *reader) forwards(passes []Call) []Call {
	name := r.operation.Name
	lists := strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "List")
	looks := lists && r.prefix != "redshift-data" // whose lists are queries
	f := &forwarder{reader: r, role: actsByRole[r.prefix] && len(passes) > 0, roles: len(passes) > 0, seen: map[string]bool{}}
	if !looks && notForwarded[r.prefix] == "" && notForwarded[r.prefix+":"+name] == "" {
		f.walk(r.operation.shape(), r.operation.Input, &forwardPlace{})
	}
	for _, row := range hiddenUses[r.prefix+":"+name] {
		f.add(row.action, row.kind, r.hidden(row), true, nil)
	}
	switch {
	case r.prefix == "athena" && name == "StartQueryExecution":
		f.query()
	case r.prefix == "redshift-data" && r.text("DbUser") != "":
		f.databaseUser(r.text("ClusterIdentifier"), r.text("DbUser"))
	}
	return f.calls
}

// hidden is the pattern of all that a row may be about.
func (r *reader) hidden(row hiddenUse) string {
	if row.service == "s3" {
		return objectARN(r.place.Partition, "*", "*")
	}
	return r.arn(row.service, row.resource)
}

// unread tells whether nothing in a member is reached for.
func unread(member string) bool {
	plain := bare(member)
	return silent[plain] && plain != "userdata" // which may be in S3 (AWS Server Migration Service API Reference, UserData)
}

func (f *forwarder) walk(shape *Shape, value any, at *forwardPlace) {
	switch v := value.(type) {
	case string:
		f.take(at, v)
	case []any:
		for _, element := range v {
			f.walk(shape.part(""), element, at)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if shape.named() && unread(name) && f.prefix != "servicecatalog" { // whose Parameters are what it makes an artifact of
				continue
			}
			f.walk(shape.part(name), v[name], &forwardPlace{name, at, v, !shape.named()})
		}
		// An attribute whose name is a text beside it: SetTopicAttributes.
		if name, is := v["AttributeName"].(string); is {
			if text, is := v["AttributeValue"].(string); is {
				f.take(&forwardPlace{name, at, v, true}, text)
			}
		}
	}
}

// take adds the calls for one text, by the name of the member that holds it or by its own form.
func (f *forwarder) take(at *forwardPlace, text string) {
	if text == "" || len(f.calls) > maxCalls || notForwarded[f.prefix+":"+at.member] != "" {
		return
	}
	if at.free && !readMaps[f.prefix] {
		return
	}
	plain := bare(at.member)
	switch {
	case f.secret(at, text):
	case isKeyMember(plain) || otherKeys[f.prefix+":"+at.member]:
		_, used := keyUses[f.prefix+":"+at.member]
		_, usedHere := keyUses[f.prefix+":"+f.operation.Name]
		if used || usedHere || !f.role {
			f.key(at, text)
		}
	case f.role || at.free && f.prefix != "servicecatalog":
	case (isBucketMember(plain) || otherBuckets[f.prefix+":"+at.member]) && !strings.Contains(text, "://"):
		f.bucket(at, plain, text)
	case f.prefix == "secretsmanager" && plain == "rotationlambdaarn":
		f.rotation(text)
	case plain == "layers" && f.prefix == "lambda":
		f.layer(text)
	case plain == "imageuri" && f.prefix == "lambda":
		f.image(text)
	case slices.ContainsFunc(locationWords, func(word string) bool { return strings.Contains(plain, word) }):
		f.location(at, text)
	}
}

// locationWords are in the names of members that may hold the URI of something in S3. Others with one hold it as content: the value of a parameter.
var locationWords = []string{"uri", "url", "s3", "location", "path", "prefix", "source", "destination", "bucket", "template", "arn", "key", "input",
	"output", "folder", "directory", "manifest", "file", "object", "code", "script", "data", "package", "image", "certificate", "xml"}

// isKeyMember tells by a member's plain name that it names a key of KMS.
func isKeyMember(plain string) bool {
	if !strings.Contains(plain, "kms") && !strings.Contains(plain, "encryptionkey") {
		return false
	}
	for _, end := range [...]string{"kmskey", "kmskeyid", "kmskeyarn", "kmskeyidentifier", "kmsarn", "kmsmasterkeyid", "kmsmasterkeyarn", "kmsaliasarn",
		"kmsaliasname", "encryptionkey", "encryptionkeyarn", "encryptionkeyid", "encryptionkeyoverride"} {
		if strings.HasSuffix(plain, end) {
			return true
		}
	}
	return false
}

// isBucketMember tells by a member's plain name that it names a bucket.
func isBucketMember(plain string) bool {
	return strings.HasSuffix(plain, "bucket") || strings.HasSuffix(plain, "bucketname") || strings.HasSuffix(plain, "bucketarn")
}

// key adds the calls on a key, which its ARN, its id or an alias names (AWS KMS Developer Guide, "Key identifiers (KeyId)"). Whoever may ask an AWS
// managed key's service may use it (there, "AWS managed keys"): such a key needs no permission. Which key another alias is of is not in the request.
func (f *forwarder) key(at *forwardPlace, text string) {
	place := f.place
	for _, member := range [...]string{"Region", "RegionName"} { // of a replica, which has a key where it is
		if region, is := at.parent[member].(string); is && region != "" && component(member, region) == nil && !strings.Contains(region, ":") {
			place.Region = region
		}
	}
	id, keys := text, map[string][]string{}
	if arn, err := policy.ParseARN(text); err == nil && arn.Service == "kms" {
		place = Place{Partition: arn.Partition, Region: arn.Region, Account: arn.Account}
		id = strings.TrimPrefix(arn.Resource, "key/")
	}
	resource, any := policy.ARN{Partition: place.Partition, Service: "kms", Region: place.Region, Account: place.Account, Resource: "key/*"}, true
	switch {
	case strings.HasPrefix(id, "alias/aws/") || ownedKeys[id]:
		return
	case strings.HasPrefix(id, "alias/"):
		keys["kms:RequestAlias"] = []string{id}
	case component(at.member, id) == nil && !strings.ContainsAny(id, ":/"):
		resource.Resource, any = "key/"+id, false
	}
	for action := range strings.FieldsSeq(f.keyActions(at.member)) {
		f.add(action, "key", resource.String(), any, keys)
	}
}

// keyActions are what a service does with a key that a member names: by the table, by the dependent actions of the operation's own, or by the general
// rule.
func (f *forwarder) keyActions(member string) string {
	if f.prefix == "ssm" && f.text("Tier") != "" && f.text("Tier") != "Standard" {
		return advancedParameter
	}
	for _, name := range [...]string{f.prefix + ":" + f.operation.Name, f.prefix + ":" + member, f.prefix} {
		if actions, known := keyUses[name]; known {
			return actions
		}
	}
	entry, _ := f.reference.Action(f.prefix + ":" + f.operation.Name)
	dependent := slices.DeleteFunc(slices.Clone(entry.Dependent), func(name string) bool { return !strings.HasPrefix(name, "kms:") })
	if len(dependent) > 0 {
		return strings.Join(dependent, " ")
	}
	return "kms:GenerateDataKey kms:Decrypt"
}

// bucketForm is how the names of buckets look, and of access points' aliases (Amazon S3 User Guide, "Bucket naming rules").
var bucketForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$`)

// bucket adds the calls for a bucket and the name or prefix of objects in it that a member beside it has.
func (f *forwarder) bucket(at *forwardPlace, plain, text string) {
	bucket := text
	if arn, err := policy.ParseARN(text); err == nil && arn.Service == "s3" && arn.Account == "" {
		bucket = arn.Resource
	}
	if host := storageHost.FindStringSubmatch(bucket); host != nil {
		bucket = strings.TrimSuffix(host[1], ".") // CloudFront's form
	}
	bucket, inside, _ := strings.Cut(bucket, "/") // some members take a path behind the bucket
	stem := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(plain, "arn"), "name"), "bucket")
	key, version := "", ""
	for _, name := range slices.Sorted(maps.Keys(at.parent)) {
		value, is := at.parent[name].(string)
		if !is || value == "" {
			continue
		}
		switch rest, beside := strings.CutPrefix(bare(name), stem); {
		case beside && slices.Contains([]string{"key", "keyname", "objectkey", "bucketkey"}, rest), rest == "name" && stem == "":
			key = value
		case beside && rest == "objectversion", stem == "" && (rest == "version" || rest == "versionid"):
			version = value
		}
	}
	if inside != "" && key == "" {
		f.object(at, bucket, inside, "", false)
		return
	}
	f.object(at, bucket, key, version, wholeKeys[f.prefix])
}

// location adds the calls for a text that is the URI or URL of something in S3.
func (f *forwarder) location(at *forwardPlace, text string) {
	if len(text) < 6 || strings.IndexByte(text, ':') < 2 {
		return
	}
	if arn, err := policy.ParseARN(text); err == nil {
		if arn.Service == "s3" && arn.Account == "" {
			bucket, key, _ := strings.Cut(arn.Resource, "/")
			f.object(at, bucket, strings.TrimSuffix(key, "*"), "", false)
		}
		return
	}
	scheme, rest, _ := strings.Cut(strings.TrimSpace(text), "://")
	switch scheme = strings.ToLower(scheme); {
	case scheme == "s3" || scheme == "s3a" || scheme == "s3n": // what is behind it is not percent-encoded
		bucket, key, _ := strings.Cut(rest, "/")
		f.object(at, bucket, key, "", wholeKeys[f.prefix])
	case scheme == "https" || scheme == "http":
		f.page(at, text)
	}
}

// page adds the calls for an object by its URL. Of one that is S3's and does not say which object it is of, it may be any.
func (f *forwarder) page(at *forwardPlace, text string) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || !storageHost.MatchString(u.Host) {
		if storageMembers[f.prefix+":"+at.member] || err != nil && strings.Contains(strings.ToLower(text), "amazonaws") {
			f.object(at, "", "", "", false)
		}
		return
	}
	bucket, path := strings.TrimSuffix(storageHost.FindStringSubmatch(u.Host)[1], "."), strings.TrimPrefix(u.Path, "/")
	if bucket == "" {
		bucket, path, _ = strings.Cut(path, "/")
	}
	if host := lower(u.Host); strings.Contains(host, "s3-accesspoint") || strings.Contains(host, "s3-object-lambda") {
		bucket = "" // the host names an access point
	}
	f.object(at, bucket, path, u.Query().Get("versionId"), wholeKeys[f.prefix])
}

// storageHost is a host name of S3's, with a bucket before it or not (Amazon S3 User Guide, "Virtual hosting of buckets").
var storageHost = regexp.MustCompile(`(?i)^(.*\.|)s3[.-](?:[a-z0-9-]+\.)*amazonaws\.com(?:\.cn)?(?::\d+)?$`)

// object adds the calls for an object, or for all those whose keys begin with key if it need not be whole.
func (f *forwarder) object(at *forwardPlace, bucket, key, version string, whole bool) {
	if !bucketForm.MatchString(bucket) {
		bucket, key, version = "*", "", "" // what the service takes it for is not known
	}
	if key != "" && component("", key) != nil {
		key, version = "", "" // nor which object a path with dots in it leads to
	}
	actions := f.objectActions(at)
	for action := range strings.FieldsSeq(actions) {
		any := !whole || key == "" || strings.HasPrefix(action, "s3:Put")
		name := key
		if any {
			name += "*"
		}
		keys := map[string][]string{}
		if version != "" && action == "s3:GetObject" && !any {
			action, keys["s3:VersionId"] = "s3:GetObjectVersion", []string{version}
		}
		switch {
		case strings.HasPrefix(action, "logs:"):
			f.add(action, "service", "*", false, nil)
		case strings.HasSuffix(action, "BucketPolicy"), strings.HasSuffix(action, "BucketAcl"):
			f.add(action, "bucket", bucketARN(f.place.Partition, bucket), bucket == "*", nil)
		default:
			f.add(action, "object", objectARN(f.place.Partition, bucket, name), any, keys)
		}
	}
}

// objectActions tells by the names on the way to a member whether a service reads or writes there; where they do not say, it may do both.
func (f *forwarder) objectActions(at *forwardPlace) string {
	for _, name := range [...]string{f.prefix + ":" + f.operation.Name, f.prefix + ":" + at.member, f.prefix} {
		if actions, known := objectUses[name]; known {
			return actions
		}
	}
	const read, write = "s3:GetObject", "s3:PutObject"
	for _, text := range [...]string{at.path(), strings.ToLower(f.operation.Name)} {
		in := func(word string) bool { return strings.Contains(text, word) }
		reads, writes := slices.ContainsFunc(readWords, in), slices.ContainsFunc(writeWords, in)
		switch {
		case reads && !writes:
			return read
		case writes && !reads:
			return write
		case reads && writes:
			return read + " " + write
		}
	}
	return read + " " + write
}

var (
	readWords = []string{"input", "source", "import", "template", "code", "script", "media", "document", "image", "video", "schema", "manifest",
		"definition"}
	writeWords = []string{"output", "destination", "export", "result", "target", "log", "report", "delivery", "artifact"}
)

// add adds a call that the service makes, with the condition keys that tell that it does.
func (f *forwarder) add(action, kind, resource string, any bool, more map[string][]string) {
	mark := action + " " + resource + " " + strings.Join(more["kms:RequestAlias"], " ") + " " + strings.Join(more["s3:VersionId"], " ")
	if f.seen[mark] {
		return
	}
	f.seen[mark] = true
	call := Call{Action: action, Resource: resource, AnyResource: any, Forwarded: true, Keys: map[string][]string{"aws:ViaAWSService": {"true"}}}
	maps.Copy(call.Keys, more)
	if calledVia[f.prefix] {
		call.Keys["aws:CalledVia"] = []string{f.prefix + ".amazonaws.com"}
	}
	if kind == "object" || kind == "bucket" {
		bucket, _, _ := strings.Cut(resource[strings.LastIndex(resource, ":::")+3:], "/")
		call.Bucket = strings.TrimSuffix(bucket, "*")
	}
	switch kind {
	case "bucket":
		call.TagKeys = bucketTagKeys
	case "secret":
		call.TagKeys = []string{"aws:ResourceTag/", "secretsmanager:ResourceTag/"}
	case "repository":
		call.TagKeys = []string{"aws:ResourceTag/", "ecr:ResourceTag/"}
	case "service":
		call.Resource, call.WildcardOnly, call.AnyResource = "*", true, false
	case "object":
		call.TagKeys = bucketTagKeys
		if slices.Contains(existingTagActions, action) {
			call.TagKeys = existingTagKeys
		}
	case "key":
		call.TagKeys = []string{"aws:ResourceTag/"}
		call.Keys["kms:CallerAccount"] = []string{f.caller}
		if via := viaServices[f.prefix]; via != "" {
			call.Keys["kms:ViaService"] = []string{via + "." + f.place.Region + ".amazonaws.com"}
		}
		if action == "kms:CreateGrant" {
			call.Keys["kms:GrantIsForAWSResource"] = []string{"true"}
		}
	}
	f.calls = append(f.calls, call)
}
