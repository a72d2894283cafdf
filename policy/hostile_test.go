package policy

import (
	"fmt"
	"strings"
	"testing"
)

// shape is a kind of document that hurts in one place, of any size. most is about how much of it a document may have, or more.
type shape struct {
	name     string
	kind     Kind
	document func(count int) string
	most     int
}

func repeat(count int, item func(int) string) string {
	items := make([]string, count)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, ",")
}

// formatted repeats a format of one number.
func formatted(count int, format string) string {
	return repeat(count, func(i int) string { return fmt.Sprintf(format, i) })
}

func statementOf(elements string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + elements + `}}`
}

func statementsOf(count int, format string) string {
	return `{"Version":"2012-10-17","Statement":[` + formatted(count, format) + `]}`
}

// conditionOf is a statement about everything with the condition.
func conditionOf(condition string) string {
	return statementOf(`"Resource":"*","Action":"*","Condition":{` + condition + `}`)
}

var shapes = []shape{
	{"actions", Identity, func(n int) string { return statementOf(`"Resource":"*","Action":[` + formatted(n, `"s3:A%d"`) + `]`) }, 100_000},
	{"action patterns", Identity, func(n int) string {
		return statementOf(`"Resource":"*","Action":[` + formatted(n, `"s3:A%d*"`) + `]`)
	}, 100_000},
	{"matching action patterns by resources", Identity, func(n int) string {
		return statementOf(`"Action":[` + repeat(n, func(i int) string {
			return fmt.Sprintf(`"s3:*%s"`, strings.Repeat("?", i%500)+strings.Repeat("*a", i/500))
		}) +
			`],"Resource":[` + formatted(n, `"arn:aws:s3:::*b%d"`) + `]`)
	}, 4000},
	{"matching action patterns by statements", Identity, func(n int) string {
		actions := formatted(n/50, `"s3:*a*%da*"`)
		return `{"Version":"2012-10-17","Statement":[` + repeat(n/10, func(i int) string {
			return `{"Effect":"Deny","Action":["s3:a*",` + actions + `],"Resource":"arn:aws:s3:::b*"}`
		}) + `]}`
	}, 1500},
	{"resources that begin with one another by keys", Identity, func(n int) string {
		resources := repeat(n/50, func(i int) string { return `"arn:aws:s3:::` + strings.Repeat("a", i) + `*"` })
		other := `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b"},`
		return `{"Version":"2012-10-17","Statement":[` + other + other + `{"Effect":"Allow","Action":"s3:*","Resource":[` + resources +
			`],"Condition":{"StringLikeIfExists":{` + formatted(n, `"aws:%d":"*"`) + `},"Null":{"aws:x":"true"}}}]}`
	}, 50_000},
	{"actions by resources", Identity, func(n int) string {
		return `{"Statement":[` + repeat(25, func(int) string {
			return `{"Effect":"Allow","Action":[` + formatted(n, `"s3:A%d"`) + `],"Resource":[` + formatted(n, `"arn:aws:s3:::%d"`) + `]}`
		}) + `]}`
	}, 1500},
	{"statements", Identity, manyStatements, 10_000},
	{"statements that nearly match", Identity, func(n int) string {
		return statementsOf(n, `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::*a*b%d"}`)
	}, 20_000},
	{"statements with NotAction", Identity, func(n int) string {
		return statementsOf(n, `{"Effect":"Deny","NotAction":["s3:*b%d","s3:*c"],"NotResource":"arn:aws:s3:::*a*"}`)
	}, 20_000},
	{"Sids", Identity, func(n int) string {
		return statementsOf(n, `{"Sid":"S%d","Effect":"Deny","Action":"s3:*","Resource":"*"}`)
	}, 25_000},
	{"wildcards in an action", Identity, func(n int) string {
		return statementOf(`"Resource":"*","Action":"s3:` + strings.Repeat("*?", n) + `b"`)
	}, 500_000},
	{"wildcards in a resource", Identity, func(n int) string {
		return statementOf(`"Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("*?", n) + `b"`)
	}, 500_000},
	{"resources with wildcards", Identity, func(n int) string {
		return statementOf(`"Action":"s3:*","Resource":[` + formatted(n, `"arn:aws:s3:::*?*?*?*?*b%d"`) + `]`)
	}, 50_000},
	{"variables", Identity, func(n int) string {
		return conditionOf(`"StringLike":{"aws:x":"*?` + strings.Repeat("${aws:x}", n) + `"}`)
	}, 100_000},
	{"operands with variables", Identity, func(n int) string {
		return conditionOf(`"StringLike":{"aws:x":[` + formatted(n, `"*?${aws:y}*%d"`) + `]}`)
	}, 50_000},
	{"keys", Identity, func(n int) string {
		return conditionOf(`"StringLikeIfExists":{` + formatted(n, `"aws:%d":"*"`) + `}`)
	}, 50_000},
	{"texts", Identity, func(n int) string {
		return conditionOf(`"ForAllValues:StringEquals":{"aws:TagKeys":[` + formatted(n, `"t%d"`) + `]}`)
	}, 100_000},
	{"patterns", Identity, func(n int) string {
		return conditionOf(`"ForAnyValue:StringLike":{"aws:TagKeys":[` + formatted(n, `"*x%d"`) + `]}`)
	}, 100_000},
	{"texts in any case", Identity, func(n int) string {
		return conditionOf(`"ForAnyValue:StringEqualsIgnoreCase":{"aws:TagKeys":[` + formatted(n, `"x%d"`) + `]}`)
	}, 100_000},
	{"numbers", Identity, func(n int) string {
		return conditionOf(`"ForAnyValue:NumericEquals":{"aws:numbers":[` + formatted(n, `"9%d"`) + `]}`)
	}, 100_000},
	{"addresses", Identity, func(n int) string {
		return conditionOf(`"NotIpAddress":{"aws:SourceIp":[` + repeat(n, func(i int) string { return fmt.Sprintf(`"10.%d.%d.%d/31"`, i>>16, i>>8&255, i&255) }) + `]}`)
	}, 50_000},
	{"ARNs", Identity, func(n int) string {
		return conditionOf(`"ArnLike":{"aws:PrincipalArn":[` + formatted(n, `"arn:aws:iam::*:user/*%d"`) + `]}`)
	}, 40_000},
	{"resources that run on", Identity, func(n int) string {
		return statementOf(`"Action":"s3:*","Resource":[` + formatted(n, `"arn:aws:s3:*:*:*a*b%d"`) + `]`)
	}, 40_000},
	{"ForAllValues again and again", Identity, func(n int) string {
		return statementsOf(n, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringLike":{"aws:TagKeys":["t*","*%d"]},"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}}`)
	}, 10_000},
	{"principals", Trust, func(n int) string {
		return statementOf(`"Action":"sts:AssumeRole","Principal":{"AWS":[` + formatted(n, `"arn:aws:iam::111122223333:role/r%d"`) + `]}`)
	}, 40_000},
	{"principals that are spared", Trust, func(n int) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sts:*","NotPrincipal":{"AWS":[` + formatted(n, `"arn:aws:sts::111122223333:assumed-role/r/s%d"`) + `]}}}`
	}, 40_000},
}

