package gateway

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
)

// eventKeys is how many of the keys of one DeleteObjects request its event lists.
const eventKeys = 100

// s3Namespace is that of S3's documents.
const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// deleteResult is DeleteObjects' answer (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
type deleteResult struct {
	XMLName xml.Name
	Deleted []deletedKey
	Error   []deleteError
}

type deletedKey struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type deleteError struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	Code      string
	Message   string
}

// deleteObjects decides each key for itself, as S3 does: those that are denied come back as errors, the others are deleted.
func (x *exchange) deleteObjects() {
	allowed, denied, err := x.decideKeys()
	if err != nil {
		x.refuse(err)
		return
	}
	if len(denied) == 0 {
		x.pass(x.operation, plainBody(x.operation.Document))
		return
	}
	result := deleteResult{XMLName: xml.Name{Space: s3Namespace, Local: "DeleteResult"}}
	if len(allowed.Objects) > 0 {
		operation := x.operation.WithDelete(allowed)
		done, err := x.ask(operation, plainBody(operation.Document))
		switch {
		case err != nil:
			(&answer{w: x.w, exchange: x}).finish(err)
			return
		case !isSuccess(done.status):
			x.passError(done.status, done.header, done.body.Bytes())
			return
		}
		var answered deleteResult
		if err := xml.Unmarshal(done.body.Bytes(), &answered); err != nil || answered.XMLName.Local != result.XMLName.Local {
			x.refuse(internalError(errors.Join(fmt.Errorf("the backend answered with %q", answered.XMLName.Local), err)))
			return
		}
		result.Deleted, result.Error = answered.Deleted, answered.Error
	}
	result.Error = inOrder(x.operation.Delete.Objects, append(result.Error, denied...))
	x.note(http.StatusOK, denied[0].Code, denied[0].Message)
	x.writeDocument(http.StatusOK, result)
}

// inOrder sorts errors as their objects were asked for, whether the gateway or its server refused them.
func inOrder(asked []awsmodel.DeleteObject, refused []deleteError) []deleteError {
	type object struct{ key, version string }
	position := make(map[object]int, len(asked))
	for i, o := range asked {
		position[object{o.Key, o.VersionID}] = i
	}
	slices.SortStableFunc(refused, func(a, b deleteError) int {
		return position[object{a.Key, a.VersionID}] - position[object{b.Key, b.VersionID}]
	})
	return refused
}

// decideKeys parts the keys into those that may be deleted and the errors of the others. The event keeps the first denial, or else the
// last key's decision. An error other than a denial is one of the whole request.
func (x *exchange) decideKeys() (allowed awsmodel.Delete, denied []deleteError, err error) {
	asked := x.operation.Delete
	var keys []string
	for _, object := range asked.Objects[:min(eventKeys, len(asked.Objects))] {
		keys = append(keys, object.Key)
	}
	x.event.RequestParameters["keyCount"], x.event.RequestParameters["keys"] = len(asked.Objects), keys
	allowed.Quiet = asked.Quiet
	event := x.event
	for _, object := range asked.Objects {
		err := x.decideAll(x.operation.DeleteCalls(object))
		if err == nil {
			allowed.Objects = append(allowed.Objects, object)
			continue
		}
		e, ok := errors.AsType[*iam.Error](err)
		if !ok || e.Code != "AccessDenied" {
			return allowed, nil, err
		}
		if len(denied) == 0 {
			event = x.event
		}
		denied = append(denied, deleteError{object.Key, object.VersionID, e.Code, e.Message})
	}
	if len(denied) > 0 {
		x.event = event
		x.event.RequestParameters["deniedCount"] = len(denied)
	}
	return allowed, denied, nil
}

// writeDocument answers with an XML document of the gateway's own.
func (x *exchange) writeDocument(status int, v any) {
	document, err := xml.Marshal(v)
	if err != nil {
		x.refuse(internalError(err))
		return
	}
	x.identify(x.w.Header())
	x.w.Header().Set("Content-Type", "application/xml")
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, xml.Header+string(document)) // the client is gone when this fails
}

// ask has the server do something whose answer the gateway reads.
func (x *exchange) ask(operation awsmodel.S3Operation, body *verifiedBody) (*recorder, error) {
	done := &recorder{}
	if err := x.forward(done, operation, body); err != nil {
		return nil, err
	}
	done.WriteHeader(http.StatusOK)
	return done, nil
}

// maxRecorded bounds an answer that the gateway reads: that to a thousand keys of 1,024 bytes, escaped.
const maxRecorded = 16 << 20

var errTooLong = errors.New("the backend's answer is too long")

// recorder keeps a server's answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.body.Len()+len(p) > maxRecorded {
		return 0, errTooLong
	}
	return r.body.Write(p)
}
