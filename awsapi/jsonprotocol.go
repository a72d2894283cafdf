package awsapi

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

// jsonProtocol is AWS JSON 1.1 (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html), for CloudTrail and our own operations.
type jsonProtocol struct {
	targets map[string]operation // by X-Amz-Target
	service string               // whose words refusals are in; "": ours
}

const jsonContentType = "application/x-amz-json-1.1"

// jsonOperations is the table of calls by X-Amz-Target.
func jsonOperations(c Config) map[string]operation {
	table := openirsaOperations(c)
	maps.Copy(table, cloudTrailOperations(c))
	return table
}

// prefixed puts a service's target prefix before each name.
func prefixed(prefix string, table map[string]operation) map[string]operation {
	targets := make(map[string]operation, len(table))
	for name, op := range table {
		targets[prefix+name] = op
	}
	return targets
}

// jsonCall makes an operation of a call whose parameters are the members of In.
func jsonCall[In any](service string, do func(context.Context, iam.Caller, In) (any, error)) operation {
	return operation{service: service, bind: func(q *request) (call, error) {
		var in In
		err := decodeJSON(q.body, &in)
		return func(ctx context.Context, caller iam.Caller) (any, error) { return do(ctx, caller, in) }, err
	}}
}

func (p jsonProtocol) route(q *request, a *answer) (operation, error) {
	target := q.header("X-Amz-Target")
	if strings.HasPrefix(strings.TrimPrefix(target, cloudTrailPackage), cloudTrailPrefix) {
		p.service = "cloudtrail"
		a.protocol = p
	}
	unrouted := operation{service: p.service}
	if err := q.checkLine(http.MethodPost); err != nil {
		return unrouted, err
	}
	mediaType, err := q.mediaType()
	switch {
	case err != nil:
		return unrouted, err
	case mediaType != jsonContentType:
		return unrouted, badHTTP("the Content-Type of a JSON call is %s", jsonContentType)
	case q.signed.RawQuery != "":
		return unrouted, badHTTP("a JSON request has no query")
	}
	op, known := p.targets[target]
	if !known {
		return unrouted, &iam.Error{Code: "UnknownOperationException", Message: "X-Amz-Target names no operation."}
	}
	return op, nil
}

// words answers every refusal of AWS's JSON services with status 400, as the protocol has it; our own operations have the statuses of IAM's.
func (p jsonProtocol) words(refused *iam.Error, status int) (*iam.Error, int) {
	refused, status = inWordsOf(p.service, refused, status)
	if p.service != "" && status < http.StatusInternalServerError && status != http.StatusRequestEntityTooLarge {
		status = http.StatusBadRequest
	}
	return refused, status
}

func (jsonProtocol) headers(header http.Header, _ *iam.Error) {
	header.Set("Content-Type", jsonContentType)
}

func (jsonProtocol) success(result any, _ string) ([]byte, error) { return marshalResult(result) }

func (jsonProtocol) failure(refused *iam.Error, _ int, _ string) ([]byte, error) {
	return marshalRefusal(refused)
}

// marshalResult writes a result; one without content is an empty object.
func marshalResult(result any) ([]byte, error) {
	if result == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(result)
}

func marshalRefusal(refused *iam.Error) ([]byte, error) {
	return json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{refused.Code, refused.Message})
}
