package tracking

import (
	"cmp"
	"slices"
)

// prefix is the beginning of keys of which trackers want to be told.
type prefix struct {
	text     string
	trackers []*Tracker
}

// prefixes are all of a table. A key is looked up once for each length that there
// is, however many prefixes there are.
type prefixes struct {
	byText  map[string]*prefix
	lengths map[int]int // how many prefixes have it
}

func (ps *prefixes) add(text string, t *Tracker) {
	p := ps.byText[text]
	if p == nil {
		p = &prefix{text: text}
		ps.byText[text] = p
		ps.lengths[len(text)]++
	}
	if _, already := t.prefixes[p]; !already {
		t.prefixes[p] = len(p.trackers)
		p.trackers = append(p.trackers, t)
	}
}

// drop takes t out of all its prefixes, and those out of the world that have lost
// their last tracker with it.
func (ps *prefixes) drop(t *Tracker) {
	for p, i := range t.prefixes {
		last := len(p.trackers) - 1
		p.trackers[i] = p.trackers[last]
		p.trackers[i].prefixes[p] = i
		p.trackers[last] = nil
		p.trackers = p.trackers[:last]
		if last > 0 {
			continue
		}
		delete(ps.byText, p.text)
		if ps.lengths[len(p.text)]--; ps.lengths[len(p.text)] == 0 {
			delete(ps.lengths, len(p.text))
		}
	}
	clear(t.prefixes)
}

// match gives the keys that begin with each prefix, in byte order of the prefixes;
// keys of one prefix are in the order of keys.
func (ps *prefixes) match(keys []string) []matched {
	if len(ps.byText) == 0 {
		return nil
	}
	found := make(map[*prefix][]string)
	for _, k := range keys {
		for n := range ps.lengths {
			if n > len(k) {
				continue
			}
			if p := ps.byText[k[:n]]; p != nil {
				found[p] = append(found[p], k)
			}
		}
	}
	var all []matched
	for p, keys := range found {
		all = append(all, matched{p, keys})
	}
	slices.SortFunc(all, func(a, b matched) int { return cmp.Compare(a.prefix.text, b.prefix.text) })
	return all
}

type matched struct {
	*prefix
	keys []string
}
