package streams_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/streams"
)

const top = math.MaxUint64

func id(ms, seq uint64) streams.ID { return streams.ID{Ms: ms, Seq: seq} }

func TestParseID(t *testing.T) {
	for _, row := range []struct {
		name, text string
		missing    uint64
		want       streams.ID
		ok         bool
	}{
		{"complete", "5-7", 0, id(5, 7), true},
		{"incomplete start", "5", 0, id(5, 0), true},
		{"incomplete end", "5", top, id(5, top), true},
		{"zero", "0-0", 0, id(0, 0), true},
		{"highest", "18446744073709551615-18446744073709551615", 0, id(top, top), true},
		{"ms too large", "18446744073709551616", 0, id(0, 0), false},
		{"seq too large", "1-18446744073709551616", 0, id(0, 0), false},
		{"much too large", "99999999999999999999999-1", 0, id(0, 0), false},
		{"leading zeros", "007-0001", 0, id(7, 1), true},
		{"leading plus", "+7-1", 0, id(7, 1), true},
		{"leading space", " 7-1", 0, id(7, 1), true},
		{"plus before seq", "7-+1", 0, id(7, 1), true},
		{"trailing space", "7-1 ", 0, id(0, 0), false},
		{"two plus signs", "++7", 0, id(0, 0), false},
		{"only a space", " ", 0, id(0, 0), false},
		{"empty", "", 0, id(0, 0), false},
		{"no seq", "1-", 0, id(0, 0), false},
		{"no ms", "-1", 0, id(0, 0), false},
		{"negative", "-5-1", 0, id(0, 0), false},
		{"three parts", "1-2-3", 0, id(0, 0), false},
		{"negative seq", "1--01", 0, id(0, 0), false},
		{"text", "abc", 0, id(0, 0), false},
		{"text behind", "1-2x", 0, id(0, 0), false},
		{"lowest", "-", 0, id(0, 0), false},
		{"plus", "+", 0, id(0, 0), false},
		{"star", "*", 0, id(0, 0), false},
		{"star seq", "1-*", 0, id(0, 0), false},
		{"dollar", "$", 0, id(0, 0), false},
		{"greater", ">", 0, id(0, 0), false},
		{"exclusive", "(1", 0, id(0, 0), false},
		{"NUL", "1-2\x00", 0, id(0, 0), false},
		{"127 bytes", strings.Repeat("0", 124) + "7-1", 0, id(7, 1), true},
		{"128 bytes", strings.Repeat("0", 125) + "7-1", 0, id(0, 0), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, ok := streams.ParseID([]byte(row.text), row.missing)
			if got != row.want || ok != row.ok {
				t.Errorf("ParseID(%q) = %v, %v, want %v, %v", row.text, got, ok, row.want, row.ok)
			}
		})
	}
}

func TestParseRange(t *testing.T) {
	start, end := streams.ParseRangeStart, streams.ParseRangeEnd
	for _, row := range []struct {
		name  string
		parse func([]byte) (streams.ID, error)
		text  string
		want  streams.ID
		err   error
	}{
		{"start lowest", start, "-", streams.MinID, nil},
		{"start highest", start, "+", streams.MaxID, nil},
		{"start incomplete", start, "5", id(5, 0), nil},
		{"start exclusive", start, "(5-3", id(5, 4), nil},
		{"start exclusive incomplete", start, "(5", id(5, 1), nil},
		{"start exclusive carries", start, "(5-18446744073709551615", id(6, 0), nil},
		{"start overflow", start, "(18446744073709551615-18446744073709551615", id(0, 0), streams.ErrStartOverflow},
		{"start of zero", start, "(0-0", id(0, 1), nil},
		{"start bad", start, "x", id(0, 0), streams.ErrInvalidID},
		{"start empty", start, "", id(0, 0), streams.ErrInvalidID},
		{"start exclusive lowest", start, "(-", id(0, 0), streams.ErrInvalidID},
		{"start exclusive highest", start, "(+", id(0, 0), streams.ErrInvalidID},
		{"start exclusive twice", start, "((1", id(0, 0), streams.ErrInvalidID},
		{"start bare parenthesis", start, "(", id(0, 0), streams.ErrInvalidID},
		{"end lowest", end, "-", streams.MinID, nil},
		{"end highest", end, "+", streams.MaxID, nil},
		{"end incomplete", end, "5", id(5, top), nil},
		{"end complete", end, "5-0", id(5, 0), nil},
		{"end exclusive", end, "(5-3", id(5, 2), nil},
		{"end exclusive incomplete", end, "(5", id(5, top-1), nil},
		{"end exclusive carries", end, "(5-0", id(4, top), nil},
		{"end underflow", end, "(0-0", id(0, 0), streams.ErrEndUnderflow},
		{"end bad", end, "1-*", id(0, 0), streams.ErrInvalidID},
		{"end exclusive lowest", end, "(-", id(0, 0), streams.ErrInvalidID},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.parse([]byte(row.text))
			if got != row.want || !errors.Is(err, row.err) {
				t.Errorf("parse %q = %v, %v, want %v, %v", row.text, got, err, row.want, row.err)
			}
		})
	}
}

func TestIDNeighbours(t *testing.T) {
	for _, row := range []struct {
		name      string
		low, high streams.ID
	}{
		{"within ms", id(5, 3), id(5, 4)},
		{"across ms", id(5, top), id(6, 0)},
	} {
		t.Run(row.name, func(t *testing.T) {
			if next, ok := row.low.Next(); !ok || next != row.high {
				t.Errorf("%v.Next() = %v, %v", row.low, next, ok)
			}
			if prev, ok := row.high.Prev(); !ok || prev != row.low {
				t.Errorf("%v.Prev() = %v, %v", row.high, prev, ok)
			}
			if row.low.Compare(row.high) != -1 || row.high.Compare(row.low) != 1 || row.low.Compare(row.low) != 0 {
				t.Errorf("Compare disagrees about %v and %v", row.low, row.high)
			}
		})
	}
	if _, ok := streams.MaxID.Next(); ok {
		t.Error("there is an ID above MaxID")
	}
	if _, ok := streams.MinID.Prev(); ok {
		t.Error("there is an ID below MinID")
	}
	if got := streams.MaxID.String(); got != "18446744073709551615-18446744073709551615" {
		t.Errorf("MaxID = %q", got)
	}
	if !streams.MinID.IsZero() || streams.MaxID.IsZero() {
		t.Error("IsZero")
	}
}

// FuzzParseID holds that whatever parses prints as an ID that parses to itself.
func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"1-2", "5", "", "-", "(1", " +007-0", "18446744073709551616-1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = streams.ParseRangeStart(b)
		_, _ = streams.ParseRangeEnd(b)
		got, ok := streams.ParseID(b, 3)
		if !ok {
			return
		}
		if again, ok := streams.ParseID(got.AppendText(nil), 3); !ok || again != got {
			t.Errorf("%q parses to %v, which parses to %v, %v", b, got, again, ok)
		}
	})
}
