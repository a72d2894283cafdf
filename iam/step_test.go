package iam_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/store/memory"
	"github.com/openirsa/openirsa/trail"
)

// step is one call that the directory and the model are both asked.
type step struct {
	name  string // of the operation, as AWS calls it
	input any
	ask   func(r *run) (any, error)
	tell  func(m *model) (any, faults)
}

func (s step) String() string { return fmt.Sprintf("%s %+v", s.name, pointed(s.input)) }

// pointed shows what the pointers of an input lead to, for whoever reads a failure.
func pointed(input any) string {
	v := reflect.ValueOf(input)
	var out []string
	for i := range v.NumField() {
		field := v.Field(i)
		if field.IsZero() {
			continue
		}
		out = append(out, clipped(fmt.Sprintf("%s:%+v", v.Type().Field(i).Name, reflect.Indirect(field).Interface())))
	}
	return strings.Join(out, " ")
}

// clipped is the beginning of a long text, without runs of white space.
func clipped(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		return text[:300] + "…"
	}
	return text
}

// of makes a step of a call with an answer.
func of[In, Out any](name string, in In, ask func(*iam.Directory, context.Context, iam.Caller, In) (Out, error), tell func(*model, In) (Out, faults)) step {
	return step{
		name: name, input: in,
		ask: func(r *run) (any, error) {
			return ask(r.Directory, context.Background(), r.caller, resolved(r.model, in))
		},
		tell: func(m *model) (any, faults) { return tell(m, resolved(m, in)) },
	}
}

// change is of for a call without an answer.
func change[In any](name string, in In, ask func(*iam.Directory, context.Context, iam.Caller, In) error, tell func(*model, In) faults) step {
	return of(name, in,
		func(d *iam.Directory, ctx context.Context, c iam.Caller, in In) (struct{}, error) {
			return struct{}{}, ask(d, ctx, c, in)
		},
		func(m *model, in In) (struct{}, faults) { return struct{}{}, tell(m, in) })
}

// listed is of for a list, which is asked for in pages of size: together they are the whole list, whatever the size.
func listed[In, Item any](name string, size int, in In, at func(*In) *iam.Paging,
	ask func(*iam.Directory, context.Context, iam.Caller, In) (iam.Page[Item], error), tell func(*model, In) ([]Item, faults)) step {
	return of(name, in, func(d *iam.Directory, ctx context.Context, c iam.Caller, in In) ([]Item, error) {
		var all []Item
		for {
			*at(&in) = iam.Paging{MaxItems: &size, Marker: at(&in).Marker}
			page, err := ask(d, ctx, c, in)
			if err != nil {
				return nil, err
			}
			all = append(all, page.Items...)
			switch {
			case len(page.Items) > size || page.IsTruncated != (page.Marker != "") || len(all) > 1000:
				return nil, fmt.Errorf("page %+v of at most %d items", page, size)
			case !page.IsTruncated:
				return all, nil
			}
			at(&in).Marker = page.Marker
		}
	}, tell)
}

// resolved puts the id of one of the access keys that there are for "#", "#i", "#ii", which name one each.
func resolved[In any](m *model, in In) In {
	key, ok := any(&in).(*iam.AccessKeyInput)
	if !ok {
		return in
	}
	if ordinal, ok := strings.CutPrefix(key.AccessKeyID, "#"); ok {
		key.AccessKeyID = "AKIAIOSFODNN7EXAMPLE"
		if len(m.keys) > 0 {
			key.AccessKeyID = m.keys[len(ordinal)%len(m.keys)].ID
		}
	}
	return in
}

// recorder is a trail in memory that keeps the last event.
type recorder struct {
	count int
	last  trail.Event
}

func (r *recorder) Record(_ context.Context, e trail.Event) error { r.Enqueue(e); return nil }
func (r *recorder) Enqueue(e trail.Event)                         { r.count, r.last = r.count+1, e }

// run is one sequence under way: a new directory, and the model beside it.
type run struct {
	*iam.Directory
	config iam.Config
	model  *model
	trail  *recorder
	caller iam.Caller
	// tamper stands between the directory and the comparison, so that tests can show that the comparison notices; nil: nothing does.
	tamper func(r *run, s step, ask func() (any, error)) (any, error)
}

func newRun() (*run, error) {
	r := &run{trail: &recorder{}, caller: iam.Root("aws", account), model: newModel(awsPolicies, aliasElsewhere)}
	r.model.now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	r.config = iam.Config{
		Store: memory.New(64), Trail: r.trail, DefaultAccount: account, AWSPolicies: awsPolicies, Now: func() time.Time { return r.model.now },
	}
	ctx := context.Background()
	if err := r.open(); err != nil {
		return nil, err
	}
	for _, id := range []string{account, otherAccount} {
		key, err := r.Bootstrap(ctx, id)
		if err != nil {
			return nil, err
		}
		if id == account {
			r.model.keys = append(r.model.keys, &accessKey{AccessKey: key, owner: r.model.root})
			r.model.spent[key.ID], r.model.spent[key.Secret] = true, true
		}
	}
	return r, r.CreateAccountAlias(ctx, iam.Root("aws", otherAccount), iam.AccountAliasInput{AccountAlias: aliasElsewhere})
}

