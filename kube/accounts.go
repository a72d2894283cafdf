package kube

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unique"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/openirsa/openirsa/webhook"
)

// AccountsConfig says what of the cluster's service accounts is remembered.
type AccountsConfig struct {
	Prefix string           // of the annotations that are kept, without "/": eks.amazonaws.com
	Log    *slog.Logger     // nil discards
	Now    func() time.Time // nil: the system's clock
}

// Accounts remembers the service accounts of a whole cluster and satisfies webhook.ServiceAccounts. An account costs some 200 bytes: name, time and
// the annotations under the prefix are kept, packed, and nothing else. It is safe for concurrent use.
type Accounts struct {
	client   kubernetes.Interface
	prefix   string // with "/"
	follower *follower[accountObject]

	mu         sync.RWMutex
	accounts   map[accountKey]account
	generation uint32 // of the list that is or was last read
}

// accountKey shares a namespace's name among its accounts.
type accountKey struct {
	namespace unique.Handle[string]
	name      string
}

// account is what is kept. The name in its key and annotations are one piece of memory.
type account struct {
	annotations string // each key and value with its length before it
	created     uint32 // seconds of the Unix epoch
	generation  uint32
}

// accountObject is what is read of a ServiceAccount.
type accountObject struct {
	Metadata struct {
		meta
		Name              string            `json:"name"`
		Namespace         string            `json:"namespace"`
		CreationTimestamp time.Time         `json:"creationTimestamp"`
		Annotations       map[string]string `json:"annotations"`
	} `json:"metadata"`
}

func (o accountObject) version() string { return o.Metadata.ResourceVersion }

// Accounts makes the memory of service accounts. Run fills it and keeps it up.
func (c *Client) Accounts(config AccountsConfig) *Accounts {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	a := &Accounts{client: c.client, prefix: config.Prefix + "/", accounts: map[accountKey]account{}}
	core := c.client.CoreV1().RESTClient()
	a.follower = &follower[accountObject]{
		name: "serviceaccounts", request: func() *rest.Request { return core.Get().Resource("serviceaccounts") },
		begin: a.begin, put: a.put, remove: a.remove, end: a.end, log: config.Log, now: config.Now,
	}
	return a
}

// Run keeps the memory up until ctx ends.
func (a *Accounts) Run(ctx context.Context) { a.follower.run(ctx) }

// Ready says whether all accounts have been read once.
func (a *Accounts) Ready() bool { return a.follower.synced.Load() }

// Away returns for how long there has been no watch, during which the memory may miss changes; 0 while there is one.
func (a *Accounts) Away() time.Duration { return a.follower.away() }

// Len returns how many accounts are remembered.
func (a *Accounts) Len() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.accounts)
}

// Cached answers from memory.
func (a *Accounts) Cached(namespace, name string) (webhook.ServiceAccount, bool) {
	a.mu.RLock()
	key := accountKey{unique.Make(namespace), name}
	kept, ok := a.accounts[key]
	a.mu.RUnlock()
	if !ok {
		return webhook.ServiceAccount{}, false
	}
	return kept.value(key), true
}

// Read asks the API server: a GET without a resourceVersion sees every write that was acknowledged before it
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list). An account whose name could not be a part of a path is
// none, which needs no asking: client-go has an error for it that says nothing of the cluster.
func (a *Accounts) Read(ctx context.Context, namespace, name string) (webhook.ServiceAccount, error) {
	if len(content.IsPathSegmentName(namespace))+len(content.IsPathSegmentName(name)) > 0 {
		return webhook.ServiceAccount{}, fmt.Errorf("%q in %q: %w", name, namespace, webhook.ErrNoServiceAccount)
	}
	got, err := a.client.CoreV1().ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return webhook.ServiceAccount{}, fmt.Errorf("%s/%s: %w", namespace, name, webhook.ErrNoServiceAccount)
	}
	if err != nil {
		return webhook.ServiceAccount{}, err
	}
	annotations := map[string]string{}
	for key, value := range got.Annotations {
		if short, ok := strings.CutPrefix(key, a.prefix); ok {
			annotations[short] = value
		}
	}
	return webhook.ServiceAccount{Namespace: namespace, Name: name, Annotations: annotations, Created: got.CreationTimestamp.Time}, nil
}

func (a *Accounts) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation++
}

func (a *Accounts) put(o accountObject) {
	var packed []byte
	packed = append(packed, o.Metadata.Name...)
	for key, value := range o.Metadata.Annotations {
		if short, ok := strings.CutPrefix(key, a.prefix); ok {
			packed = pack(pack(packed, short), value)
		}
	}
	whole := string(packed)
	name, annotations := whole[:len(o.Metadata.Name)], whole[len(o.Metadata.Name):]
	key := accountKey{unique.Make(o.Metadata.Namespace), name}
	a.mu.Lock()
	defer a.mu.Unlock()
	// An assignment leaves the old key in the map, and with it the memory that it shares with the old annotations.
	delete(a.accounts, key)
	a.accounts[key] = account{annotations: annotations, created: uint32(max(0, o.Metadata.CreationTimestamp.Unix())), generation: a.generation}
}

func (a *Accounts) remove(o accountObject) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.accounts, accountKey{unique.Make(o.Metadata.Namespace), o.Metadata.Name})
}

// end forgets what the list did not have, and gives back what reading it took.
func (a *Accounts) end() {
	a.mu.Lock()
	for key, kept := range a.accounts {
		if kept.generation != a.generation {
			delete(a.accounts, key)
		}
	}
	a.mu.Unlock()
	debug.FreeOSMemory()
}

func pack(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// unpack is the inverse of pack, for keys and values in turn.
func unpack(packed string) map[string]string {
	annotations := map[string]string{}
	next := func() string {
		length, n := uvarint(packed)
		text := packed[n : n+length]
		packed = packed[n+length:]
		return text
	}
	for packed != "" {
		key := next()
		annotations[key] = next()
	}
	return annotations
}

// uvarint reads from a string what binary.AppendUvarint wrote.
func uvarint(text string) (value, n int) {
	v, n := binary.Uvarint([]byte(text[:min(len(text), binary.MaxVarintLen64)]))
	return int(v), n
}

// Annotated returns the accounts that have annotations under the prefix, in no order, as they are at one moment.
func (a *Accounts) Annotated() []webhook.ServiceAccount {
	a.mu.RLock()
	defer a.mu.RUnlock()
	var annotated []webhook.ServiceAccount
	for key, kept := range a.accounts {
		if kept.annotations != "" {
			annotated = append(annotated, kept.value(key))
		}
	}
	return annotated
}

func (k account) value(key accountKey) webhook.ServiceAccount {
	return webhook.ServiceAccount{Namespace: key.namespace.Value(), Name: key.name, Annotations: unpack(k.annotations), Created: time.Unix(int64(k.created), 0)}
}
