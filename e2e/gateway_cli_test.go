package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// The account and region of the table's ARNs; the policies of external-secrets name them.
const (
	cliAccount = "111122223333"
	cliRegion  = "us-west-2"
)

// cliCaller is a role, its one policy and what the AWS CLI does as a pod of that role.
type cliCaller struct {
	name     string
	upstream string // the policy: a file of OPENIRSA_TESTDATA/policies …
	document string // … or the document itself
	// fill replaces the placeholders of an upstream policy: old, new, old, new.
	fill []string
	// principal are the role's tags.
	principal map[string]string
	// attributes are the tags of resources that the gateway is told of, by ARN; keys are their other condition keys.
	attributes, keys map[string]string
	// names are abbreviations in the commands, {lb} for one.
	names map[string]string
	calls []cliCall
}

// cliCall is one command of the AWS CLI, and how it ends on AWS. Exactly one of allowed, denied, served and refused is set.
type cliCall struct {
	run string
	// allowed: nobody serves it, so it answers 501 and names these statements, by number, counted from 0.
	allowed string
	// denied: it is refused for this action, or for this action on that resource ("ec2:CreateTags arn:…").
	denied string
	// served: the plane serves it itself, and it says this.
	served string
	// refused: what the gateway does not understand is refused before it is decided, and it says this.
	refused string
}

// TestGatewayCLI runs the AWS CLI as roles with upstream policies and with least-privilege ones, against a gateway without backends: what is
// allowed answers 501 with the statement that allows it, what is denied is denied as on AWS.
func TestGatewayCLI(t *testing.T) {
	t.Parallel()
	callers := slices.Concat(loadBalancerCallers(), volumeCallers(), networkCallers(), scalingCallers(), secretCallers(), dataCallers(), messageCallers(), computeCallers())
	p := start(t, t.TempDir(), "--account", cliAccount, "--region", cliRegion, "--gateway", attributesFile(t, callers))
	counted := &callCount{operations: map[string]bool{}, services: map[string]bool{}}
	t.Run("callers", func(t *testing.T) {
		for _, c := range callers {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				p.runCaller(t, c, counted)
			})
		}
	})
	if len(counted.operations) < 150 || len(counted.services) < 25 {
		t.Errorf("%d operations of %d services were called, want 150 of 25", len(counted.operations), len(counted.services))
	}
	t.Logf("%d calls: %d operations of %d services", counted.calls, len(counted.operations), len(counted.services))
}

// callCount is what the table covers.
type callCount struct {
	mutex                sync.Mutex
	calls                int
	operations, services map[string]bool
}

func (c *callCount) add(arguments []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.calls++
	c.services[arguments[0]] = true
	c.operations[arguments[0]+" "+arguments[1]] = true
}

// attributesFile is a gateway's configuration without backends that knows resources.
func attributesFile(t *testing.T, callers []cliCaller) string {
	t.Helper()
	attributes := map[string]map[string]map[string]string{}
	for _, c := range callers {
		replace := replacer(c.names)
		for kind, given := range map[string]map[string]string{"tags": c.attributes, "keys": c.keys} {
			for arn, pairs := range given {
				arn = replace.Replace(arn)
				if attributes[arn] == nil {
					attributes[arn] = map[string]map[string]string{}
				}
				if attributes[arn][kind] != nil {
					t.Fatalf("%s: %s has %s already", c.name, arn, kind)
				}
				attributes[arn][kind] = map[string]string{}
				for pair := range strings.SplitSeq(replace.Replace(pairs), " ") {
					key, value, _ := strings.Cut(pair, "=")
					attributes[arn][kind][key] = value
				}
			}
		}
	}
	return gatewayFile(t, map[string]any{"attributes": attributes})
}

