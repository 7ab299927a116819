package commands

import (
	"math/big"
	"strings"
)

// Numbers as INCRBYFLOAT has them on x86: C's long double, with 64 bits of mantissa
// and an exponent of 15. Calculated in software, the same everywhere.
const (
	longDoubleBits   = 64
	longDoubleTop    = 16384  // of the exponent of 2, for a mantissa in [0.5, 1)
	longDoubleBottom = -16445 // what is less rounds to 0
	longDoubleText   = 5 << 10
	longDoubleDigits = 17 // behind the point, when written
	decimalExponent  = 16 << 10
)

// parseLongDouble reads a number as strtold does: decimal or, behind 0x, hexadecimal,
// an exponent, "inf". What it would round to infinity or to 0 is refused, as is "nan".
func parseLongDouble(text []byte) (*big.Float, error) {
	if len(text) == 0 || len(text) >= longDoubleText {
		return nil, errNotFloat
	}
	s := strings.ToLower(string(text))
	negative := s[0] == '-'
	if negative || s[0] == '+' {
		s = s[1:]
	}
	if s == "inf" || s == "infinity" {
		return new(big.Float).SetInf(negative), nil
	}
	f, ok := parseMagnitude(s)
	if !ok {
		return nil, errNotFloat
	}
	if f.Sign() != 0 {
		if exponent := f.MantExp(nil); exponent > longDoubleTop || exponent < longDoubleBottom {
			return nil, errNotFloat
		}
	}
	if negative {
		f.Neg(f)
	}
	return f, nil
}

// parseMagnitude reads digits with a point and an exponent, rounded to the nearest, to
// the even one of two.
func parseMagnitude(s string) (*big.Float, bool) {
	base, mark, step := 10, "e", 1
	if strings.HasPrefix(s, "0x") {
		s, base, mark, step = s[2:], 16, "p", 4
	}
	digits, exponentText, hasExponent := strings.Cut(s, mark)
	whole, fraction, _ := strings.Cut(digits, ".")
	exponent, ok := 0, true
	if hasExponent {
		exponent, ok = parseExponent(exponentText)
	}
	mantissa, isNumber := new(big.Int).SetString(whole+fraction, base)
	if !ok || !isNumber || !onlyDigits(whole+fraction, base) {
		return nil, false
	}
	exponent -= step * len(fraction)
	f := new(big.Float).SetPrec(longDoubleBits)
	switch {
	case mantissa.Sign() == 0:
		return f, true
	case exponent > decimalExponent || exponent < -decimalExponent-step*len(digits):
		return nil, false // far out of range
	case base == 16:
		return f.SetMantExp(f.SetInt(mantissa), exponent), true
	}
	return f.SetRat(timesTen(mantissa, exponent)), true
}

// onlyDigits leaves out the signs and underscores that package big knows.
func onlyDigits(s string, base int) bool {
	for _, ch := range s {
		if decimal := '0' <= ch && ch <= '9'; !decimal && (base == 10 || ch < 'a' || ch > 'f') {
			return false
		}
	}
	return len(s) > 0
}

// parseExponent reads an exponent; one that has no end of digits counts as large.
func parseExponent(s string) (int, bool) {
	digits, negative := s, false
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		digits, negative = s[1:], s[0] == '-'
	}
	if !onlyDigits(digits, 10) {
		return 0, false
	}
	n := 0
	for _, ch := range digits {
		n = min(n*10+int(ch-'0'), 10*decimalExponent)
	}
	if negative {
		n = -n
	}
	return n, true
}

// timesTen is n times a power of ten, exactly.
func timesTen(n *big.Int, exponent int) *big.Rat {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exponent, -exponent))), nil)
	if exponent < 0 {
		return new(big.Rat).SetFrac(n, power)
	}
	return new(big.Rat).SetInt(power.Mul(power, n))
}

// addLongDoubles returns the sum, an error when it is no number.
func addLongDoubles(a, b *big.Float) (*big.Float, error) {
	if a.IsInf() || b.IsInf() {
		return nil, errInfinite
	}
	sum := new(big.Float).SetPrec(longDoubleBits).Add(a, b)
	if sum.MantExp(nil) > longDoubleTop {
		return nil, errInfinite
	}
	return sum, nil
}

// appendLongDouble appends a number as Redis writes it: never with an exponent, with
// at most 17 digits behind the point, and no zeros at the end.
func appendLongDouble(b []byte, f *big.Float) []byte {
	text := strings.TrimRight(f.Text('f', longDoubleDigits), "0")
	text = strings.TrimSuffix(text, ".")
	if text == "-0" {
		text = "0"
	}
	return append(b, text...)
}
