package commands

import (
	"math"
	"time"
)

// readOptions are the arguments of XREAD and XREADGROUP.
type readOptions struct {
	grouped         bool   // GROUP was given
	group, consumer []byte // may be empty names
	noAck           bool
	claim           bool  // idle pending entries come first
	minIdle         int64 // with claim
	limit           int64 // entries for each stream, or unlimited
	maxCount        int64 // entries for all streams, or unlimited
	maxSize         int64 // bytes of the reply, more or less, or unlimited
	block           bool
	timeout         time.Duration // 0: for ever
	// keys and ids are of one length; ids[i] says where to read keys[i] from.
	keys, ids [][]byte
	// firstID is the index of ids[0] among the arguments.
	firstID int
}

// bounded reports a limit for all streams together.
func (o *readOptions) bounded() bool { return o.maxCount != unlimited || o.maxSize != unlimited }

// parseRead parses the arguments of XREAD, or with grouped of XREADGROUP, but for
// the IDs: whether those are right is asked key by key, after the key itself.
func parseRead(args [][]byte, grouped bool) (o readOptions, err error) {
	o.limit, o.maxCount, o.maxSize = unlimited, unlimited, unlimited
	for i := 1; i < len(args); i++ {
		more := len(args) - 1 - i
		switch {
		case more > 0 && equalFold(args[i], "block"):
			i++
			if err := o.parseBlock(args[i]); err != nil {
				return o, err
			}
		case more > 0 && equalFold(args[i], "count"):
			i++
			if err := o.parseCount(args[i]); err != nil {
				return o, err
			}
		case more > 0 && equalFold(args[i], "claim"):
			if !grouped {
				return o, errClaimInRead
			}
			i++
			if err := o.parseClaim(args[i]); err != nil {
				return o, err
			}
		case more > 0 && equalFold(args[i], "maxcount"):
			i++
			if o.maxCount, err = parsePositive(args[i], errMaxCount); err != nil {
				return o, err
			}
		case more > 0 && equalFold(args[i], "maxsize"):
			i++
			if o.maxSize, err = parsePositive(args[i], errMaxSize); err != nil {
				return o, err
			}
		case more > 1 && equalFold(args[i], "group"):
			if !grouped {
				return o, errGroupInRead
			}
			o.grouped, o.group, o.consumer = true, args[i+1], args[i+2]
			i += 2
		case equalFold(args[i], "noack"):
			if !grouped {
				return o, errNoAckInRead
			}
			o.noAck = true
		case more > 0 && equalFold(args[i], "streams"):
			return o, o.parseStreams(args, i+1, grouped)
		default:
			return o, errSyntax
		}
	}
	return o, errSyntax
}

func (o *readOptions) parseCount(b []byte) (err error) {
	o.limit, err = parseInteger(b)
	if o.limit <= 0 {
		o.limit = unlimited
	}
	return err
}

func (o *readOptions) parseClaim(b []byte) error {
	n, ok := parseInt(b)
	switch {
	case !ok:
		return errReadMinIdle
	case n < 0:
		return errReadMinIdleSign
	}
	o.claim, o.minIdle = true, n
	return nil
}

// parsePositive parses a number above 0; one that is not gives the error.
func parsePositive(b []byte, notPositive error) (int64, error) {
	n, err := parseInteger(b)
	if err == nil && n <= 0 {
		err = notPositive
	}
	return n, err
}

func (o *readOptions) parseBlock(b []byte) error {
	ms, ok := parseInt(b)
	switch {
	case !ok:
		return errTimeoutNotInteger
	case ms < 0:
		return errTimeoutNegative
	case ms > longestTimeout:
		return errTimeoutRange
	}
	o.block = true
	// A Duration ends at 292 years: long enough for what is longer.
	o.timeout = time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
	return nil
}

// longestTimeout is the highest timeout in milliseconds that Redis takes: now and
// the timeout must not be more than an int64 together. With a fixed time for now,
// in the year 2109, syntax does not depend on the clock.
const longestTimeout = math.MaxInt64 - 1<<42

func (o *readOptions) parseStreams(args [][]byte, first int, grouped bool) error {
	n := len(args) - first
	switch {
	case n%2 != 0 && grouped:
		return errUnbalancedGroup
	case n%2 != 0:
		return errUnbalancedRead
	case grouped && !o.grouped:
		return errNoGroupOption
	case o.maxCount != unlimited && o.maxCount < o.limit:
		return errMaxCountBelowCount
	}
	o.firstID = first + n/2
	o.keys, o.ids = args[first:o.firstID], args[o.firstID:]
	return nil
}

// findReadKeys finds the keys of XREAD and XREADGROUP. A group or a consumer may
// be called STREAMS, so options are skipped with their values. Arguments that
// make no sense have no keys.
func findReadKeys(args [][]byte) []int {
	i := 1
	for ; i < len(args); i++ {
		switch {
		case equalFold(args[i], "block"), takesNumber(args[i]):
			i++
		case equalFold(args[i], "group"):
			i += 2
		case equalFold(args[i], "noack"):
		case equalFold(args[i], "streams"):
			return firstHalf(i+1, len(args))
		default:
			return nil
		}
	}
	return nil
}

func firstHalf(from, to int) []int {
	n := to - from
	if n <= 0 || n%2 != 0 {
		return nil
	}
	keys := make([]int, n/2)
	for i := range keys {
		keys[i] = from + i
	}
	return keys
}

// mayBlock reports whether BLOCK is among the options of an XREAD or XREADGROUP.
func mayBlock(args [][]byte) bool {
	for i := 1; i+1 < len(args); i++ {
		switch {
		case equalFold(args[i], "block"):
			return true
		case takesNumber(args[i]):
			i++
		case equalFold(args[i], "group"):
			i += 2
		case equalFold(args[i], "streams"):
			return false
		}
	}
	return false
}

// takesNumber reports whether a word is an option with one value, BLOCK aside.
func takesNumber(b []byte) bool {
	return equalFold(b, "count") || equalFold(b, "claim") || equalFold(b, "maxcount") || equalFold(b, "maxsize")
}