// hostileRequest has what the shapes look at: a name, an ARN and single values of size bytes, and lists of as many values.
func hostileRequest(size int) *Request {
	c := &Context{}
	long := strings.Repeat("a", size)
	c.Set("aws:x", long)
	c.Set("aws:y", long[:size/2])
	c.Set("aws:SourceIp", "192.0.2.1")
	c.SetList("aws:TagKeys", strings.Split(strings.TrimSuffix(strings.Repeat("t1,", size), ","), ",")...)
	c.SetList("aws:numbers", strings.Split(strings.TrimSuffix(strings.Repeat("1,", size), ","), ",")...)
	return &Request{Principal: alice(), Action: "s3:" + long, Resource: "arn:aws:s3:::" + long, Context: c}
}

// assumeRequest asks what trust policies are asked.
func assumeRequest() *Request {
	return &Request{Principal: alice(), Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/r"}
}

// decideCounting decides, and says in how many steps.
func decideCounting(t testing.TB, s shape, count int) (d Decision, steps int) {
	t.Helper()
	p, request := Policies{}, hostileRequest(50)
	if policy := compiled(t, s.document(count), s.kind); s.kind == Trust {
		p.Trust, request = policy, assumeRequest()
	} else {
		p.Identity = []*Policy{policy}
	}
	var e evaluation
	e.prepare(&p, request)
	e.decide(&d)
	return d, MaxWork - int(e.left)
}

// TestWorkIsLinear doubles each document and counts steps, not time: what a decision costs may not grow faster than the document.
func TestWorkIsLinear(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			count := min(s.most/4, 1000)
			_, once := decideCounting(t, s, count)
			_, twice := decideCounting(t, s, 2*count)
			if once <= 0 || twice > 2*once+once/10+500 {
				t.Errorf("%d steps for %d, %d for twice as many", once, count, twice)
			}
		})
	}
}

// hostileLine is a case of which both the policies and the request are large, so that the product of their sizes would count.
type hostileLine struct {
	name      string
	condition string // of each statement
	count     int    // of statements
	context   string
	answer    string // a decision, or "": more steps than MaxWork
}

