package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrTaken is what Vault.Create returns where the number is taken: another replica was first.
var ErrTaken = errors.New("this version of the authority exists already")

// maxNumber bounds the numbers of versions: a new one every minute would take two years to get there.
const maxNumber = 1_000_000

// Version is an authority with its number; a newer one has a higher number.
type Version struct {
	Number    int
	Authority *Authority // nil where what is kept cannot be read; the number is taken all the same
}

// Vault is where replicas keep the versions of the authority that they share, and how they tell clients what to trust. A version never changes.
type Vault interface {
	// Versions returns every version, in any order.
	Versions(ctx context.Context) ([]Version, error)
	// Create keeps a new version, or returns ErrTaken.
	Create(ctx context.Context, v Version) error
	// Remove forgets a version; that there is none is no error.
	Remove(ctx context.Context, number int) error
	// Trust reads for each client what it trusts (PEM), then calls wanted, then replaces what differs, unless somebody else did so since the
	// reading: that is an error. It returns what was read. No client at all is no error.
	Trust(ctx context.Context, wanted func(context.Context) ([]byte, error)) (found [][]byte, err error)
}

// Shared is a Source for several replicas of one server, by the algorithm of docs/decisions/0011: each replica issues its own serving certificate
// from the newest version of a common authority that all clients have been seen to trust for the time of Overlap.
type Shared struct {
	Vault    Vault
	Names    []string         // DNS names and IP addresses of the server
	Lifetime time.Duration    // of each serving certificate
	Life     time.Duration    // of each version of the authority; the next is made after two thirds of it
	Overlap  time.Duration    // how long a version is trusted before it signs, for clients that learn late
	Now      func() time.Time // the clock

	own    Own
	seen   map[int]time.Time // since when each version was found trusted by all clients at every look
	unread error             // a version that could not be read
}

// Certificate looks at the vault, does what is due there, and issues a certificate where that is due. An error of the vault is returned beside the
// certificate: one that can be renewed without the vault is.
func (s *Shared) Certificate(ctx context.Context) (*tls.Certificate, error) {
	settled, err := s.look(ctx)
	if !settled {
		_, err = s.look(ctx) // the first look may have told clients of a new version; this one reads it back
	}
	s.own.Names, s.own.Lifetime, s.own.Now = s.Names, s.Lifetime, s.Now
	if s.own.Authority == nil {
		return nil, errors.Join(err, errors.New("no client trusts an authority of ours yet"))
	}
	pair, issueErr := s.own.Certificate(ctx)
	return pair, errors.Join(err, issueErr)
}

// look is one round: make the next version where it is due, tell clients what to trust, choose who signs, remove what has ended. It says whether an
// authority that is kept signs.
func (s *Shared) look(ctx context.Context) (settled bool, err error) {
	versions, err := s.versions(ctx)
	if err != nil {
		return false, err
	}
	if s.due(versions) {
		if err := s.create(ctx, versions); err != nil {
			return false, err
		}
	}
	// Versions are read after what clients trust and before it is replaced, so that of two replicas the one that knows less cannot undo the other.
	found, err := s.Vault.Trust(ctx, func(ctx context.Context) ([]byte, error) {
		again, err := s.versions(ctx)
		if err != nil {
			return nil, err
		}
		versions = again
		var bundle []byte
		for _, v := range s.living(versions) {
			bundle = append(bundle, v.Authority.Bundle()...)
		}
		return bundle, nil
	})
	if err != nil {
		return false, fmt.Errorf("telling clients what to trust: %w", err)
	}
	s.observe(s.living(versions), found)
	settled = s.choose(s.living(versions))
	for _, v := range versions {
		if v.Authority != nil && !s.Now().Before(v.Authority.Expires()) {
			if err := s.Vault.Remove(ctx, v.Number); err != nil {
				return settled, fmt.Errorf("removing version %d of the authority, which has ended: %w", v.Number, err)
			}
		}
	}
	return settled, s.unread
}

