package iam

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/openirsa/openirsa/policy"
)

// What requests to other services did is kept here after the fact: whoever calls has decided and recorded the request, and its service has done it.
// So nobody is asked anew, and a door that serves a request has one event of it.

// CreateResource begins a resource's record, in place of one that an earlier resource of that ARN left: with the tags and the policy that it was
// made with, as far as it has any. CheckResourcePolicy says beforehand whether the policy can be kept.
func (d *Directory) CreateResource(ctx context.Context, account, arn string, tags map[string]string, document string) error {
	return d.keep(ctx, account, arn, func(tx *draft, r *resourceRecord) error {
		*r = resourceRecord{ResourceRecord: ResourceRecord{Policy: document, Tags: tags}}
		if document == "" {
			return nil
		}
		var err error
		r.PrincipalIDs, err = tx.checkResourcePolicy(arn, document)
		return err
	})
}

// SetResourceTags adds tags to those of a resource; a tag replaces one of the same key.
func (d *Directory) SetResourceTags(ctx context.Context, account, arn string, tags map[string]string) error {
	return d.keep(ctx, account, arn, func(_ *draft, r *resourceRecord) error {
		merged := maps.Clone(r.Tags)
		if merged == nil {
			merged = map[string]string{}
		}
		maps.Copy(merged, tags)
		r.Tags = merged
		return nil
	})
}

// RemoveResourceTags takes tags away from a resource by their keys.
func (d *Directory) RemoveResourceTags(ctx context.Context, account, arn string, keys []string) error {
	return d.keep(ctx, account, arn, func(_ *draft, r *resourceRecord) error {
		left := maps.Clone(r.Tags)
		maps.DeleteFunc(left, func(key, _ string) bool { return slices.Contains(keys, key) })
		r.Tags = left
		return nil
	})
}

// ForgetResource drops all that is kept about a resource: it was deleted, and another one may get its ARN.
func (d *Directory) ForgetResource(ctx context.Context, account, arn string) error {
	return d.keep(ctx, account, arn, func(_ *draft, r *resourceRecord) error {
		*r = resourceRecord{}
		return nil
	})
}

// keep changes a resource's record: edit gets a copy, whose maps it replaces.
func (d *Directory) keep(ctx context.Context, account, arn string, edit func(tx *draft, r *resourceRecord) error) error {
	id, err := owner(account, arn, "")
	if err != nil {
		return err
	}
	s, err := d.slot(ctx, id)
	if err != nil {
		return err
	}
	return d.write(context.WithoutCancel(ctx), s, func(tx *draft) error { return tx.editResource(arn, edit) })
}

// editResource stages a resource's record as edit leaves it, or its removal when nothing is left in it.
func (tx *draft) editResource(arn string, edit func(tx *draft, r *resourceRecord) error) error {
	var record resourceRecord
	old, known := tx.resources[arn]
	if known {
		record = old.record
	}
	revision := record.Revision
	if err := edit(tx, &record); err != nil {
		return err
	}
	key := recordKey(tx.id, kindResource, arn)
	if record.Policy == "" && len(record.Tags) == 0 {
		if known {
			tx.remove(key, revision)
		}
		return nil
	}
	switch _, err := policy.ParseARN(arn); {
	case err != nil || !utf8.ValidString(arn):
		return refusef("ValidationError", "ARN %s is not valid.", shorten(arn))
	case len(arn) > maxResourceARN:
		return refusef("LimitExceeded", "An ARN of more than %d bytes cannot be kept.", maxResourceARN)
	case !known && len(tx.resources) >= maxResources:
		return quota("ResourceRecordsPerAccount", maxResources)
	}
	if err := checkResourceTags(record.Tags); err != nil {
		return err
	}
	record.Updated = tx.now
	return stage(tx, key, revision, record)
}

func checkResourceTags(tags map[string]string) error {
	if len(tags) > maxResourceTags {
		return refusef("LimitExceeded", "The number of tags has reached the maximum limit.")
	}
	for key, value := range tags {
		if n := utf8.RuneCountInString(key); n == 0 || n > maxTagKey || utf8.RuneCountInString(value) > maxTagValue || !utf8.ValidString(key+value) {
			return refusef("InvalidInput", "A tag's key must be 1 to %d characters long, and its value at most %d.", maxTagKey, maxTagValue)
		}
	}
	return nil
}
