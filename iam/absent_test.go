package iam_test

import (
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// TestAbsentOfCaller: without a user's name the calls on a user's devices and certificates are about the caller (IAM API reference, ListMFADevices and
// the others), and under a policy on the caller's own ARN. Deletions are recorded as changes, although there is nothing to change.
func TestAbsentOfCaller(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	self := p.user("self")
	p.user("other")
	p.put(iam.OfUser("self"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"`+self.ARN+`"}}`)
	who := p.signed(self)
	absent := func(name string, in iam.AbsentInput) error {
		who.Origin.RequestID = name
		return p.Absent(ctx, who, name, in)
	}
	done(t, absent("ListMFADevices", iam.AbsentInput{}))
	expect(t, absent("GetLoginProfile", iam.AbsentInput{}), "NoSuchEntity", "Login Profile for User self cannot be found.")
	expect(t, absent("DeleteLoginProfile", iam.AbsentInput{UserName: new("self")}), "NoSuchEntity", "Login Profile for User self cannot be found.")
	for name, readOnly := range map[string]bool{"ListMFADevices": true, "GetLoginProfile": true, "DeleteLoginProfile": false} {
		if e := p.event(name); e.Name != name || e.ReadOnly != readOnly || e.Resource != self.ARN {
			t.Errorf("%s is recorded as %+v", name, e)
		}
	}
	refused(t, absent("ListMFADevices", iam.AbsentInput{UserName: new("other")}), "AccessDenied")
	refused(t, absent("ListServerCertificates", iam.AbsentInput{}), "AccessDenied")
	done(t, p.Absent(ctx, p.root, "ListMFADevices", iam.AbsentInput{}))
	refused(t, p.Absent(ctx, p.root, "CreateVirtualMFADevice", iam.AbsentInput{}), "ServiceFailure")
}
