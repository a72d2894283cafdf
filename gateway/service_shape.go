package gateway

import (
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
)

// shape is how a client reads answers.
type shape struct {
	protocol    awsmodel.Protocol
	contentType string // of AWS JSON, in the client's version
	namespace   string // of the service's XML; "": none
	// queryErrors: the client wants the error code of the time when its service spoke Query, too
	// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#awsquerycompatible-trait).
	queryErrors bool
}

// shapeOf finds out which of its services' protocols a client speaks, before anything of the request is believed or understood.
func shapeOf(r *http.Request, services []*awsmodel.Service) shape {
	contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	s := shape{contentType: "application/x-amz-json-1.1", queryErrors: r.Header.Get("X-Amzn-Query-Mode") == "true", namespace: services[0].XMLNamespace}
	if strings.HasPrefix(contentType, "application/x-amz-json-1.") {
		s.contentType = contentType
	}
	speaks := func(p awsmodel.Protocol) bool {
		return slices.ContainsFunc(services, func(service *awsmodel.Service) bool { return slices.Contains(service.Protocols, p) })
	}
	s.protocol = services[0].Protocols[0]
	switch query, err := url.ParseQuery(r.URL.RawQuery); {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" && speaks(awsmodel.CBOR):
		s.protocol = awsmodel.CBOR
	case r.Header.Get("X-Amz-Target") != "" && speaks(awsmodel.JSON):
		s.protocol = awsmodel.JSON
	case contentType != "application/x-www-form-urlencoded" && (err != nil || !query.Has("Action")):
	case speaks(awsmodel.EC2):
		s.protocol = awsmodel.EC2
	case speaks(awsmodel.Query):
		s.protocol = awsmodel.Query
	}
	return s
}

// ec2Error is the error of EC2's Query protocol ("Error response" in the Amazon EC2 API Reference).
type ec2Error struct {
	XMLName   xml.Name `xml:"Response"`
	Code      string   `xml:"Errors>Error>Code"`
	Message   string   `xml:"Errors>Error>Message"`
	RequestID string   `xml:"RequestID"`
}

// writeError answers in the protocol's shape; to HEAD, without a body.
func (x *serviceExchange) writeError(t told) {
	header := x.w.Header()
	header.Set("X-Amzn-Requestid", x.origin.RequestID)
	document, err := x.shape.document(header, t, x.origin.RequestID)
	if err != nil {
		x.log("writing an error", err)
	}
	x.w.WriteHeader(t.status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(document) // the client is gone when this fails
	}
}

// document is an error's body; header gets what belongs to it.
func (s shape) document(header http.Header, t told, requestID string) ([]byte, error) {
	switch s.protocol {
	case awsmodel.EC2:
		header.Set("Content-Type", "text/xml;charset=UTF-8")
		document, err := xml.Marshal(ec2Error{Code: t.code, Message: t.message, RequestID: requestID})
		return append([]byte(xml.Header), document...), err
	case awsmodel.JSON, awsmodel.CBOR, awsmodel.RESTJSON:
		if s.queryErrors {
			header.Set("X-Amzn-Query-Error", queryCode(t)+";"+fault(t.status, "Sender", "Receiver"))
		}
		return s.exception(header, t)
	}
	header.Set("Content-Type", "text/xml")
	document := queryError{Type: fault(t.status, "Sender", "Receiver"), Code: t.code, Message: t.message, RequestID: requestID}
	document.XMLName = xml.Name{Space: s.namespace, Local: "ErrorResponse"}
	return xml.Marshal(document)
}

// exception is the error of the protocols without XML.
func (s shape) exception(header http.Header, t told) ([]byte, error) {
	switch s.protocol {
	case awsmodel.CBOR:
		header.Set("Content-Type", "application/cbor")
		header.Set("Smithy-Protocol", "rpc-v2-cbor")
		document := appendText([]byte{0xa2}, "__type") // a map of two
		document = appendText(document, t.code)
		document = appendText(document, "message")
		return appendText(document, t.message), nil
	case awsmodel.RESTJSON:
		header.Set("Content-Type", "application/json")
		header.Set("X-Amzn-Errortype", t.code)
		return json.Marshal(map[string]string{"message": t.message})
	}
	header.Set("Content-Type", s.contentType)
	return json.Marshal(map[string]string{"__type": t.code, "message": t.message})
}

// appendText appends a text in CBOR (RFC 8949, 3.1, major type 3).
func appendText(to []byte, text string) []byte {
	const major = 3 << 5
	switch n := len(text); {
	case n < 24:
		to = append(to, major|byte(n))
	case n < 1<<8:
		to = append(to, major|24, byte(n))
	case n < 1<<16:
		to = binary.BigEndian.AppendUint16(append(to, major|25), uint16(n))
	default:
		to = binary.BigEndian.AppendUint32(append(to, major|26), uint32(n))
	}
	return append(to, text...)
}

// fault is whose fault a status says it is.
func fault(status int, sender, receiver string) string {
	if status >= http.StatusInternalServerError {
		return receiver
	}
	return sender
}

// queryCode is how Query calls what another protocol calls t.
func queryCode(t told) string {
	switch t.code {
	case "UnrecognizedClientException":
		return "InvalidClientTokenId"
	case "InvalidSignatureException":
		return "SignatureDoesNotMatch"
	}
	return strings.TrimSuffix(t.code, "Exception")
}
