package server

// White-box: which sections INFO gives, without a node to tell about.

import (
	"slices"
	"strings"
	"testing"
)

// FuzzInfoSections: whatever is asked for, sections come once and in their order, and
// nobody who names a section misses it.
func FuzzInfoSections(f *testing.F) {
	for _, seed := range []string{"", "all", "everything", "default", "server", "server clients server", "commandstats default", "nosuch", "errorstats nosuch all", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, asked string) {
		names := strings.Fields(strings.ToLower(asked))
		last := -1
		var got []string
		for _, s := range wantedSections(names) {
			i := slices.IndexFunc(infoSections, func(o infoSection) bool { return o.name == s.name })
			if i <= last {
				t.Errorf("INFO %q: %s is out of order", names, s.name)
			}
			last = i
			got = append(got, strings.ToLower(s.name))
		}
		all := len(names) == 0 || slices.Contains(names, "all") || slices.Contains(names, "everything") || slices.Contains(names, "default")
		for _, s := range infoSections {
			name := strings.ToLower(s.name)
			if slices.Contains(names, name) && !slices.Contains(got, name) {
				t.Errorf("INFO %q misses %s", names, name)
			}
			if !all && !slices.Contains(names, name) && slices.Contains(got, name) {
				t.Errorf("INFO %q gives %s", names, name)
			}
		}
	})
}
