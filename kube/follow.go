package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	// maxObject bounds one object in a stream, in bytes; etcd takes 1.5 MiB of a request by default.
	maxObject = 8 << 20
	// watchFor is how long one watch lasts; up to twice that, so that replicas do not all come back at once.
	watchFor = 5 * time.Minute
	listFor  = 5 * time.Minute

	backoffMin = 200 * time.Millisecond
	backoffMax = 30 * time.Second
)

// object is what a follower decodes of each object of its resource, and no more.
type object interface{ version() string }

// meta is the part of an object's metadata that everything followed needs.
type meta struct {
	ResourceVersion string `json:"resourceVersion"`
}

// follower keeps up with the objects of a resource: a list, then a watch from there, and a list again when the API server no longer knows what came
// since (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). It reads both as a stream, object by
// object: client-go's Reflector decodes a list whole, which for 100,000 accounts takes hundreds of megabytes for a moment, and a process keeps
// the memory that it once had. T is decoded from JSON.
type follower[T object] struct {
	name    string               // of the resource, for the log
	request func() *rest.Request // GET on the resource, with its selectors
	begin   func()               // a list begins: what it does not put is gone
	put     func(T)
	remove  func(T)
	end     func() // a list was complete
	log     *slog.Logger
	now     func() time.Time

	synced    atomic.Bool
	awaySince atomic.Int64 // nanoseconds of the Unix epoch; 0 while a watch is open
}

// run follows until ctx ends.
func (f *follower[T]) run(ctx context.Context) {
	f.lost()
	version, from := "", "0" // the first list may come from the API server's own memory; the watch brings what it lacks
	delay := backoffMin
	for ctx.Err() == nil {
		began := f.now()
		var err error
		if version == "" {
			if version, err = f.list(ctx, from); err == nil {
				from = "" // a list anew must not be older than what was known before
				continue  // delay stays until a watch has held, so that versions which are gone at once do not cost list upon list
			}
		} else {
			version, err = f.watch(ctx, version)
			f.lost()
			if f.now().Sub(began) > 5*time.Second {
				delay = backoffMin
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			f.log.Warn("following the API server was interrupted", "resource", f.name, "error", err, "again", delay.String())
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay/2 + rand.N(delay)):
		}
		delay = min(2*delay, backoffMax)
	}
}

func (f *follower[T]) lost() { f.awaySince.CompareAndSwap(0, f.now().UnixNano()) }

// away returns for how long there has been no watch: what is remembered may be as old as that.
func (f *follower[T]) away() time.Duration {
	if since := f.awaySince.Load(); since != 0 {
		return f.now().Sub(time.Unix(0, since))
	}
	return 0
}

// list puts every object and returns the version of the whole.
func (f *follower[T]) list(ctx context.Context, from string) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, listFor)
	defer cancel()
	body, err := f.request().SetHeader("Accept", "application/json").Param("resourceVersion", from).Stream(ctx)
	if err != nil {
		return "", fmt.Errorf("listing: %w", err)
	}
	defer body.Close()
	f.begin()
	version, err = readList(body, f.put)
	if err != nil {
		return "", fmt.Errorf("reading the list: %w", err)
	}
	f.end()
	f.synced.Store(true)
	return version, nil
}

// readList calls put for each of items, wherever in the list they stand.
func readList[T object](body io.Reader, put func(T)) (version string, err error) {
	limited := &limitedReader{reader: body}
	decoder := json.NewDecoder(limited)
	complete := false
	err = eachMember(decoder, limited, func(key string) error {
		switch key {
		case "metadata":
			var m meta
			err := decoder.Decode(&m)
			version = m.ResourceVersion
			return err
		case "items":
			complete = true
			return eachItem(decoder, limited, put)
		}
		var rest json.RawMessage
		return decoder.Decode(&rest)
	})
	if err != nil {
		return "", fmt.Errorf("byte %d: %w", decoder.InputOffset(), err)
	}
	if version == "" || !complete {
		return "", errors.New("the answer is not a list with a resourceVersion and items")
	}
	return version, nil
}

func eachMember(decoder *json.Decoder, limited *limitedReader, member func(key string) error) error {
	limited.more()
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return errors.Join(err, errors.New("an object was expected"))
	}
	for decoder.More() {
		limited.more()
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		if err := member(key.(string)); err != nil { // a key is always a string
			return err
		}
	}
	_, err := decoder.Token()
	return err
}

func eachItem[T object](decoder *json.Decoder, limited *limitedReader, put func(T)) error {
	opening, err := decoder.Token()
	if err != nil {
		return err
	}
	if opening == nil { // null: none
		return nil
	}
	if opening != json.Delim('[') {
		return errors.New("items are not an array")
	}
	for decoder.More() {
		limited.more()
		var item T
		if err := decoder.Decode(&item); err != nil {
			return err
		}
		put(item)
	}
	_, err = decoder.Token()
	return err
}

// watch puts and removes what changes after version, until the API server ends the watch. It returns the version to go on from, "" where only a list helps.
func (f *follower[T]) watch(ctx context.Context, version string) (string, error) {
	lasts := watchFor + rand.N(watchFor)
	ctx, cancel := context.WithTimeout(ctx, lasts+30*time.Second)
	defer cancel()
	body, err := f.request().SetHeader("Accept", "application/json").Param("watch", "true").Param("allowWatchBookmarks", "true").
		Param("resourceVersion", version).Param("timeoutSeconds", strconv.Itoa(int(lasts.Seconds()))).Stream(ctx)
	switch {
	case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
		return "", nil
	case err != nil:
		return version, fmt.Errorf("watching: %w", err)
	}
	defer body.Close()
	f.awaySince.Store(0)
	limited := &limitedReader{reader: body}
	decoder := json.NewDecoder(limited)
	for {
		limited.more()
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := decoder.Decode(&event); errors.Is(err, io.EOF) {
			return version, nil
		} else if err != nil {
			return version, fmt.Errorf("reading the watch: %w", err)
		}
		next, err := f.take(event.Type, event.Object)
		if next == "" {
			return "", err
		}
		version = next
	}
}

// take applies one event and returns the version after it, "" where the watch cannot go on.
func (f *follower[T]) take(kind string, raw []byte) (string, error) {
	if kind == "ERROR" {
		var status metav1.Status
		if err := json.Unmarshal(raw, &status); err != nil {
			return "", fmt.Errorf("reading an error of the watch: %w", err)
		}
		if status.Code == http.StatusGone {
			return "", nil
		}
		return "", fmt.Errorf("the watch was ended: %w", apierrors.FromObject(&status))
	}
	var changed T
	if err := json.Unmarshal(raw, &changed); err != nil {
		return "", fmt.Errorf("reading an object of the watch: %w", err)
	}
	switch kind {
	case "ADDED", "MODIFIED":
		f.put(changed)
	case "DELETED":
		f.remove(changed)
	case "BOOKMARK":
	default:
		return "", fmt.Errorf("an event of the unknown type %q", kind)
	}
	if changed.version() == "" {
		return "", errors.New("an object without a resourceVersion")
	}
	return changed.version(), nil
}

// limitedReader fails once more than maxObject bytes were read since the last call of more.
type limitedReader struct {
	reader io.Reader
	left   int
}

func (l *limitedReader) more() { l.left = maxObject }

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("an object of more than %d bytes", maxObject)
	}
	n, err := l.reader.Read(p)
	l.left -= n
	return n, err
}
