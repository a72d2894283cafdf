package admission

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// apiServer stands for a cluster whose service accounts, and whose ConfigMap pod-identity-webhook, never change: it lists them, holds watches open
// and answers reads of one account.
type apiServer struct {
	accounts []core.ServiceAccount
	roles    string // the ConfigMap's config; empty: there is no ConfigMap
}

// start serves until the test ends, and returns the URL.
func (a *apiServer) start(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(func() {
		server.CloseClientConnections() // watches never end by themselves
		server.Close()
	})
	return server.URL
}

// ServeHTTP implements http.Handler.
func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	list, watched := metav1.ListMeta{ResourceVersion: "100"}, r.URL.Query().Get("watch") != ""
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	switch parts := strings.Split(path, "/"); {
	case watched && r.URL.Query().Get("sendInitialEvents") != "":
		answer(w, http.StatusUnprocessableEntity, metav1.Status{Reason: metav1.StatusReasonInvalid, Message: "sendInitialEvents is forbidden"})
	case watched:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case path == "serviceaccounts":
		answer(w, http.StatusOK, core.ServiceAccountList{TypeMeta: metav1.TypeMeta{Kind: "ServiceAccountList", APIVersion: "v1"}, ListMeta: list, Items: a.accounts})
	case parts[len(parts)-1] == "configmaps":
		answer(w, http.StatusOK, core.ConfigMapList{TypeMeta: metav1.TypeMeta{Kind: "ConfigMapList", APIVersion: "v1"}, ListMeta: list, Items: a.configMaps()})
	case len(parts) == 4 && parts[2] == "serviceaccounts":
		a.read(w, parts[1], parts[3])
	default:
		answer(w, http.StatusNotFound, metav1.Status{Reason: metav1.StatusReasonNotFound, Message: "not found"})
	}
}

func (a *apiServer) configMaps() []core.ConfigMap {
	if a.roles == "" {
		return nil
	}
	return []core.ConfigMap{{ObjectMeta: metav1.ObjectMeta{Namespace: "eks", Name: "pod-identity-webhook", ResourceVersion: "99"},
		Data: map[string]string{"config": a.roles}}}
}

func (a *apiServer) read(w http.ResponseWriter, namespace, name string) {
	for _, account := range a.accounts {
		if account.Namespace == namespace && account.Name == name {
			account.TypeMeta = metav1.TypeMeta{Kind: "ServiceAccount", APIVersion: "v1"}
			answer(w, http.StatusOK, account)
			return
		}
	}
	answer(w, http.StatusNotFound, metav1.Status{Reason: metav1.StatusReasonNotFound, Message: "serviceaccounts \"" + name + "\" not found"})
}

func answer(w http.ResponseWriter, code int, object any) {
	if status, ok := object.(metav1.Status); ok {
		status.TypeMeta, status.Status, status.Code = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, metav1.StatusFailure, int32(code)
		object = status
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}
