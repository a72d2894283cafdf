package compare

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// candidates are values that fall into every cell that numbers, dates or address ranges make: each operand, what lies between two and beyond the
// last, and something that is none of the kind. What a value is worth is asked of the engine, so that one too many does no harm.
func candidates(kind policy.OperatorType, operands []string) []string {
	switch kind {
	case policy.NumericOperator:
		return numbers(operands)
	case policy.DateOperator:
		return dates(operands)
	}
	return addresses(operands)
}

// numbers are every threshold, written in two ways since it may be a text elsewhere, the middle between each two, and one below and above all.
func numbers(operands []string) []string {
	thresholds := []*big.Rat{}
	for _, operand := range operands {
		if n, ok := new(big.Rat).SetString(strings.TrimPrefix(operand, "+")); ok {
			thresholds = append(thresholds, n)
		}
	}
	slices.SortFunc(thresholds, (*big.Rat).Cmp)
	texts := slices.Clone(operands)
	add := func(n *big.Rat) {
		digits, _ := n.FloatPrec()
		texts = append(texts, n.FloatString(digits), n.FloatString(digits+1))
	}
	one := big.NewRat(1, 1)
	for i, n := range thresholds {
		if i == 0 {
			add(new(big.Rat).Sub(n, one))
		} else {
			middle := new(big.Rat).Add(n, thresholds[i-1])
			add(middle.Quo(middle, big.NewRat(2, 1)))
		}
		add(n)
		if i == len(thresholds)-1 {
			add(new(big.Rat).Add(n, one))
		}
	}
	return append(sortedUnique(texts), "x", "", "0")
}

// dates are every threshold and a nanosecond, which is as fine as dates are read, before and after it.
func dates(operands []string) []string {
	texts := slices.Clone(operands)
	for _, operand := range operands {
		at, ok := readDate(operand)
		if !ok {
			continue
		}
		for _, other := range []time.Time{at.Add(-time.Second), at.Add(-1), at, at.Add(1), at.Add(time.Second)} {
			texts = append(texts, writeDate(other))
		}
	}
	return append(texts, "2024-01-01T00:00:00Z", "x", "")
}

// readDate reads what the document's compiler has already found to be a date: seconds since 1970, or one of the W3C's forms.
func readDate(text string) (time.Time, bool) {
	year := len(text) == len("2006") && strings.Trim(text, "0123456789") == ""
	if !year && !strings.ContainsAny(text[min(1, len(text)):], "-:") {
		if seconds, ok := new(big.Rat).SetString(strings.TrimPrefix(text, "+")); ok {
			nanoseconds := new(big.Rat).Mul(seconds, big.NewRat(int64(time.Second), 1))
			whole, rest := new(big.Int).QuoRem(nanoseconds.Num(), big.NewInt(int64(time.Second)), new(big.Int))
			return time.Unix(whole.Int64(), rest.Int64()), nanoseconds.IsInt()
		}
	}
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func writeDate(at time.Time) string {
	if at = at.UTC(); at.Year() >= 1 && at.Year() <= 9999 {
		return at.Format("2006-01-02T15:04:05.999999999Z")
	}
	seconds, nanoseconds := at.Unix(), int64(at.Nanosecond())
	if seconds < 0 && nanoseconds > 0 {
		seconds, nanoseconds = seconds+1, int64(time.Second)-nanoseconds
		if seconds == 0 {
			return fmt.Sprintf("-0.%09d", nanoseconds)
		}
	}
	return fmt.Sprintf("%d.%09d", seconds, nanoseconds)
}

// addresses are the first and the last address of every range and those just outside. Ranges lie within one another or apart, so that the part of a
// range that others leave begins at its own first address or just after one of them.
func addresses(operands []string) []string {
	texts := []string{"203.0.113.7", "2001:db8::7", "x", ""}
	for _, operand := range append(slices.Clone(operands), "0.0.0.0/0", "::/0", "::ffff:0:0/96") {
		prefix, ok := readPrefix(operand)
		if !ok {
			continue
		}
		first, last := prefix.Masked().Addr(), lastOf(prefix)
		for _, address := range []netip.Addr{first, last, first.Prev(), last.Next()} {
			if address.IsValid() {
				texts = append(texts, address.String())
			}
		}
	}
	return texts
}

func readPrefix(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		if prefix.Addr().Is4In6() && prefix.Bits() > 96 {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		return prefix, true
	}
	address, err := netip.ParseAddr(text)
	address = address.Unmap()
	return netip.PrefixFrom(address, address.BitLen()), err == nil
}

func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Masked().Addr().AsSlice()
	for i := prefix.Bits(); i < 8*len(bytes); i++ {
		bytes[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

// canonicalBase64 is how the engine writes an operand of BinaryEquals, and so the one value that equals it.
func canonicalBase64(text string) string {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return text
	}
	return base64.StdEncoding.EncodeToString(decoded)
}