// open makes another directory on the same store, as a start does.
func (r *run) open() (err error) {
	if r.Directory != nil {
		if err := r.Close(); err != nil {
			return err
		}
	}
	r.Directory, err = iam.New(context.Background(), r.config)
	return err
}

// do asks both, and says how they differ; "" if they do not.
func (r *run) do(s step) string {
	r.model.now = r.model.now.Add(time.Second)
	before := r.trail.count
	ask := func() (any, error) { return s.ask(r) }
	var got any
	var err error
	if r.tamper != nil {
		got, err = r.tamper(r, s, ask)
	} else if got, err = ask(); r.trail.count == before {
		return s.String() + ": no event was recorded"
	}
	r.model.offered = got
	want, faults := s.tell(r.model)
	if r.model.broken != "" {
		return s.String() + ": " + r.model.broken
	}
	if len(faults) > 0 {
		return r.refusal(s, got, err, faults)
	}
	switch {
	case err != nil:
		return fmt.Sprintf("%s\n  answered %s\n  want     %+v", s, described(err), want)
	case r.tamper == nil && r.trail.last.ErrorCode != "":
		return fmt.Sprintf("%s: succeeded, and was recorded with %s", s, r.trail.last.ErrorCode)
	}
	if d := difference("answer", reflect.ValueOf(got), reflect.ValueOf(want)); d != "" {
		return s.String() + "\n  " + d
	}
	return ""
}

// refusal says how an answer differs from every fault that applies.
func (r *run) refusal(s step, got any, err error, want faults) string {
	refusal, ok := errors.AsType[*iam.Error](err)
	if !ok {
		return fmt.Sprintf("%s\n  answered %+v, %v\n  want one of %v", s, got, err, want)
	}
	if !slices.ContainsFunc(want, func(f fault) bool {
		return f.code == refusal.Code && (f.message == "" || f.message == refusal.Message)
	}) {
		return fmt.Sprintf("%s\n  answered %s\n  want one of %q", s, described(err), want)
	}
	if listed := strings.Fields(documentedErrors[s.name] + " " + otherErrors[s.name]); !slices.Contains(append(listed, commonErrors...), refusal.Code) {
		return fmt.Sprintf("%s: answered %s, which AWS's reference does not list for it: %v", s, refusal.Code, listed)
	}
	if r.tamper == nil && (r.trail.last.ErrorCode != refusal.Code || r.trail.last.ErrorMessage != refusal.Message) {
		return fmt.Sprintf("%s: answered %s, and was recorded with %q", s, refusal.Code, r.trail.last.ErrorCode)
	}
	return ""
}

func described(err error) string {
	if refusal, ok := errors.AsType[*iam.Error](err); ok {
		return fmt.Sprintf("%s: %s (%v)", refusal.Code, refusal.Message, refusal.Err)
	}
	return err.Error()
}

// difference is where two answers first differ, as clients see it, "" where they do not: no list is as good as an empty one, and times are the same
// when they are the same instant.
func difference(place string, got, want reflect.Value) string {
	if !got.IsValid() && !want.IsValid() {
		return ""
	}
	if !got.IsValid() || !want.IsValid() || got.Type() != want.Type() {
		return fmt.Sprintf("%s is %v, want %v", place, got, want)
	}
	if at, ok := got.Interface().(time.Time); ok {
		if !at.Equal(want.Interface().(time.Time)) {
			return fmt.Sprintf("%s is %v, want %v", place, got, want)
		}
		return ""
	}
	switch got.Kind() {
	case reflect.Struct:
		for i := range got.NumField() {
			if d := difference(place+"."+got.Type().Field(i).Name, got.Field(i), want.Field(i)); d != "" {
				return d
			}
		}
	case reflect.Slice:
		for i := range min(got.Len(), want.Len()) {
			if d := difference(fmt.Sprintf("%s[%d]", place, i), got.Index(i), want.Index(i)); d != "" {
				return d
			}
		}
		if got.Len() != want.Len() {
			return fmt.Sprintf("%s is %+v, want %+v", place, got, want)
		}
	case reflect.Map:
		for _, key := range append(got.MapKeys(), want.MapKeys()...) {
			if d := difference(fmt.Sprintf("%s[%v]", place, key), got.MapIndex(key), want.MapIndex(key)); d != "" {
				return d
			}
		}
	case reflect.Interface, reflect.Pointer:
		return difference(place, got.Elem(), want.Elem())
	default:
		if !got.Equal(want) {
			return fmt.Sprintf("%s is %v, want %v", place, got, want)
		}
	}
	return ""
}
