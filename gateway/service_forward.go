package gateway

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
)

const (
	// maxHeld is up to how many bytes an answer is read whole before any of it is sent: one that ends too early can then still be told as an error.
	maxHeld = 64 << 10
	// maxRead bounds the answers that are read whole because of what is in them.
	maxRead = 4 << 20
	// clientTime bounds how long a client may take to receive one part of an answer.
	clientTime = 2 * time.Minute
)

// carryOut has the backend do what was authorized, in a request that is written anew from what was understood: nothing of the client's that was not
// classified can reach the backend, neither its signature nor its token.
func (x *serviceExchange) carryOut() {
	if why, served := x.isServed(); !served {
		x.refuse(x.notServed(why))
		return
	}
	request, hash, err := x.canonicalRequest()
	if err != nil {
		x.refuse(err)
		return
	}
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Time{}) // each part of the answer gets one of its own
	scope := x.authorization.Scope
	ctx := x.r.Context()
	if !x.operation.ReadOnly {
		ctx = context.WithoutCancel(ctx) // a client who hangs up does not stop a change half way, nor keep it from being known
	}
	response, err := x.service.Upstream.send(ctx, request, scope.Service, scope.Region, payload{hash: hash})
	if err != nil {
		x.refuse(x.unanswered(err))
		return
	}
	defer response.Body.Close()
	x.event.ResponseElements = map[string]any{"backendStatus": response.StatusCode}
	if id := response.Header.Get("X-Amzn-Requestid"); id != "" {
		x.event.ResponseElements["backendRequestId"] = id[:min(len(id), 128)]
	}
	x.pass(response)
}

// isServed tells whether there is a backend for the resources of the operation, and else why not. A backend belongs to one account: to a caller or a
// resource of another it would show what is not theirs. And it is asked in one region: of an ARN in another it may see only the name, and take it for
// a resource of its own that has another policy.
func (x *serviceExchange) isServed() (why string, served bool) {
	service := x.authorization.Scope.Service
	if x.service.Upstream == nil {
		return "no backend serves " + service + " here", false
	}
	region := cmp.Or(x.service.Upstream.Region(), x.authorization.Scope.Region)
	if region != x.authorization.Scope.Region {
		return "the backend of " + service + " is asked in the region " + region + " alone", false
	}
	for _, call := range x.operation.Calls {
		if x.strays(call, region) {
			return "the backend of " + service + " is asked in the region " + region + ", and not where " + call.Resource + " is", false
		}
		account := namedAccount(call.Resource)
		if account == "" {
			account = x.caller.Principal.Account
		}
		if account != x.service.Upstream.Account() {
			return "the backend of " + service + " belongs to another account than " + account, false
		}
	}
	return "", true
}

// strays tells whether a call is on a resource of another region than the backend is asked in. What is copied may come from there, and what a service
// reaches for is its own affair.
func (x *serviceExchange) strays(call awsmodel.Call, region string) bool {
	arn, err := policy.ParseARN(call.Resource)
	if err != nil || arn.Region == "" || arn.Region == "*" || arn.Region == region || call.Forwarded {
		return false
	}
	name := x.operation.Name // ReplicateKey and ReplicateSecretToRegions go the other way
	return !strings.HasPrefix(name, "Copy") && !strings.HasSuffix(name, "ReadReplica") && !strings.HasSuffix(name, "BackupsReplication")
}

