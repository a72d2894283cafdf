package awsmodel

// Place is where a request is made: what completes the ARNs of its resources.
type Place struct {
	Partition string // aws
	Region    string // of the signature's credential scope
	Account   string // the caller's; 12 digits
}

// Protocol is how a service's requests and answers are written.
type Protocol string

// The protocols (https://smithy.io/2.0/aws/protocols/). S3's requests are REST-XML, but S3Operation's.
const (
	Query    Protocol = "query"     // AWS Query
	EC2      Protocol = "ec2"       // AWS EC2 Query
	JSON     Protocol = "json"      // AWS JSON 1.0 and 1.1
	RESTJSON Protocol = "rest-json" // AWS restJson1
	RESTXML  Protocol = "rest-xml"  // AWS restXml
	CBOR     Protocol = "rpcv2Cbor" // Smithy RPC v2 CBOR
)

// Operation is a classified request of any service but S3: read whole, held against its service's model, and written anew.
type Operation struct {
	Service  *Service
	Name     string // as in the API reference: RunInstances
	Model    *OperationModel
	Protocol Protocol // that this request was made in; a service may have several
	ReadOnly bool
	// Input is the operation's input under the model's member names, whatever the protocol calls them on the wire. A structure or map is a
	// map[string]any, a list []any, a blob []byte, a number json.Number; everything else (strings, timestamps as they were sent) is a string,
	// and a boolean a bool. What was not sent is absent.
	Input map[string]any
	// Calls must all be allowed; none is never right, and denies.
	Calls []Call

	canonical Request
}

// Request is the request written anew from what was understood: classifying it gives the same operation.
func (o *Operation) Request() Request { return o.canonical }
