package oidc

import "time"

// ServiceAccountToken describes a Kubernetes projected token.
type ServiceAccountToken struct {
	Namespace, ServiceAccount, ServiceAccountUID string
	Pod, PodUID                                  string // optional, together
	Audiences                                    []string
	IssuedAt                                     time.Time
	Lifetime                                     time.Duration // may be negative: a token that has expired
	ID                                           string        // jti, a UUID
}

// serviceAccountClaims are the claims of a token that kube-apiserver's TokenRequest signs (Kubernetes 1.30 and later), in its order.
// Times are whole seconds, aud is always a list.
type serviceAccountClaims struct {
	Audience   []string         `json:"aud"`
	Expiry     int64            `json:"exp"`
	IssuedAt   int64            `json:"iat"`
	Issuer     string           `json:"iss"`
	ID         string           `json:"jti,omitempty"`
	Kubernetes kubernetesClaims `json:"kubernetes.io"`
	NotBefore  int64            `json:"nbf"`
	Subject    string           `json:"sub"`
}

type kubernetesClaims struct {
	Namespace      string           `json:"namespace"`
	Pod            *objectReference `json:"pod,omitempty"`
	ServiceAccount objectReference  `json:"serviceaccount"`
}

type objectReference struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// ServiceAccountClaims are the claims that kube-apiserver's TokenRequest would put into such a token, ready for Sign.
func (i *Issuer) ServiceAccountClaims(t ServiceAccountToken) any {
	claims := serviceAccountClaims{
		Audience:  t.Audiences,
		Expiry:    t.IssuedAt.Add(t.Lifetime).Unix(),
		IssuedAt:  t.IssuedAt.Unix(),
		Issuer:    i.url,
		ID:        t.ID,
		NotBefore: t.IssuedAt.Unix(),
		Subject:   "system:serviceaccount:" + t.Namespace + ":" + t.ServiceAccount,
		Kubernetes: kubernetesClaims{
			Namespace:      t.Namespace,
			ServiceAccount: objectReference{Name: t.ServiceAccount, UID: t.ServiceAccountUID},
		},
	}
	if t.Pod != "" {
		claims.Kubernetes.Pod = &objectReference{Name: t.Pod, UID: t.PodUID}
	}
	return claims
}
