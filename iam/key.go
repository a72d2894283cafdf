package iam

import (
	"context"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/openirsa/openirsa/policy"
)

// Prefixes of unique ids and access key ids (IAM User Guide, "IAM identifiers").
const (
	policyPrefix    = "ANPA"
	accessKeyPrefix = "AKIA"
)

// accountBits of an access key id: of the first 48 bits, AWS sets the highest and keeps the account's number in the next 40.
const (
	accountBits  = 0x7fffffffff80
	accountShift = 7
	versionBit   = 1 << 47
)

// AccessKeyID makes an access key id of a prefix (AKIA, ASIA), a 12-digit account and at least 5 random bytes. Its 16 characters after the
// prefix are base32 of 10 bytes that hold the account's number where AWS's keys do, and 39 random bits. It is "" if an argument is not so.
func AccessKeyID(prefix, account string, random []byte) string {
	number, err := strconv.ParseUint(account, 10, 64)
	if err != nil || !policy.IsAccountID(account) || len(random) < 5 {
		return ""
	}
	head := versionBit | number<<accountShift | uint64(random[4]&0x7f)
	packed := make([]byte, 0, 10)
	for shift := 40; shift >= 0; shift -= 8 {
		packed = append(packed, byte(head>>shift))
	}
	return prefix + base32.StdEncoding.EncodeToString(append(packed, random[:4]...))
}

// AccountOfAccessKeyID reads the account out of an access key id that AccessKeyID, or AWS since 2019, made. It proves nothing about the key.
func AccountOfAccessKeyID(id string) (account string, ok bool) {
	if len(id) != 20 {
		return "", false
	}
	packed, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil {
		return "", false
	}
	var head uint64
	for _, b := range packed[:6] {
		head = head<<8 | uint64(b)
	}
	account = fmt.Sprintf("%012d", head&accountBits>>accountShift)
	return account, head&versionBit != 0 && len(account) == 12
}

// AccessKey looks a long-term key up; ok is false for an unknown id. The error is an *Error ServiceFailure.
func (d *Directory) AccessKey(ctx context.Context, id string) (key AccessKey, ok bool, err error) {
	account, ok := AccountOfAccessKeyID(id)
	if !ok {
		return AccessKey{}, false, nil
	}
	a, err := d.Account(ctx, account)
	if refusal, is := errors.AsType[*Error](err); is && refusal.Code == "NoSuchEntity" {
		return AccessKey{}, false, nil
	}
	if err != nil {
		return AccessKey{}, false, err
	}
	entry, ok := a.keys[id]
	if !ok {
		return AccessKey{}, false, nil
	}
	return entry.key, true, nil
}

// NewAccessKey makes a long-term key from random bytes: an id that carries the account, and 240 random bits of secret, 40 characters as AWS's. It is known
// to nobody yet.
func NewAccessKey(random io.Reader, account string) (AccessKey, error) {
	bytes := make([]byte, 35)
	if _, err := io.ReadFull(random, bytes); err != nil {
		return AccessKey{}, fmt.Errorf("making access key: %w", err)
	}
	id := AccessKeyID(accessKeyPrefix, account, bytes[:5])
	if id == "" {
		return AccessKey{}, fmt.Errorf("making access key: account %q is not 12 digits", account)
	}
	return AccessKey{ID: id, Secret: base64.StdEncoding.EncodeToString(bytes[5:]), Account: account}, nil
}

func (d *Directory) newAccessKey(account string) (AccessKey, error) {
	return NewAccessKey(d.rand, account)
}

// uniqueID makes a unique id: a prefix and 17 base32 characters, 85 random bits.
func (d *Directory) uniqueID(prefix string) (string, error) {
	random := make([]byte, 11)
	if _, err := io.ReadFull(d.rand, random); err != nil {
		return "", fmt.Errorf("making unique id: %w", err)
	}
	return prefix + base32.StdEncoding.EncodeToString(random)[:17], nil
}
