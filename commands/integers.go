package commands

import (
	"math"
	"strconv"

	"github.com/millrace-io/millrace/resp/wire"
)

// parseInt parses a signed 64-bit decimal as Redis does where it wants an
// integer: no blanks, no '+', no leading zeros, no "-0".
func parseInt(b []byte) (int64, bool) {
	digits := b
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	if digits[0] == '0' {
		return 0, len(b) == 1
	}
	var n uint64 // 19 digits fit
	for _, ch := range digits {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		n = n*10 + uint64(ch-'0')
	}
	switch {
	case negative && n <= -math.MinInt64:
		return int64(-n), true
	case !negative && n <= math.MaxInt64:
		return int64(n), true
	}
	return 0, false
}

// parseInteger is parseInt with the error that most commands give.
func parseInteger(b []byte) (int64, error) {
	n, ok := parseInt(b)
	if !ok {
		return 0, errNotInteger
	}
	return n, nil
}

// parseIntOr is parseInt with an error of the caller's.
func parseIntOr(b []byte, otherwise error) (int64, error) {
	n, ok := parseInt(b)
	if !ok {
		return 0, otherwise
	}
	return n, nil
}

// appendIntBulk appends an integer as a bulk string.
func appendIntBulk(b []byte, n int64) []byte {
	var text [20]byte
	return wire.AppendBulk(b, strconv.AppendInt(text[:0], n, 10))
}
