package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const head = "version v1\npath /\ncreated 2024-01-02\nupdated 2024-01-02\nabout Something.\n"

const example = `# The example of the package comment, and more.
version v6
path    /service-role/
created 2018-05-27
updated 2026-03-04
about   For the  VPC CNI plug-in & <others>.

allow Tag
  ec2: CreateTags DeleteTags
    Describe*
  s3: Get?bject
  on arn::ec2:*:*:network-interface/*
    arn:*:ec2:*:*:volume/*
  when StringLike aws:RequestTag/cluster = blue-* ${aws:PrincipalTag/c}
  when StringLike aws:TagKeys = &
  when ArnLike aws:PrincipalArn = arn::iam::*:role/a
deny
  s3-object-lambda: *
  on *
`

const exampleDocument = `{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Tag",
            "Effect": "Allow",
            "Action": [
                "ec2:CreateTags",
                "ec2:DeleteTags",
                "ec2:Describe*",
                "s3:Get?bject"
            ],
            "Resource": [
                "arn:aws-cn:ec2:*:*:network-interface/*",
                "arn:*:ec2:*:*:volume/*"
            ],
            "Condition": {
                "ArnLike": {
                    "aws:PrincipalArn": "arn:aws-cn:iam::*:role/a"
                },
                "StringLike": {
                    "aws:RequestTag/cluster": [
                        "blue-*",
                        "${aws:PrincipalTag/c}"
                    ],
                    "aws:TagKeys": "&"
                }
            }
        },
        {
            "Effect": "Deny",
            "Action": "s3-object-lambda:*",
            "Resource": "*"
        }
    ]
}`

func TestParse(t *testing.T) {
	s, err := parse("Example", example)
	if err != nil {
		t.Fatal(err)
	}
	if s.name != "Example" || s.version != "v6" || s.path != "/service-role/" || s.about != "For the VPC CNI plug-in & <others>." ||
		s.created.Format("2006-01-02 15:04 MST") != "2018-05-27 00:00 UTC" || s.updated.Format("2006-01-02") != "2026-03-04" {
		t.Errorf("%+v", s)
	}
	if got, err := render(s.statements, "aws-cn"); err != nil || got != exampleDocument {
		t.Errorf("%v\n%s", err, got)
	}
}

// TestRefused: what is not in the notation is an error that says where.
func TestRefused(t *testing.T) {
	const actions = head + "allow\n  s3: Get\n"
	const whole = actions + "  on *\n"
	for _, c := range []struct{ text, want string }{
		{"", "1:1: the text ends"},
		{"# nothing\n\n", "1:1: the text ends"},
		{head, "5:1: the text ends"},
		{"path /\n", `1:1: "path" instead of version`},
		{"version v1\nversion v2\n", `2:1: "version" instead of path`},
		{"version 1\n", `1:9: "1" is not the id`},
		{"version v01\n", `1:9: "v01" is not`},
		{"version\n", "1:1: version takes one value"},
		{"version v1 v2\n", "1:1: version takes one value"},
		{"version v1\npath /role/\n", `2:6: path "/role/"`},
		{"version v1\npath /\ncreated 2024-02-30\n", `3:9: "2024-02-30" is not a date`},
		{"version v1\npath /\ncreated 2024-02-02\nupdated 2024-02-01\n", "4:9: updated before"},
		{"version v1\npath /\ncreated 2024-02-02\nupdated 2024-02-02\nabout\n", "5:1: about takes"},
		{"allow\n", `1:1: "allow" instead of version`},
		{"  s3: Get\n", "1:3: an element outside"},
		{head + "  s3: Get\n", "6:3: an element outside"},
		{head + "grant\n", `6:1: "grant" instead of allow or deny`},
		{head + "allow A B\n", "6:9: a statement has one Sid"},
		{head + "allow A-B\n", `6:7: "A-B" is not a Sid`},
		{head + "allow\n", "6:1: a statement needs"},
		{actions, "6:1: a statement needs"},
		{actions + "deny\n", "6:1: a statement needs"},
		{actions + " on *\n", "8:2: a line is indented"},
		{actions + "      Put\n", "8:7: a line is indented"},
		{"    v1\n", "1:5: this line continues nothing"},
		{head + "allow\n    A\n", "7:5: this line continues nothing"},
		{actions + "\ton *\n", "8:1: byte 0x09"},
		{actions + "  on *\r\n", "8:7: byte 0x0d"},
		{head + "# caf\xc3\xa9\n", "6:6: byte 0xc3"},
		{actions + "  S3: Get\n", `8:3: "S3:" instead of a service`},
		{actions + "  s3: Put\n", "8:3: services are in ascending order"},
		{actions + "  ec2: Run\n", "8:3: services are in ascending order"},
		{actions + "  sts:\n", "8:3: sts has no actions"},
		{actions + "    Get\n", "8:5: actions are in ascending order"},
		{actions + "    Delete\n", "8:5: actions are in ascending order"},
		{actions + "    s3:Put\n", `8:5: "s3:Put" is not an action`},
		{head + "allow\n  on *\n", "7:3: on comes after"},
		{actions + "  on\n", "8:3: on has no resources"},
		{actions + "  on bucket\n", `8:6: "bucket" is neither`},
		{actions + "  on * *\n", `8:8: "*" a second time`},
		{actions + "  on * arn:aws:s3:::b\n", "8:8: the partition is left out: arn::s3:::b"},
		{actions + "  when Bool k = true\n", "8:3: when comes after on"},
		{whole + "  on arn::s3:::b\n", "9:3: a second on"},
		{whole + "  sts: Get\n", "9:3: actions come before on"},
		{whole + "  when Bool k =\n", "9:3: a condition reads"},
		{whole + "  when Bool k true false\n", "9:3: a condition reads"},
		{whole + "  when Bool k = true\n  when Bool K = false\n", "10:13: Bool K stands in the statement already"},
		{whole + "  when Bool k = a\n    a\n", `10:5: "a" a second time`},
		{whole + "  when ArnLike k = arn:aws:s3:::b\n", "9:20: the partition is left out"},
		{strings.Repeat("#\n", maxText/2) + "#", "1:1: text is longer"},
	} {
		s, err := parse("p", c.text)
		var complaint *syntaxError
		if s != nil || !errors.As(err, &complaint) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text[max(0, len(c.text)-60):], err, c.want)
		}
	}
	if _, err := parse("p", whole); err != nil {
		t.Errorf("what the cases above go on from is refused itself: %v", err)
	}
}

