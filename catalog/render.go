package catalog

import (
	"bytes"
	"encoding/json"
	"strings"
)

// document and its statements are a policy document in the order of names that AWS's documents have.
type document struct {
	Version   string
	Statement []documentStatement
}

type documentStatement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Action    any                       // as oneOrList makes it
	Resource  any                       // likewise
	Condition map[string]map[string]any `json:",omitempty"` // operator, key, operands as oneOrList makes them
}

// render makes the JSON document that the statements are in a partition, indented by four spaces as AWS's are.
func render(statements []statement, partition string) (string, error) {
	d := document{Version: "2012-10-17"}
	for _, s := range statements {
		out := documentStatement{Sid: s.sid, Effect: s.effect, Action: oneOrList(s.actions), Resource: oneOrList(placed(s.resources, partition))}
		for _, c := range s.conditions {
			if out.Condition == nil {
				out.Condition = map[string]map[string]any{}
			}
			if out.Condition[c.operator] == nil {
				out.Condition[c.operator] = map[string]any{}
			}
			out.Condition[c.operator][c.key] = oneOrList(placed(c.operands, partition))
		}
		d.Statement = append(d.Statement, out)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(d); err != nil {
		return "", err
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// placed gives the partition to the ARNs among words that are written without one.
func placed(words []string, partition string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		if rest, ok := strings.CutPrefix(w, withoutPartition); ok {
			w = "arn:" + partition + ":" + rest
		}
		out[i] = w
	}
	return out
}

// oneOrList is a lone word itself, since IAM reads it as a list of one.
func oneOrList(words []string) any {
	if len(words) == 1 {
		return words[0]
	}
	return words
}
