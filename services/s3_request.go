package services

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rclone/gofakes3"
)

// call is what the backend knows of the request that it works for.
type call struct {
	account        string
	expectedOwner  string // of the bucket; empty: anyone
	body           *body  // nil: none
	restoredUpload string // while the S3 opens
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// splitPath parts a path in bucket and key, as gofakes3 does for paths that check lets pass.
func splitPath(path string) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return bucket, key
}

// check refuses what gofakes3 would get wrong, and returns the request as it goes to gofakes3.
func (s *S3) check(r *http.Request) (*http.Request, error) {
	c := &call{account: r.Header.Get(AccountHeader), expectedOwner: r.Header.Get("X-Amz-Expected-Bucket-Owner"), body: &body{ReadCloser: r.Body}}
	if c.account == "" {
		return nil, errDenied
	}
	bucket, key := splitPath(r.URL.Path)
	if err := checkForm(r, key); err != nil {
		return nil, err
	}
	source, _ := splitPath(r.Header.Get("X-Amz-Copy-Source"))
	if !s.isOwner(bucket, c.expectedOwner) || !s.isOwner(source, r.Header.Get("X-Amz-Source-Expected-Bucket-Owner")) {
		return nil, errDenied
	}
	if err := c.body.expectChecksum(r); err != nil {
		return nil, err
	}
	if err := c.body.checkDocument(r, key); err != nil {
		return nil, err
	}
	r = r.Clone(context.WithValue(r.Context(), callKey{}, c))
	r.Body = c.body
	if r.ContentLength >= 0 && len(r.TransferEncoding) == 0 {
		r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	if !singleRange.MatchString(r.Header.Get("Range")) {
		r.Header.Del("Range") // S3 ignores a Range that it cannot satisfy with one part; gofakes3 refuses it
	}
	for _, name := range []string{"If-Match", "If-None-Match", "X-Amz-Copy-Source-If-Match", "X-Amz-Copy-Source-If-None-Match"} {
		if v := r.Header.Get(name); v != "" {
			r.Header.Set(name, hideETags(v))
		}
	}
	return r, nil
}

// checkForm refuses requests by what they look like.
func checkForm(r *http.Request, key string) error {
	payload := r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case !strings.HasPrefix(r.URL.Path, "/") || strings.HasPrefix(r.URL.Path, "//") || !utf8.ValidString(r.URL.Path):
		// gofakes3 strips every slash in front: it would find a bucket where the door that authorized saw none.
		return refusal(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	case len(key) > gofakes3.KeySizeLimit:
		return refusal(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
	case strings.HasPrefix(payload, "STREAMING-") && payload != "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" && payload != "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		// It would store the framing as content.
		return refusal(http.StatusNotImplemented, "NotImplemented", words["NotImplemented"].message)
	case r.Method == http.MethodPost && key == "" && !r.URL.Query().Has("delete"):
		// Browser uploads bring their policy and signature in the form, which nobody verifies.
		return refusal(http.StatusMethodNotAllowed, "MethodNotAllowed", words["MethodNotAllowed"].message)
	}
	return checkImplemented(r, key)
}

var singleRange = regexp.MustCompile(`^bytes=([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})$`)

// isOwner holds a bucket against the owner that a request expects; a request that names none expects none.
func (s *S3) isOwner(bucket, expected string) bool {
	if expected == "" {
		return true
	}
	owner, ok := s.Owner(bucket)
	return !ok || owner == expected
}

// multipartETag is S3's form of the ETag of a multipart upload, hiddenETag the form that gofakes3 makes of objectRecord.hash.
var (
	multipartETag = regexp.MustCompile(`([0-9a-f]{32})-([0-9]{1,5})`)
	hiddenETag    = regexp.MustCompile(`^"([0-9a-f]{32})([0-9a-f]{4})"$`)
)

func hideETags(list string) string {
	return multipartETag.ReplaceAllStringFunc(list, func(tag string) string {
		sum, count, _ := strings.Cut(tag, "-")
		n, err := strconv.ParseUint(count, 10, 16)
		if err != nil {
			return tag
		}
		return sum + string(appendHex16(nil, uint16(n)))
	})
}

func showETag(etag string) string {
	m := hiddenETag.FindStringSubmatch(etag)
	if m == nil {
		return etag
	}
	n, err := strconv.ParseUint(m[2], 16, 16)
	if err != nil {
		return etag
	}
	return `"` + m[1] + "-" + strconv.FormatUint(n, 10) + `"`
}

// attributesETag is where GetObjectAttributes shows an ETag.
var attributesETag = regexp.MustCompile(`<ETag>[0-9a-f]{36}</ETag>`)

func showAttributesETag(element []byte) []byte {
	etag := strings.TrimSuffix(strings.TrimPrefix(string(element), "<ETag>"), "</ETag>")
	return []byte("<ETag>" + strings.Trim(showETag(`"`+etag+`"`), `"`) + "</ETag>")
}

func appendHex16(dst []byte, n uint16) []byte {
	const digits = "0123456789abcdef"
	return append(dst, digits[n>>12], digits[n>>8&15], digits[n>>4&15], digits[n&15])
}

// body is a request's body. It remembers why reading failed, and verifies the checksum of a part, which gofakes3 does for whole objects only.
type body struct {
	io.ReadCloser
	err *refused // why reading failed; nil: it did not

	sum      hash.Hash // nil: no checksum was announced
	want     []byte
	checksum string // the header's name
}

// maxTrailer is how much may follow an object's bytes within the body: the last chunk and its trailers.
const maxTrailer = 64 << 10

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.sum != nil {
		b.sum.Write(p[:n])
		if err == io.EOF && string(b.sum.Sum(nil)) != string(b.want) {
			algorithm := strings.ToUpper(strings.TrimPrefix(b.checksum, "X-Amz-Checksum-"))
			err = refusal(http.StatusBadRequest, "BadDigest", "The "+algorithm+" you specified did not match the calculated checksum.")
		}
	}
	if err == nil || err == io.EOF {
		return n, err
	}
	if !errors.As(err, &b.err) {
		b.err = refusal(http.StatusBadRequest, "IncompleteBody", words["IncompleteBody"].message)
	}
	return n, b.err
}

// settle reads a body to its end. gofakes3 stops after the object's last byte; whether the body was what was signed shows at its end.
func (b *body) settle() error {
	if b == nil {
		return nil
	}
	n, err := io.Copy(io.Discard, io.LimitReader(b, maxTrailer+1))
	if err == nil && n > maxTrailer {
		err = gofakes3.ErrIncompleteBody
	}
	return err
}

// refusal is why reading failed, in S3's words; nil: it did not.
func (b *body) refusal() error {
	if b == nil || b.err == nil {
		return nil
	}
	return b.err
}

// expectChecksum has a part's x-amz-checksum-* verified.
func (b *body) expectChecksum(r *http.Request) error {
	if r.Method != http.MethodPut || !r.URL.Query().Has("partNumber") || r.Header.Get("X-Amz-Copy-Source") != "" {
		return nil
	}
	for name, make := range map[string]func() hash.Hash{
		"X-Amz-Checksum-Crc32":     func() hash.Hash { return crc32.NewIEEE() },
		"X-Amz-Checksum-Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
		"X-Amz-Checksum-Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
		"X-Amz-Checksum-Sha1":      sha1.New,
		"X-Amz-Checksum-Sha256":    sha256.New,
	} {
		value := r.Header.Get(name)
		if value == "" {
			continue
		}
		want, err := base64.StdEncoding.DecodeString(value)
		if b.sum != nil || err != nil || len(want) != make().Size() {
			return refusal(http.StatusBadRequest, "InvalidRequest", "Value for "+strings.ToLower(name)+" header is invalid.")
		}
		b.sum, b.want, b.checksum = make(), want, name
	}
	return nil
}
