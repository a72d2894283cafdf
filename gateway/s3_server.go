package gateway

import (
	"context"
	"net/http"
	"strconv"
)

// s3Server is the S3 behind the gateway. It answers to whoever the gateway lets through.
type s3Server interface {
	// owner is the account that a bucket belongs to; ok is false where it is known that there is no such bucket.
	owner(bucket string) (account string, ok bool)
	// serves tells whether what belongs to an account can be in it.
	serves(account string) bool
	// external tells a server of its own, of which no more is known than what it answers: it has CORS configurations, and may take a name for another.
	external() bool
	// answer has an operation done. An error means that there was no answer, or half of one.
	answer(ctx context.Context, w http.ResponseWriter, f forwarded) error
}

// forwarded is an authorized operation as its server gets it.
type forwarded struct {
	request *http.Request // path style; its headers are its own
	body    *verifiedBody // nil: none
	region  string        // that the client named
	account string        // on whose behalf: the bucket's owner or, of no bucket, the caller
	// owner and sourceOwner are the accounts that the bucket, and the one that is copied from, belonged to when the operation was decided; empty: there is
	// none, or it is to be made.
	owner, sourceOwner string
}

// embeddedS3 is a server in the same process.
type embeddedS3 struct {
	Backend
	accountHeader string
}

func (e embeddedS3) owner(bucket string) (string, bool) { return e.Owner(bucket) }
func (e embeddedS3) serves(string) bool                 { return true }
func (e embeddedS3) external() bool                     { return false }

func (e embeddedS3) answer(ctx context.Context, w http.ResponseWriter, f forwarded) error {
	r := f.request
	r.Header.Set(e.accountHeader, f.account)
	// In case a bucket becomes another's before the backend opens it.
	if f.owner != "" {
		r.Header.Set("X-Amz-Expected-Bucket-Owner", f.owner)
	}
	if f.sourceOwner != "" {
		r.Header.Set("X-Amz-Source-Expected-Bucket-Owner", f.sourceOwner)
	}
	r.RequestURI = r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		r.RequestURI += "?" + r.URL.RawQuery
	}
	r.Body = http.NoBody
	if f.body != nil {
		r.Body, r.ContentLength = f.body, f.body.length
		r.Header.Set("Content-Length", strconv.FormatInt(f.body.length, 10))
	}
	e.ServeHTTP(w, r.WithContext(ctx))
	return nil
}
