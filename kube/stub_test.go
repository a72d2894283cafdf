package kube_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/kube"
)

// apiServer speaks as much of Kubernetes' API as a list, a watch and a GET of one collection need, in JSON alone, without pages and without
// bookmarks. Its objects are made by the test.
type apiServer struct {
	path string // of the collection
	url  string

	mu       sync.Mutex
	objects  map[string]map[string]any // by namespace/name
	version  int
	watchers map[chan string]bool
	lists    []string // the resourceVersion that each list asked for
	watches  int
	gone     bool // the next watch finds its version expired
	expires  bool // so does every one
	refuse   int  // so many requests fail with 500
}

func newAPIServer(t testing.TB, path string) *apiServer {
	s := &apiServer{path: path, objects: map[string]map[string]any{}, version: 100, watchers: map[chan string]bool{}}
	server := httptest.NewServer(s)
	s.url = server.URL
	t.Cleanup(func() {
		s.cut()
		server.CloseClientConnections()
		server.Close()
	})
	return s
}

func (s *apiServer) client(t testing.TB) *kube.Client {
	t.Helper()
	client, err := kube.New(kube.Config{Server: s.url})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse > 0 {
		s.refuse--
		http.Error(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":500}`, http.StatusInternalServerError)
		return
	}
	query := r.URL.Query()
	switch {
	case r.URL.Path == s.path && query.Get("watch") == "true":
		s.watch(w, r)
	case r.URL.Path == s.path:
		s.lists = append(s.lists, query.Get("resourceVersion"))
		items := make([]any, 0, len(s.objects))
		for _, o := range s.objects {
			items = append(items, o)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "List", "apiVersion": "v1", "items": items, "metadata": map[string]any{"resourceVersion": fmt.Sprint(s.version)}})
	default:
		parts := strings.Split(r.URL.Path, "/") // /api/v1/namespaces/NS/serviceaccounts/NAME
		if len(parts) == 7 {
			if o, ok := s.objects[parts[4]+"/"+parts[6]]; ok {
				_ = json.NewEncoder(w).Encode(o)
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	}
}

// watch sends what happens until the connection ends. The lock is held when it is called and when it returns.
func (s *apiServer) watch(w http.ResponseWriter, r *http.Request) {
	if s.gone || s.expires {
		s.gone = false
		fmt.Fprintln(w, `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}}`)
		return
	}
	s.watches++
	events := make(chan string, 1000)
	s.watchers[events] = true
	s.mu.Unlock()
	defer s.mu.Lock()
	w.(http.Flusher).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case event, open := <-events:
			if !open {
				return
			}
			fmt.Fprintln(w, event)
			w.(http.Flusher).Flush()
		}
	}
}

// cut ends every watch.
func (s *apiServer) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for events := range s.watchers {
		close(events)
		delete(s.watchers, events)
	}
}

// put changes an object, and tells watchers unless it is to be missed.
func (s *apiServer) put(namespace, name string, members map[string]any, annotations map[string]string, missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	o := map[string]any{"kind": "ServiceAccount", "apiVersion": "v1", "metadata": map[string]any{
		"name": name, "namespace": namespace, "uid": "0f0b7d3a-0c53-4b63-8ba1-aa5d3d5f2b1e", "resourceVersion": fmt.Sprint(s.version),
		"creationTimestamp": "2026-11-28T12:00:00Z", "annotations": annotations, "labels": map[string]string{"a": "b"},
		"managedFields": []any{map[string]any{"manager": "kubectl", "operation": "Update"}},
	}}
	for key, value := range members {
		o[key] = value
	}
	kind := "MODIFIED"
	if _, ok := s.objects[namespace+"/"+name]; !ok {
		kind = "ADDED"
	}
	s.objects[namespace+"/"+name] = o
	s.tell(kind, o, missed)
}

func (s *apiServer) remove(namespace, name string, missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	o := s.objects[namespace+"/"+name]
	o["metadata"].(map[string]any)["resourceVersion"] = fmt.Sprint(s.version)
	delete(s.objects, namespace+"/"+name)
	s.tell("DELETED", o, missed)
}

func (s *apiServer) tell(kind string, o map[string]any, missed bool) {
	if missed {
		return
	}
	event, _ := json.Marshal(map[string]any{"type": kind, "object": o})
	for events := range s.watchers {
		events <- string(event)
	}
}

// many serves a list of count accounts, made while it is written, and a watch in which nothing happens.
func many(count int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("watch") == "true" {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		out := bufio.NewWriterSize(w, 1<<16)
		defer out.Flush()
		fmt.Fprint(out, `{"kind":"ServiceAccountList","apiVersion":"v1","metadata":{"resourceVersion":"100000"},"items":[`)
		for i := range count {
			if i > 0 {
				fmt.Fprint(out, ",")
			}
			fmt.Fprintf(out, `{"metadata":{"name":"account-%d","namespace":"namespace-%d","uid":"00000000-0000-4000-8000-%012d","resourceVersion":"%d",`+
				`"creationTimestamp":"2026-11-28T12:00:00Z","annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/role-%d"}}}`,
				i, i%1000, i, i+1, i)
		}
		fmt.Fprint(out, `]}`)
	})
}
