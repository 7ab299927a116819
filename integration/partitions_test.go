package integration

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
)

var updateCrossed = flag.Bool("update-crossslot", false, "rewrite the list of transcript sections that several partitions refuse")

// crossedList names the sections of the transcripts, one a line, that go no further on
// a server of several partitions, since a command has keys in more than one.
const crossedList = "testdata/crossslot.txt"

// partitionedTarget notes where the server refused keys of several partitions.
type partitionedTarget struct {
	*commandstest.TCP
	crossed []string
}

// Crossed implements commandstest.Partitioned.
func (p *partitionedTarget) Crossed(file, section string) {
	if name := strings.TrimRight(file+" "+section, " "); !slices.Contains(p.crossed, name) {
		p.crossed = append(p.crossed, name)
	}
}

// differing are the sections that end otherwise with several partitions, and why.
var differing = map[string]string{
	"notify.txt missed keys":            "what partitions tell of an MGET has no order among them",
	"tracking.txt FLUSHALL and FLUSHDB": "each partition tells by itself that all its keys are gone",
}

// Differs implements commandstest.Partitioned.
func (p *partitionedTarget) Differs(file, section string) string { return differing[file+" "+section] }

// The transcripts hold with several partitions, too, but for the sections that the list
// names: no others are refused, and all of these are.
func TestTranscriptsOverPartitions(t *testing.T) {
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			p := serve(t, t.TempDir(), "--listener", listener, "--enable-debug-command", "yes", "--partitions", "4")
			tcp, err := commandstest.DialTarget(p.Addr)
			if err != nil {
				t.Fatal(err)
			}
			defer tcp.Close()
			target := &partitionedTarget{TCP: tcp}
			commandstest.PlayAll(t, transcripts, target)
			p.stop()
			text := strings.Join(target.crossed, "\n") + "\n"
			if *updateCrossed {
				if err := os.WriteFile(crossedList, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(crossedList)
			if err != nil {
				t.Fatal(err)
			}
			if text != string(want) {
				t.Errorf("refused sections:\n%s\nthe list has:\n%s", text, want)
			}
		})
	}
}
