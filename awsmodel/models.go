package awsmodel

import (
	_ "embed"
	"slices"
	"sort"
	"strings"
	"sync"
)

// modelTable is what the generate folder makes of the services' models; models_table.go knows its form.
//
//go:embed models.bin
var modelTable string

// Models are the models of every AWS service but Amazon S3: which operations it has, how their requests look on the wire, and what is in
// them. Parse reads a request by them.
//
// A service's operations are decoded when they are first asked for, and kept. It is safe for concurrent use. What it returns is shared
// and must not be changed.
type Models struct {
	source   string
	chapters []chapter
	services []*Service            // ascending by ID
	byName   map[string][]*Service // by signing name, in their order
}

// NewModels opens the table that is built in. Its checksum is verified here, so that a damaged binary is an error now and not a wrong
// answer later.
func NewModels() (*Models, error) { return ParseModels(modelTable) }

// Source says what the table was made from: modules and packages with their versions.
func (m *Models) Source() string { return m.source }

// Services returns all services, ascending by ID.
func (m *Models) Services() []*Service { return m.services }

// ByName returns the services that share a signing name (rds: RDS, Neptune and DocDB), in the order in which a request is held against
// them; none if the name is unknown.
func (m *Models) ByName(signingName string) []*Service { return m.byName[signingName] }

// Check decodes the whole table and returns the first error.
func (m *Models) Check() error {
	for _, s := range m.services {
		if _, err := s.decode(); err != nil {
			return err
		}
	}
	return nil
}

// Service is one AWS service's API, as its model describes it.
type Service struct {
	ID              string     // as SDKs name it: "EC2", "Elastic Load Balancing v2"
	SigningName     string     // in credential scopes: elasticloadbalancing
	EndpointPrefix  string     // of its host names: monitoring in monitoring.us-east-1.amazonaws.com
	Prefix          string     // of its actions: elasticloadbalancing
	EventSource     string     // as CloudTrail spells it: elasticloadbalancing.amazonaws.com
	APIVersion      string     // 2015-12-01
	Protocols       []Protocol // that it answers in, the model's own first
	TargetPrefix    string     // before the operation in X-Amz-Target, and the service's name in the paths of RPC v2 CBOR; empty where it has neither
	JSONVersion     string     // 1.0 or 1.1, where it speaks JSON
	XMLNamespace    string     // of its XML documents, answers included; empty where it has none
	QueryCompatible bool       // it once spoke Query, and tells its old error codes in x-amzn-query-error to whoever sends x-amzn-query-mode

	order  int // among the services of a signing name
	models *Models
	part   modelPart
	once   sync.Once
	model  *serviceModel
	err    error
}

// Operations returns the service's operations, ascending by name. They must not be changed.
func (s *Service) Operations() []*OperationModel {
	model, err := s.decode()
	if err != nil {
		return nil // the part passed the checksum and the generator's Check: this cannot be; a service of which nothing is known denies all
	}
	return model.operations
}

// Operation finds an operation by its name in the API reference, which is case-sensitive.
func (s *Service) Operation(name string) (*OperationModel, bool) {
	operations := s.Operations()
	i, found := sort.Find(len(operations), func(i int) int { return strings.Compare(name, operations[i].Name) })
	if !found {
		return nil, false
	}
	return operations[i], true
}

// speaks tells whether the service answers in a protocol.
func (s *Service) speaks(p Protocol) bool { return slices.Contains(s.Protocols, p) }

// OperationModel is what a model says of an operation.
type OperationModel struct {
	Name   string
	Method string // of HTTP: POST
	URI    string // its template: /clusters/{name}; a greedy label is {name+}; literal query parameters may follow a "?"
	Host   string // what is put before the service's host name: "{AccountId}."; empty for nothing
	Input  *Shape // a structure, never nil
	// Output is the structure of a successful answer, as far as ids, names, ARNs and tags of what was made can be in it: strings, lists and
	// structures to a depth of four. It is there for operations that make or change something by their names (Create…, Run…, Put…); nil for others.
	Output *Shape
	// EventStream: its input goes on while the operation runs. Such a request cannot be read whole, and is Undecidable.
	EventStream bool
	// GzipBody: SDKs may compress its body (Content-Encoding: gzip).
	GzipBody bool
	// Checksum: SDKs may send checksums of its body in x-amz-checksum-* headers or Content-MD5.
	Checksum bool
	// Unsigned: it is for callers without credentials too.
	Unsigned bool
	// RootName is the XML root element of its body, where the protocol needs one.
	RootName string
}

// Kind is a shape's type.
type Kind byte

// The kinds of shapes (https://smithy.io/2.0/spec/simple-types.html, aggregate-types.html).
const (
	Structure Kind = iota
	Union          // a structure of which exactly one member is set
	List
	Map // its keys are strings
	String
	Boolean
	Integer // of 32 bits
	Long    // of 64 bits
	Float
	Double
	Number // of which the model does not say more
	Timestamp
	Blob
	Document // any JSON value
	EventStream
)

// Shape is a type of values.
type Shape struct {
	Kind      Kind
	Members   []Member // of a structure or union, ascending by name
	Element   *Member  // of a list; the value of a map. It has no name
	Key       *Member  // of a map
	Flattened bool     // a list or map without an element of its own in Query and XML
	Payload   string   // of an operation's input: the member that is the body; empty: all members without a location are in it
}

// Member finds a member by name.
func (s *Shape) Member(name string) (*Member, bool) {
	i, found := sort.Find(len(s.Members), func(i int) int { return strings.Compare(name, s.Members[i].Name) })
	if !found {
		return nil, false
	}
	return &s.Members[i], true
}

// Location is the part of a REST request that a member of an operation's input is in.
type Location byte

// The locations.
const (
	InBody Location = iota
	InURI
	InQuery   // the query string; of a map: every parameter without a meaning of its own
	InHeader  // one header
	InHeaders // a map, in all headers whose names begin with Wire
)

// TimestampFormat is how a timestamp is written.
type TimestampFormat byte

// The formats (https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait).
const (
	DefaultTimestamp TimestampFormat = iota // the protocol's
	DateTime                                // RFC 3339
	HTTPDate                                // RFC 7231
	EpochSeconds
)

// Member is a named part of a structure, or the element of a list or map.
type Member struct {
	Name             string // the model's, under which Operation.Input has it
	Wire             string // its name on the wire
	Shape            *Shape
	Location         Location
	Timestamp        TimestampFormat
	Required         bool
	IdempotencyToken bool // SDKs make it up where the caller does not
	JSONValue        bool // a string that holds JSON; in a header, in base64
	HostLabel        bool // also a part of the host's name
}
