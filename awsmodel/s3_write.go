package awsmodel

import (
	"maps"
	"strconv"
	"time"
)

// Headers that are condition keys of s3:PutObject
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html), beside those of access control lists.
var (
	writeKeys = []headerKey{
		{"x-amz-storage-class", "s3:x-amz-storage-class"},
		{"x-amz-metadata-directive", "s3:x-amz-metadata-directive"},
		{"x-amz-object-annotation-directive", "s3:x-amz-object-annotation-directive"},
		{"x-amz-server-side-encryption", "s3:x-amz-server-side-encryption"},
		{"x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-server-side-encryption-aws-kms-key-id"},
		{"x-amz-server-side-encryption-customer-algorithm", "s3:x-amz-server-side-encryption-customer-algorithm"},
		{"x-amz-website-redirect-location", "s3:x-amz-website-redirect-location"},
		{"if-match", "s3:if-match"},
		{"if-none-match", "s3:if-none-match"},
	}
	retentionKeys = []headerKey{
		{"x-amz-object-lock-mode", "s3:object-lock-mode"},
		{"x-amz-object-lock-retain-until-date", "s3:object-lock-retain-until-date"},
		{"x-amz-object-lock-event-hold", "s3:object-lock-event-hold"},
		{"x-amz-object-lock-event-hold-duration-days", "s3:object-lock-event-hold-duration-days"},
	}
	legalHoldKeys = []headerKey{{"x-amz-object-lock-legal-hold", "s3:object-lock-legal-hold"}}
)

// writeCalls are the calls of every operation that makes an object or a part of one. What the headers set beside the content has permissions of
// its own (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, "Permissions", and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html). The use of a KMS key is not among them: the backend's keys are
// its own, and s3:x-amz-server-side-encryption-aws-kms-key-id says which a caller may name.
func writeCalls(o *S3Operation) []Call {
	keys := map[string][]string{"s3:ObjectCreationOperation": {"true"}}
	if startsMultipart(o.Name) {
		// Policies that demand If-None-Match exempt the steps of a multipart upload by this key
		// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html).
		keys["s3:ObjectCreationOperation"] = []string{"false"}
	}
	o.takeKeys(keys, writeKeys)
	parts := []struct {
		from   []headerKey
		action string
	}{{aclKeys, "s3:PutObjectAcl"}, {retentionKeys, "s3:PutObjectRetention"}, {legalHoldKeys, "s3:PutObjectLegalHold"}}
	var also []Call
	for _, part := range parts {
		own := map[string][]string{}
		if !o.takeKeys(own, part.from) {
			continue
		}
		o.addRemainingDays(own)
		maps.Copy(keys, own)
		also = append(also, o.objectCall(part.action, own))
	}
	also = append(also, o.tagCalls(keys)...)
	if has(o.Header, "if-match") {
		// Comparing the current object's entity tag reads something of it; S3 asks for s3:GetObject too.
		also = append(also, o.objectCall("s3:GetObject", nil))
	}
	source := o.sourceCalls(keys)
	return append(append(source.read, o.objectCall("s3:PutObject", keys)), append(also, source.tags...)...)
}

// tagCalls are those of the tags that the header gives, which are condition keys of the write as well.
func (o *S3Operation) tagCalls(keys map[string][]string) []Call {
	header, sent := o.Header["x-amz-tagging"]
	if !sent {
		return nil
	}
	tags, _ := parseTagging(header) // canonical since canonicalHeaders
	own := map[string][]string{}
	tags.setKeys(own, "s3:RequestObjectTag/", "s3:RequestObjectTagKeys")
	maps.Copy(keys, own)
	return []Call{o.objectCall("s3:PutObjectTagging", own)}
}

// sourced are the calls of a copy that are about its source: reading it, and passing on its tags and annotations.
type sourced struct{ read, tags []Call }

// sourceCalls are none where nothing is copied. Tags go with a copy unless the directive says otherwise
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html); annotations too, but that is asked for only where it is asked for: no
// server that speaks S3 other than AWS's keeps any.
func (o *S3Operation) sourceCalls(keys map[string][]string) sourced {
	if !o.shape.copies {
		return sourced{}
	}
	source, _ := parseCopySource(o.Header["x-amz-copy-source"]) // canonical since canonicalHeaders
	keys["s3:x-amz-copy-source"] = []string{source.bucket + "/" + source.key}
	from := *o
	from.Bucket, from.Key, from.Query = source.bucket, source.key, map[string]string{}
	from.Header = map[string]string{}
	if owner, sent := o.Header["x-amz-source-expected-bucket-owner"]; sent {
		from.Header["x-amz-expected-bucket-owner"] = owner
	}
	if source.version != "" {
		from.Query["versionId"] = source.version
	}
	s := sourced{read: []Call{from.versionCall("s3:GetObject", "s3:GetObjectVersion", nil)}}
	if o.Name != "CopyObject" {
		return s
	}
	if o.Header["x-amz-tagging-directive"] != "REPLACE" {
		s.tags = append(s.tags, from.versionCall("s3:GetObjectTagging", "s3:GetObjectVersionTagging", nil), o.objectCall("s3:PutObjectTagging", nil))
		s.tags[0].OnlyIfTagged, s.tags[1].OnlyIfTagged = true, true
	}
	if directive, sent := o.Header["x-amz-object-annotation-directive"]; sent && directive != "EXCLUDE" {
		s.tags = append(s.tags, from.versionCall("s3:GetObjectAnnotation", "s3:GetObjectVersionAnnotation", nil),
			o.objectCall("s3:PutObjectAnnotation", nil))
	}
	return s
}

// addRemainingDays sets s3:object-lock-remaining-retention-days beside the date. The days are counted up: a date that was ten days away when
// the client chose it is still ten days away when it arrives
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-retention-limits).
func (o *S3Operation) addRemainingDays(keys map[string][]string) {
	until, sent := keys["s3:object-lock-retain-until-date"]
	if !sent {
		return
	}
	date, err := time.Parse(time.RFC3339, until[0])
	if err != nil {
		return // checkDate refused it
	}
	const day = 24 * 60 * 60
	seconds := date.Unix() - o.options.Now.Unix()
	days := seconds / day
	if seconds%day > 0 {
		days++
	}
	keys["s3:object-lock-remaining-retention-days"] = []string{strconv.FormatInt(days, 10)}
}
