package rdb_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/rdb"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The payloads in testdata were dumped by Redis 7.0.15. Beside each is what is in it.
func TestGoldenPayloads(t *testing.T) {
	for _, file := range payloads(t) {
		v, err := rdb.Parse(read(t, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden, got := strings.TrimSuffix(file, ".dump")+".golden", show(v)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := string(read(t, golden)); got != want {
			t.Errorf("%s: got\n%swant\n%s", file, got, want)
		}
	}
}

func payloads(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.dump")
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads: %v", err)
	}
	return files
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// show writes down all there is in a value.
func show(v rdb.Value) string {
	var b strings.Builder
	s := v.Stream
	if s == nil {
		fmt.Fprintf(&b, "string %q\n", v.Text)
		return b.String()
	}
	fmt.Fprintf(&b, "stream of %d, last %v, deleted %v, added %d\n", s.Length, s.LastID, s.MaxDeletedID, s.EntriesAdded)
	s.EachEntry(func(e rdb.Entry) {
		switch {
		case e.First:
			b.WriteString("node\n")
		}
		fmt.Fprintf(&b, "  %v %q", e.ID, e.Fields)
		if e.Deleted {
			b.WriteString(" deleted")
		}
		b.WriteByte('\n')
	})
	for _, g := range s.Groups {
		fmt.Fprintf(&b, "group %q, last %v, read %d\n", g.Name, g.LastID, g.Read)
		for _, c := range g.Consumers {
			fmt.Fprintf(&b, "  consumer %q, seen %d, active %d\n", c.Name, c.Seen, c.Active)
		}
		for _, p := range g.Pending {
			fmt.Fprintf(&b, "  pending %v of %q at %d, %d times\n", p.ID, g.Consumers[p.Consumer].Name, p.Time, p.Count)
		}
	}
	return b.String()
}

// sealed puts a version and its checksum behind a value.
func sealed(value []byte, version uint16) []byte {
	b := binary.LittleEndian.AppendUint16(bytes.Clone(value), version)
	return binary.LittleEndian.AppendUint64(b, rdb.Checksum(b))
}

func TestChecksumIsRedis(t *testing.T) {
	if got := rdb.Checksum([]byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("got %x", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct {
		name    string
		payload []byte
		err     error
	}{
		{"nothing", nil, rdb.ErrChecksum},
		{"no value", sealed(nil, 9), rdb.ErrChecksum},
		{"a version to come", sealed([]byte("\x00\x01a"), 13), rdb.ErrChecksum},
		{"a list", sealed([]byte("\x01\x01\x01a"), 9), rdb.ErrFormat},
		{"bytes behind it", sealed([]byte("\x00\x01ab"), 9), rdb.ErrFormat},
		{"a string that ends early", sealed([]byte("\x00\x05ab"), 9), rdb.ErrFormat},
		{"a string of 2^64-1", sealed([]byte("\x00\x81\xff\xff\xff\xff\xff\xff\xff\xffa"), 9), rdb.ErrFormat},
		{"LZF of 2^60", sealed([]byte("\x00\xc3\x01\x81\x10\x00\x00\x00\x00\x00\x00\x00a"), 9), rdb.ErrFormat},
		{"LZF from before its begin", sealed([]byte("\x00\xc3\x02\x03\x20\x00"), 9), rdb.ErrFormat},
		{"LZF that is shorter", sealed([]byte("\x00\xc3\x02\x03\x00a"), 9), rdb.ErrFormat},
		{"an unknown encoding", sealed([]byte("\x00\xc4a"), 9), rdb.ErrFormat},
		{"many nodes announced", sealed([]byte("\x0f\x81\x0f\xff\xff\xff\xff\xff\xff\xff"), 9), rdb.ErrFormat},
	} {
		if _, err := rdb.Parse(row.payload); !errors.Is(err, row.err) {
			t.Errorf("%s: %v, want %v", row.name, err, row.err)
		}
	}
}

// A byte that is hurt is noticed by the checksum; with a good one over it the value
// is another one or none, and never a panic.
func TestDamagedPayloads(t *testing.T) {
	for _, file := range payloads(t) {
		good := read(t, file)
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 0x41
			if _, err := rdb.Parse(bad); !errors.Is(err, rdb.ErrChecksum) {
				t.Fatalf("%s, byte %d: %v", file, i, err)
			}
			if i < len(good)-10 {
				parse(t, sealed(bad[:len(bad)-10], 10))
				parse(t, sealed(good[:i], 10))
			}
		}
	}
}

// parse checks that what is taken can be shown.
func parse(t testing.TB, payload []byte) {
	v, err := rdb.Parse(payload)
	if err == nil {
		show(v)
	} else if !errors.Is(err, rdb.ErrChecksum) && !errors.Is(err, rdb.ErrFormat) {
		t.Fatal(err)
	}
}

// Streams of Redis 5 and 7.2 differ from those of 7.0 in what stands around the
// entries.
func TestStreamTypes(t *testing.T) {
	node := "\x01\x10" + "\x00\x00\x00\x00\x00\x00\x00\x05" + "\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x1d" + "\x1d\x00\x00\x00\x0a\x00" + "\x01\x01" + "\x00\x01" + "\x01\x01" + "\x81f\x02" + "\x00\x01" +
		"\x02\x01" + "\x00\x01" + "\x07\x01" + "\x81v\x02" + "\x04\x01" + "\xff"
	id, at := "\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x07", "\xe8\x03\x00\x00\x00\x00\x00\x00"
	pending := "\x01" + id + at + "\x02" // once, then the consumer
	head := "stream of 1, last 5-7, deleted 0-0, added 1\nnode\n  5-7 [\"f\" \"v\"]\n"
	for _, row := range []struct{ name, payload, want string }{
		{"Redis 5", "\x0f" + node + "\x01\x05\x07" + "\x01\x01g\x05\x07" + pending + "\x01\x01c" + at + "\x01" + id,
			head + "group \"g\", last 5-7, read -1\n  consumer \"c\", seen 1000, active 1000\n  pending 5-7 of \"c\" at 1000, 2 times\n"},
		{"Redis 7.2", "\x15" + node + "\x01\x05\x07" + "\x05\x07\x00\x00\x01" + "\x01\x01g\x05\x07\x01" + pending + "\x01\x01c" + at + "\xe9\x03\x00\x00\x00\x00\x00\x00" + "\x01" + id,
			head + "group \"g\", last 5-7, read 1\n  consumer \"c\", seen 1000, active 1001\n  pending 5-7 of \"c\" at 1000, 2 times\n"},
	} {
		v, err := rdb.Parse(sealed([]byte(row.payload), 9))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		} else if got := show(v); got != row.want {
			t.Errorf("%s: got\n%swant\n%s", row.name, got, row.want)
		}
	}
}

// FuzzParse feeds values behind a good checksum, where the checks of the decoder are
// all there is.
func FuzzParse(f *testing.F) {
	for _, file := range payloads(f) {
		b := read(f, file)
		f.Add(b[:len(b)-10])
	}
	f.Fuzz(func(t *testing.T, value []byte) { parse(t, sealed(value, 11)) })
}
