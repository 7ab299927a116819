package replication

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/hashicorp/raft"
)

// DumpedEntry is an entry of a partition's log as storage has it.
type DumpedEntry struct {
	Index, Term uint64
	Type        uint8 // Raft's
	Data        []byte
}

// DumpEntry writes an entry as text: a line for the entry, and one for each
// command in it.
func DumpEntry(w io.Writer, l DumpedEntry) error {
	if kind := raft.LogType(l.Type); kind != raft.LogCommand {
		_, err := fmt.Fprintf(w, "%d term %d %s\n", l.Index, l.Term, logType(kind))
		return err
	}
	e, err := readEntry(l.Data)
	if err != nil {
		return fmt.Errorf("entry %d: %w", l.Index, err)
	}
	at := time.UnixMilli(e.time).UTC().Format("2006-01-02T15:04:05.000Z")
	if _, err := fmt.Fprintf(w, "%d term %d at %s, %d bytes\n", l.Index, l.Term, at, len(l.Data)); err != nil {
		return err
	}
	var pt part
	for {
		more, err := e.next(&pt)
		if err == nil && more {
			err = pt.decode()
		}
		if err != nil {
			return fmt.Errorf("entry %d: %w", l.Index, err)
		}
		if !more {
			return nil
		}
		if err := dumpPart(w, &pt); err != nil {
			return err
		}
	}
}

func dumpPart(w io.Writer, pt *part) error {
	label := fmt.Sprintf("from %x/%x part %d", pt.origin.Node, pt.origin.Boot, pt.number)
	for _, r := range pt.reqs {
		of := label
		if r.Woken {
			of += " woken"
		}
		if r.Internal {
			of += " internal"
		}
		if _, err := w.Write(appendDump([]byte("  "), of, r)); err != nil {
			return err
		}
	}
	return nil
}

// appendDump appends the lines of a request: of a transaction one for what it
// watches and one for each command.
func appendDump(b []byte, label string, r *Request) []byte {
	b = append(b, label...)
	if r.Exec != nil {
		b = append(b, " transaction"...)
		for _, wt := range r.Watch {
			b = append(b, fmt.Sprintf(", db %d ", wt.DB)...)
			b = appendWord(b, wt.Key)
			b = append(b, fmt.Sprintf(" unchanged since %d.%d", wt.Index, wt.Ordinal)...)
		}
		b = append(b, '\n')
		for _, c := range r.Exec {
			b = appendDump(append(b, "    "...), "", c)
		}
		return b
	}
	b = append(b, " db "...)
	b = strconv.AppendInt(b, int64(r.DB), 10)
	for _, a := range r.Args {
		b = append(b, ' ')
		b = appendWord(b, a)
	}
	return append(b, '\n')
}

// appendWord appends an argument as redis-cli would take it: quoted when it holds
// anything but plain characters.
func appendWord(b, word []byte) []byte {
	for _, ch := range word {
		if ch <= ' ' || ch > '~' || ch == '"' || ch == '\'' || ch == '\\' {
			return strconv.AppendQuoteToASCII(b, string(word))
		}
	}
	if len(word) == 0 {
		return append(b, `""`...)
	}
	return append(b, word...)
}

func logType(t raft.LogType) string {
	switch t {
	case raft.LogNoop:
		return "no-op of a new leader"
	case raft.LogBarrier:
		return "barrier"
	case raft.LogConfiguration:
		return "configuration"
	}
	return t.String()
}
