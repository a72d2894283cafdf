package awsapi

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"

	"github.com/openirsa/openirsa/iam"
)

// protocol is one way to put a call and its answer into HTTP. The decoding of an operation's parameters is the operation's bind, which the
// protocol's own tables hold.
type protocol interface {
	// route reads what the protocol gives a meaning in the request, refuses everything else in it, and finds the operation. It sets the answer's
	// protocol to the one that answers the operation: in its namespace, or in its service's words. An operation that comes with an error tells
	// at least the service.
	route(q *request, a *answer) (operation, error)
	// words puts a refusal into the service's words.
	words(refused *iam.Error, status int) (*iam.Error, int)
	// headers adds the answer's; refused is nil for a result.
	headers(header http.Header, refused *iam.Error)
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
	refused   *iam.Error
}

func (a *answer) succeed(result any) (err error) {
	a.status = http.StatusOK
	a.body, err = a.success(result, a.requestID)
	return err
}

func (a *answer) fail(refused *iam.Error, status int) (err error) {
	a.status, a.refused = status, refused
	a.body, err = a.failure(refused, status, a.requestID)
	return err
}

func (a *answer) write(w http.ResponseWriter) error {
	header := w.Header()
	header.Set("X-Amzn-RequestId", a.requestID)
	a.headers(header, a.refused)
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.status == http.StatusMethodNotAllowed {
		header.Set("Allow", "GET, POST")
	}
	w.WriteHeader(a.status)
	_, err := w.Write(a.body)
	return err
}

// claim has a request that could not be read refused in the namespace of the service that its signature's scope names, if that is one.
func (a *answer) claim(q *request) {
	query, isQuery := a.protocol.(queryProtocol)
	if service, known := services[q.scope()]; known && isQuery {
		query.namespace = service.namespace
		a.protocol = query
	}
}

// queryProtocol is AWS's Query protocol, answering XML
// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
type queryProtocol struct {
	actions   map[string]operation // by Action
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

func (p queryProtocol) words(refused *iam.Error, status int) (*iam.Error, int) {
	return refused, status
}

func (p queryProtocol) headers(header http.Header, _ *iam.Error) {
	header.Set("Content-Type", "text/xml")
}

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
