package trail

import (
	"time"

	"github.com/openirsa/openirsa/policy"
)

// Origin is where a request came from, as the one resolver in cmd/irsa found it.
type Origin struct {
	RequestID       string // UUID, also in the answer
	SourceIP        string
	UserAgent       string
	Region          string // the signature's region, or the configured one
	Host            string
	SecureTransport bool
	Time            time.Time
}

// Identity is CloudTrail's userIdentity element: who asked, as far as that was proved.
type Identity struct {
	Type        string `json:"type"` // Root, IAMUser, AssumedRole, WebIdentityUser, Unknown
	PrincipalID string `json:"principalId,omitempty"`
	ARN         string `json:"arn,omitempty"`
	AccountID   string `json:"accountId,omitempty"`
	AccessKeyID string `json:"accessKeyId,omitempty"`
	UserName    string `json:"userName,omitempty"`         // a web identity's sub
	Provider    string `json:"identityProvider,omitempty"` // a web identity's iss
}

// The categories of events, as CloudTrail's eventCategory has them.
const (
	Management = "Management" // changes and reads of the directory, exchanges
	Data       = "Data"       // requests to a backend
)

// Event is one decision in the shape of a CloudTrail record ("CloudTrail record contents for management, data, and
// network activity events" in the CloudTrail user guide), so that tools for CloudTrail read it. The members that
// CloudTrail does not have are marked ours.
//
// Every event of the plane passes here on its way to a file that many may read. There is no member for a token, a
// secret access key or a plaintext; RequestParameters and ResponseElements hold what their caller puts into them,
// which must not be one either.
type Event struct {
	// Sequence and Chain (hex SHA-256) are the line's place in the hash chain; ours. Reading an event fills them; what
	// a recorder sets is ignored.
	Sequence uint64 `json:"sequence,omitempty"`
	Chain    string `json:"chain,omitempty"`

	ID                string           `json:"eventID"`     // UUID; filled when empty
	Time              time.Time        `json:"eventTime"`   // filled when zero
	Source            string           `json:"eventSource"` // sts.amazonaws.com
	Name              string           `json:"eventName"`   // AssumeRoleWithWebIdentity
	Region            string           `json:"awsRegion"`
	SourceIP          string           `json:"sourceIPAddress"`
	UserAgent         string           `json:"userAgent,omitempty"`
	RequestID         string           `json:"requestID"`
	Account           string           `json:"recipientAccountId,omitempty"`
	UserIdentity      Identity         `json:"userIdentity"`
	RequestParameters map[string]any   `json:"requestParameters,omitempty"`
	ResponseElements  map[string]any   `json:"responseElements,omitempty"`
	ErrorCode         string           `json:"errorCode,omitempty"`
	ErrorMessage      string           `json:"errorMessage,omitempty"`
	ReadOnly          bool             `json:"readOnly"`
	Category          string           `json:"eventCategory"`         // Management or Data
	Action            string           `json:"action,omitempty"`      // ours: the IAM action that was decided
	Resource          string           `json:"resource,omitempty"`    // ours: the ARN that was decided
	Decision          *policy.Decision `json:"decision,omitempty"`    // ours
	Explanation       string           `json:"explanation,omitempty"` // ours: why, in one sentence, where no policy decided (a token refused)
	Count             int              `json:"count,omitempty"`       // ours: how many refusals this one event stands for; see Refuse

	// EncodedAuthorizationMessage is what sts:DecodeAuthorizationMessage opens, of a denial to an authenticated caller; ours. The
	// trail has Encoder make it of every event whose Decision denies, so that nobody who records a denial can forget to. Context
	// are the condition keys that were decided by. Neither of the two is written.
	EncodedAuthorizationMessage string               `json:"encodedAuthorizationMessage,omitempty"`
	Encoder                     AuthorizationEncoder `json:"-"`
	Context                     *policy.Context      `json:"-"`
}

// AuthorizationEncoder seals what an event tells of a denial into a message, base64url of at most 10,240 characters; "" if it cannot.
type AuthorizationEncoder interface {
	EncodeAuthorization(e Event) string
}
