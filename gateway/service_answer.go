package gateway

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
)

// errorCode finds the code in a backend's error; "" where it is not seen. It is for the trail alone.
func errorCode(protocol awsmodel.Protocol, body []byte) string {
	var code string
	switch protocol {
	case awsmodel.JSON, awsmodel.RESTJSON:
		var document struct {
			Type string `json:"__type"`
			Code string `json:"code"`
		}
		if json.Unmarshal(body, &document) == nil {
			if code = document.Type; code == "" {
				code = document.Code
			}
		}
	case awsmodel.CBOR:
		_ = awsmodel.CBORTexts(body, func(name, text string) { // what is no CBOR tells no code
			if name == "__type" && code == "" {
				code = text
			}
		})
	case awsmodel.Query, awsmodel.EC2, awsmodel.RESTXML:
		var document struct {
			Code  string `xml:"Error>Code"`
			Other string `xml:"Errors>Error>Code"`
		}
		if xml.Unmarshal(body, &document) == nil {
			code = document.Code + document.Other
		}
	}
	if _, after, found := strings.Cut(code, "#"); found {
		code = after
	}
	if code == "" || len(code) > 128 || strings.IndexFunc(code, isNotCode) >= 0 {
		return ""
	}
	return code
}

func isNotCode(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
}

// answerValue is a text in an answer, under the name of its element or member.
type answerValue struct{ name, text string }

// maxAnswerValues bounds what is looked at in an answer.
const maxAnswerValues = 100_000

// answerValues are the texts in an answer. An answer in another form than the protocol's is an error, since something in it may have been missed.
func answerValues(protocol awsmodel.Protocol, body []byte) ([]answerValue, error) {
	switch protocol {
	case awsmodel.JSON, awsmodel.RESTJSON:
		if len(bytes.TrimSpace(body)) == 0 {
			return nil, nil
		}
		var document any
		if err := json.Unmarshal(body, &document); err != nil {
			return nil, fmt.Errorf("reading the backend's answer: %w", err)
		}
		return appendValues(nil, "", document), nil
	case awsmodel.Query, awsmodel.EC2, awsmodel.RESTXML:
		return xmlValues(body)
	case awsmodel.CBOR:
		var values []answerValue
		err := awsmodel.CBORTexts(body, func(name, text string) {
			if len(values) < maxAnswerValues {
				values = append(values, answerValue{name, text})
			}
		})
		if err != nil {
			return nil, fmt.Errorf("reading the backend's answer: %w", err)
		}
		return values, nil
	}
	return nil, nil
}

func appendValues(to []answerValue, name string, value any) []answerValue {
	if len(to) >= maxAnswerValues {
		return to
	}
	switch value := value.(type) {
	case string:
		return append(to, answerValue{name, value})
	case []any:
		for _, element := range value {
			to = appendValues(to, name, element)
		}
	case map[string]any:
		for name, member := range value {
			to = appendValues(to, name, member)
		}
	}
	return to
}

func xmlValues(body []byte) ([]answerValue, error) {
	var values []answerValue
	decoder := xml.NewDecoder(bytes.NewReader(body))
	name := ""
	for len(values) < maxAnswerValues {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the backend's answer: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name = token.Name.Local
		case xml.EndElement:
			name = ""
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); name != "" && text != "" {
				values = append(values, answerValue{name, text})
			}
		}
	}
	return values, nil
}

// ec2IDElement is the element in EC2's answers that holds the id of a resource of pattern's type; "" for other services. The type
// says it ("volume" is volumeId), but for those that the Amazon EC2 API Reference calls otherwise.
func ec2IDElement(pattern policy.ARN) string {
	if pattern.Service != "ec2" {
		return ""
	}
	kind, rest, _ := strings.Cut(pattern.Resource, "/")
	if rest != "*" {
		return ""
	}
	switch kind {
	case "security-group":
		return "groupId"
	case "elastic-ip":
		return "allocationId"
	case "natgateway":
		return "natGatewayId"
	case "dedicated-host":
		return "hostId"
	case "spot-instances-request":
		return "spotInstanceRequestId"
	}
	words := strings.Split(kind, "-")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "") + "Id"
}

// isEC2ID tells whether a text has the form of EC2's ids: i-1234567890abcdef0.
func isEC2ID(text string) bool {
	prefix, number, found := strings.Cut(text, "-")
	return found && prefix != "" && number != "" && len(text) <= 64 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
