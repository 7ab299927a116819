package commands

import "testing"

// What XADD costs before it looks at a key.
func BenchmarkParseAdd(b *testing.B) {
	for _, row := range []struct{ name, line string }{
		{"plain", "XADD k * f v"},
		{"trimming", "XADD k MAXLEN ~ 1000 * f v"},
		{"id", "XADD k 1700000000000-12 f v"},
	} {
		b.Run(row.name, func(b *testing.B) {
			args := words(row.line)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parseAdd(args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestParseAddAllocatesNothing(t *testing.T) {
	args := words("XADD k NOMKSTREAM MAXLEN ~ 1000 LIMIT 10 1-1 f v")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := parseAdd(args); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
