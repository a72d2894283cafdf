package awsmodel

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
)

// asked is what the script is asked for, and answered what it answers.
type (
	asked struct {
		Service   string         `json:"service"`
		Operation string         `json:"operation"`
		Input     map[string]any `json:"input"`
	}
	answered struct {
		Skip    string              `json:"skip"`
		Error   string              `json:"error"`
		Method  string              `json:"method"`
		URL     string              `json:"url"`
		Headers map[string][]string `json:"headers"`
		Body    []byte              `json:"body"`
		Input   map[string]any      `json:"input"`
	}
)

// plainInput turns an input into what JSON can say: blobs are base64, timestamps are seconds.
func plainInput(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := map[string]any{}
		for name, v := range value {
			copied[name] = plainInput(v)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, v := range value {
			copied[i] = plainInput(v)
		}
		return copied
	case []byte:
		return base64.StdEncoding.EncodeToString(value)
	case string:
		if value == "2026-11-28T09:00:00Z" || value == "Sat, 28 Nov 2026 09:00:00 GMT" {
			return "1795856400" // the protocol that the SDK chooses may write the instant otherwise
		}
	}
	return value
}

// TestBotocore has AWS's SDK for Python make a request of every operation that it knows, and reads it: the operation and its input are found.
// It takes minutes, so that every sixteenth service is asked about unless OPENIRSA_BOTOCORE is "all" or names one service.
// The SDK's models are newer than ours and its serializers are not ours, so that a mistake in either shows.
func TestBotocore(t *testing.T) {
	if err := exec.Command("python3", "-c", "import botocore").Run(); err != nil {
		t.Skipf("python3 with botocore is not here: %v", err)
	}
	command := exec.CommandContext(t.Context(), "python3", "testdata/botocore_requests.py")
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	command.Stderr = &complaints
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	m := models(t)
	answers := bufio.NewReaderSize(output, 1<<20)
	skipped, read := map[string]int{}, 0
	wanted := os.Getenv("OPENIRSA_BOTOCORE")
	for i, s := range m.Services() {
		if wanted == "" && i%16 != 0 || wanted != "" && wanted != "all" && wanted != s.ID {
			continue
		}
		for _, model := range s.Operations() {
			if model.EventStream || sdkDiffers(s.ID, model.Name) != "" {
				continue
			}
			answer := ask(t, input, answers, s, model)
			switch {
			case answer.Skip == "error":
				t.Errorf("%s %s: %s", s.ID, model.Name, answer.Error)
			case answer.Skip != "":
				skipped[answer.Skip]++
			case checkAnswer(t, m, s, model, answer):
				read++
			}
		}
	}
	if err := input.Close(); err != nil {
		t.Error(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("%v\n%s", err, complaints.String())
	}
	t.Logf("%d requests were read; not made: %v", read, skipped)
	if wanted == "all" && read < 14500 || wanted == "" && read < 500 {
		t.Errorf("only %d requests were read", read)
	}
}

func ask(t *testing.T, input interface{ Write([]byte) (int, error) }, answers *bufio.Reader, s *Service, model *OperationModel) answered {
	// Route 53's SDKs cut ids at a slash; S3 Control's and EventBridge's put ids into host names.
	g := &inputMaker{protocol: s.Protocols[0], whole: true, simple: s.ID == "Route 53" || s.ID == "S3 Control" || s.ID == "EventBridge"}
	made, _ := prune(s.Protocols[0], g.structure(model.Input, 0))
	question, err := json.Marshal(asked{s.ID, model.Name, plainInput(made).(map[string]any)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := input.Write(append(question, '\n')); err != nil {
		t.Fatal(err)
	}
	line, err := answers.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var answer answered
	if err := decoder.Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// sdkDiffers says why a request of the SDK is not what our model makes of the same parameters; empty for those that must be alike.
func sdkDiffers(service, operation string) string {
	switch service {
	case "SimpleDB":
		return "the SDK signs it with Signature Version 2"
	case "S3 Control":
		if operation == "CreateBucket" || operation == "ListRegionalBuckets" {
			return "the SDK signs it for S3 on Outposts"
		}
	}
	switch service + " " + operation {
	case "Auto Scaling CreateLaunchConfiguration", "EC2 RunInstances":
		return "the SDK encodes UserData"
	case "CloudSearch Domain Search":
		return "the SDK makes a form of the GET that its model has"
	case "Elasticsearch Service DescribeDomainAutoTunes", "OpenSearch DescribeDomainAutoTunes":
		return "the model had a body for this GET; newer ones have a query string"
	case "SESv2 PutEmailIdentityDkimSigningAttributes":
		return "the model had another path than newer ones"
	case "DataZone PostLineageEvent":
		return "the model had the token in the query string; newer ones have a header"
	case "EventBridge PutEvents":
		return "the SDK signs it with Signature Version 4A when it has an EndpointId"
	case "Machine Learning Predict":
		return "the SDK takes the host from the parameters"
	case "Chime SDK Messaging DeleteMessagingStreamingConfigurations", "Chime SDK Messaging GetMessagingStreamingConfigurations",
		"Lex Model Building Service GetImport", "Lex Model Building Service ListTagsForResource", "Lex Model Building Service UntagResource",
		"Lex Models V2 DescribeImport", "Lex Models V2 ListTagsForResource", "Lex Models V2 UntagResource", "Lex Model Building Service DeleteBot", "Lex Models V2 DeleteBot":
		return "two services have it at the same path, and the host is none of AWS's"
	}
	return ""
}

func checkAnswer(t *testing.T, m *Models, s *Service, model *OperationModel, answer answered) bool {
	_, rest, _ := strings.Cut(answer.URL, "://")
	host, rest, _ := strings.Cut(rest, "/")
	path, query, _ := strings.Cut("/"+rest, "?")
	name := s.SigningName // of operations for callers without credentials
	if signed := answer.Headers["Authorization"]; len(signed) > 0 && strings.Count(signed[0], "/") >= 4 {
		name = strings.Split(signed[0], "/")[3]
	}
	request := Request{Method: answer.Method, Path: path, RawQuery: query, Header: answer.Headers, Body: answer.Body}
	request.Header["Host"] = []string{host}
	read, err := m.Parse(name, request)
	if err != nil {
		t.Errorf("%s %s: %v\n%s %s\n%v\n%.300q", s.ID, model.Name, err, answer.Method, answer.URL, answer.Headers, answer.Body)
		return false
	}
	if read.Name != model.Name {
		t.Errorf("%s %s is read as %s %s", s.ID, model.Name, read.Service.ID, read.Name)
		return false
	}
	if s.ID == "GreengrassV2" && read.Service.ID == "Greengrass" {
		return true // the same API in two models, which spell members otherwise
	}
	for _, member := range model.Input.Members {
		if _, sent := answer.Input[member.Name]; member.IdempotencyToken && !sent {
			delete(read.Input, member.Name) // the SDK made it up
		}
	}
	if got, want := plainInput(read.Input), plainInput(answer.Input); !reflect.DeepEqual(got, want) {
		t.Errorf("%s %s: read as\n%v, sent was\n%v", s.ID, model.Name, got, want)
		return false
	}
	return true
}
