package commands

import "github.com/millrace-io/millrace/resp/wire"

// GETRANGE key start end: a part of a string; both ends are part of it, and negative
// ones count from the string's end. SUBSTR is its old name.
// https://redis.io/docs/latest/commands/getrange/
var (
	getRange = getRangeCommand("getrange", "2.4.0", "Returns a substring of the string stored at a key.")
	subStr   = deprecated(getRangeCommand("substr", "1.0.0", "Returns a substring from a string value."), "2.0.0", "`GETRANGE`")
)

func getRangeCommand(name, since, summary string) Command {
	return Command{
		Name: name, Syntax: upper(name) + " key start end",
		Summary: summary, Since: since, Group: "string", Complexity: "O(N) where N is the length of the returned string.",
		Arguments: []Argument{keyArgument, {Name: "start", Type: "integer"}, {Name: "end", Type: "integer"}},
		Arity:     4, Flags: ReadOnly, Categories: CatRead | CatString | CatSlow,
		Keys:  OneKey(1, "RO", "access"),
		Class: Read,
		Check: func(args [][]byte) error { _, _, err := stringRange(args); return err },
		Run:   runGetRange,
	}
}

func deprecated(c Command, since, replacedBy string) Command {
	c.DeprecatedSince, c.ReplacedBy = since, replacedBy
	return c
}

func stringRange(args [][]byte) (start, end int64, err error) {
	if start, err = parseInteger(args[2]); err == nil {
		end, err = parseInteger(args[3])
	}
	return start, end, err
}

func runGetRange(c *Call) error {
	start, end, err := stringRange(c.Args)
	if err != nil {
		return err
	}
	text, err := c.text(c.Args[1])
	if err != nil {
		return err
	}
	part := rangeOf(text, start, end)
	if c.tooLong(len(part)) {
		return ErrLong
	}
	c.Out = wire.AppendBulk(c.Out, part)
	return nil
}

// rangeOf is the part of text from start to end, both included.
func rangeOf(text []byte, start, end int64) []byte {
	n := int64(len(text))
	if start < 0 && end < 0 && start > end {
		return nil // which would be the first byte otherwise, when both lie before it
	}
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	if end = min(end, n-1); start > end {
		return nil
	}
	return text[start : end+1]
}
