package kube

import (
	"context"
	"log/slog"
	"time"

	"k8s.io/client-go/rest"
)

// configMapObject is what is read of a ConfigMap.
type configMapObject struct {
	Metadata meta              `json:"metadata"`
	Data     map[string]string `json:"data"`
}

func (o configMapObject) version() string { return o.Metadata.ResourceVersion }

// FollowConfigMap calls changed with the text under key of one ConfigMap, now and whenever it changes, until ctx ends; with "" while there is no such
// ConfigMap or key. Calls come one after another.
func (c *Client) FollowConfigMap(ctx context.Context, namespace, name, key string, log *slog.Logger, changed func(text string)) {
	core := c.client.CoreV1().RESTClient()
	last, first := "", true
	tell := func(text string) {
		if first || text != last {
			first, last = false, text
			changed(text)
		}
	}
	listed := false
	f := &follower[configMapObject]{
		name: "configmaps", log: log, now: time.Now,
		request: func() *rest.Request {
			return core.Get().Namespace(namespace).Resource("configmaps").Param("fieldSelector", "metadata.name="+name)
		},
		begin:  func() { listed = false },
		put:    func(o configMapObject) { listed = true; tell(o.Data[key]) },
		remove: func(configMapObject) { tell("") },
		end: func() {
			if !listed {
				tell("")
			}
		},
	}
	f.run(ctx)
}
