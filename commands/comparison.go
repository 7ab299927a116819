package commands

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/millrace-io/millrace/keyspace"
)

// comparison is a condition on the value that a key has: SET and DELEX go on only
// when it holds.
type comparison struct {
	kind  comparisonKind
	value []byte // a string, or its digest
}

type comparisonKind uint8

const (
	noComparison comparisonKind = iota
	ifEqual
	ifNotEqual
	ifDigestEqual
	ifDigestNotEqual
)

// comparisonOf returns the comparison of that name, noComparison for none.
func comparisonOf(word []byte) comparisonKind {
	switch {
	case equalFold(word, "ifeq"):
		return ifEqual
	case equalFold(word, "ifne"):
		return ifNotEqual
	case equalFold(word, "ifdeq"):
		return ifDigestEqual
	case equalFold(word, "ifdne"):
		return ifDigestNotEqual
	}
	return noComparison
}

// holds reports whether the condition is met; for a missing key, which is nil, that
// is so when something else than a value is asked for.
func (m comparison) holds(k *keyspace.Key) (bool, error) {
	if m.kind == noComparison {
		return true, nil
	}
	if k == nil {
		return m.kind == ifNotEqual || m.kind == ifDigestNotEqual, nil
	}
	text, err := k.String()
	if err != nil {
		return false, err
	}
	switch m.kind {
	case ifEqual:
		return bytes.Equal(text, m.value), nil
	case ifNotEqual:
		return !bytes.Equal(text, m.value), nil
	}
	if len(m.value) != digestLen {
		return false, errDigestLength
	}
	return strings.EqualFold(digestOf(text), string(m.value)) == (m.kind == ifDigestEqual), nil
}

// digestLen is the length of a digest in hexadecimal.
const digestLen = 16

// digestOf is the digest of a string: XXH3 of 64 bits, in hexadecimal.
func digestOf(text []byte) string { return fmt.Sprintf("%016x", xxh3.Hash(text)) }

// comparisonArguments are the comparisons as COMMAND DOCS has them.
var comparisonArguments = []Argument{
	{Name: "ifeq-value", Type: "string", Token: "IFEQ", Since: "8.4.0"},
	{Name: "ifne-value", Type: "string", Token: "IFNE", Since: "8.4.0"},
	{Name: "ifdeq-digest", Type: "string", Token: "IFDEQ", Since: "8.4.0"},
	{Name: "ifdne-digest", Type: "string", Token: "IFDNE", Since: "8.4.0"},
}