// versions returns all, the oldest first.
func (s *Shared) versions(ctx context.Context) ([]Version, error) {
	versions, err := s.Vault.Versions(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the versions of the authority: %w", err)
	}
	slices.SortFunc(versions, func(a, b Version) int { return a.Number - b.Number })
	s.unread = nil
	for i, v := range versions {
		switch {
		case v.Number > maxNumber:
			versions[i].Authority = nil
			s.unread = fmt.Errorf("version %d of the authority is none of ours, which end at %d", v.Number, maxNumber)
		case v.Authority == nil:
			s.unread = fmt.Errorf("version %d of the authority cannot be read", v.Number)
		}
	}
	return versions, nil
}

// living returns those that can be read and have not ended.
func (s *Shared) living(versions []Version) []Version {
	var living []Version
	for _, v := range versions {
		if v.Authority != nil && s.Now().Before(v.Authority.Expires()) {
			living = append(living, v)
		}
	}
	return living
}

// due says whether the newest version has two thirds of its life behind it, or there is none.
func (s *Shared) due(versions []Version) bool {
	living := s.living(versions)
	return len(living) == 0 || !s.Now().Before(renewal(living[len(living)-1].Authority.certificate))
}

// create keeps the version after the newest that can be read. The numbers of others are stepped over: whoever could put a version there that nobody can
// read, with the highest number that there is, would otherwise have the last one.
func (s *Shared) create(ctx context.Context, versions []Version) (err error) {
	next := Version{Number: 1}
	for _, v := range versions {
		if v.Number == next.Number || v.Authority != nil {
			next.Number = v.Number + 1
		}
	}
	if next.Number > maxNumber {
		return fmt.Errorf("there is no number after %d, the last version of the authority: remove that one", maxNumber)
	}
	if next.Authority, err = NewAuthority(s.Now(), s.Life); err != nil {
		return err
	}
	if err := s.Vault.Create(ctx, next); err != nil && !errors.Is(err, ErrTaken) {
		return fmt.Errorf("keeping version %d of the authority: %w", next.Number, err)
	}
	return nil
}

// observe notes since when each version is trusted by all clients. One that was missing once begins anew: whoever took it away may do so again.
func (s *Shared) observe(living []Version, found [][]byte) {
	before := s.seen
	s.seen = map[int]time.Time{}
	for _, v := range living {
		if !trusted(v.Authority, found) {
			continue
		}
		since, ok := before[v.Number]
		if !ok {
			since = s.Now()
		}
		s.seen[v.Number] = since
	}
}

// trusted says whether every client, of which there is one at least, trusts a.
func trusted(a *Authority, found [][]byte) bool {
	for _, bundle := range found {
		certificates, err := ParseBundle(bundle)
		if err != nil || !slices.ContainsFunc(certificates, a.certificate.Equal) {
			return false
		}
	}
	return len(found) > 0
}

// choose takes the newest version that has been trusted long enough. Where there is none, what signed goes on while it is kept, and a replica that has
// just started takes the oldest that is trusted: nobody knows for how long, but the oldest for longest. That one must outlast the time until a newer
// is known to be trusted long enough, to which as much again is added for the looks in between. It says whether there was one to take.
func (s *Shared) choose(living []Version) bool {
	kept := false
	var started *Version // what a replica that has just started takes
	for i, v := range slices.Backward(living) {
		since, ok := s.seen[v.Number]
		if ok && s.Now().Sub(since) >= s.Overlap {
			s.sign(v)
			return true
		}
		kept = kept || s.own.Authority != nil && v.Authority.certificate.Equal(s.own.Authority.certificate)
		if ok && (started == nil || v.Authority.Expires().Sub(s.Now()) > 2*s.Overlap) {
			started = &living[i]
		}
	}
	if kept {
		return true
	}
	if started != nil {
		s.sign(*started)
	}
	return started != nil
}

// sign keeps the authority that signs already where it is the same, so that reading it again issues nothing.
func (s *Shared) sign(v Version) {
	if s.own.Authority == nil || !s.own.Authority.certificate.Equal(v.Authority.certificate) {
		s.own.Authority = v.Authority
	}
}
