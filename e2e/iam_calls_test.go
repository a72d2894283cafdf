package e2e

import (
	"context"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go/middleware"
)

// TestIAMCalls makes every IAM call that docs/compatibility.md lists with the AWS SDK for Go v2: what it answers, how it refuses, how its
// pages continue. At the end the calls that were made are compared with the page.
func TestIAMCalls(t *testing.T) {
	t.Parallel()
	w := &iamWorld{plane: start(t, t.TempDir()), made: &madeCalls{answered: map[string]bool{}, refused: map[string]bool{}}}
	admin := w.adminSDK(t)
	w.admin, w.iam = admin, w.recording(admin)
	t.Run("calls", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *iamWorld){
			"roles":                    testRoles,
			"service-linked roles":     testServiceLinkedRoles,
			"boundaries":               testBoundaries,
			"inline policies":          testInlinePolicies,
			"attached policies":        testAttachedPolicies,
			"managed policies":         testManagedPolicies,
			"policy versions":          testPolicyVersions,
			"OpenID Connect providers": testProviders,
			"users":                    testUsers,
			"access keys":              testAccessKeys,
			"groups":                   testGroups,
			"instance profiles":        testInstanceProfiles,
			"tags":                     testTags,
			"policy simulators":        testSimulators,
			"account":                  testAccount,
			"authorization details":    testAuthorizationDetails,
			"what a plane has none of": testAbsent,
			"without permission":       testWithoutPermission,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, w)
			})
		}
	})
	w.made.compare(t)
}

// iamWorld is a plane, its admin, and what was asked of it.
type iamWorld struct {
	*plane
	admin *sdk
	iam   *iam.Client // the admin's, recording
	made  *madeCalls
}

// recording is a client that notes its calls.
func (w *iamWorld) recording(s *sdk) *iam.Client {
	return iam.New(s.iam.Options(), func(o *iam.Options) { o.APIOptions = append(o.APIOptions, w.made.note) })
}

// arn of an IAM resource of the default account.
func (w *iamWorld) arn(resource string) string { return "arn:aws:iam::" + w.account + ":" + resource }

// limited is an IAM user that may do what document says.
func (w *iamWorld) limited(t *testing.T, name, document string) *iam.Client {
	t.Helper()
	ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: &name})
	ask(t, w.iam.PutUserPolicy, &iam.PutUserPolicyInput{UserName: &name, PolicyName: new("limited"), PolicyDocument: &document})
	key := ask(t, w.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: &name}).AccessKey
	return w.recording(newSDK(t, w.endpoint, credentials.NewStaticCredentialsProvider(*key.AccessKeyId, *key.SecretAccessKey, "")))
}

// madeCalls are the operations that a client was answered and refused.
type madeCalls struct {
	mutex             sync.Mutex
	answered, refused map[string]bool
}

// note is an SDK middleware around the whole call.
func (m *madeCalls) note(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("note", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		m.mutex.Lock()
		defer m.mutex.Unlock()
		if operation := awsmiddleware.GetOperationName(ctx); err == nil {
			m.answered[operation] = true
		} else if answerOf(err).status != 0 { // what never left the SDK is no call
			m.refused[operation] = true
		}
		return out, metadata, err
	}), middleware.After)
}

