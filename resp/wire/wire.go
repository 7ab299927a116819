package wire

import (
	"math"
	"strconv"
)

// Proto is the version of the protocol that a connection speaks.
type Proto uint8

// The two protocol versions.
const (
	RESP2 Proto = 2
	RESP3 Proto = 3
)

// AppendSimple appends a simple string. s must hold no CR or LF.
func AppendSimple(b []byte, s string) []byte {
	b = append(b, '+')
	b = append(b, s...)
	return append(b, '\r', '\n')
}

// AppendError appends an error line; s is the text without the leading '-'.
// As in Redis the text ends at a NUL byte, and each CR and each LF becomes one
// blank, so that a name echoed into an error cannot break the protocol.
func AppendError(b []byte, s string) []byte {
	b = append(b, '-')
	for i := 0; i < len(s) && s[i] != 0; i++ {
		c := s[i]
		if c == '\r' || c == '\n' {
			c = ' '
		}
		b = append(b, c)
	}
	return append(b, '\r', '\n')
}

// AppendInt appends an integer.
func AppendInt(b []byte, n int64) []byte { return appendHeader(b, ':', n) }

// AppendBulk appends a bulk string.
func AppendBulk(b, v []byte) []byte {
	b = appendHeader(b, '$', int64(len(v)))
	b = append(b, v...)
	return append(b, '\r', '\n')
}

// AppendBulkString appends a bulk string.
func AppendBulkString(b []byte, v string) []byte {
	b = appendHeader(b, '$', int64(len(v)))
	b = append(b, v...)
	return append(b, '\r', '\n')
}

// AppendArray appends the header of an array of n elements.
func AppendArray(b []byte, n int) []byte { return appendHeader(b, '*', int64(n)) }

// AppendMap appends the header of a map of n pairs: in RESP2 that of a flat
// array of 2n elements.
func AppendMap(b []byte, p Proto, n int) []byte {
	if p == RESP3 {
		return appendHeader(b, '%', int64(n))
	}
	return appendHeader(b, '*', 2*int64(n))
}

// AppendSet appends the header of a set of n elements: in RESP2 an array's.
func AppendSet(b []byte, p Proto, n int) []byte {
	if p == RESP3 {
		return appendHeader(b, '~', int64(n))
	}
	return appendHeader(b, '*', int64(n))
}

// AppendPush appends the header of a push of n elements: in RESP2 an array's.
func AppendPush(b []byte, p Proto, n int) []byte {
	if p == RESP3 {
		return appendHeader(b, '>', int64(n))
	}
	return appendHeader(b, '*', int64(n))
}

// AppendNull appends what stands for a missing value: RESP2's null bulk string.
func AppendNull(b []byte, p Proto) []byte {
	if p == RESP3 {
		return append(b, "_\r\n"...)
	}
	return append(b, "$-1\r\n"...)
}

// AppendNullArray appends what stands for a missing array. RESP2 tells it from
// a missing value, RESP3 does not.
func AppendNullArray(b []byte, p Proto) []byte {
	if p == RESP3 {
		return append(b, "_\r\n"...)
	}
	return append(b, "*-1\r\n"...)
}

// AppendDouble appends a double: in RESP2 a bulk string of the same text.
func AppendDouble(b []byte, p Proto, f float64) []byte {
	var text [32]byte
	t := appendFloat(text[:0], f)
	if p != RESP3 {
		return AppendBulk(b, t)
	}
	b = append(b, ',')
	b = append(b, t...)
	return append(b, '\r', '\n')
}

func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case math.IsNaN(f):
		return append(b, "nan"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// AppendBool appends a boolean: in RESP2 1 or 0.
func AppendBool(b []byte, p Proto, v bool) []byte {
	switch {
	case p == RESP3 && v:
		return append(b, "#t\r\n"...)
	case p == RESP3:
		return append(b, "#f\r\n"...)
	case v:
		return AppendInt(b, 1)
	}
	return AppendInt(b, 0)
}

// AppendBigNumber appends an integer of any size, given in decimal: in RESP2 a bulk
// string.
func AppendBigNumber(b []byte, p Proto, digits string) []byte {
	if p != RESP3 {
		return AppendBulkString(b, digits)
	}
	b = append(append(b, '('), digits...)
	return append(b, '\r', '\n')
}

// AppendAttribute appends the header of n pairs that say something of the reply
// behind them. RESP2 has no attributes.
func AppendAttribute(b []byte, n int) []byte { return appendHeader(b, '|', int64(n)) }

// AppendVerbatim appends plain text: in RESP2 a bulk string.
func AppendVerbatim(b []byte, p Proto, s string) []byte {
	if p != RESP3 {
		return AppendBulkString(b, s)
	}
	b = appendHeader(b, '=', int64(len(s))+4)
	b = append(b, "txt:"...)
	b = append(b, s...)
	return append(b, '\r', '\n')
}

func appendHeader(b []byte, kind byte, n int64) []byte {
	b = append(b, kind)
	if 0 <= n && n < 10 {
		return append(b, byte('0'+n), '\r', '\n')
	}
	b = strconv.AppendInt(b, n, 10)
	return append(b, '\r', '\n')
}
