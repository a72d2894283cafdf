package awsmodel

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// maxInflated bounds a compressed body, in bytes after decompression: SDKs compress bodies that one request may have uncompressed.
const maxInflated = 8 << 20

// Parse finds out which operation of the services with a signing name a request is, and reads its whole input by the model. What is not
// in the model is an error, an *Error. Of the operation, Calls and ReadOnly are left to whoever knows what it means.
//
// A request says which protocol it speaks: by Smithy-Protocol, by X-Amz-Target, by the content type of a form, and otherwise it is REST. It
// is read in no other, so that no two readers can find two meanings in it.
func (m *Models) Parse(signingName string, r Request) (*Operation, error) {
	services := m.ByName(signingName)
	if len(services) == 0 {
		return nil, &Error{Kind: UnknownOperation, Message: "no service is known by the signing name of the request"}
	}
	in, err := newIncoming(r)
	if err != nil {
		return nil, err
	}
	if err := in.inflate(services); err != nil {
		return nil, err
	}
	o, err := in.parser(services)(services, in)
	if err != nil {
		return nil, err
	}
	o.canonical = o.write()
	if in.header("x-amzn-query-mode") == "true" && o.Service.QueryCompatible {
		o.canonical.Header["X-Amzn-Query-Mode"] = []string{"true"} // asks for the old error codes in the answer's header
	}
	return o, nil
}

// parser chooses the protocol.
func (r *incoming) parser(services []*Service) func([]*Service, *incoming) (*Operation, error) {
	speak := func(protocols ...Protocol) bool {
		return slices.ContainsFunc(services, func(s *Service) bool { return slices.ContainsFunc(protocols, s.speaks) })
	}
	switch {
	case r.has("smithy-protocol"):
		return parseCBOR
	case r.has("x-amz-target"):
		return parseJSON
	case r.contentType() == "application/x-www-form-urlencoded" && r.request.Method == "POST":
		if len(r.request.Body) > 0 || speak(Query, EC2) {
			return parseQueryProtocol
		}
	case speak(Query, EC2) && (r.request.Path == "/" || r.request.Path == "") && r.request.Method == "GET" && !r.has("content-type"):
		return parseQueryProtocol
	}
	if speak(RESTJSON, RESTXML) {
		return parseREST
	}
	return func([]*Service, *incoming) (*Operation, error) {
		return nil, malformed("the request is not in a protocol of the service")
	}
}

// write writes an operation anew, in the protocol that it came in.
func (o *Operation) write() Request {
	switch o.Protocol {
	case Query, EC2:
		return writeQuery(o)
	case JSON:
		return writeJSON(o)
	case CBOR:
		return writeCBOR(o)
	}
	return writeREST(o)
}

// understand holds a request against what it may be, in turn. Services that share a signing name share operations (RDS with Neptune and
// DocumentDB, Wisdom with Q in Connect): it is the first that understands all of it, if those that do agree on the operation and its input, or on the operation
// and their host, where AWS cannot tell them apart either (Greengrass V1 and V2). Otherwise nobody knows what must be decided (the bots of Lex V1
// have names in the place of V2's ids). If none does, the first error is returned
// that is about an operation's input.
func understand[T any](candidates []T, parse func(T) (*Operation, error)) (*Operation, error) {
	var found *Operation
	var first error
	for _, c := range candidates {
		o, err := parse(c)
		var known *Error
		switch unknown := errors.As(first, &known) && known.Kind == UnknownOperation; {
		case err != nil && (first == nil || unknown):
			first = err
		case err != nil:
		case found == nil:
			found = o
		case found.Name != o.Name || found.Service.EndpointPrefix != o.Service.EndpointPrefix && !reflect.DeepEqual(found.Input, o.Input):
			return nil, &Error{Kind: Undecidable, Message: fmt.Sprintf("the request may be %s of %s or %s of %s: only its host name tells", found.Name,
				found.Service.ID, o.Name, o.Service.ID)}
		}
	}
	if found == nil {
		return nil, first
	}
	return found, nil
}

// incoming is a request with its headers by their names in lower case.
type incoming struct {
	request Request
	headers map[string][]string
	gzip    bool // the body was compressed
}

func newIncoming(r Request) (*incoming, error) {
	if len(r.Body) > maxRequestBody {
		return nil, malformed("the body has %d bytes, more than %d", len(r.Body), maxRequestBody)
	}
	in := &incoming{request: r, headers: make(map[string][]string, len(r.Header))}
	for name, values := range r.Header {
		name = lower(name)
		in.headers[name] = append(in.headers[name], values...)
	}
	for name, values := range in.headers {
		told := strings.HasPrefix(name, "x-amz") || name == "content-type" || name == "content-encoding" || name == "smithy-protocol"
		if told && len(values) != 1 {
			return nil, malformed("the header %s is there %d times", name, len(values))
		}
	}
	if _, charset, given := strings.Cut(lower(in.header("content-type")), "charset="); given {
		if charset = strings.Trim(charset, `" `); charset != "utf-8" {
			return nil, malformed("the character set %.40q is not UTF-8", charset)
		}
	}
	return in, nil
}

