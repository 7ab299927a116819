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
	if _, err := fmt.Fprintf(w, "%d term %d at %s from %x/%x #%d, %d bytes\n", l.Index, l.Term, at,
		e.proposer.Node, e.proposer.Boot, e.proposal, len(l.Data)); err != nil {
		return err
	}
	var pt part
	for {
		more, err := e.next(&pt)
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
	label := ""
	switch pt.kind {
	case partBatch:
		label = fmt.Sprintf("part %d", pt.number)
	case partWait:
		label = fmt.Sprintf("wait %d", pt.number)
	case partInternal:
		label = "internal"
	}
	for _, r := range pt.reqs {
		line := []byte("  " + label + " db " + strconv.Itoa(r.DB))
		for _, a := range r.Args {
			line = append(line, ' ')
			line = appendWord(line, a)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
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
