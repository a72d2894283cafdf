package webhook

import (
	"encoding/base64"
	"fmt"
	"slices"
)

// MaxReview bounds an AdmissionReview, in bytes: it may hold an object, the old one and options, each of at most
// MaxPod.
const MaxReview = 8 << 20

// The versions of AdmissionReview that are read and answered
// (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request).
const (
	reviewV1      = "admission.k8s.io/v1"
	reviewV1beta1 = "admission.k8s.io/v1beta1"
	reviewKind    = "AdmissionReview"
)

// review is what of an AdmissionReview's request counts.
type review struct {
	apiVersion  string
	uid         string
	operation   string
	namespace   string
	group       string // of the resource
	resource    string // plural
	subresource string
	kind        string
	dryRun      bool
	object      []byte // nil where there is none; a part of the body
	pod         *pod   // the object, where it was read as a pod on the way
}

// readReview reads an AdmissionReview, and the pod in it in the same pass where settings are given and the members
// before it say that it is one, which API servers write in that order. Even when it fails it returns what it could
// read, for the answer's uid and version.
func readReview(body []byte, settings *Settings) (*review, error) {
	r := &reviewReader{scanner: scanner{data: body}, review: &review{}, settings: settings}
	var seen uint32
	var kind string
	requested := false
	err := r.object(func(key []byte) error {
		switch string(key) {
		case "apiVersion":
			return r.string(&seen, 1, key, &r.review.apiVersion)
		case "kind":
			return r.string(&seen, 2, key, &kind)
		case "request":
			return r.nullable(&seen, 4, key, func() error {
				requested = true
				return r.request()
			})
		}
		return r.skip()
	})
	if err == nil {
		err = r.end()
	}
	switch version := r.review.apiVersion; {
	case err != nil:
	case version == "" && kind == "" && requested:
		// No API server sends such a review, but amazon-eks-pod-identity-webhook takes it, and tools that were made for it send it.
	case kind != reviewKind || version != reviewV1 && version != reviewV1beta1:
		err = fmt.Errorf("%s of %s is not an AdmissionReview of %s or v1beta1", quote(kind), quote(version), reviewV1)
	case !requested:
		err = fmt.Errorf("the AdmissionReview has no request")
	}
	return r.review, err
}

type reviewReader struct {
	scanner
	review   *review
	settings *Settings // nil: pods are of no interest
}

func (r *reviewReader) request() error {
	var seen uint32
	return r.object(func(key []byte) error {
		switch string(key) {
		case "uid":
			return r.string(&seen, 1, key, &r.review.uid)
		case "operation":
			return r.string(&seen, 2, key, &r.review.operation)
		case "namespace": // it reaches memory, logs and Events, where names of Kubernetes' length are expected
			return r.name(&seen, 4, key, &r.review.namespace)
		case "subResource":
			return r.string(&seen, 8, key, &r.review.subresource)
		case "resource":
			return r.nullable(&seen, 16, key, r.takeResource)
		case "kind":
			return r.nullable(&seen, 32, key, r.takeKind)
		case "object":
			return r.nullable(&seen, 64, key, r.takeObject)
		case "dryRun":
			return r.nullable(&seen, 128, key, r.takeDryRun)
		}
		return r.skip()
	})
}

func (r *reviewReader) takeObject() (err error) {
	if r.settings == nil || r.review.group != "" || r.review.resource != "pods" || r.review.operation != "CREATE" || r.review.subresource != "" {
		r.review.object, err = r.raw()
		return err
	}
	r.next()
	start := r.at
	p := &podReader{scanner: r.scanner, pod: &pod{}, settings: r.settings}
	err = p.read()
	r.scanner = p.scanner
	r.review.object, r.review.pod = r.data[start:r.at], p.pod
	if size := r.at - start; err == nil && size > MaxPod {
		err = r.failAt(start, "a pod of %d bytes, of at most %d", size, MaxPod)
	}
	return err
}

func (r *reviewReader) takeResource() error {
	var seen uint32
	return r.object(func(key []byte) error {
		switch string(key) {
		case "group":
			return r.string(&seen, 1, key, &r.review.group)
		case "resource":
			return r.string(&seen, 2, key, &r.review.resource)
		}
		return r.skip()
	})
}

func (r *reviewReader) takeKind() error {
	var seen uint32
	return r.object(func(key []byte) error {
		if string(key) == "kind" {
			return r.string(&seen, 1, key, &r.review.kind)
		}
		return r.skip()
	})
}

// takeDryRun takes nothing else for false: a dry run must not leave anything behind.
func (r *reviewReader) takeDryRun() error {
	at := r.at
	raw, err := r.raw()
	if r.review.dryRun = string(raw) == "true"; err == nil && !r.review.dryRun && string(raw) != "false" {
		err = r.failAt(at, "true or false was expected")
	}
	return err
}

// isPodCreate tells whether the review is of a pod that is made. The API server always says; a review that does not
// is taken at its kind.
func (r *review) isPodCreate() bool {
	pods := r.group == "" && r.resource == "pods" || r.resource == "" && (r.kind == "Pod" || r.kind == "")
	return pods && r.subresource == "" && (r.operation == "CREATE" || r.operation == "") && r.object != nil
}

// answer is what a review is answered.
type answer struct {
	allowed  bool
	message  string // why not
	patch    Patch
	warnings []Warning
}

// append appends the answering AdmissionReview's JSON text to b. It echoes the version and the uid.
func (a *answer) append(b []byte, r *review) []byte {
	version := r.apiVersion
	if version != reviewV1beta1 {
		version = reviewV1
	}
	var patch []byte
	if len(a.patch) > 0 {
		patch = a.patch.AppendJSON(nil)
	}
	b = slices.Grow(b, 256+base64.StdEncoding.EncodedLen(len(patch)))
	b = append(b, `{"kind":"AdmissionReview","apiVersion":"`...)
	b = append(b, version...)
	b = append(b, `","response":{"uid":`...)
	b = appendString(b, r.uid)
	if a.allowed {
		b = append(b, `,"allowed":true`...)
	} else {
		b = append(b, `,"allowed":false,"status":{"metadata":{},"message":`...)
		b = append(appendString(b, a.message), '}')
	}
	if len(patch) > 0 {
		b = append(b, `,"patch":"`...)
		b = base64.StdEncoding.AppendEncode(b, patch)
		b = append(b, `","patchType":"JSONPatch"`...)
	}
	for i, w := range a.warnings {
		if i == 0 {
			b = append(b, `,"warnings":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendString(b, w.String())
	}
	if len(a.warnings) > 0 {
		b = append(b, ']')
	}
	return append(b, "}}"...)
}
