package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// plainContext says what a Context must hold, by a list that is searched by names in lower case and copied to be extended.
type plainContext []plainKey

type plainKey struct {
	shown  string
	values []string
	list   bool
}

func (c *plainContext) put(key plainKey) {
	if i := c.find(key.shown); i >= 0 {
		(*c)[i] = key
		return
	}
	*c = append(*c, key)
}

func (c plainContext) find(name string) int {
	lower := strings.ToLower(name) // not EqualFold, to which other names are the same
	return slices.IndexFunc(c, func(key plainKey) bool {
		other := strings.ToLower(key.shown)
		return other == lower
	})
}

// check compares what both say of every key of the list, in any case, and of names.
func (c plainContext) check(t *testing.T, has *Context, names []string) {
	t.Helper()
	var all []plainKey
	for name, values := range has.All() {
		all = append(all, plainKey{shown: name, values: values})
	}
	if !slices.EqualFunc(all, c, func(a, b plainKey) bool { return a.shown == b.shown && slices.Equal(a.values, b.values) }) {
		t.Errorf("the keys are %+v, want %+v", all, c)
	}
	for _, key := range c {
		names = append(names, key.shown)
	}
	e := evaluation{request: &Request{Context: has}}
	for _, name := range names {
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			var key plainKey
			i := c.find(spelled)
			if i >= 0 {
				key = c[i]
			}
			if values, ok := has.Get(spelled); ok != (i >= 0) || !slices.Equal(values, key.values) {
				t.Errorf("%q has %q, %v; want %q, %v", spelled, values, ok, key.values, i >= 0)
			}
			sought := newContextKey(spelled)
			sought.derived = notDerived
			got := e.lookup(sought)
			if got.ok != (len(key.values) > 0) || got.ok && (got.list != key.list || got.list && !slices.Equal(got.values, key.values) || !got.list && got.value != key.values[0]) {
				t.Errorf("a policy finds %+v by %q, want %+v", got, spelled, key)
			}
		}
	}
}

// trickyNames are told apart by strings.ToLower otherwise than by folding or by bytes: the Kelvin sign is a k, the dotted İ an i, the long s no s, the
// final sigma no sigma, and bytes that are no UTF-8 are all the same in names that have any.
var trickyNames = []string{"", "k", "K", "\u212a", "aws:x/k", "aws:X/\u212a", "s", "\u017f", "i", "\u0130", "\u03c3", "\u03a3", "\u03c2", "a\xff", "A\xfe", "a\ufffd", "@", "`", "[", "{", "\xc3", "\xe3",
	"aws:PrincipalTag/Team", "aws:principaltag/team", "aws:SourceIp", "aws:TagKeys"}

// exercise sets and extends as steps say, in a Context and in its plain form, and compares them; names are the keys there are.
func exercise(t *testing.T, steps []byte, names []string) {
	t.Helper()
	type pair struct {
		context *Context
		plain   plainContext
	}
	all := []pair{{context: &Context{}}}
	for i, step := range steps {
		last := &all[len(all)-1] // what was extended must not be changed any more
		name := names[int(step>>2)%len(names)]
		value := fmt.Sprint("value ", i)
		switch step & 3 {
		case 0, 1:
			last.context.Set(name, value)
			last.plain.put(plainKey{shown: name, values: []string{value}})
		case 2:
			values := []string{value, "another"}[:i%3%2*2]
			last.context.SetList(name, values...)
			last.plain.put(plainKey{shown: name, values: slices.Clone(values), list: true})
			clear(values)
		case 3:
			from := all[i%len(all)]
			if len(all) < 40 {
				all = append(all, pair{from.context.Extend(int(step >> 2)), slices.Clone(from.plain)})
			}
		}
	}
	for _, p := range all {
		p.plain.check(t, p.context, names)
	}
}

func TestContext(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		names := slices.Clone(trickyNames)
		for i := range round % 3 * manyKeys { // so many that they are found by a map
			names = append(names, fmt.Sprintf("K:%d", i))
		}
		steps := make([]byte, random.IntN(200))
		for i := range steps {
			if steps[i] = byte(random.Uint32()); steps[i]&3 == 3 && random.IntN(8) > 0 {
				steps[i]--
			}
		}
		exercise(t, steps, names)
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
}

func FuzzContext(f *testing.F) {
	f.Add([]byte{0, 4, 8, 3, 12, 2, 7, 0}, "aws:X", "AWS:x", "\u212a")
	f.Fuzz(func(t *testing.T, steps []byte, a, b, c string) {
		if len(steps) > 500 {
			return
		}
		exercise(t, steps, append([]string{a, b, c, strings.ToUpper(a), strings.ToLower(b)}, trickyNames...))
	})
}

func TestContextExtended(t *testing.T) {
	if _, ok := (*Context)(nil).Get("k:1"); ok {
		t.Error("a nil Context has a key")
	}
	for range (*Context)(nil).All() {
		t.Error("a nil Context has a key")
	}
	session := (*Context)(nil).Extend(1)
	session.Set("aws:PrincipalTag/Team", "blue")
	one, other := session.Extend(2), session.Extend(0)
	one.Set("AWS:principaltag/team", "red")
	one.Set("aws:SourceIp", "192.0.2.1")
	for _, test := range []struct {
		context *Context
		want    string
	}{
		{session, "map[aws:PrincipalTag/Team:[blue]]"},
		{one, "map[AWS:principaltag/team:[red] aws:SourceIp:[192.0.2.1]]"},
		{other, "map[aws:PrincipalTag/Team:[blue]]"},
	} {
		got := map[string][]string{}
		for name, values := range test.context.All() {
			got[name] = values
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%v, want %s", got, test.want)
		}
	}
}

// TestContextTakesLittle: one allocation for a request's keys, one for the Context itself, and none for looking a key up.
func TestContextTakesLittle(t *testing.T) {
	session := (*Context)(nil).Extend(1)
	session.Set("aws:PrincipalTag/Team", "blue")
	for i := range manyKeys {
		session.Set(fmt.Sprint("aws:PrincipalTag/", i), "tag")
	}
	key := newContextKey("AWS:principaltag/TEAM")
	var request *Context
	made := testing.AllocsPerRun(100, func() {
		request = session.Extend(3)
		request.Set("aws:SourceIp", "192.0.2.1")
		request.Set("aws:UserAgent", "aws-cli")
		request.Set("s3:authType", "REST-HEADER")
	})
	e := evaluation{request: &Request{Context: request}}
	sought := testing.AllocsPerRun(100, func() {
		if e.lookup(key).value != "blue" {
			t.Fatal("the tag is not found")
		}
	})
	if made > 2 || sought > 0 {
		t.Errorf("%v allocations for three keys, %v for a lookup", made, sought)
	}
}
