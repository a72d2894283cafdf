package awsapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

// restProtocol is REST JSON 1 (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html), for EKS: method and path name the operation;
// parameters are parts of the path, the query and one JSON object.
type restProtocol struct{ routes []route }

const restContentType = "application/json"

// route is an operation's method and path; a part "{}" of the path is a parameter, a label.
type route struct {
	method, path string
	operation    operation
}

// errUnrouted is the cause of a refusal: no operation has the method and path.
var errUnrouted = errors.New("no such operation")

// isClusterPath knows EKS's paths.
func isClusterPath(path string) bool {
	return path == "/clusters" || strings.HasPrefix(path, "/clusters/")
}

// restCall makes an operation of EKS of a call. Decode reads the labels, the query and the body; what it leaves of the query is refused.
func restCall[In, Out any](decode func(*request) (In, error), do func(context.Context, iam.Caller, In) (Out, error), encode func(Out) any) operation {
	return operation{service: "eks", bind: func(q *request) (call, error) {
		in, err := decode(q)
		if err == nil {
			err = q.form.finish()
		}
		return func(ctx context.Context, caller iam.Caller) (any, error) {
			out, err := do(ctx, caller, in)
			if err != nil {
				return nil, err
			}
			return encode(out), nil
		}, err
	}}
}

func (p restProtocol) route(q *request, _ *answer) (op operation, err error) {
	unrouted := operation{service: "eks"}
	op, q.labels, err = p.find(q.signed.Method, q.signed.Path)
	if err != nil {
		return unrouted, err
	}
	mediaType, err := q.mediaType()
	switch {
	case err != nil:
		return unrouted, err
	case q.signed.Method != http.MethodPost && len(q.body) > 0:
		return unrouted, badHTTP("only a POST request has a body")
	case len(q.body) > 0 && mediaType != restContentType:
		return unrouted, badHTTP("the Content-Type of a call is %s", restContentType)
	}
	q.form, err = parseForm(q.signed.RawQuery, "")
	return op, err
}

// find compares a path with the routes, part by part, and returns its labels.
func (p restProtocol) find(method, path string) (operation, []string, error) {
	parts := strings.Split(path, "/")
	for _, r := range p.routes {
		labels, ok := match(strings.Split(r.path, "/"), parts)
		if !ok || r.method != method {
			continue
		}
		for i, label := range labels {
			text, err := unescape(strings.ReplaceAll(label, "+", "%2B")) // a plus is a space in forms only
			if err != nil {
				return operation{}, nil, malformed("parameter %d of the path %w", i+1, err)
			}
			labels[i] = text
		}
		return r.operation, labels, nil
	}
	return operation{}, nil, &iam.Error{Code: "UnknownOperationException", Message: "Method and path name no operation.", Err: errUnrouted}
}

func match(pattern, parts []string) (labels []string, ok bool) {
	if len(pattern) != len(parts) {
		return nil, false
	}
	for i, part := range parts {
		switch {
		case pattern[i] == "{}" && part != "":
			labels = append(labels, part)
		case pattern[i] != part:
			return nil, false
		}
	}
	return labels, true
}

func (restProtocol) words(refused *iam.Error, status int) (*iam.Error, int) {
	return inWordsOf("eks", refused, status)
}

func (restProtocol) headers(header http.Header, refused *iam.Error) {
	header.Set("Content-Type", restContentType)
	if refused != nil {
		header.Set("X-Amzn-ErrorType", refused.Code)
	}
}

func (restProtocol) success(result any, _ string) ([]byte, error) { return marshalResult(result) }

func (restProtocol) failure(refused *iam.Error, _ int, _ string) ([]byte, error) {
	return marshalRefusal(refused)
}