// has tells whether a header is there, by its name in lower case.
func (r *incoming) has(name string) bool { return len(r.headers[name]) > 0 }

// header returns a header's first value.
func (r *incoming) header(name string) string {
	if values := r.headers[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// contentType is the media type in lower case, without parameters.
func (r *incoming) contentType() string {
	media, _, _ := strings.Cut(r.header("content-type"), ";")
	return lower(strings.TrimSpace(media))
}

// inflate decompresses a body where an operation of the services may have a compressed one. check makes sure that it is that operation.
func (r *incoming) inflate(services []*Service) error {
	encoding := r.header("content-encoding")
	if encoding == "" {
		return nil
	}
	mayCompress := func(s *Service) bool {
		return slices.ContainsFunc(s.Operations(), func(o *OperationModel) bool { return o.GzipBody })
	}
	if encoding != "gzip" || !slices.ContainsFunc(services, mayCompress) {
		return malformed("the content encoding %.40q is not accepted here", encoding)
	}
	reader, err := gzip.NewReader(bytes.NewReader(r.request.Body))
	if err != nil {
		return malformed("the body is not gzip: %v", err)
	}
	reader.Multistream(false)
	body, err := io.ReadAll(io.LimitReader(reader, maxInflated+1))
	switch {
	case err != nil:
		return malformed("the body is not gzip: %v", err)
	case len(body) > maxInflated:
		return malformed("the body has more than %d bytes when it is decompressed", maxInflated)
	}
	r.request.Body, r.gzip = body, true
	return nil
}

// requirePost refuses what RPC requests do not have: another method or path, a query string but for a URL's signature.
func (r *incoming) requirePost(path string) error {
	parameters, err := readForm(r.request.RawQuery, false)
	switch {
	case err != nil:
		return err
	case r.request.Method != "POST" || r.request.Path != path && (path != "/" || r.request.Path != ""):
		return malformed("a request in this protocol is a POST to %.200q", path)
	}
	if left := withoutSignature(parameters); len(left) > 0 {
		return malformed("the parameter %.100q is in the query string, where this protocol has none", left[0].name)
	}
	return nil
}

// check refuses what cannot be decided, and headers that the operation does not have.
func (r *incoming) check(o *OperationModel) error {
	if o.EventStream {
		return &Error{Kind: Undecidable, Message: "the operation " + o.Name + " takes a stream of events, which cannot be read before it runs"}
	}
	if r.gzip && !o.GzipBody {
		return malformed("the operation %s has no compressed body", o.Name)
	}
	for _, name := range sortedNames(r.headers) {
		if strings.HasPrefix(name, "x-amz") && !withoutMeaning(name, o) && headerMember(o.Input, name) == nil {
			return unknownParameter("header " + name)
		}
	}
	return nil
}

func sortedNames(headers map[string][]string) []string {
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// withoutMeaning names the headers of AWS that say nothing about what an operation does. They are dropped.
func withoutMeaning(name string, o *OperationModel) bool {
	switch name {
	case "x-amz-date", "x-amz-security-token", "x-amz-content-sha256": // authentication's
		return true
	case "x-amz-target": // names the operation in AWS JSON; no other protocol gets as far as here with it
		return true
	case "x-amz-user-agent", "x-amzn-trace-id": // of the client; of the call that this one is a part of
		return true
	case "x-amzn-query-mode": // about the form of errors
		return true
	case "x-amz-api-version": // the SDK for Python's, with the version of the model
		return true
	case "x-amz-glacier-version": // the API version again: writeREST sends the model's
		return o.URI != "" && strings.HasPrefix(o.URI, "/{accountId}/")
	}
	// Checksums of the body, which the signature covers. The body is written anew, and they would not be right any more.
	return o.Checksum && (strings.HasPrefix(name, "x-amz-checksum-") || name == "x-amz-sdk-checksum-algorithm")
}

// headerMember is the member of an input that is in a header, by the header's name in lower case.
func headerMember(input *Shape, name string) *Member {
	for i := range input.Members {
		m := &input.Members[i]
		if m.Location == InHeader && lower(m.Wire) == name || m.Location == InHeaders && strings.HasPrefix(name, lower(m.Wire)) && len(name) > len(m.Wire) {
			return m
		}
	}
	return nil
}