func (l hostileLine) line() []byte {
	statement := `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{` + l.condition + `}}`
	return []byte(`{"id":"1","request":{"principal":"111122223333","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","context":{` + l.context +
		`}},"policies":{"identity":[],"session":{"Version":"2012-10-17","Statement":[` + repeat(l.count, func(int) string { return statement }) + `]}}}`)
}

func hostileLines() []hostileLine {
	list := func(count int, format string) string { return `[` + formatted(count, format) + `]` }
	long := func(count int) string { return `"` + strings.Repeat("a", count) + `"` }
	return []hostileLine{
		{"texts by values", `"ForAllValues:StringEquals":{"aws:TagKeys":` + list(40_000, `"t%d"`) + `}`, 1, `"aws:TagKeys":` + list(40_000, `"t%d"`), "Allowed"},
		{"values by none of the texts", `"ForAnyValue:StringEquals":{"aws:TagKeys":` + list(40_000, `"t%d"`) + `}`, 1, `"aws:TagKeys":` + list(40_000, `"u%d"`), "ImplicitlyDenied"},
		{"patterns by values", `"ForAllValues:StringNotLike":{"aws:TagKeys":` + list(40_000, `"*x%d"`) + `}`, 1, `"aws:TagKeys":` + list(40_000, `"t%d"`), ""},
		{"numbers by values", `"ForAllValues:NumericNotEquals":{"aws:n":` + list(40_000, `"%d"`) + `}`, 1, `"aws:n":` + list(40_000, `"-9%d"`), ""},
		{"statements by empty values", `"ForAnyValue:StringLike":{"aws:n":"a"}`, 5000, `"aws:n":[` + repeat(100_000, func(int) string { return `""` }) + `]`, ""},
		{"statements by a long number", `"NumericEquals":{"aws:n":"1"}`, 5000, `"aws:n":"` + strings.Repeat("0", 400_000) + `"`, ""},
		{"variables by a long value", `"StringLike":{"aws:x":` + list(20_000, `"*?${aws:y}b%d"`) + `}`, 1, `"aws:x":` + long(200_000) + `,"aws:y":` + long(100_000), ""},
		{"wildcards by a long value", `"StringLike":{"aws:x":"` + strings.Repeat("*?", 200_000) + `b"}`, 1, `"aws:x":` + long(400_000), "ImplicitlyDenied"},
		{"wildcards by each letter of a long value", `"StringLike":{"aws:x":"*` + strings.Repeat("a?", 100_000) + `b*"}`, 1, `"aws:x":` + long(600_000), ""},
	}
}

// TestHostileLines: each is decided in at most MaxWork steps, or it is an error of the case, never an answer that half of the work gave.
func TestHostileLines(t *testing.T) {
	if testing.Short() {
		t.Skip("the largest cases there may be, decided in one goroutine")
	}
	for _, l := range hostileLines() {
		t.Run(l.name, func(t *testing.T) {
			answer, readable := NewSimulator(nil).Line(l.line())
			wanted := fmt.Sprintf(`{"id":"1","decision":%q,`, l.answer)
			if l.answer == "" {
				wanted = fmt.Sprintf(`{"id":"1","error":"policies: comparing the request with them takes more than %d steps"}`, MaxWork)
			}
			if !readable || !strings.HasPrefix(string(answer), wanted) {
				t.Errorf("%.200s, want %s", answer, wanted)
			}
		})
	}
}

// TestUndecidedDenies: what the product asks, it asks by Allowed.
func TestUndecidedDenies(t *testing.T) {
	undecided := func(denied, resource string) Decision {
		request := hostileRequest(1)
		request.Resource = resource
		return Policies{Identity: []*Policy{compiled(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
			{"Effect":"Deny","Action":"*","Resource":"`+denied+`"}]}`, Identity)}}.Decide(request)
	}
	decision := undecided("arn:aws:s3:*:*:*a?b", "arn:aws:s3:"+strings.Repeat("a:", 100_000))
	if decision.Allowed() || !decision.Undecided() {
		t.Errorf("colons: %s, undecided: %v", decision, decision.Undecided())
	}
	decision = undecided("arn:aws:s3:::*"+strings.Repeat("a?", 20_000)+"b*", "arn:aws:s3:::"+strings.Repeat("a", 100_000))
	if decision.Allowed() || !decision.Undecided() {
		t.Errorf("%s, undecided: %v", decision, decision.Undecided())
	}
	if hidden := decision.Hiding(func(string) bool { return true }); !hidden.Undecided() {
		t.Error("hiding its reasons made it a decision")
	}
	bounded := Policies{Identity: []*Policy{compiled(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::*`+strings.Repeat("a?", 20_000)+`b*"}}`, Identity)}}
	request := hostileRequest(1)
	request.Resource = "arn:aws:s3:::" + strings.Repeat("a", 100_000)
	if _, complete := bounded.Applying(request); complete {
		t.Error("all statements that apply were found beyond the bound")
	}
	const wanted = "ImplicitlyDenied: (not decided): comparing the request with the policies takes too many steps"
	if decision.String() != wanted {
		t.Errorf("%s, want %s", decision, wanted)
	}
}

