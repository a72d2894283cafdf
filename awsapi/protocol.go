package awsapi

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strconv"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sigv4"
)

// protocol is one of the two wire formats of an answer.
type protocol interface {
	contentType() string
	// success writes the result of an operation; a nil result has no content.
	success(result any, requestID string) ([]byte, error)
	failure(refused *iam.Error, status int, requestID string) ([]byte, error)
}

// answer is built up while a request is worked on, and written once.
type answer struct {
	protocol
	requestID string
	status    int
	body      []byte
}

func (a *answer) succeed(result any) (err error) {
	a.status = http.StatusOK
	a.body, err = a.success(result, a.requestID)
	return err
}

func (a *answer) fail(refused *iam.Error, status int) (err error) {
	a.status = status
	a.body, err = a.failure(refused, status, a.requestID)
	return err
}

func (a *answer) write(w http.ResponseWriter) error {
	header := w.Header()
	header.Set("X-Amzn-RequestId", a.requestID)
	header.Set("Content-Type", a.contentType())
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.status == http.StatusMethodNotAllowed {
		header.Set("Allow", "GET, POST")
	}
	w.WriteHeader(a.status)
	_, err := w.Write(a.body)
	return err
}

// claim has a request that could not be read refused in the namespace of the service that its signature's scope names, if that is one.
func (a *answer) claim(r *http.Request) {
	query, isQuery := a.protocol.(queryProtocol)
	authorization, err := sigv4.Parse(&sigv4.Request{Method: r.Method, RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header})
	if err != nil || !isQuery {
		return
	}
	if service, known := services[authorization.Scope.Service]; known {
		query.namespace = service.namespace
		a.protocol = query
	}
}

// queryProtocol is AWS's Query protocol, answering XML
// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
type queryProtocol struct {
	action    string
	namespace string
}

// faultNamespace is what AWS uses where the service is not known yet, as in an InvalidAction.
const faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"

type queryResponse struct {
	XMLName   xml.Name
	Result    *queryResult
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

type queryFailure struct {
	XMLName   xml.Name
	Type      string `xml:"Error>Type"`
	Code      string `xml:"Error>Code"`
	Message   string `xml:"Error>Message,omitempty"`
	RequestID string `xml:"RequestId"`
}

// queryResult gives the value the action's element name, which no struct tag can.
type queryResult struct {
	name  string
	value any
}

func (r *queryResult) MarshalXML(encoder *xml.Encoder, _ xml.StartElement) error {
	return encoder.EncodeElement(r.value, xml.StartElement{Name: xml.Name{Local: r.name}})
}

func (p queryProtocol) contentType() string { return "text/xml" }

func (p queryProtocol) success(result any, requestID string) ([]byte, error) {
	response := queryResponse{XMLName: xml.Name{Space: p.namespace, Local: p.action + "Response"}, RequestID: requestID}
	if result != nil {
		response.Result = &queryResult{name: p.action + "Result", value: result}
	}
	return marshalXML(response)
}

func (p queryProtocol) failure(refused *iam.Error, status int, requestID string) ([]byte, error) {
	fault := "Sender"
	if status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	return marshalXML(queryFailure{
		XMLName: xml.Name{Space: p.namespace, Local: "ErrorResponse"},
		Type:    fault, Code: refused.Code, Message: refused.Message, RequestID: requestID,
	})
}

func marshalXML(value any) ([]byte, error) {
	buffer := bytes.NewBufferString(xml.Header)
	if err := xml.NewEncoder(buffer).Encode(value); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// jsonProtocol is AWS JSON 1.1 (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html), for our own operations.
type jsonProtocol struct{}

const jsonContentType = "application/x-amz-json-1.1"

func (jsonProtocol) contentType() string { return jsonContentType }

func (jsonProtocol) success(result any, _ string) ([]byte, error) {
	if result == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(result)
}

func (jsonProtocol) failure(refused *iam.Error, _ int, _ string) ([]byte, error) {
	return json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{refused.Code, refused.Message})
}
