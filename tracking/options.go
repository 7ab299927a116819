package tracking

import (
	"slices"
	"strings"
)

// Options are how a client tracks keys.
type Options struct {
	// BCast tells of all keys that begin with one of Prefixes; without any, of all.
	BCast    bool
	Prefixes []string
	// OptIn remembers what is read behind CLIENT CACHING yes alone, OptOut all but
	// what is read behind CLIENT CACHING no.
	OptIn, OptOut bool
	// NoLoop keeps from the client what it has changed itself.
	NoLoop bool
	// Redirect is the client that is told instead, 0 for none.
	Redirect uint64
}

// Status is what a client may ask about its tracking.
type Status struct {
	On bool
	Options
	// Caching: CLIENT CACHING was the last command.
	Caching bool
	// Broken: the client to be told instead is gone.
	Broken bool
}

// Start is what holds once tracking was turned on, or changed, with options: the
// prefixes are added to those before, the rest is replaced.
func (s *Status) Start(o Options) {
	if !o.BCast {
		o.Prefixes = nil
	} else if len(o.Prefixes) == 0 {
		o.Prefixes = []string{""}
	}
	o.Prefixes = append(s.Prefixes[:len(s.Prefixes):len(s.Prefixes)], o.Prefixes...)
	slices.Sort(o.Prefixes)
	o.Prefixes = slices.Compact(o.Prefixes)
	*s = Status{On: true, Options: o, Caching: s.Caching}
}

// Overlapping finds two prefixes of which one begins with the other: the first of
// wanted that meets one of present, or of wanted behind it. A key would be told
// twice.
func Overlapping(wanted, present []string) (prefix, other string, provided, found bool) {
	for i, p := range wanted {
		for _, q := range present {
			if strings.HasPrefix(p, q) || strings.HasPrefix(q, p) {
				return p, q, false, true
			}
		}
		for _, q := range wanted[i+1:] {
			if strings.HasPrefix(p, q) || strings.HasPrefix(q, p) {
				return p, q, true, true
			}
		}
	}
	return "", "", false, false
}
