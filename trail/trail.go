// Package trail STUB: API agreed between packages. The owner replaces every body and comment.
package trail

import (
	"context"
	"net/http"
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

// Identity is CloudTrail's userIdentity.
type Identity struct {
	Type        string `json:"type"` // Root, IAMUser, AssumedRole, WebIdentityUser, Unknown
	PrincipalID string `json:"principalId,omitempty"`
	ARN         string `json:"arn,omitempty"`
	AccountID   string `json:"accountId,omitempty"`
	AccessKeyID string `json:"accessKeyId,omitempty"`
	UserName    string `json:"userName,omitempty"` // a web identity's sub
	Provider    string `json:"identityProvider,omitempty"`
}

// Category of an event.
const (
	Management = "Management"
	Data       = "Data"
)

// Event is one decision, CloudTrail-shaped.
type Event struct {
	// Sequence and Chain are filled when an event is read; what a caller sets is ignored.
	Sequence          uint64           `json:"sequence,omitempty"`
	Chain             string           `json:"chain,omitempty"` // hex SHA-256
	ID                string           `json:"eventID"`
	Time              time.Time        `json:"eventTime"`
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
	Category          string           `json:"eventCategory"`
	Action            string           `json:"action,omitempty"` // ours: the IAM action decided
	Resource          string           `json:"resource,omitempty"`
	Decision          *policy.Decision `json:"decision,omitempty"`    // ours
	Explanation       string           `json:"explanation,omitempty"` // ours: why, in one sentence, where no policy decided (a token refused)
	Count             int              `json:"count,omitempty"`       // aggregated failures
}

// Config of a Trail.
type Config struct {
	Dir         string
	MaxFileSize int64 // bytes; 0: 64 MiB
	MaxFiles    int   // 0: 16
	Sync        bool  // group-committed fdatasync before Record returns
	Queue       int   // data-plane events waiting; 0: 4096
	Drop        bool  // full queue: drop and count (true) or block (false)
	Now         func() time.Time
}

// Trail writes, keeps and finds events.
type Trail struct{}

// Open continues the trail in c.Dir (its hash chain too), or begins one.
func Open(c Config) (*Trail, error) { return nil, nil }

// Record writes e with write(2) before it returns. The caller denies what it was about to do when this fails.
// It fills ID and Time when empty.
func (t *Trail) Record(ctx context.Context, e Event) error { return nil }

// Enqueue hands over a data-plane event (or a read) that need not be written before the answer.
func (t *Trail) Enqueue(e Event) {}

// Refuse records a failure before authentication: a few a minute per source one by one, the rest aggregated with Count.
func (t *Trail) Refuse(e Event) {}

// Find returns the events of one request, newest first.
func (t *Trail) Find(ctx context.Context, requestID string) ([]Event, error) { return nil, nil }

// FindIn is Find over a folder, whether or not a Trail has it open.
func FindIn(ctx context.Context, dir, requestID string) ([]Event, error) { return nil, nil }

// Verify walks the files of dir and reports the first place where the hash chain does not hold.
func Verify(dir string) error { return nil }

// Metrics serves Prometheus metrics derived from the events.
func (t *Trail) Metrics() http.Handler { return nil }

// Close writes what is queued and closes the file.
func (t *Trail) Close() error { return nil }
