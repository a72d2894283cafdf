package e2e

import (
	"fmt"
	"strings"
	"time"
)

// hostileCases are all of them.
func hostileCases() (cases []hostile) {
	for _, base := range []string{"s3 get", "s3 put", "ec2", "dynamodb", "cloudwatch", "lambda"} {
		cases = append(cases, tamperedSignatures(base)...)
	}
	for _, part := range [][]hostile{replays(), objectTricks(), presignedTricks(), chunkTricks(), queryTricks(), documentTricks(), restTricks(), scopeTricks(), wireTricks()} {
		cases = append(cases, part...)
	}
	return cases
}

// tamperedSignatures are requests of a protocol that are changed after they were signed, or signed badly.
func tamperedSignatures(base string) (cases []hostile) {
	add := func(name string, change func(r *rawRequest)) {
		cases = append(cases, hostile{name: base + ": " + name, make: tampered(base, change)})
	}
	signed := func(name string, change func(r *rawRequest)) {
		cases = append(cases, hostile{name: base + ": " + name, make: changed(base, change)})
	}
	add("another method", func(r *rawRequest) {
		r.method = map[string]string{"GET": "DELETE", "PUT": "GET", "POST": "PUT"}[r.method]
	})
	add("another host", func(r *rawRequest) { r.host = "other.example.com" })
	add("another path", func(r *rawRequest) { r.target += "x" })
	add("a parameter more", func(r *rawRequest) { r.target += "?versionId=1" })
	add("another region", func(r *rawRequest) { r.edit("Authorization", "/us-east-1/", "/eu-west-1/") })
	add("another date in the scope", func(r *rawRequest) { r.edit("Authorization", r.at.Format("/20060102/"), "/20200101/") })
	add("a signed header changed", func(r *rawRequest) { r.set("X-Amz-Date", r.at.Add(time.Second).Format("20060102T150405Z")) })
	add("an unsigned x-amz header", func(r *rawRequest) { r.add("X-Amz-Meta-Smuggled", "1") })
	add("a signed header twice", func(r *rawRequest) { r.add("X-Amz-Date", r.get("X-Amz-Date")) })
	add("a token that was not signed", func(r *rawRequest) { r.add("X-Amz-Security-Token", "token") })
	add("a short signature", func(r *rawRequest) { r.edit("Authorization", r.signature, r.signature[:63]) })
	add("a signature of zeros", func(r *rawRequest) { r.edit("Authorization", r.signature, strings.Repeat("0", 64)) })
	add("a signature in capitals", func(r *rawRequest) {
		r.edit("Authorization", r.signature, strings.ToUpper("abcdef")+r.signature[6:])
	})
	add("no signed host", func(r *rawRequest) { r.edit("Authorization", "host;", "") })
	add("another algorithm", func(r *rawRequest) { r.edit("Authorization", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512") })
	add("Authorization twice", func(r *rawRequest) { r.add("Authorization", r.get("Authorization")) })
	add("a component twice", func(r *rawRequest) { r.edit("Authorization", ", Signature=", ", SignedHeaders=host, Signature=") })
	add("an unknown key", func(r *rawRequest) {
		r.edit("Authorization", "Credential="+r.key.id, "Credential=AKIAIOSFODNN7EXAMPLE")
	})
	add("no date", func(r *rawRequest) { r.remove("X-Amz-Date") })
	signed("signed 20 minutes ago", func(r *rawRequest) { r.at = r.at.Add(-20 * time.Minute) })
	signed("signed in 20 minutes", func(r *rawRequest) { r.at = r.at.Add(20 * time.Minute) })
	signed("a wrong secret", func(r *rawRequest) { r.key.secret = "wrong" })
	if base != "s3 get" {
		cases = append(cases, hostile{name: base + ": another body", streams: true, make: tampered(base, func(r *rawRequest) { r.body = r.body[:len(r.body)-1] + "X" })},
			hostile{name: base + ": more body", streams: true, make: tampered(base, func(r *rawRequest) { r.body += " " })},
			hostile{name: base + ": less body", streams: true, make: tampered(base, func(r *rawRequest) {
				r.length = fmt.Sprint(len(r.body))
				r.body = r.body[:len(r.body)-1]
			})})
	}
	if !strings.HasPrefix(base, "s3") {
		signed("an unsigned payload", func(r *rawRequest) { r.hash = "UNSIGNED-PAYLOAD" })
		signed("a streaming payload", func(r *rawRequest) { r.hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" })
		signed("the hash of another payload", func(r *rawRequest) { r.hash = hexHash("other") })
	}
	return cases
}

// replays are whole requests that were good once or elsewhere.
func replays() []hostile {
	of := func(name, base string, replay func(r *rawRequest)) hostile {
		return hostile{name: "replay: " + name, make: tampered(base, replay)}
	}
	return []hostile{
		of("a read as a deletion", "s3 get", func(r *rawRequest) { r.method = "DELETE" }),
		of("a read of the bucket's policy", "s3 get", func(r *rawRequest) { r.target = "/bucket?policy" }),
		of("at another bucket", "s3 put", func(r *rawRequest) { r.target = "/bucket2/some/key" }),
		of("at a virtual host", "s3 put", func(r *rawRequest) { r.host = "bucket." + r.host }),
		of("with another action", "ec2", func(r *rawRequest) {
			r.body = strings.Replace(r.body, "DescribeInstances", "TerminateInstances", 1)
		}),
		of("with another target", "dynamodb", func(r *rawRequest) { r.set("X-Amz-Target", "DynamoDB_20120810.DeleteItem") }),
		of("with another function", "lambda", func(r *rawRequest) { r.target = "/2015-03-31/functions/payroll/invocations" }),
		of("with another operation", "cloudwatch", func(r *rawRequest) { r.target = strings.Replace(r.target, "Describe", "Delete", 1) }),
	}
}

// objectTricks are S3's paths, selectors and headers. All are signed as they are sent.
func objectTricks() (cases []hostile) {
	target := func(name, method, target string) {
		cases = append(cases, hostile{name: "s3: " + name, method: method, trusted: true, make: changed("s3 get", func(r *rawRequest) { r.method, r.target = method, target })})
	}
	odd := func(name, method, to string) { // no signature is over such a spelling: what is signed has one for each text
		target(name, method, to)
		cases[len(cases)-1].trusted = false
	}
	header := func(name string, pairs ...string) {
		cases = append(cases, hostile{name: "s3: " + name, trusted: true, make: changed("s3 put", func(r *rawRequest) {
			for i := 0; i < len(pairs); i += 2 {
				r.add(pairs[i], pairs[i+1])
			}
		})})
	}
	target("an encoded NUL", "GET", "/bucket/a%00b")
	target("invalid UTF-8", "GET", "/bucket/%FF%FE")
	target("an overlong slash", "GET", "/bucket/a%C0%AFb")
	target("half an escape", "GET", "/bucket/a%4")
	target("an escape that is none", "GET", "/bucket/a%zz")
	odd("a bucket with an encoded slash", "GET", "/buck%2Fet/key")
	target("a bucket of dots", "GET", "/../bucket/key")
	odd("a bucket of encoded dots", "GET", "/%2e%2e/bucket/key")
	target("an empty bucket", "GET", "//bucket/key")
	target("a bucket in capitals", "GET", "/BUCKET/key")
	odd("a backslash in the bucket", "GET", "/bucket\\..\\other/key")
	target("a long key", "GET", "/bucket/"+strings.Repeat("k", 1025))
	target("two selectors", "GET", "/bucket/key?acl&tagging")
	target("a selector twice", "GET", "/bucket/key?acl&acl")
	target("a version twice", "GET", "/bucket/key?versionId=a&versionId=b")
	odd("a parameter in two spellings", "GET", "/bucket/key?versionId=a&version%49d=b")
	target("an unknown parameter", "GET", "/bucket/key?surprise=1")
	target("a parameter of another operation", "GET", "/bucket?partNumber=1")
	odd("a semicolon for an ampersand", "GET", "/bucket?list-type=2;prefix=a")
	target("a deletion by parameter", "GET", "/bucket/key?method=DELETE")
	target("a method that S3 has not", "PATCH", "/bucket/key")
	target("a POST to an object", "POST", "/bucket/key")
	header("an unknown x-amz header", "X-Amz-Surprise", "1")
	header("an ACL twice", "X-Amz-Acl", "private", "X-Amz-Acl", "public-read")
	header("a copy source twice", "X-Amz-Copy-Source", "/bucket/a", "X-Amz-Copy-Source", "/secret/b")
	header("a copy source without a key", "X-Amz-Copy-Source", "/bucket")
	header("a copy source with a bad escape", "X-Amz-Copy-Source", "/bucket/%zz")
	header("a copy source with a NUL", "X-Amz-Copy-Source", "/bucket/a%00")
	header("a copy source of another bucket by dots", "X-Amz-Copy-Source", "/../bucket/key")
	header("tags that are no query", "X-Amz-Tagging", "a=%zz")
	header("a tag twice", "X-Amz-Tagging", "a=1&a=2")
	header("an MD5 of another content", "Content-Md5", "1B2M2Y8AsgTpgAmY7PhCfg==")
	header("a CRC of another content", "X-Amz-Checksum-Crc32", "AAAAAA==")
	header("a SHA-256 of another content", "X-Amz-Checksum-Sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
	for i := range cases[len(cases)-3:] {
		cases[len(cases)-3+i].streams = true
	}
	return cases
}

// presignedTricks are URLs. A presigned URL is good for its method, host, path and time alone.
func presignedTricks() (cases []hostile) {
	add := func(name, seconds string, before, after func(r *rawRequest)) {
		cases = append(cases, hostile{name: "presigned: " + name, method: "GET", make: func(p *plane) string {
			r := p.rawFor("s3", "GET", "/bucket/some/key", "")
			if before != nil {
				before(r)
			}
			r.presign(seconds)
			if after != nil {
				after(r)
			}
			return r.text()
		}})
	}
	replace := func(old, with string) func(r *rawRequest) {
		return func(r *rawRequest) { r.target = strings.Replace(r.target, old, with, 1) }
	}
	add("expired", "60", func(r *rawRequest) { r.at = r.at.Add(-time.Hour) }, nil)
	add("of tomorrow", "3600", func(r *rawRequest) { r.at = r.at.Add(24 * time.Hour) }, nil)
	add("for more than seven days", "604801", nil, nil)
	add("for a negative time", "-1", nil, nil)
	add("for no number", "1e3", nil, nil)
	add("for longer than signed", "60", nil, replace("X-Amz-Expires=60", "X-Amz-Expires=6000"))
	add("another method", "60", nil, func(r *rawRequest) { r.method = "DELETE" })
	add("another key", "60", nil, replace("some/key", "other/key"))
	add("another host", "60", nil, func(r *rawRequest) { r.host = "other.example.com" })
	add("another region", "60", nil, replace("us-east-1", "eu-west-1"))
	add("a parameter more", "60", nil, func(r *rawRequest) { r.target += "&versionId=1" })
	add("the signature twice", "60", nil, func(r *rawRequest) { r.target += "&X-Amz-Signature=" + r.signature })
	add("the date twice", "60", nil, func(r *rawRequest) { r.target += "&X-Amz-Date=" + r.at.Format("20060102T150405Z") })
	add("no signature", "60", nil, func(r *rawRequest) { r.target = strings.Split(r.target, "&X-Amz-Signature")[0] })
	add("no expiry", "60", nil, replace("&X-Amz-Expires=60", ""))
	add("an unsigned x-amz header", "60", nil, func(r *rawRequest) { r.add("X-Amz-Meta-Smuggled", "1") })
	add("a header's signature beside it", "60", nil, func(r *rawRequest) { r.sign() })
	add("another algorithm", "60", nil, replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"))
	add("an unsigned copy source", "60", func(r *rawRequest) { r.method = "PUT" }, func(r *rawRequest) { r.add("X-Amz-Copy-Source", "/secret/key") })
	return cases
}

// scopeTricks are requests of one service signed for another.
func scopeTricks() (cases []hostile) {
	add := func(name, base, service string) {
		cases = append(cases, hostile{name: "scope: " + name, make: changed(base, func(r *rawRequest) { r.service = service })})
	}
	add("ec2's request for sts", "ec2", "sts")
	add("ec2's request for iam", "ec2", "iam")
	add("ec2's request for sqs", "ec2", "sqs")
	add("ec2's request for s3", "ec2", "s3")
	add("dynamodb's request for ec2", "dynamodb", "ec2")
	add("dynamodb's request for kms", "dynamodb", "kms")
	add("dynamodb's request for s3", "dynamodb", "s3")
	add("an object's request for dynamodb", "s3 put", "dynamodb")
	add("an object's request for lambda", "s3 get", "lambda")
	add("lambda's request for eks", "lambda", "eks")
	add("lambda's request for openirsa", "lambda", "openirsa")
	add("a service in capitals", "ec2", "EC2")
	add("no service", "ec2", "")
	add("a service that is a path", "ec2", "ec2/../s3")
	add("every service", "dynamodb", "*")
	cases = append(cases,
		hostile{name: "scope: a user made as an instance", make: changed("ec2", func(r *rawRequest) { r.body = "Action=CreateUser&UserName=eve&Version=2010-05-08" })},
		hostile{name: "scope: another region's partition", make: changed("ec2", func(r *rawRequest) { r.region = "cn-north-1" })},
		hostile{name: "scope: no region", make: changed("dynamodb", func(r *rawRequest) { r.region = "" })},
		hostile{name: "scope: a region with a slash", make: changed("dynamodb", func(r *rawRequest) { r.region = "us-east-1/dynamodb" })})
	return cases
}
