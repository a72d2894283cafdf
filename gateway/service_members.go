package gateway

import (
	"encoding/json"
	"encoding/xml"
	"net/http"

	"github.com/openirsa/openirsa/awsmodel"
)

// writeMembers answers an operation that the gateway itself carried out: members are texts, and the map of a queue's or topic's attributes.
func (x *serviceExchange) writeMembers(members map[string]any) {
	header := x.w.Header()
	header.Set("X-Amzn-Requestid", x.origin.RequestID)
	document, err := x.shape.result(header, x.operation, members, x.origin.RequestID)
	if err != nil {
		x.refuse(err)
		return
	}
	switch status := successOf(x.operation); status {
	case http.StatusNoContent:
		header.Del("Content-Type")
		x.w.WriteHeader(status)
	default:
		x.w.WriteHeader(status)
		_, _ = x.w.Write(document) // the client is gone when this fails
	}
}

// successOf is the status of an operation's success (AWS Lambda API Reference, AddPermission and RemovePermission: "HTTP Status Code").
func successOf(operation *awsmodel.Operation) int {
	switch operation.Service.SigningName + ":" + operation.Name {
	case "lambda:AddPermission":
		return http.StatusCreated
	case "lambda:RemovePermission":
		return http.StatusNoContent
	}
	return http.StatusOK
}

// result is a success; header gets what belongs to it. The resources with policies are of services that speak JSON or Query, and of Query's only
// topics and queues have members to show: their attributes, each service in its own form.
func (s shape) result(header http.Header, operation *awsmodel.Operation, members map[string]any, requestID string) ([]byte, error) {
	if members == nil {
		members = map[string]any{}
	}
	switch s.protocol {
	case awsmodel.JSON:
		header.Set("Content-Type", s.contentType)
		return json.Marshal(members)
	case awsmodel.RESTJSON:
		header.Set("Content-Type", "application/json")
		return json.Marshal(members)
	}
	header.Set("Content-Type", "text/xml")
	document := queryResult{RequestID: requestID}
	document.XMLName = xml.Name{Space: s.namespace, Local: operation.Name + "Response"}
	document.Result.XMLName.Local = operation.Name + "Result"
	attributes, _ := members["Attributes"].(map[string]any)
	for name, value := range attributes {
		if operation.Service.SigningName == "sqs" {
			document.Result.Queue = append(document.Result.Queue, queueAttribute{name, value})
		} else {
			document.Result.Topic = append(document.Result.Topic, topicAttribute{name, value})
		}
	}
	return xml.Marshal(document)
}

// queryResult is a success of AWS's Query protocol.
type queryResult struct {
	XMLName xml.Name
	Result  struct {
		XMLName xml.Name
		Topic   []topicAttribute `xml:"Attributes>entry"`
		Queue   []queueAttribute `xml:"Attribute"`
	}
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

type topicAttribute struct {
	Name  string `xml:"key"`
	Value any    `xml:"value"`
}

type queueAttribute struct {
	Name  string
	Value any
}
