package gateway

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// serveS3 answers a request that is signed for S3, or for nobody. authorization is what sigv4.Parse returned for signed, and parseErr why it did not.
func (g *Gateway) serveS3(w http.ResponseWriter, r *http.Request, origin trail.Origin, signed *sigv4.Request,
	authorization *sigv4.Authorization, parseErr error) {
	x := &exchange{Gateway: g, w: w, r: r, sent: newSentBody(w, r), origin: origin, signed: signed, authorization: authorization}
	if !strings.HasPrefix(signed.Path, "/") { // the forms for proxies and for OPTIONS *
		x.refuseUnknown(refusal("InvalidURI", "Couldn't parse the specified URI."))
		return
	}
	if _, control := signed.Header["X-Amz-Account-Id"]; control { // whose paths look like those of objects, and which is signed for s3 as well
		x.refuseUnknown(refusal("NotImplemented", "Amazon S3 Control, whose requests have the header x-amz-account-id, is not served here."))
		return
	}
	if headerSize(r.Header) > maxHeader {
		x.refuseUnknown(withDetails(refusal("RequestHeaderSectionTooLarge", "Your request header section exceeds the maximum allowed size."),
			"MaxSizeAllowed", strconv.Itoa(maxHeader)))
		return
	}
	if r.Method == http.MethodOptions {
		x.servePreflight()
		return
	}
	var err error
	if signed.PayloadHash, err = payloadHash(signed); err != nil {
		x.refuseUnknown(err)
		return
	}
	switch {
	case parseErr == nil:
		x.origin.Region = authorization.Scope.Region
		x.serveSigned()
	case errors.Is(parseErr, sigv4.ErrUnsigned) && isForm(r):
		x.serveForm()
	case errors.Is(parseErr, sigv4.ErrUnsigned):
		x.serveAnonymous()
	default: // which fails there too, and is recorded there
		if _, err := g.c.Authenticate.Authenticate(r.Context(), signed, x.origin); err != nil {
			parseErr = err
		}
		x.refuse(authenticationError(parseErr, ""))
	}
}

// maxHeader is what S3 takes of a request's headers, in bytes (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonRequestHeaders.html says so of
// those of a PUT). A session token has at most half of it.
const maxHeader = 8 << 10

func headerSize(header http.Header) int {
	size := 0
	for name, values := range header {
		for _, value := range values {
			size += len(name) + len(": ") + len(value) + len("\r\n")
		}
	}
	return size
}

func (x *exchange) serveSigned() {
	if err := x.checkPayloadHash(); err != nil {
		x.refuseUnknown(err)
		return
	}
	var err error
	x.caller, x.key, err = x.c.Authenticate.AuthenticateParsed(x.r.Context(), x.signed, x.authorization, x.origin)
	if err != nil {
		x.refuse(authenticationError(err, x.authorization.AccessKeyID))
		return
	}
	x.serve()
}

// serveAnonymous answers a request that is not signed: what it may do, the bucket's policy alone decides.
func (x *exchange) serveAnonymous() {
	x.anonymous = true
	err := x.checkPayloadHash()
	if strings.Contains(x.signed.RawQuery, "AWSAccessKeyId=") { // Signature Version 2, which some SDKs still choose for URLs
		err = refusal("InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
	}
	if err != nil {
		x.refuseUnknown(err)
		return
	}
	x.caller = x.c.Authenticate.Anonymous(x.origin)
	x.serve()
}

// servePreflight answers a browser that asks which origins may use a bucket. Nobody signs that, and no policy decides it: the server's CORS
// configuration is the whole answer (Amazon S3 User Guide, "Using cross-origin resource sharing").
func (x *exchange) servePreflight() {
	x.anonymous = true
	x.caller = x.c.Authenticate.Anonymous(x.origin)
	x.event = x.caller.Event(eventSource, "UnknownOperation")
	x.event.Category = trail.Data
	defer x.record()
	if err := x.classify(); err != nil {
		x.refuse(err)
		return
	}
	origin, method := x.r.Header.Get("Origin"), x.r.Header.Get("Access-Control-Request-Method")
	switch {
	case !x.operation.Preflight:
		x.refuse(refusal("MethodNotAllowed", "The specified method is not allowed against this resource."))
	case origin == "":
		x.refuse(refusal("BadRequest", "Insufficient information. Origin request header needed."))
	case method == "":
		x.refuse(refusal("BadRequest", "Invalid Access-Control-Request-Method: null"))
	case !x.s3.external():
		x.event.Explanation = "the embedded S3 has no CORS configurations"
		x.refuse(refusal("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."))
	default:
		x.pass(x.operation, nil)
	}
}

// s3Request is what classification reads of a request.
func (x *exchange) s3Request() awsmodel.Request {
	return awsmodel.Request{Method: x.signed.Method, Host: x.signed.Host, Path: x.signed.Path, RawQuery: x.signed.RawQuery, Header: x.signed.Header}
}

func (x *exchange) s3Options() awsmodel.S3Options {
	return awsmodel.S3Options{Partition: x.c.Partition, Domains: x.c.S3Domains, Now: x.c.Now(), PlainKeys: x.s3.external()}
}