// FuzzParse: a text is refused at a place inside it, or every word of it is in the sheet and the sheet's document is JSON with as many
// statements.
func FuzzParse(f *testing.F) {
	f.Add(example)
	entries, err := managedFiles.ReadDir("managed")
	if err != nil || len(entries) == 0 {
		f.Fatal(len(entries), err)
	}
	for _, entry := range entries {
		text, err := managedFiles.ReadFile("managed/" + entry.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse("p", text)
		if err != nil {
			var complaint *syntaxError
			if !errors.As(err, &complaint) {
				t.Fatalf("error without position: %v", err)
			}
			lines := strings.Split(text, "\n")
			if at := complaint; at.line < 1 || at.line > len(lines) || at.column < 1 || at.column > len(lines[at.line-1])+1 {
				t.Errorf("%v is not a place in the text", err)
			}
			return
		}
		if got, want := strings.Fields(written(s)), strings.Fields(withoutComments(text)); !slices.Equal(got, want) {
			t.Errorf("words %q became %q", want, got)
		}
		document, err := render(s.statements, "aws")
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct{ Statement []json.RawMessage }
		if err := json.Unmarshal([]byte(document), &parsed); err != nil || len(parsed.Statement) != len(s.statements) {
			t.Errorf("%d statements of %d, %v", len(parsed.Statement), len(s.statements), err)
		}
	})
}

func withoutComments(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// written is the sheet in the notation again, on long lines.
func written(s *sheet) string {
	var out strings.Builder
	fmt.Fprintf(&out, "version %s\npath %s\ncreated %s\nupdated %s\nabout %s\n", s.version, s.path, s.created.Format("2006-01-02"), s.updated.Format("2006-01-02"), s.about)
	for _, statement := range s.statements {
		fmt.Fprintf(&out, "%s %s", strings.ToLower(statement.effect), statement.sid)
		last := ""
		for _, action := range statement.actions {
			service, name, _ := strings.Cut(action, ":")
			if service != last {
				fmt.Fprintf(&out, "\n  %s:", service)
			}
			last = service
			out.WriteString(" " + name)
		}
		fmt.Fprintf(&out, "\n  on %s\n", strings.Join(statement.resources, " "))
		for _, c := range statement.conditions {
			fmt.Fprintf(&out, "  when %s %s = %s\n", c.operator, c.key, strings.Join(c.operands, " "))
		}
	}
	return out.String()
}
