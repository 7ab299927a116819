package commands

import (
	"strings"
	"testing"
)

func TestMemoryDoctor(t *testing.T) {
	const mib = 1 << 20
	for _, row := range []struct {
		name string
		m    MemoryReport
		want []string // beginnings of the lines
	}{
		{"all is well", MemoryReport{Used: 100 * mib, Peak: 100 * mib, Resident: 110 * mib, Limit: 200 * mib}, []string{"Nothing"}},
		{"a small node", MemoryReport{Used: 5 * mib, Peak: 60 * mib, Resident: 60 * mib}, []string{"Nothing"}},
		{"full", MemoryReport{Used: 195 * mib, Peak: 195 * mib, Resident: 200 * mib, Limit: 200 * mib}, []string{"Memory is full"}},
		{"much was deleted", MemoryReport{Used: 100 * mib, Peak: 400 * mib, Resident: 300 * mib}, []string{"Peak", "Resident"}},
	} {
		lines := strings.Split(strings.TrimSpace(row.m.diagnose()), "\n")
		if len(lines) != len(row.want) {
			t.Errorf("%s: %q", row.name, lines)
			continue
		}
		for i, want := range row.want {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%s: %q, want %s", row.name, lines[i], want)
			}
		}
	}
}
