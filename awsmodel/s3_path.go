package awsmodel

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxKey is S3's limit for a key, in bytes of UTF-8; maxPath holds such a key with every byte encoded, and the bucket.
const (
	maxKey  = 1024
	maxPath = 3*maxKey + 128
)

var errEncoding = errors.New("not percent-encoded UTF-8")

// parsePath reads /, /bucket, /bucket/ or /bucket/key. The key is everything after the bucket's slash, decoded once: "..", "//" and
// encoded slashes are key text as on S3, where a key is a string and not a path.
func parsePath(path string) (bucket, key string, err error) {
	if len(path) > maxPath {
		return "", "", errKeyTooLong()
	}
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return "", "", errURI()
	}
	bucket, encoded, slash := strings.Cut(rest, "/")
	if bucket == "" && !slash {
		return "", "", nil
	}
	if err := checkBucket(bucket); err != nil {
		return "", "", err
	}
	key, err = parseKey("/" + encoded)
	return bucket, key, err
}

// parseKey reads the path of a virtual-hosted request: all of it behind the first slash is the key.
func parseKey(path string) (string, error) {
	encoded, ok := strings.CutPrefix(path, "/")
	switch {
	case len(path) > maxPath:
		return "", errKeyTooLong()
	case !ok:
		return "", errURI()
	}
	key, err := unescape(encoded)
	if err != nil {
		return "", errURI()
	}
	return key, checkKey(key)
}

func errKeyTooLong() *Error { return &Error{Code: "KeyTooLongError", Message: "Your key is too long."} }

func errURI() *Error { return &Error{Code: "InvalidURI", Message: "Couldn't parse the specified URI."} }

func (o S3Operation) path() string {
	switch {
	case o.Bucket == "":
		return "/"
	case o.Key == "":
		return "/" + o.Bucket
	}
	return "/" + o.Bucket + "/" + escape(o.Key, true)
}

// checkBucket applies https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, except that names AWS keeps for its
// documentation are allowed here.
func checkBucket(name string) error {
	valid := len(name) >= 3 && len(name) <= 63 && isAlphanumeric(name[0]) && isAlphanumeric(name[len(name)-1]) && !strings.Contains(name, "..")
	for i := 0; i < len(name) && valid; i++ {
		valid = isAlphanumeric(name[i]) || name[i] == '-' || name[i] == '.'
	}
	for _, prefix := range []string{"xn--", "sthree-"} {
		valid = valid && !strings.HasPrefix(name, prefix)
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		valid = valid && !strings.HasSuffix(name, suffix)
	}
	if _, err := netip.ParseAddr(name); !valid || err == nil {
		return errBucketName()
	}
	return nil
}

func errBucketName() *Error {
	return &Error{Code: "InvalidBucketName", Message: "The specified bucket is not valid."}
}

func isAlphanumeric(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// checkKey refuses what S3 refuses, and the NUL character, which neither XML nor file systems can carry.
func checkKey(key string) error {
	switch {
	case len(key) > maxKey:
		return errKeyTooLong()
	case !utf8.ValidString(key) || strings.Contains(key, "\x00"):
		return errURI()
	}
	return nil
}

// serversOwn are names of buckets in whose place some servers have their administration, which the gateway's key may well use: MinIO (whose own
// buckets cannot have the name) under /minio/, RustFS under /rustfs/, the Ceph Object Gateway under /admin/, moto under /moto-api/. Under /v20180820/
// is Amazon S3's own API for access points and the account's settings, which moto has at the same address (Amazon S3 API Reference, "AWS S3 Control").
var serversOwn = []string{"minio", "rustfs", "admin", "moto-api", "v20180820"}

// checkPlain holds all names of an operation to PlainKeys.
func (o *S3Operation) checkPlain() error {
	if o.options.PlainKeys && slices.Contains(serversOwn, o.Bucket) {
		e := errBucketName()
		e.Detail = "the backend may have its administration under /" + o.Bucket + "/"
		return e
	}
	for _, name := range []string{"versionId", "uploadId"} {
		if err := o.options.checkPlainID(o.Query[name]); err != nil {
			return err
		}
	}
	return o.options.checkPlain(o.Key, o.Query["prefix"], o.Query["annotation-prefix"])
}

// checkPlainID holds the id of a version or an upload to PlainKeys: it is the name of a file to some servers. Those that servers give are made to be
// parts of a URL and have no slash.
func (options S3Options) checkPlainID(id string) error {
	if options.PlainKeys && (strings.Contains(id, "/") || id == "." || id == "..") {
		return &Error{Code: "InvalidArgument", Message: "Invalid version id specified", Detail: quote(id)}
	}
	return nil
}

// checkPlain holds keys and prefixes to PlainKeys. The error is what SDKs make of S3's answer to a path that it refuses, which has no document.
func (options S3Options) checkPlain(names ...string) error {
	if !options.PlainKeys {
		return nil
	}
	for _, name := range names {
		for segment, rest := "", name; rest != ""; {
			segment, rest, _ = strings.Cut(rest, "/") // a slash at the end leaves no segment behind it
			if segment == "" || segment == "." || segment == ".." {
				return &Error{Code: "400", Message: "Bad Request", Detail: "the backend would not take " + quote(name) + " for the name that it is"}
			}
		}
	}
	return nil
}

// unescape decodes %XX once. Everything else must be a character that RFC 3986 lets stand for itself in a path or query, so that no
// other reader of the same bytes ends the path elsewhere or decodes something that we did not.
func unescape(encoded string) (string, error) { return decode(encoded, false) }

// decode is unescape; raw lets every printable character stand for itself, as clients write them in headers, where nobody splits at them.
func decode(encoded string, raw bool) (string, error) {
	if isPlain(encoded) {
		return encoded, nil
	}
	var b strings.Builder
	for i := 0; i < len(encoded); i++ {
		c := encoded[i]
		switch {
		case c == '%':
			if i+2 >= len(encoded) {
				return "", errEncoding
			}
			high, low := hexValue(encoded[i+1]), hexValue(encoded[i+2])
			if high < 0 || low < 0 {
				return "", errEncoding
			}
			b.WriteByte(byte(high<<4 | low))
			i += 2
		case isUnreserved(c) || strings.IndexByte("!$&'()*+,;=:@/?", c) >= 0 || raw && c >= ' ' && c != 0x7f:
			b.WriteByte(c)
		default:
			return "", errEncoding
		}
	}
	if !utf8.ValidString(b.String()) {
		return "", errEncoding
	}
	return b.String(), nil
}

// isPlain tells text that decodes to itself, most keys, without a copy.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isUnreserved(s[i]) && s[i] != '/' {
			return false
		}
	}
	return true
}

// escape encodes everything but RFC 3986's unreserved characters and, in paths, "/".
func escape(s string, path bool) string { return string(appendPercent(nil, s, path)) }

func isUnreserved(c byte) bool {
	return isAlphanumeric(c) || 'A' <= c && c <= 'Z' || c == '-' || c == '.' || c == '_' || c == '~'
}