// canonicalRequest is the operation's request, with the hash of its body.
func (x *serviceExchange) canonicalRequest() (*http.Request, string, error) {
	canonical := x.operation.Request()
	path, err := url.PathUnescape(canonical.Path)
	if err != nil {
		return nil, "", fmt.Errorf("writing the request of %s anew: %w", x.operation.Name, err)
	}
	header := make(http.Header, len(canonical.Header))
	for name, values := range canonical.Header {
		header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	sum := sha256.Sum256(canonical.Body)
	return &http.Request{
		Method:        canonical.Method,
		URL:           &url.URL{Path: path, RawPath: canonical.Path, RawQuery: canonical.RawQuery},
		Header:        header,
		Body:          io.NopCloser(bytes.NewReader(canonical.Body)),
		ContentLength: int64(len(canonical.Body)),
	}, hex.EncodeToString(sum[:]), nil
}

// unanswered is what a client is told of a backend that gave no answer. One that never saw the request is merely not available.
func (x *serviceExchange) unanswered(err error) error {
	if x.r.Context().Err() != nil {
		x.event.Explanation = leftBefore
		return errAborted
	}
	x.event.Explanation = whyUnanswered(err)
	x.log("asking the backend", err)
	return refusal("ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
}

// pass gives the client the backend's answer. Its own refusals are the service's words, and pass as they are.
func (x *serviceExchange) pass(response *http.Response) {
	if !x.isAnswer(response) {
		x.event.Explanation = fmt.Sprintf("the backend answered %d in no form of the service's", response.StatusCode)
		x.refuse(fmt.Errorf("the backend answered %d, %q", response.StatusCode, response.Header.Get("Content-Type")))
		return
	}
	learns := response.StatusCode < http.StatusMultipleChoices && x.learns()
	if !learns && (response.ContentLength < 0 || response.ContentLength > maxHeld) {
		x.stream(response)
		return
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRead))
	if err != nil {
		x.refuse(x.broken(err))
		return
	}
	if learns {
		if err := x.learn(body); err != nil {
			x.refuse(err)
			return
		}
	}
	x.noteAnswer(response.StatusCode, body)
	x.passHeader(response)
	x.giveTime()
	if _, err := x.w.Write(body); err != nil {
		x.event.Explanation = "the client left before the answer's end"
		return
	}
	if int64(len(body)) == maxRead {
		x.copyAnswer(response.Body)
	}
}

// stream passes an answer on as it comes.
func (x *serviceExchange) stream(response *http.Response) {
	x.noteAnswer(response.StatusCode, nil)
	x.passHeader(response)
	x.copyAnswer(response.Body)
}

// copyAnswer sends what is left of an answer. One that ends too early is cut off for the client as well: it must not look complete.
func (x *serviceExchange) copyAnswer(from io.Reader) {
	controller := http.NewResponseController(x.w)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		x.giveTime() // also for the end of an answer, and for one that has nothing else
		if n > 0 {
			if _, failure := x.w.Write(buffer[:n]); failure != nil {
				x.event.Explanation = "the client left before the answer's end"
				panic(http.ErrAbortHandler)
			}
			_ = controller.Flush() // events that a service sends one by one arrive so
		}
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			x.note(http.StatusInternalServerError, internalFailure, x.broken(err).Error())
			panic(http.ErrAbortHandler)
		}
	}
}

// giveTime bounds how long the client may take to receive the next part of the answer.
func (x *serviceExchange) giveTime() {
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(clientTime))
}

// broken is an answer that ended too early.
func (x *serviceExchange) broken(err error) error {
	if x.r.Context().Err() != nil {
		x.event.Explanation = "the client left before the backend's answer was complete"
		return errAborted
	}
	x.event.Explanation = "the backend's answer broke off; it may have carried the request out"
	return fmt.Errorf("reading the backend's answer: %w", err)
}

// isAnswer tells an answer of the service, refusals included, from what servers say that have failed or are another's: a page, a redirect.
func (x *serviceExchange) isAnswer(response *http.Response) bool {
	status := response.StatusCode
	switch {
	case status >= 200 && status < 300, status == http.StatusNotModified:
		return true
	case status < http.StatusBadRequest:
		return false
	case status < http.StatusInternalServerError:
		return true
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch x.shape.protocol {
	case awsmodel.CBOR:
		return kind == "application/cbor"
	case awsmodel.JSON, awsmodel.RESTJSON:
		return kind == "application/json" || strings.HasPrefix(kind, "application/x-amz-json-")
	}
	return kind == "text/xml" || kind == "application/xml"
}

// passHeader sends an answer's status and headers. What tells of the backend rather than of the answer stays here.
func (x *serviceExchange) passHeader(response *http.Response) {
	dropHopByHop(response.Header)
	header := x.w.Header()
	for name, values := range response.Header {
		if !strings.HasPrefix(name, "Access-Control-") && name != "Server" && name != "Set-Cookie" {
			header[name] = values
		}
	}
	header.Set("X-Amzn-Requestid", x.origin.RequestID)
	x.w.WriteHeader(response.StatusCode)
}

// noteAnswer writes the backend's outcome into the event.
func (x *serviceExchange) noteAnswer(status int, body []byte) {
	code := ""
	if status >= http.StatusBadRequest {
		code = "BackendError"
		if x.event.Explanation = "the backend refused the request"; len(body) > 0 {
			if named := errorCode(x.shape.protocol, body); named != "" {
				code = named
			}
		}
	}
	x.note(status, code, "")
}
