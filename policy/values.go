package policy

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"time"
)

// ValidValue tells whether text is a value of that type: one that conditions with operators of the type can compare. Any text is a String, an ARN
// and a Null.
func ValidValue(kind OperatorType, text string) (ok bool) {
	switch kind {
	case NumericOperator:
		_, ok = parseNumber(text)
	case DateOperator:
		_, ok = parseDate(text)
	case BoolOperator:
		_, ok = parseBool(text)
	case BinaryOperator:
		_, ok = canonicalBase64(text)
	case IPOperator:
		_, ok = parseAddress(text)
	default:
		ok = true
	}
	return ok
}

// number is a decimal number, exactly as written: operands and request values of any length compare right, where floating
// point would take 9007199254740993 for 9007199254740992.
type number struct {
	negative bool
	integer  string // digits before the point, without leading zeros
	fraction string // digits after it, without trailing zeros
}

// parseNumber reads an integer or decimal number, with an optional sign and without exponent.
func parseNumber(text string) (n number, ok bool) {
	switch {
	case strings.HasPrefix(text, "-"):
		n.negative, text = true, text[1:]
	case strings.HasPrefix(text, "+"):
		text = text[1:]
	}
	integer, fraction, point := strings.Cut(text, ".")
	if !isDigits(integer) || point && !isDigits(fraction) {
		return number{}, false
	}
	n.integer, n.fraction = strings.TrimLeft(integer, "0"), strings.TrimRight(fraction, "0")
	if n.integer == "" && n.fraction == "" {
		n.negative = false
	}
	return n, true
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// compare is negative, zero or positive as n is less than, equal to or greater than m.
func (n number) compare(m number) int {
	if n.negative != m.negative {
		if n.negative {
			return -1
		}
		return 1
	}
	order := len(n.integer) - len(m.integer)
	if order == 0 {
		order = strings.Compare(n.integer, m.integer)
	}
	if order == 0 {
		order = strings.Compare(n.fraction, m.fraction)
	}
	if n.negative {
		return -order
	}
	return order
}

// parseDate reads a W3C profile of ISO 8601 (year, month, day, or time with seconds or without and a zone) or seconds
// since 1970. Four digits are a year.
func parseDate(text string) (time.Time, bool) {
	if n, ok := parseNumber(text); ok && (len(text) != 4 || !isDigits(text)) {
		return epoch(n)
	}
	layout := ""
	switch {
	case len(text) == len("2006"):
		layout = "2006"
	case len(text) == len("2006-01"):
		layout = "2006-01"
	case len(text) == len("2006-01-02"):
		layout = "2006-01-02"
	case len(text) <= len("2006-01-02T15:04Z") || len(text) > len("2006-01-02T15:04:05.999999999+07:00"):
		layout = "2006-01-02T15:04Z07:00"
	case text[len("2006-01-02T15:04")] == ':':
		layout = "2006-01-02T15:04:05Z07:00" // time.Parse takes a fraction of the seconds as well
	default:
		layout = "2006-01-02T15:04Z07:00"
	}
	at, err := time.Parse(layout, text)
	if err != nil {
		return time.Time{}, false
	}
	// time.Parse also takes one digit for the hour and a comma before the fraction, which the W3C does not have.
	lenient := len(text) > len("2006-01-02") && (text[len("2006-01-02T15")] != ':' || strings.Contains(text, ","))
	return at, !lenient
}

// epoch reads seconds since 1970 within the range that time can compare.
func epoch(n number) (time.Time, bool) {
	if len(n.integer) > 18 || len(n.fraction) > 9 {
		return time.Time{}, false
	}
	var seconds, nanoseconds int64
	for _, c := range []byte(n.integer) {
		seconds = 10*seconds + int64(c-'0')
	}
	for i := range 9 {
		nanoseconds *= 10
		if i < len(n.fraction) {
			nanoseconds += int64(n.fraction[i] - '0')
		}
	}
	if n.negative {
		seconds, nanoseconds = -seconds, -nanoseconds
	}
	return time.Unix(seconds, nanoseconds), true
}

// parseBool reads true or false, without case.
func parseBool(text string) (value, ok bool) {
	switch {
	case equalFold(text, "true"):
		return true, true
	case equalFold(text, "false"):
		return false, true
	}
	return false, false
}

// parseAddress reads a request's IP address. An IPv4 address that is mapped into IPv6 is that IPv4 address.
func parseAddress(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Addr{}, false
	}
	return address.Unmap(), true
}

// parsePrefix reads an operand: an address, which stands for itself alone, or a CIDR range.
func parsePrefix(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		address, ok := parseAddress(text)
		return netip.PrefixFrom(address, address.BitLen()), ok
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if address := prefix.Addr(); address.Is4In6() {
		if prefix.Bits() < 96 {
			return netip.Prefix{}, false
		}
		prefix = netip.PrefixFrom(address.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), true
}

// canonicalBase64 reads base64 and writes it again, so that equal bytes are equal texts.
func canonicalBase64(text string) (string, bool) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	return base64.StdEncoding.EncodeToString(decoded), err == nil
}
