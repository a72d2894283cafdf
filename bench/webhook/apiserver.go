package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
)

// apiServer stands for a cluster's API server with a number of annotated service accounts that never change: it lists them, whole or in
// pages, holds watches open and answers reads of one. It speaks JSON alone and knows no streamed lists, as the least of what a client may meet.
type apiServer struct {
	*httptest.Server
	accounts []json.RawMessage
}

// account names the service account of that number, which all its users agree on.
func account(number int) string { return fmt.Sprintf("application-%06d", number) }

// newAPIServer makes one with that many accounts, in namespaces of a hundred each.
func newAPIServer(number int) *apiServer {
	s := &apiServer{}
	for i := range number {
		s.accounts = append(s.accounts, json.RawMessage(fmt.Sprintf(`{"metadata":{"name":%q,"namespace":%q,"uid":"6f1c9a52-3f0e-4a53-9d0c-%012d",`+
			`"resourceVersion":"%d","creationTimestamp":"2026-01-01T00:00:00Z","annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/%s"},`+
			`"managedFields":[{"manager":"kubectl","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1",`+
			`"fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:eks.amazonaws.com/role-arn":{}}}}}]}}`,
			account(i), namespace(i), i, i+1, account(i))))
	}
	s.Server = httptest.NewServer(s)
	return s
}

func namespace(number int) string { return fmt.Sprintf("team-%04d", number/100) }

// ServeHTTP implements http.Handler.
func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	rest, core := strings.CutPrefix(r.URL.Path, "/api/v1/")
	switch {
	case !core:
		s.refuse(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
	case rest == "serviceaccounts" && query.Get("watch") != "":
		s.watch(w, r, query.Get("sendInitialEvents") != "")
	case rest == "serviceaccounts":
		limit := query.Get("limit")
		if query.Get("resourceVersion") == "0" { // such a list comes whole, from an API server's watch cache
			limit = ""
		}
		s.list(w, limit, query.Get("continue"))
	default:
		s.read(w, rest)
	}
}

// refuse answers as an API server does.
func (s *apiServer) refuse(w http.ResponseWriter, status int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, status)
}

func (s *apiServer) watch(w http.ResponseWriter, r *http.Request, initial bool) {
	if initial {
		s.refuse(w, http.StatusUnprocessableEntity, "Invalid", "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func (s *apiServer) list(w http.ResponseWriter, limit, after string) {
	from, _ := strconv.Atoi(after)
	to := len(s.accounts)
	if size, _ := strconv.Atoi(limit); size > 0 {
		to = min(to, from+size)
	}
	more := ""
	if to < len(s.accounts) {
		more = fmt.Sprintf(`,"continue":"%d","remainingItemCount":%d`, to, len(s.accounts)-to)
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"kind":"ServiceAccountList","apiVersion":"v1","metadata":{"resourceVersion":"%d"%s},"items":[`, len(s.accounts)+1, more)
	for i, item := range s.accounts[from:to] {
		if i > 0 {
			w.Write([]byte(","))
		}
		w.Write(item)
	}
	w.Write([]byte("]}"))
}

// read answers namespaces/<namespace>/serviceaccounts/<name>.
func (s *apiServer) read(w http.ResponseWriter, path string) {
	parts := strings.Split(path, "/")
	if len(parts) == 4 && parts[0] == "namespaces" && parts[2] == "serviceaccounts" {
		number, err := strconv.Atoi(strings.TrimPrefix(parts[3], "application-"))
		if err == nil && number < len(s.accounts) && namespace(number) == parts[1] {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"kind":"ServiceAccount","apiVersion":"v1",%s`, s.accounts[number][1:])
			return
		}
	}
	s.refuse(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
}
