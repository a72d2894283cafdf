package webhook

import "strings"

const (
	// MaxPod bounds a pod's JSON text, in bytes: the API server takes no larger request body (k8s.io/apiserver,
	// MaxRequestBodyBytes).
	MaxPod = 3 << 20
	// MaxContainers bounds a pod's init and main containers together. A patch is longer than the smallest containers,
	// so that without it a pod of empty ones would ask for gigabytes.
	MaxContainers = 2000
	// MaxPatch bounds a pod's patch, in bytes. Annotations reach it once for each container, and those of a pod are
	// not bounded by the API server before its webhooks have answered. No pod that grows by so much would be kept:
	// etcd takes 1.5 MiB.
	MaxPatch = 3 << 20
	// maxName is the longest name that Kubernetes takes, in bytes (RFC 1123 subdomains).
	maxName = 253
)

// The environment variables that decide what is injected. A bit each, since only their presence counts.
const (
	envRegionalSTS uint32 = 1 << iota
	envDefaultRegion
	envRegion
	envRoleARN
	envTokenFile
	envFullURI
	envAuthorizationFile
	envEndpoint
	envSTSEndpoint
	envCABundle
	envSessionName
	envAccessKey
	envProfile
)

// The volumes that decide what is injected, likewise.
const (
	volumeToken uint32 = 1 << iota
	volumeContainer
	volumeBundle
)

// pod is what of a pod decides about its injection, read in one pass.
type pod struct {
	name, generateName, serviceAccount string
	uid                                string            // empty before the validating review
	annotations                        map[string]string // under the prefix alone, keys without it
	owner                              Reference         // its controller, without a namespace; empty if it has none
	metadata, spec                     bool              // whether there are such objects
	labels, skip                       bool              // whether it has labels, and skipLabel
	identityLabel                      string            // the value of podIdentityLabel
	windows                            bool
	hasVolumes                         bool
	volumes                            uint32
	init, main                         []container
}

// container is the same of a container.
type container struct {
	name                       string
	env                        uint32
	mounts                     uint32 // by the names of the volumes that they mount
	hasEnv, hasMounts, envFrom bool
	awsCLI                     bool // its image or command is the AWS CLI
}

// podReader reads one pod.
type podReader struct {
	scanner
	pod      *pod
	settings *Settings
	count    int
}

// readPod reads a pod, or a workload's pod template, which has the same form.
func readPod(raw []byte, settings *Settings) (*pod, error) {
	r := &podReader{scanner: scanner{data: raw}, pod: &pod{}, settings: settings}
	if len(raw) > MaxPod {
		return nil, r.fail("a pod of %d bytes, of at most %d", len(raw), MaxPod)
	}
	err := r.read()
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, err
	}
	return r.pod, nil
}

// read takes a pod.
func (r *podReader) read() error {
	var seen uint32
	return r.object(func(key []byte) error {
		switch string(key) {
		case "metadata":
			return r.nullable(&seen, 1, key, r.metadata)
		case "spec":
			return r.nullable(&seen, 2, key, r.spec)
		}
		return r.skip()
	})
}

func (r *podReader) metadata() error {
	r.pod.metadata = true
	var seen uint32
	return r.object(func(key []byte) error {
		switch string(key) {
		case "name":
			return r.name(&seen, 1, key, &r.pod.name)
		case "generateName":
			return r.name(&seen, 2, key, &r.pod.generateName)
		case "annotations":
			return r.nullable(&seen, 4, key, r.annotations)
		case "labels":
			return r.nullable(&seen, 8, key, r.labels)
		case "ownerReferences":
			return r.nullable(&seen, 16, key, r.owners)
		case "uid":
			return r.name(&seen, 32, key, &r.pod.uid)
		}
		return r.skip()
	})
}

func (r *podReader) annotations() error {
	prefix := r.settings.AnnotationPrefix
	return r.object(func(key []byte) error {
		if len(key) <= len(prefix) || key[len(prefix)] != '/' || string(key[:len(prefix)]) != prefix {
			return r.skip()
		}
		name := string(key[len(prefix)+1:])
		if _, twice := r.pod.annotations[name]; twice {
			return r.failAt(r.key, "the member %q appears twice", key)
		}
		value, err := r.text()
		if r.pod.annotations == nil {
			r.pod.annotations = map[string]string{}
		}
		r.pod.annotations[name] = value
		return err
	})
}

func (r *podReader) labels() error {
	r.pod.labels = true
	var seen uint32
	return r.object(func(key []byte) error {
		if string(key) == podIdentityLabel {
			return r.string(&seen, 1, key, &r.pod.identityLabel)
		}
		r.pod.skip = r.pod.skip || string(key) == skipLabel
		return r.skip()
	})
}

func (r *podReader) owners() error {
	return r.array(func(int) error {
		var owner Reference
		var controller bool
		var seen uint32
		err := r.object(func(key []byte) error {
			switch string(key) {
			case "kind":
				return r.name(&seen, 1, key, &owner.Kind)
			case "name":
				return r.name(&seen, 2, key, &owner.Name)
			case "uid":
				return r.name(&seen, 4, key, &owner.UID)
			case "controller":
				raw, err := r.raw()
				controller = string(raw) == "true"
				return err
			}
			return r.skip()
		})
		if controller {
			r.pod.owner = owner
		}
		return err
	})
}