// gatewayFile writes a gateway's configuration; JSON is YAML.
func gatewayFile(t testing.TB, configuration map[string]any) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(file, []byte(asJSON(t, configuration)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// replacer puts names' values in the places of their names in braces.
func replacer(names map[string]string) *strings.Replacer {
	pairs := []string{"{account}", cliAccount, "{region}", cliRegion}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		pairs = append(pairs, "{"+name+"}", names[name])
	}
	return strings.NewReplacer(pairs...)
}

// runCaller makes c's role, becomes it by web identity, and makes its calls.
func (p *plane) runCaller(t *testing.T, c cliCaller, counted *callCount) {
	document := replacer(c.names).Replace(c.document)
	if c.upstream != "" {
		document = strings.NewReplacer(c.fill...).Replace(upstreamPolicy(t, c.upstream))
	}
	admin := p.adminSDK(t)
	arn := admin.role(t, c.name, p.trust("kube-system", c.name), document)
	for key, value := range c.principal {
		_, err := admin.iam.TagRole(t.Context(), &iam.TagRoleInput{RoleName: &c.name, Tags: []types.Tag{{Key: &key, Value: aws.String(value)}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	run := awsCommands(t, p.asPod(t, arn, p.token(t, "kube-system", c.name)))
	for _, call := range c.calls {
		arguments := commandWords(replacer(c.names).Replace(call.run))
		counted.add(arguments)
		if arguments[0] == "sqs" { // for it, version 1 of the CLI makes up an endpoint of its own where the command line has none
			arguments = append(arguments, "--endpoint-url", p.endpoint)
		}
		output, ok := run(arguments)
		if problem := call.judge(replacer(c.names).Replace, output, ok); problem != "" {
			t.Errorf("aws %s\n%s: %.900s", call.run, problem, strings.TrimSpace(output))
		}
	}
}

// upstreamPolicy reads a policy as its project publishes it.
func upstreamPolicy(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("OPENIRSA_TESTDATA")
	if folder == "" {
		t.Skip("SKIPPED: OPENIRSA_TESTDATA does not say where the upstream policies are")
	}
	content, err := os.ReadFile(filepath.Join(folder, "policies", name))
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer // inline policies are measured without spaces, but sent with them
	if err := json.Compact(&compact, content); err != nil {
		t.Fatal(err)
	}
	return compact.String()
}

// judge says what is wrong with a command's end, if anything.
func (c cliCall) judge(replace func(string) string, output string, ok bool) string {
	switch {
	case c.served != "":
		if !strings.Contains(output, c.served) {
			return "it must say " + c.served
		}
	case c.refused != "":
		if ok || !strings.Contains(output, c.refused) {
			return "it must be refused and say " + c.refused
		}
	case c.denied != "":
		action, resource, _ := strings.Cut(replace(c.denied), " ")
		return judgeDenial(output, ok, action, resource)
	default:
		return judgeUnserved(output, ok, c.allowed)
	}
	return ""
}

// judgeDenial holds a refusal against AWS's sentence, "User: … is not authorized to perform: ACTION on resource: ARN because …" (IAM User Guide,
// "Access denied error messages").
func judgeDenial(output string, ok bool, action, resource string) string {
	denied := regexp.MustCompile(`An error occurred \((AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError|NotAuthorized)\)`)
	switch {
	case ok || !denied.MatchString(output):
		return "it must be denied " + action
	case !strings.Contains(output, "is not authorized to perform: "+action+" "):
		return "it must be denied for " + action
	case resource != "" && !strings.Contains(output, "on resource: "+resource+" ") && !strings.Contains(output, `on resource: "`+resource+`" `):
		return "it must be denied on " + resource
	}
	return ""
}

// judgeUnserved holds a 501 against the statements that allow the call.
func judgeUnserved(output string, ok bool, statements string) string {
	if ok || !strings.Contains(output, "An error occurred (NotImplemented") {
		return "it must be allowed, and say that nobody serves it"
	}
	for statement := range strings.SplitSeq(statements, " ") {
		if !regexp.MustCompile(`\bstatement ` + statement + `\b`).MatchString(output) {
			return "it must name statement " + statement
		}
	}
	return ""
}

// commandWords splits a command at spaces; single quotes keep them together.
func commandWords(command string) (arguments []string) {
	var word strings.Builder
	quoted, begun := false, false
	for _, c := range command + " " {
		switch {
		case c == '\'':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				arguments = append(arguments, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	return arguments
}

// awsCommands returns a function that runs the AWS CLI with nothing but the given variables. Where the CLI is a Python package, one process runs
// its code for all commands; else each starts the program.
func awsCommands(t *testing.T, environment []string) func(arguments []string) (output string, ok bool) {
	t.Helper()
	environment = append(environment, "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_CLI_AUTO_PROMPT=off")
	if exec.Command("python3", "-c", "import awscli.clidriver").Run() != nil {
		return func(arguments []string) (string, bool) { return cli(t, environment, arguments...) }
	}
	command := exec.Command("python3", "python/aws_cli.py")
	command.Env = append(cleanEnvironment(), environment...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // which ends it
		if err := command.Wait(); err != nil {
			t.Errorf("python/aws_cli.py: %v", err)
		}
	})
	answers := bufio.NewReader(stdout)
	return func(arguments []string) (string, bool) {
		t.Helper()
		return askCLI(t, stdin, answers, arguments)
	}
}

func askCLI(t *testing.T, stdin io.Writer, answers *bufio.Reader, arguments []string) (output string, ok bool) {
	t.Helper()
	fmt.Fprintln(stdin, asJSON(t, arguments))
	line, err := answers.ReadString('\n')
	if err != nil {
		t.Fatalf("aws %s: %v", strings.Join(arguments, " "), err)
	}
	var answer struct {
		Status int
		Output string
	}
	decode(t, line, &answer)
	return answer.Output, answer.Status == 0
}
