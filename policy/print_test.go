package policy

import (
	"reflect"
	"slices"
	"testing"
)

// checkPrint holds a document against what its printed form parses to: the same but for positions.
func checkPrint(t *testing.T, d *Document) {
	t.Helper()
	printed := d.String()
	again, err := Parse([]byte(printed))
	if err != nil {
		if len(printed) > MaxDocumentSize { // indentation may carry a document beyond the limit
			return
		}
		t.Fatalf("%v in what was printed:\n%s", err, printed)
	}
	if again.Version() != d.Version() || again.Variables() != d.Variables() || again.ID() != d.ID() || again.version != d.version || again.Len() != d.Len() {
		t.Fatalf("another document:\n%s", printed)
	}
	for i := range d.Len() {
		if want, got := unplaced(d.Statement(i)), unplaced(again.Statement(i)); !reflect.DeepEqual(want, got) {
			t.Errorf("statement %d was %+v, is %+v", i, want, got)
		}
	}
	if again.String() != printed {
		t.Errorf("printed again it is\n%s\nnot\n%s", again.String(), printed)
	}
}

// unplaced is a statement without positions, and without what printing leaves out.
func unplaced(s Statement) Statement {
	s.Position, s.SID.Position, s.Effect.Position, s.Action.Position, s.Resource.Position = Position{}, Position{}, Position{}, Position{}, Position{}
	strip := func(texts []Text) []Text {
		texts = slices.Clone(texts)
		for i := range texts {
			texts[i].Position = Position{}
		}
		return texts
	}
	s.Action.Values, s.Resource.Values = strip(s.Action.Values), strip(s.Resource.Values)
	if s.Principal != nil {
		principal := *s.Principal
		principal.Position, principal.Types = Position{}, slices.Clone(principal.Types)
		for i := range principal.Types {
			principal.Types[i].Values = strip(principal.Types[i].Values)
		}
		s.Principal = &principal
	}
	s.Conditions, s.Empty = slices.Clone(s.Conditions), nil
	for i := range s.Conditions {
		c := &s.Conditions[i]
		c.Position, c.Key.Position, c.Values = Position{}, Position{}, strip(c.Values)
	}
	return s
}

// TestPrint shows the layout, and that nothing is lost that a document of every element has.
func TestPrint(t *testing.T) {
	const source = `{"Statement":[{"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":[300,"2.50"]},"Bool":{"aws:SecureTransport":true}},"NotResource":"*",
		"NotAction":["s3:*","<&>é\u0001"],"NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:root"],"Service":"ec2.amazonaws.com"},"Effect":"Deny","Sid":"a"},
		{"Effect":"Allow","Action":"*","Principal":"*"},{"Effect":"deny","Action":[],"Condition":{}}],"Id":"i","Version":"2012-10-17"}`
	const want = `{
  "Version": "2012-10-17",
  "Id": "i",
  "Statement": [
    {
      "Sid": "a",
      "Effect": "Deny",
      "NotPrincipal": {
        "AWS": [
          "111122223333",
          "arn:aws:iam::111122223333:root"
        ],
        "Service": "ec2.amazonaws.com"
      },
      "NotAction": [
        "s3:*",
        "<&>é\u0001"
      ],
      "NotResource": "*",
      "Condition": {
        "NumericLessThan": {
          "aws:MultiFactorAuthAge": [
            "300",
            "2.50"
          ]
        },
        "Bool": {
          "aws:SecureTransport": "true"
        }
      }
    },
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": "*"
      },
      "Action": "*"
    },
    {
      "Effect": "deny",
      "Action": []
    }
  ]
}`
	d, err := Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.String(); got != want {
		t.Errorf("printed:\n%s", got)
	}
	checkPrint(t, d)
	if first := d.Statement(0); !first.Denies() || first.Action.Name != "NotAction" || !first.Action.Not || first.Principal.Types[1].Values[0].Value != "ec2.amazonaws.com" ||
		first.Conditions[0].Operator != (Operator{Name: "NumericLessThan", Base: "NumericLessThan", Type: NumericOperator}) {
		t.Errorf("%+v", first)
	}
}

// TestOperatorView takes an operator with everything apart.
func TestOperatorView(t *testing.T) {
	o, _ := parseOperator("ForAnyValue:StringNotLikeIfExists")
	want := Operator{Name: "ForAnyValue:StringNotLikeIfExists", Base: "StringNotLike", Type: StringOperator, Set: "ForAnyValue", Negated: true, IfExists: true}
	if got := o.shown(); got != want {
		t.Errorf("%+v", got)
	}
}

// TestCutVariables: a default and an escaped character are literal, whatever they hold.
func TestCutVariables(t *testing.T) {
	parts, ok := CutVariables("a*${aws:username}?${*}${aws:PrincipalTag/t, 'b}*'}")
	want := []TextPart{{Text: "a*", Wild: true}, {Variable: "aws:username"}, {Text: "?", Wild: true}, {Text: "*"}, {Wild: true},
		{Variable: "aws:PrincipalTag/t", HasDefault: true, Text: "b}*"}, {Wild: true}}
	if !ok || !reflect.DeepEqual(parts, want) {
		t.Errorf("%+v, %t", parts, ok)
	}
	if parts, ok := CutVariables("a${b"); ok || !reflect.DeepEqual(parts, []TextPart{{Text: "a", Wild: true}}) {
		t.Errorf("%+v, %t of a malformed one", parts, ok)
	}
}
