package commands

import (
	"errors"

	"github.com/millrace-io/millrace/streams"
)

// parseID parses an ID as most commands take it: complete, or with a missing
// sequence that counts as 0. '-', '+' and '$' are refused.
func parseID(b []byte) (streams.ID, error) {
	id, ok := streams.ParseID(b, 0)
	if !ok {
		return id, errInvalidID
	}
	return id, nil
}

// checkIDs parses all of args, so that a command with many IDs does all of its
// work or none of it.
func checkIDs(args [][]byte) error {
	for _, a := range args {
		if _, err := parseID(a); err != nil {
			return err
		}
	}
	return nil
}

// parseRangeStart parses the lower end of an interval: also '-', '+' and '(id'.
func parseRangeStart(b []byte) (streams.ID, error) {
	id, err := streams.ParseRangeStart(b)
	return id, rangeError(err)
}

// parseRangeEnd parses the upper end of an interval. A missing sequence is the
// highest there is.
func parseRangeEnd(b []byte) (streams.ID, error) {
	id, err := streams.ParseRangeEnd(b)
	return id, rangeError(err)
}

func rangeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, streams.ErrStartOverflow):
		return errStartID
	case errors.Is(err, streams.ErrEndUnderflow):
		return errEndID
	}
	return errInvalidID
}

// addID is the ID argument of XADD.
type addID struct {
	kind addIDKind
	id   streams.ID // addSeq: ID.Ms alone counts
}

type addIDKind uint8

const (
	addAuto     addIDKind = iota // "*"
	addSeq                       // "ms-*"
	addExplicit                  // "ms-seq" or "ms"
)

func parseAddID(b []byte) (addID, error) {
	if len(b) == 1 && b[0] == '*' {
		return addID{}, nil
	}
	if n := len(b); n > 2 && b[n-1] == '*' && b[n-2] == '-' {
		// What is before "-*" must be a whole number by itself: "1-2-*" is none.
		id, ok := streams.ParseID(b[:n-2], 0)
		if !ok || hasDash(b[:n-2]) {
			return addID{}, errInvalidID
		}
		return addID{addSeq, id}, nil
	}
	id, err := parseID(b)
	return addID{addExplicit, id}, err
}

func hasDash(b []byte) bool {
	for _, ch := range b {
		if ch == '-' {
			return true
		}
	}
	return false
}

// next returns the ID that a new entry gets in a stream whose last ID is last.
// IDs never go backwards, whatever the clock does.
func (a addID) next(last streams.ID, nowMs int64) (streams.ID, error) {
	if last == streams.MaxID {
		return streams.ID{}, errLastIDUsed
	}
	id := a.id
	switch a.kind {
	case addAuto:
		if uint64(nowMs) > last.Ms {
			return streams.ID{Ms: uint64(nowMs)}, nil
		}
		id, _ = last.Next()
		return id, nil
	case addSeq:
		if id.Ms == last.Ms {
			id.Seq = last.Seq + 1 // 0 after the highest: refused below
		}
	}
	if !last.Less(id) {
		return streams.ID{}, errIDTooSmall
	}
	return id, nil
}
