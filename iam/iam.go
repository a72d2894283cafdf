// Package iam is the directory: accounts, OIDC providers, roles, users with their access keys, groups, instance profiles, managed policies with
// their versions, inline policies, attachments, permissions boundaries and tags, the clusters and add-ons that EKS's API tells of, and what the
// plane keeps about the resources of other services: the policies that were put on them, and their tags.
//
// It authorizes every call itself, by the policies that come with the caller, and records it in the trail; no door can forget either. A
// caller reaches its own account only. It declares the Store that keeps its records and does not know which one it is.
//
// It does not authenticate (sts does), does not speak a wire protocol (awsapi does) and holds no key material but the secrets of
// access keys, which it keeps under SealedPrefix. AWS's managed policies are given to it: catalog knows them.
//
// State is one immutable snapshot per account. Authentication and exchange read it without locks; policies in it are compiled on first use
// and carried over from snapshot to snapshot while their documents stay as they are.
package iam

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// Recorder is what the directory asks of the trail.
type Recorder interface {
	// Record writes e before it returns; the directory refuses a change that cannot be recorded.
	Record(ctx context.Context, e trail.Event) error
	// Enqueue hands over an event of a read, which need not be written before the answer.
	Enqueue(e trail.Event)
}

// Config of a Directory.
type Config struct {
	Store          Store
	Trail          Recorder
	Now            func() time.Time // nil: time.Now
	Rand           io.Reader        // safe for concurrent use; nil: crypto/rand
	DefaultAccount string           // 12 digits: the account that may create others
	Partition      string           // "": "aws"
	AWSPolicies    []AWSPolicy      // AWS's managed policies, which every account can attach
	Actions        Actions          // what the simulators, and the policies of buckets, know of actions; nil: nothing
}

// Directory is IAM's state. It is safe for concurrent use.
type Directory struct {
	store          Store
	trail          Recorder
	now            func() time.Time
	rand           io.Reader
	defaultAccount string
	partition      string
	aws            map[string]*policyEntry // AWS's managed policies by ARN
	actions        Actions                 // may be nil
	slots          sync.Map                // account id → *slot
	forwarding     sync.Map                // account/ARN of the resources whose own service is being asked to change their policy
	used           uses
	stop           context.CancelFunc
	running        sync.WaitGroup
}

// New opens the directory in c.Store and follows what other writers change there until Close.
func New(ctx context.Context, c Config) (*Directory, error) {
	if c.Store == nil || c.Trail == nil {
		return nil, errors.New("opening directory: a store and a trail are needed")
	}
	if !policy.IsAccountID(c.DefaultAccount) {
		return nil, fmt.Errorf("opening directory: default account %q is not 12 digits", c.DefaultAccount)
	}
	d := &Directory{
		store: c.Store, trail: c.Trail, now: c.Now, rand: c.Rand,
		defaultAccount: c.DefaultAccount, partition: c.Partition, actions: c.Actions,
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.rand == nil {
		d.rand = rand.Reader
	}
	if d.partition == "" {
		d.partition = "aws"
	}
	aws, err := newAWSPolicies(d.partition, c.AWSPolicies)
	if err != nil {
		return nil, fmt.Errorf("opening directory: %w", err)
	}
	d.aws = aws
	_, revision, err := d.store.List(ctx, accountsPrefix, "", 1)
	if err != nil {
		return nil, fmt.Errorf("opening directory: %w", err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	d.running.Go(func() { d.follow(running, revision) })
	d.running.Go(func() { d.keepUses(running) })
	return d, nil
}

// Close stops following the store and writes what it still has to. It does not close it.
func (d *Directory) Close() error {
	d.stop()
	d.running.Wait()
	return nil
}
