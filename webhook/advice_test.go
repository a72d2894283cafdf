package webhook_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/webhook"
)

// knows is an Advisor that has warnings for one role.
type knows struct {
	role     string
	warnings []webhook.Warning
	mu       sync.Mutex
	asked    []webhook.Question
}

func (k *knows) Advise(_ context.Context, q webhook.Question) ([]webhook.Warning, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = append(k.asked, q)
	if q.RoleARN != k.role {
		return nil, nil
	}
	return k.warnings, nil
}

func TestAdviceAsEvents(t *testing.T) {
	c := newCluster()
	c.cache("shop", "app", map[string]string{"role-arn": roleARN, "audience": "vault"})
	advisor := &knows{role: roleARN, warnings: []webhook.Warning{{ID: "T20", Text: "no such role."}}}
	h := newHandler(t, webhook.Config{ServiceAccounts: c, Events: c, Advisor: advisor})
	review(t, h, ask{dryRun: true}, plainPod)
	owned := `{"metadata":{"generateName":"app-","ownerReferences":[{"kind":"Node","name":"n","uid":"n"},{"kind":"ReplicaSet","name":"app","uid":"r-1","controller":true}]},
		"spec":{"serviceAccountName":"app","containers":[]}}`
	review(t, h, ask{}, owned)
	e := <-c.recorded
	want := event{webhook.Reference{Kind: "ReplicaSet", Namespace: "shop", Name: "app", UID: "r-1"}, "IRSARoleNotUsable", "T20: no such role."}
	if e != want {
		t.Errorf("event = %+v", e)
	}
	question := webhook.Question{RoleARN: roleARN, Namespace: "shop", ServiceAccount: "app", Audience: "vault"}
	advisor.mu.Lock()
	defer advisor.mu.Unlock()
	if !slices.Equal(advisor.asked, []webhook.Question{question}) {
		t.Errorf("asked %+v", advisor.asked)
	}
}
