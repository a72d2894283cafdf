package policy

import (
	"fmt"
	"sort"
	"strings"
)

// Position is a place in a document; Line and Column are 1-based, Column in bytes.
type Position struct{ Line, Column int }

// String is "LINE:COLUMN".
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Error is a positioned complaint about a document.
type Error struct {
	Position Position
	Message  string // our own precise words
	AWS      string // what IAM says with MalformedPolicyDocument, e.g. "Syntax errors in policy."
	trust    string // what it says of a role's trust policy, where that differs
	bucket   string // what Amazon S3 says of a bucket policy, where that differs
	stage    stage
}

// Error is "LINE:COLUMN: message".
func (e *Error) Error() string { return e.Position.String() + ": " + e.Message }

// Sentence is what IAM answers with MalformedPolicyDocument when the document was meant to be of that kind: IAM
// reads trust policies with another validator than identity policies, which has its own wording.
func (e *Error) Sentence(kind Kind) string {
	if kind == Trust && e.trust != "" {
		return e.trust
	}
	return e.AWS
}

// BucketSentence is what Amazon S3 answers with MalformedPolicy when the document was meant to be a bucket's policy. S3 has a validator of its own,
// most of whose sentences are those of the one for trust policies. AWS does not list them: they are from public reports and from the tests of S3
// servers whose authors asked S3 (docs/compatibility.md, "Policies of resources").
func (e *Error) BucketSentence() string {
	if e.bucket != "" {
		return e.bucket
	}
	return e.Sentence(Trust)
}

// stage is when IAM's validation of an identity policy comes to a rule. It holds the whole document against one rule before the next, so that of
// several faults the earliest stage is told, wherever in the document it is.
type stage uint8

const (
	stageSyntax stage = iota
	stageLegacy
	stageSID
	stageActions   // that there are some
	stageResources // that there are some
	stageResource
	stageAction
)

// sentence is IAM's wording of a complaint: of an identity policy, and of a trust policy where it differs. AWS does
// not list these; they are collected from public error reports, and from answers of AWS that localstack's tests recorded
// in 2026 (tests/aws/services/iam/test_iam_policies.snapshot.json), which the stages are from too.
type sentence struct {
	identity, trust, bucket string
	stage                   stage
}

// badBucket is S3's sentence for all that has none of its own (github.com/hashicorp/terraform-provider-aws/issues/20134).
const badBucket = "Invalid policy syntax."

var (
	badJSON        = sentence{identity: "Syntax errors in policy.", trust: "This policy contains invalid Json"}
	badSyntax      = sentence{identity: "Syntax errors in policy.", trust: "Syntax error in policy.", bucket: badBucket}
	noStatement    = badSyntax.ofBucket("Missing required field Statement")
	badAddress     = badSyntax.ofBucket("Invalid IP address in Conditions")
	badVersion     = sentence{identity: "Syntax errors in policy.", trust: "The policy must contain a valid version string"}
	badSID         = sentence{identity: "Statement IDs (SID) in a single policy must be unique.", trust: "The Statement Ids in the policy are not unique", stage: stageSID}
	sidCharacters  = sentence{identity: "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*", stage: stageSID}
	noEffect       = sentence{identity: "Syntax errors in policy.", trust: "Missing required field Effect"}
	badCase        = sentence{identity: "The policy failed legacy parsing", trust: "Syntax error in policy.", bucket: badBucket, stage: stageLegacy}
	noAction       = sentence{identity: "Policy statement must contain actions.", trust: "Missing required field Action", stage: stageActions}
	noResource     = sentence{identity: "Policy statement must contain resources.", bucket: "Missing required field Resource", stage: stageResources}
	noPrincipal    = sentence{trust: "Missing required field Principal"}
	emptyPrincipal = sentence{identity: "Syntax errors in policy.", trust: "Missing required field Principal cannot be empty!", bucket: "Invalid principal in policy"}
	hasPrincipal   = sentence{identity: "Policy document should not specify a principal."}
	hasResource    = sentence{trust: "Has prohibited field Resource"}
	hasNotResource = sentence{trust: "AssumeRole policy must not contain resources."}
	allowsAllBut   = sentence{identity: "Syntax errors in policy.", trust: "Allow with NotPrincipal is not allowed."}
	onlyEverybody  = sentence{identity: "The provided policy document does not meet the requirements of the specified policy type."}
	notSTS         = sentence{trust: "AssumeRole policy may only specify STS AssumeRole actions."}
	noVendor       = sentence{identity: "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", stage: stageAction}
	manyColons     = sentence{identity: "Actions/Condition can contain only one colon.", stage: stageAction}
	badVendor      = sentence{identity: "Resource vendor must be fully qualified and cannot contain regexes.", stage: stageResource}
	badResource    = sentence{identity: "The policy failed legacy parsing", stage: stageLegacy}
	badDate        = sentence{identity: "The policy failed legacy parsing", trust: "Syntax error in policy.", bucket: badBucket, stage: stageLegacy}
	badIAMPath     = sentence{identity: `IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, ` +
		"server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.", stage: stageResource}
)

// both is a sentence that the two validators share.
func both(at stage, format string, arguments ...any) sentence {
	return sentence{identity: fmt.Sprintf(format, arguments...), stage: at}
}

// ofBucket is s with another sentence for the policies of buckets.
func (s sentence) ofBucket(format string, arguments ...any) sentence {
	s.bucket = fmt.Sprintf(format, arguments...)
	return s
}

// place turns byte offsets of a text that holds a document into positions within that document.
type place struct {
	base  int32   // where the document begins in the text
	lines []int32 // where its lines begin in the text, base first
}

// newPlace reads the lines of text[start:end].
func newPlace(text string, start, end int32) place {
	p := place{base: start, lines: make([]int32, 1, 1+strings.Count(text[start:end], "\n"))}
	p.lines[0] = start
	for at := start; ; {
		next := strings.IndexByte(text[at:end], '\n')
		if next < 0 {
			return p
		}
		at += int32(next) + 1
		p.lines = append(p.lines, at)
	}
}

func (p place) position(offset int32) Position {
	line := sort.Search(len(p.lines), func(i int) bool { return p.lines[i] > offset })
	if line == 0 {
		return Position{1, 1}
	}
	return Position{Line: line, Column: int(offset-p.lines[line-1]) + 1}
}

// errorf makes the Error at offset.
func (p place) errorf(offset int32, aws sentence, format string, arguments ...any) *Error {
	e := &Error{Position: p.position(offset), Message: fmt.Sprintf(format, arguments...), AWS: aws.identity, trust: aws.trust, bucket: aws.bucket,
		stage: aws.stage}
	if e.AWS == "" {
		e.AWS = aws.trust
	}
	return e
}
