package commands

import (
	"errors"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/glob"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// SCAN cursor [MATCH pattern] [COUNT n] [TYPE kind]: a part of the keys, and where
// to go on. The cursor is a position in the order of the keys: no state is kept,
// cursors of any age are good.
// https://redis.io/docs/latest/commands/scan/
var scan = Command{
	Name: "scan", Syntax: "SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]",
	Summary: "Iterates over the key names in the database.",
	Since:   "2.8.0", Group: "generic",
	Complexity: "O(log K + COUNT) for every call, with K being the number of keys.",
	History:    [][2]string{{"6.0.0", "Added the `TYPE` subcommand."}},
	Differences: "The cursor is a position in an order of the keys that does not change: no key is seen twice. " +
		"One call looks at 10000 keys at most, whatever COUNT says.",
	Arguments: []Argument{
		{Name: "cursor", Type: "integer"},
		{Name: "pattern", Type: "pattern", Token: "MATCH", Optional: true},
		countArgument,
		{Name: "type", Type: "string", Token: "TYPE", Optional: true, Since: "6.0.0"},
	},
	Arity: -2, Flags: ReadOnly, Categories: CatKeyspace | CatRead | CatSlow,
	Tips:  []string{"nondeterministic_output", "request_policy:special", "response_policy:special"},
	Class: Read,
	Check: func(args [][]byte) error { _, err := parseScan(args); return err },
	Run:   runScan,
}

// scanMost bounds the keys that one call looks at, whatever COUNT says.
const scanMost = 10_000

type scanOptions struct {
	cursor  uint64
	pattern []byte // nil: all
	count   int
	kind    string // "": all
}

var (
	errCursor       = errors.New("ERR invalid cursor")
	errScanNoValues = errors.New("ERR NOVALUES option can only be used in HSCAN")
)

func parseScan(args [][]byte) (o scanOptions, err error) {
	if o.cursor, err = strconv.ParseUint(string(args[1]), 10, 64); err != nil {
		return o, errCursor
	}
	o.count = 10
	for i := 2; i < len(args); i += 2 {
		if equalFold(args[i], "novalues") {
			return o, errScanNoValues
		}
		if i+1 == len(args) {
			return o, errSyntax
		}
		value := args[i+1]
		switch {
		case equalFold(args[i], "match"):
			o.pattern = value
		case equalFold(args[i], "count"):
			n, err := parseInteger(value)
			if err != nil {
				return o, err
			}
			if n < 1 {
				return o, errSyntax
			}
			o.count = int(min(n, scanMost))
		case equalFold(args[i], "type"):
			if o.kind, err = scanKind(value); err != nil {
				return o, err
			}
		default:
			return o, errSyntax
		}
	}
	return o, nil
}

// scanKind accepts the types that Redis has; those that Millrace has not match
// nothing.
func scanKind(name []byte) (string, error) {
	switch kind := strings.ToLower(string(name)); kind {
	case "string", "stream", "list", "set", "zset", "hash":
		return kind, nil
	}
	return "", errors.New("ERR unknown type name '" + quoted(name) + "'")
}

func runScan(c *Call) error {
	o, err := parseScan(c.Args)
	if err != nil {
		return err
	}
	n := 0
	var names []byte
	next := c.DB.Scan(o.cursor, o.count, func(k *keyspace.Key) bool {
		if !expiredAt(k, c.Now) && (o.kind == "" || o.kind == k.Kind().String()) &&
			(o.pattern == nil || glob.Match(o.pattern, []byte(k.Name()))) {
			n++
			names = wire.AppendBulkString(names, k.Name())
		}
		return !c.tooLong(len(names))
	})
	if c.tooLong(len(names)) {
		return ErrLong
	}
	c.Out = appendScanPage(c.Out, next, n, names)
	return nil
}