func (r *podReader) spec() error {
	r.pod.spec = true
	var seen uint32
	return r.object(func(key []byte) error {
		switch string(key) {
		case "serviceAccountName":
			return r.name(&seen, 1, key, &r.pod.serviceAccount)
		case "nodeSelector":
			return r.nullable(&seen, 2, key, r.nodeSelector)
		case "volumes":
			return r.nullable(&seen, 4, key, func() error {
				r.pod.hasVolumes = true
				return r.named(&r.pod.volumes)
			})
		case "initContainers":
			return r.nullable(&seen, 8, key, func() error { return r.containers(&r.pod.init) })
		case "containers":
			return r.nullable(&seen, 16, key, func() error { return r.containers(&r.pod.main) })
		}
		return r.skip()
	})
}

// nodeSelector looks for the two labels by which a pod asks for a Windows node.
func (r *podReader) nodeSelector() error {
	var seen uint32
	return r.object(func(key []byte) error {
		var system string
		var err error
		switch string(key) {
		case "kubernetes.io/os":
			err = r.string(&seen, 1, key, &system)
		case "beta.kubernetes.io/os":
			err = r.string(&seen, 2, key, &system)
		default:
			return r.skip()
		}
		r.pod.windows = r.pod.windows || system == "windows"
		return err
	})
}

// named takes a list of objects and notes which of the volumes' names they have: volumes and mounts name one alike.
func (r *podReader) named(found *uint32) error {
	return r.names(func(name []byte) {
		switch string(name) {
		case tokenVolume:
			*found |= volumeToken
		case bundleVolume:
			*found |= volumeBundle
		}
		if string(name) == r.settings.ContainerCredentials.VolumeName {
			*found |= volumeContainer
		}
	})
}

// names takes a list of objects and tells their names.
func (r *podReader) names(note func(name []byte)) error {
	return r.array(func(int) error {
		if r.null() {
			return nil
		}
		var seen uint32
		return r.object(func(key []byte) error {
			if string(key) != "name" {
				return r.skip()
			}
			if err := r.once(&seen, 1, key); err != nil || r.null() {
				return err
			}
			name, err := r.bytes()
			note(name)
			return err
		})
	})
}

func (r *podReader) containers(into *[]container) error {
	return r.array(func(int) error {
		if r.count++; r.count > MaxContainers {
			return r.fail("more than %d containers", MaxContainers)
		}
		var c container
		err := r.container(&c)
		*into = append(*into, c)
		return err
	})
}

func (r *podReader) container(c *container) error {
	var seen uint32
	return r.object(func(key []byte) error {
		switch string(key) {
		case "name":
			return r.string(&seen, 1, key, &c.name)
		case "env":
			return r.nullable(&seen, 2, key, func() error {
				c.hasEnv = true
				return r.names(func(name []byte) { c.env |= envBit(name) })
			})
		case "volumeMounts":
			return r.nullable(&seen, 4, key, func() error {
				c.hasMounts = true
				return r.named(&c.mounts)
			})
		case "envFrom":
			raw, err := r.raw()
			c.envFrom = string(raw) != "null" && string(raw) != "[]"
			return err
		case "image":
			image, err := r.text()
			c.awsCLI = c.awsCLI || isAWSCLI(image)
			return err
		case "command":
			return r.nullable(&seen, 8, key, func() error { return r.command(c) })
		case "args":
			return r.nullable(&seen, 16, key, func() error { return r.command(c) })
		}
		return r.skip()
	})
}

// command looks whether a container's command, or what its image's entry point is given, is the AWS CLI.
func (r *podReader) command(c *container) error {
	return r.array(func(index int) error {
		if index > 0 {
			return r.skip()
		}
		word, err := r.text()
		c.awsCLI = c.awsCLI || word == "aws" || strings.HasSuffix(word, "/aws")
		return err
	})
}

// isAWSCLI tells whether an image's repository is named after the AWS CLI, as public.ecr.aws/aws-cli/aws-cli is.
func isAWSCLI(image string) bool {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndexByte(image, '/')+1:]
	name, _, _ = strings.Cut(name, ":")
	return name == "aws-cli" || name == "awscli"
}

// envBit is the bit of a variable that counts, or 0.
func envBit(name []byte) uint32 {
	if len(name) < 4 || string(name[:4]) != "AWS_" {
		return 0
	}
	switch string(name) {
	case "AWS_STS_REGIONAL_ENDPOINTS":
		return envRegionalSTS
	case "AWS_DEFAULT_REGION":
		return envDefaultRegion
	case "AWS_REGION":
		return envRegion
	case "AWS_ROLE_ARN":
		return envRoleARN
	case "AWS_WEB_IDENTITY_TOKEN_FILE":
		return envTokenFile
	case "AWS_CONTAINER_CREDENTIALS_FULL_URI":
		return envFullURI
	case "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE":
		return envAuthorizationFile
	case "AWS_ENDPOINT_URL":
		return envEndpoint
	case "AWS_ENDPOINT_URL_STS":
		return envSTSEndpoint
	case "AWS_CA_BUNDLE":
		return envCABundle
	case "AWS_ROLE_SESSION_NAME":
		return envSessionName
	case "AWS_ACCESS_KEY_ID":
		return envAccessKey
	case "AWS_PROFILE":
		return envProfile
	}
	return 0
}