// compare insists that every listed call was answered and refused at least once, and that no other call was answered.
func (m *madeCalls) compare(t *testing.T) {
	t.Helper()
	listed := listedCalls(t, "iam")
	if len(listed) < 50 {
		t.Fatalf("docs/compatibility.md lists %d calls of IAM: %v", len(listed), listed)
	}
	for name, state := range listed {
		if !m.answered[name] && !strings.Contains(state, "always") {
			t.Errorf("no test had an answer of %s", name)
		}
		if m.answered[name] && strings.Contains(state, "always") {
			t.Errorf("%s was answered; it is listed as %q", name, state)
		}
		if !m.refused[name] {
			t.Errorf("no test was refused by %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.answered)) {
		if _, ok := listed[name]; !ok {
			t.Errorf("%s was answered and is not in docs/compatibility.md", name)
		}
	}
}

// listedCalls reads the table "Calls" of docs/compatibility.md: the calls of a service that are there, each with its state.
func listedCalls(t *testing.T, service string) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "\n## Calls\n")
	table, _, ended := strings.Cut(table, "\n## ")
	if !found || !ended {
		t.Fatal("docs/compatibility.md has no section Calls")
	}
	calls := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(strings.TrimSpace(cells[3]), "done") {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimSpace(cells[1]), ",")
		if name != service {
			continue
		}
		for call := range strings.SplitSeq(cells[2], ",") {
			calls[strings.TrimSpace(call)] = strings.TrimSpace(cells[3])
		}
	}
	return calls
}

// iamCall is a method of the SDK's client.
type iamCall[In, Out any] = func(context.Context, *In, ...func(*iam.Options)) (*Out, error)

// ask makes a call that must be answered.
func ask[In, Out any](t *testing.T, call iamCall[In, Out], in *In) *Out {
	t.Helper()
	out, err := call(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refuse makes a call that must be refused with exactly this message, or one that matches it when it begins with ^.
func refuse[In, Out any](t *testing.T, call iamCall[In, Out], in *In, status int, code, message string) {
	t.Helper()
	_, err := call(t.Context(), in)
	wantExactly(t, err, status, code, message)
}

// pager is one of the SDK's paginators.
type pager[Out any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*iam.Options)) (*Out, error)
}

// wantPages reads pages of one item each and compares the items' names.
func wantPages[Out any](t *testing.T, pages pager[Out], names func(*Out) []string, want ...string) {
	t.Helper()
	var got []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found := names(page)
		if len(found) != 1 {
			t.Errorf("a page of at most one has %d items: %v", len(found), found)
		}
		if got = append(got, found...); len(got) > len(want)+10 {
			t.Fatalf("the pages do not end: %v", got)
		}
	}
	wantNames(t, got, want...)
}

func wantNames(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// namesOf are a member of each item, which is a pointer to a string.
func namesOf[T any](items []T, name func(T) *string) []string {
	names := []string{}
	for _, item := range items {
		names = append(names, aws.ToString(name(item)))
	}
	return names
}

// invoke calls a method of the SDK's client by its name, with those members that its input has. It is for the calls that IAM has for several
// kinds under different names.
func invoke(t *testing.T, client *iam.Client, operation string, members map[string]any) (reflect.Value, error) {
	t.Helper()
	method := reflect.ValueOf(client).MethodByName(operation)
	if !method.IsValid() {
		t.Fatalf("the SDK has no call %s", operation)
	}
	in := reflect.New(method.Type().In(1).Elem())
	for name, value := range members {
		if field := in.Elem().FieldByName(name); field.IsValid() {
			field.Set(reflect.ValueOf(value).Convert(field.Type()))
		}
	}
	returned := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
	err, _ := returned[1].Interface().(error)
	return returned[0], err
}

// mustInvoke is invoke for calls that must be answered.
func mustInvoke(t *testing.T, client *iam.Client, operation string, members map[string]any) reflect.Value {
	t.Helper()
	out, err := invoke(t, client, operation, members)
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return out.Elem()
}

// document decodes a policy document as AWS returns it: URL-encoded (RFC 3986).
func document(t *testing.T, encoded *string) string {
	t.Helper()
	decoded, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// tag makes a tag.
func tag(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

// tagText shows tags as text.
func tagText(tags []types.Tag) (text []string) {
	for _, tag := range tags {
		text = append(text, aws.ToString(tag.Key)+"="+aws.ToString(tag.Value))
	}
	return text
}

const (
	allowAll    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	allowGet    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	notAPolicy  = `{"Statement": 7}`
	trustEC2    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	badNameText = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
)
