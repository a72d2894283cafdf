package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/openirsa/openirsa/bench/load"
)

// reviews are requests with pods of that many containers, each of another service account.
func reviews(host string, number, accounts, containers int) ([]load.Request, error) {
	requests := make([]load.Request, number)
	for i := range requests {
		// A step that is prime to the number of accounts visits them all, in no order that a cache would like.
		body, err := json.Marshal(review(i, i*7919%accounts, containers))
		if err != nil {
			return nil, err
		}
		requests[i] = load.Request{append(fmt.Appendf(nil,
			"POST /mutate?timeout=10s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", host, len(body)), body...)}
	}
	return requests, nil
}

type object = map[string]any

// review is an AdmissionReview as an API server sends it for a Deployment's pod.
func review(number, accountNumber, containers int) object {
	uid := fmt.Sprintf("705ab4f5-6393-11e8-b7cc-%012d", number)
	pods := object{"group": "", "version": "v1", "kind": "Pod"}
	resource := object{"group": "", "version": "v1", "resource": "pods"}
	return object{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": object{
		"uid": uid, "kind": pods, "resource": resource, "requestKind": pods, "requestResource": resource,
		"namespace": namespace(accountNumber), "operation": "CREATE", "dryRun": false, "oldObject": nil,
		"options": object{"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
		"userInfo": object{"username": "system:serviceaccount:kube-system:replicaset-controller", "uid": "a7e0ab33-5f29-11e8-8a3c-36e6bb280816",
			"groups": []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"}},
		"object": pod(accountNumber, containers),
	}}
}

// pod is one that a Deployment made, with what API servers fill in.
func pod(accountNumber, containers int) object {
	name := account(accountNumber)
	var all []object
	for i := range containers {
		all = append(all, container(fmt.Sprintf("worker-%d", i)))
	}
	return object{"kind": "Pod", "apiVersion": "v1",
		"metadata": object{"generateName": name + "-6c8b7d9f5d-", "namespace": namespace(accountNumber),
			"creationTimestamp": nil, "labels": object{"app": name, "pod-template-hash": "6c8b7d9f5d"},
			"ownerReferences": []object{{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name + "-6c8b7d9f5d",
				"uid": "0d4f0bd1-5c2b-4d0a-9a3f-1f0b4b6f7a10", "controller": true, "blockOwnerDeletion": true}},
			"managedFields": []object{{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
				"fieldsType": "FieldsV1", "fieldsV1": managed(containers)}}},
		"spec": object{"serviceAccountName": name, "serviceAccount": name, "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
			"schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30, "securityContext": object{}, "enableServiceLinks": true, "priority": 0,
			"preemptionPolicy": "PreemptLowerPriority", "containers": all,
			"tolerations": []object{{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
				{"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}},
			"volumes": []object{{"name": "kube-api-access-7q5zk", "projected": object{"defaultMode": 420, "sources": []object{
				{"serviceAccountToken": object{"expirationSeconds": 3607, "path": "token"}},
				{"configMap": object{"name": "kube-root-ca.crt", "items": []object{{"key": "ca.crt", "path": "ca.crt"}}}}}}}}},
		"status": object{}}
}

func container(name string) object {
	return object{"name": name, "image": "registry.example.com/shop/" + name + ":1.4.2", "imagePullPolicy": "IfNotPresent",
		"ports":     []object{{"name": "http", "containerPort": 8080, "protocol": "TCP"}},
		"env":       []object{{"name": "LOG_LEVEL", "value": "info"}, {"name": "POD_NAME", "valueFrom": object{"fieldRef": object{"apiVersion": "v1", "fieldPath": "metadata.name"}}}},
		"resources": object{"requests": object{"cpu": "100m", "memory": "128Mi"}, "limits": object{"memory": "256Mi"}},
		"livenessProbe": object{"httpGet": object{"path": "/livez", "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
			"successThreshold": 1, "failureThreshold": 3},
		"volumeMounts":           []object{{"name": "kube-api-access-7q5zk", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}},
		"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
}

// managed is what server-side apply's bookkeeping says of such a pod.
func managed(containers int) json.RawMessage {
	var b strings.Builder
	b.WriteString(`{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{}}},"f:spec":{"f:containers":{`)
	for i := range containers {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"k:{\"name\":\"worker-%d\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"LOG_LEVEL\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{},"f:resources":{}}`, i)
	}
	b.WriteString(`},"f:dnsPolicy":{},"f:restartPolicy":{},"f:serviceAccountName":{}}}`)
	return json.RawMessage(b.String())
}
