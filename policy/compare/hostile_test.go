package compare

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// statements makes a document of count statements.
func statements(count int, one func(i int) string) string {
	list := each(count, one)
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

func each(count int, one func(i int) string) []string {
	var list []string
	for i := range count {
		list = append(list, one(i))
	}
	return list
}

func quoted(count int, one func(i int) string) string {
	return `"` + strings.Join(each(count, one), `","`) + `"`
}

const letters = "abcdefghijklmnopqrstuvwxyz"

// hostile are documents that are hard to compare.
func hostile() map[string]string {
	allow := func(action, resource, condition string) string {
		return `{"Effect":"Allow","Action":[` + action + `],"Resource":[` + resource + `],"Condition":{` + condition + `}}`
	}
	return map[string]string{
		"actions": statements(1, func(int) string {
			return allow(quoted(20_000, func(i int) string { return fmt.Sprintf("s3:Action%d", i) }), `"*"`, "")
		}),
		"statements": statements(3_000, func(i int) string {
			return allow(`"s3:GetObject"`, fmt.Sprintf(`"arn:aws:s3:::bucket-%d/*"`, i), fmt.Sprintf(`"StringEquals":{"aws:k":"%d"}`, i))
		}),
		"wildcards": statements(1, func(int) string {
			return allow(`"s3:`+strings.Repeat("*?", 2_000)+`"`, `"arn:aws:s3:::`+strings.Repeat("*?a", 2_000)+`"`, "")
		}),
		"letters": statements(26, func(i int) string {
			return allow(fmt.Sprintf(`"s3:*%c*"`, letters[i]), fmt.Sprintf(`"arn:aws:s3:::*%c*"`, letters[i]), fmt.Sprintf(`"StringLike":{"aws:k":"*%c*"}`, letters[i]))
		}),
		"keys": statements(40, func(i int) string {
			return allow(`"s3:*"`, `"*"`, fmt.Sprintf(`"StringEquals":{"aws:a%d":"x","aws:a%d":"y"},"StringNotEquals":{"aws:a%d":"x"}`, i, (i*7+1)%40+40, (i*11+3)%40))
		}),
		"lists": statements(20, func(i int) string {
			return allow(`"s3:*"`, `"*"`, fmt.Sprintf(`"ForAnyValue:StringLike":{"aws:TagKeys":"*%c*"},"ForAllValues:StringNotLike":{"aws:TagKeys":"%c*"}`, letters[i], letters[i]))
		}),
		"denies": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` + strings.Join(each(60, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:a%d":"x","aws:a%d":"y","aws:a%d":"z"}}}`, i%9, i%7+9, i%5+16)
		}), ",") + `]}`,
		"variables": statements(12, func(i int) string {
			return allow(`"s3:*"`, quoted(8, func(j int) string { return fmt.Sprintf("arn:aws:s3:::${aws:a}*${aws:b}%d*${aws:c}?${aws:d}%d*", i, j) }), `"StringLike":{"aws:k":"${aws:a}*${aws:b}"}`)
		}),
		"number": statements(1, func(int) string {
			return allow(`"s3:*"`, `"*"`, `"NumericLessThan":{"aws:n":[`+quoted(3, func(i int) string { return strings.Repeat(fmt.Sprint(i+1), 300_000) })+`]}`)
		}),
	}
}

// TestHostileDocuments: each is compared with itself, with nothing, and with every other in bounded time.
func TestHostileDocuments(t *testing.T) {
	if testing.Short() {
		t.Skip("the largest documents there may be, compared in one goroutine")
	}
	nothing := parse(t, `{"Version":"2012-10-17","Statement":[]}`)
	for name, source := range hostile() {
		t.Run(name, func(t *testing.T) {
			alike := parse(t, strings.Replace(source, `"Statement":[`, `"Statement":[{"Effect":"Allow","Action":"other:Action","Resource":"arn:aws:other:::x"},`, 1))
			for _, other := range []*policy.Document{parse(t, source), alike, nothing} {
				document := parse(t, source)
				start := time.Now()
				result, err := Diff(document, other, Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%v: %d removed, not proven %q", time.Since(start), len(result.Removed), result.NotProven)
				if other != nothing && len(result.Removed) > 0 || other == nothing && !result.Different() && len(result.NotProven) == 0 {
					t.Errorf("%d removed, %d added", len(result.Removed), len(result.Added))
				}
			}
		})
	}
}

// FuzzDiff: no two documents make a comparison panic, every witness is confirmed, and no document differs from itself.
func FuzzDiff(f *testing.F) {
	for _, pair := range [][2]string{
		{statements(2, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Action":"s3:G%d*","Resource":"arn:aws:s3:::b/${aws:username}/*"}`, i)
		}),
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"s3:*","NotResource":"arn:aws:s3:*","Condition":{"StringLikeIfExists":{"aws:username":["a*","${aws:x, 'y'}"]}}},{"Effect":"Deny","Action":"*","Resource":"*"}]}`},
		{`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"a:n":"10"},"DateLessThan":{"a:d":"2024"},"ForAnyValue:IpAddress":{"a:i":"10.0.0.0/8"},"Bool":{"a:n":true}}}}`,
			`{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/a"],"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},{"Effect":"Deny","NotPrincipal":"*","Action":"sts:*"}]}`},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		a, err := policy.Parse(first)
		if err != nil {
			return
		}
		b, err := policy.Parse(second)
		if err != nil {
			b = a
		}
		for _, kind := range []policy.Kind{policy.Identity, policy.Trust, policy.Resource} {
			options := Options{Kind: kind, Steps: 300_000}
			if own, err := Diff(a, a, options); err == nil && (own.Different() || len(own.AddedDenials)+len(own.RemovedDenials) > 0) {
				t.Fatalf("the document differs from itself: %s", a)
			}
			if result, err := Diff(a, b, options); err == nil {
				checkWitnesses(t, result)
			}
		}
	})
}
