package gateway

import (
	"bytes"
	"encoding/xml"
)

// endsLate tells the operations that may take so long that a server sends their status before it knows whether they succeed: what their answer
// means stands in its document (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html, API_CopyObject.html). It is held back, and
// the client gets the status that belongs to it.
func (a *answer) endsLate() bool {
	switch a.operation.Name {
	case "CompleteMultipartUpload", "CopyObject", "UploadPartCopy":
		return true
	}
	return false
}

// settle gives a failure that was told late its status.
func (a *answer) settle() {
	var failed errorDocument
	if a.held && isSuccess(a.status) && xml.Unmarshal(a.kept.Bytes(), &failed) == nil && failed.Code != "" {
		a.status = statusOf(failed.Code)
	}
}

// finishLate answers a success that was told late.
func (a *answer) finishLate() {
	document := a.kept.Bytes()
	if len(document) == maxBackendError {
		a.refuse(internalError(errTooLong))
		return
	}
	a.note(a.status, "", "")
	header := a.w.Header()
	a.passHeader(header)
	a.identify(header)
	header.Del("Content-Length") // the document may have another
	header.Set("Content-Type", "application/xml")
	a.w.WriteHeader(a.status)
	_, _ = a.w.Write(a.withLocation(document)) // the client is gone when this fails
}

// withLocation puts the address at which the client finds the object in the place of the server's.
func (a *answer) withLocation(document []byte) []byte {
	before, rest, found := bytes.Cut(document, []byte("<Location>"))
	_, after, ended := bytes.Cut(rest, []byte("</Location>"))
	if !found || !ended {
		return document
	}
	var location bytes.Buffer
	_ = xml.EscapeText(&location, []byte(a.location())) // a bytes.Buffer never fails
	return bytes.Join([][]byte{before, []byte("<Location>"), location.Bytes(), []byte("</Location>"), after}, nil)
}
