package workload

import (
	"errors"
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// Conn is a connection to a node. It sends nothing twice.
type Conn interface {
	// Do sends commands together and returns the replies that came, each as RESP2 has it:
	// string, int64, nil, []any or Error. The error says why not all have come.
	Do(commands ...[]string) (replies []any, err error)
	Close() error
}

// Error is an error reply.
type Error string

func (e Error) Error() string { return string(e) }

// ErrNotSent is returned by Do when certainly no byte of the commands has left.
var ErrNotSent = errors.New("not sent")

// One does one command; an error reply is an error.
func One(c Conn, args ...string) (any, error) {
	replies, err := c.Do(args)
	if err != nil {
		return nil, err
	}
	if e, is := replies[0].(Error); is {
		return nil, e
	}
	return replies[0], nil
}

// note sets what a reply says of an operation.
func note(op *history.Op, reply any) {
	if e, is := reply.(Error); is {
		op.Outcome, op.Err = history.Refused, string(e)
		if strings.HasPrefix(op.Err, "UNCERTAIN") {
			op.Outcome = history.Unknown
		}
		return
	}
	var err error
	switch op.Kind {
	case history.Add:
		var id history.ID
		text, _ := reply.(string)
		id, err = history.ParseID(text)
		op.Entries = []history.Entry{{ID: id, Payload: op.Payload}}
	case history.Last, history.All:
		op.Entries, err = entriesOf(reply)
	case history.Deliver:
		if list, _ := reply.([]any); len(list) == 1 {
			if stream, _ := list[0].([]any); len(stream) == 2 {
				op.Entries, err = entriesOf(stream[1])
			}
		}
	case history.Claim:
		if list, _ := reply.([]any); len(list) >= 2 {
			op.Entries, err = entriesOf(list[1])
		}
	case history.Get:
		op.Payload, _ = reply.(string)
	case history.Len, history.Ack, history.Incr:
		op.N, _ = reply.(int64)
	}
	if err != nil {
		op.Outcome, op.Err = history.Unknown, fmt.Sprintf("reply %v: %v", reply, err)
	}
}

// entriesOf are the entries of a reply, with the payload that each has.
func entriesOf(reply any) (all []history.Entry, err error) {
	list, _ := reply.([]any)
	for _, one := range list {
		parts, _ := one.([]any)
		if len(parts) != 2 {
			return nil, fmt.Errorf("entry %v", one)
		}
		text, _ := parts[0].(string)
		id, err := history.ParseID(text)
		if err != nil {
			return nil, err
		}
		payload, _ := Pairs(parts[1])["p"].(string)
		all = append(all, history.Entry{ID: id, Payload: payload})
	}
	return all, nil
}

// Pairs makes a map of a list of names and values.
func Pairs(reply any) map[string]any {
	list, _ := reply.([]any)
	m := make(map[string]any, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		if name, is := list[i].(string); is {
			m[name] = list[i+1]
		}
	}
	return m
}
