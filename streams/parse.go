package streams

import (
	"bytes"
	"errors"
	"math"
)

// What the range parsers answer; the wire texts belong to package commands.
var (
	// ErrInvalidID: the text is no ID.
	ErrInvalidID = errors.New("invalid stream ID")
	// ErrStartOverflow: an exclusive start of MaxID, above which there is nothing.
	ErrStartOverflow = errors.New("range start above the last possible ID")
	// ErrEndUnderflow: an exclusive end of 0-0, below which there is nothing.
	ErrEndUnderflow = errors.New("range end below the first possible ID")
)

// maxIDText bounds the text of an ID: Redis parses it in a buffer of 128 bytes
// and refuses what does not fit with its final NUL.
const maxIDText = 127

// ParseID reads "ms" or "ms-seq"; a missing seq becomes missingSeq. The special
// forms (- + * $ > and an opening parenthesis) are not IDs.
//
// Each number is read as C's strtoull would: leading zeros, white space and a
// plus sign pass, since Redis lets them pass. A minus sign in the second number,
// which strtoull would wrap around, does not.
func ParseID(b []byte, missingSeq uint64) (ID, bool) {
	if len(b) > maxIDText {
		return ID{}, false
	}
	msText, seqText, complete := bytes.Cut(b, []byte{'-'})
	ms, ok := parseNumber(msText)
	if !ok {
		return ID{}, false
	}
	if !complete {
		return ID{ms, missingSeq}, true
	}
	seq, ok := parseNumber(seqText)
	if !ok {
		return ID{}, false
	}
	return ID{ms, seq}, true
}

// parseNumber reads an unsigned decimal of 64 bits; false when it is none or too large.
func parseNumber(b []byte) (uint64, bool) {
	b = bytes.TrimLeft(b, " \t\n\v\f\r")
	if len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		digit := uint64(c - '0')
		if digit > 9 || n > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}

// ParseRangeStart reads the lower end of a range: an ID (missing seq: 0), "-",
// "+", or "(" and an ID for the first ID above it.
func ParseRangeStart(b []byte) (ID, error) {
	id, exclusive, ok := parseRangeEnd(b, 0)
	if !ok {
		return ID{}, ErrInvalidID
	}
	if !exclusive {
		return id, nil
	}
	if id, ok = id.Next(); !ok {
		return ID{}, ErrStartOverflow
	}
	return id, nil
}

// ParseRangeEnd reads the upper end of a range: an ID (missing seq: the highest),
// "-", "+", or "(" and an ID for the last ID below it. So "(5" is 5-(max-1): the
// missing seq is filled in before the end is excluded, as in Redis.
func ParseRangeEnd(b []byte) (ID, error) {
	id, exclusive, ok := parseRangeEnd(b, math.MaxUint64)
	if !ok {
		return ID{}, ErrInvalidID
	}
	if !exclusive {
		return id, nil
	}
	if id, ok = id.Prev(); !ok {
		return ID{}, ErrEndUnderflow
	}
	return id, nil
}

// parseRangeEnd reads either end of a range and tells whether it is excluded.
func parseRangeEnd(b []byte, missingSeq uint64) (id ID, exclusive, ok bool) {
	switch {
	case len(b) == 1 && b[0] == '-':
		return MinID, false, true
	case len(b) == 1 && b[0] == '+':
		return MaxID, false, true
	case len(b) > 0 && b[0] == '(':
		id, ok = ParseID(b[1:], missingSeq)
		return id, true, ok
	}
	id, ok = ParseID(b, missingSeq)
	return id, false, ok
}
