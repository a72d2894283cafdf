package gateway

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// queryError is the error of AWS's Query protocol.
type queryError struct {
	XMLName   xml.Name // ErrorResponse, in the namespace of the service
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// refuseService answers a request that is signed for a service that nobody serves here, in the shape in which that service's SDK client reads
// errors. Nothing is passed on, and nobody is authenticated: there is nothing to allow.
func (g *Gateway) refuseService(w http.ResponseWriter, r *http.Request, origin trail.Origin, a *sigv4.Authorization) {
	service := serviceName(a.Scope.Service)
	message := "The service " + service + " is not served here. The request was refused; it was not passed on to AWS or to anyone else."
	origin.Region = a.Scope.Region
	event := anonymousEvent(origin, service+".amazonaws.com")
	event.ErrorCode, event.ErrorMessage, event.Explanation = "AccessDenied", message, "no service of the plane has this name"
	event.ResponseElements = map[string]any{"status": http.StatusForbidden}
	g.c.Trail.Refuse(event)

	header := w.Header()
	header.Set("x-amzn-requestid", origin.RequestID)
	var document []byte
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		header.Set("Content-Type", "text/xml")
		document, err = xml.Marshal(queryError{XMLName: xml.Name{Local: "ErrorResponse"}, Type: "Sender", Code: "AccessDenied", Message: message, RequestID: origin.RequestID})
	} else { // AWS JSON and REST JSON, which read the code from the header or the body
		header.Set("Content-Type", "application/x-amz-json-1.1")
		header.Set("x-amzn-errortype", "AccessDeniedException")
		document, err = json.Marshal(map[string]string{"__type": "AccessDeniedException", "message": message})
	}
	if err != nil {
		g.c.Logger.Error("writing an error", "request", origin.RequestID, "error", err)
	}
	w.WriteHeader(http.StatusForbidden)
	if r.Method != http.MethodHead {
		_, _ = w.Write(document) // the client is gone when this fails
	}
}

// serviceName makes a claimed service name fit for a message and the trail: it is not verified.
func serviceName(claimed string) string {
	if claimed == "" || len(claimed) > 32 || strings.Trim(claimed, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "unknown"
	}
	return claimed
}

// anonymousEvent begins the event of a request whose caller is not known.
func anonymousEvent(origin trail.Origin, source string) trail.Event {
	return trail.Event{Source: source, Name: "UnknownOperation", Category: trail.Data, UserIdentity: trail.Identity{Type: "Unknown"},
		Region: origin.Region, SourceIP: origin.SourceIP, UserAgent: origin.UserAgent, RequestID: origin.RequestID, Time: origin.Time}
}