// TestManyTexts compares a value with many operands, of which some are no mere texts, and with the same ones few at a time.
func TestManyTexts(t *testing.T) {
	operands := []string{"${aws:x}", "${*}", "a*", "?b", "${aws:none, 'fallback'}", ""}
	for i := range 40 {
		operands = append(operands, fmt.Sprintf("t%d", i))
	}
	for _, operator := range []string{"StringEquals", "StringLike", "StringEqualsIgnoreCase", "StringNotEquals", "StringNotLike"} {
		for _, value := range []string{"t0", "t39", "T39", "t40", "a*", "ab", "bb", "b", "*", "fallback", "x", "", "${*}"} {
			request := &Request{Principal: alice(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Context: &Context{}}
			request.Context.Set("aws:x", "x")
			request.Context.Set("aws:y", value)
			decide := func(operands []string) bool {
				return Policies{Identity: []*Policy{compiled(t, conditionOf(fmt.Sprintf(`%q:{"aws:y":["%s"]}`, operator, strings.Join(operands, `","`))), Identity)}}.Decide(request).Allowed()
			}
			negated := strings.Contains(operator, "Not")
			few := negated
			for _, operand := range operands {
				if decide([]string{operand}) != negated {
					few = !negated
				}
			}
			if many := decide(operands); many != few {
				t.Errorf("%s %q: %v with all operands, %v with one at a time", operator, value, many, few)
			}
		}
	}
}

// hostileTexts are texts that are refused while they are read, and ones as large as they may be.
func hostileTexts() map[string]string {
	return map[string]string{
		"10 MB":                 `{"Statement":[` + strings.Repeat(" ", 10<<20) + `]}`,
		"10 MB of a policy":     manyStatements(80_000),
		"depth 10,000":          strings.Repeat(`{"Statement":[`, 10_000),
		"depth 10,000, closed":  strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		"open strings":          strings.Repeat(`"`, 1<<20),
		"names":                 `{"Statement":[],` + formatted(120_000, `"n%d":0`) + `}`,
		"the same name":         `{"Statement":[]` + strings.Repeat(`,"Id":""`, 100_000) + `}`,
		"lines":                 strings.Repeat("\n", 1<<20) + `{"Statement":[]}`,
		"escapes":               `{"Statement":[],"Id":"` + strings.Repeat(`\u0041`, 300_000) + `"}`,
		"more values than many": `{"Statement":[` + strings.Repeat("0,", MaxValues) + `0]}`,
	}
}

// BenchmarkHostile reads and, where they compile, decides documents of about two megabytes, or what their shape makes hurt: seconds for any of
// them would be a defect.
func BenchmarkHostile(b *testing.B) {
	for name, source := range hostileTexts() {
		b.Run(name, func(b *testing.B) { benchmarkHostile(b, source, Identity) })
	}
	for _, s := range shapes {
		source := s.document(s.most)
		b.Run(s.name, func(b *testing.B) { benchmarkHostile(b, source, s.kind) })
	}
}

func benchmarkHostile(b *testing.B, source string, kind Kind) {
	request := hostileRequest(1000)
	if kind == Trust {
		request = assumeRequest()
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(source)))
	outcome := ""
	for b.Loop() {
		document, err := Parse([]byte(source))
		if err != nil {
			outcome = "refused"
			continue
		}
		policy, err := Compile("p", document, Options{Kind: kind})
		if err != nil {
			outcome = "refused"
			continue
		}
		policies := Policies{Identity: []*Policy{policy}}
		if kind == Trust {
			policies = Policies{Trust: policy}
		}
		outcome = "decided"
		if policies.Decide(request).Undecided() {
			outcome = "undecided"
		}
	}
	b.ReportMetric(1, outcome)
}

// BenchmarkHostileLine answers lines of about a megabyte.
func BenchmarkHostileLine(b *testing.B) {
	s := NewSimulator(nil)
	for _, l := range hostileLines() {
		line := l.line()
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				s.Line(line)
			}
		})
	}
}
