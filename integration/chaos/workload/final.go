package workload

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// page is how many entries one command reads of the final state.
const page = 1000

// MakeGroups creates the streams with their groups, empty.
func (w *Workload) MakeGroups(c Conn) error {
	for i := range w.Streams {
		if _, err := One(c, "XGROUP", "CREATE", w.StreamKey(i), Group, "0", "MKSTREAM"); err != nil {
			return err
		}
	}
	return nil
}

// Final reads what the streams hold in the end.
func (w *Workload) Final(c Conn) (history.Final, error) {
	final := history.Final{Streams: map[string]history.Stream{}}
	for i := range w.Streams {
		s, err := readStream(c, w.StreamKey(i))
		if err != nil {
			return final, err
		}
		final.Streams[w.StreamKey(i)] = s
	}
	return final, nil
}

func readStream(c Conn, key string) (s history.Stream, err error) {
	for from := "-"; ; {
		reply, err := One(c, "XRANGE", key, from, "+", "COUNT", strconv.Itoa(page))
		if err != nil {
			return s, err
		}
		entries, err := entriesOf(reply)
		if err != nil {
			return s, err
		}
		s.Entries = append(s.Entries, entries...)
		if len(entries) < page {
			break
		}
		from = "(" + entries[page-1].ID.String()
	}
	info, err := One(c, "XINFO", "STREAM", key)
	if err != nil {
		return s, err
	}
	length, err := One(c, "XLEN", key)
	if err != nil {
		return s, err
	}
	s.Added, _ = Pairs(info)["entries-added"].(int64)
	s.Length, _ = length.(int64)
	g, err := readGroup(c, key)
	s.Groups = map[string]history.Group{Group: g}
	return s, err
}

func readGroup(c Conn, key string) (g history.Group, err error) {
	infos, err := One(c, "XINFO", "GROUPS", key)
	if err != nil {
		return g, err
	}
	groups, _ := infos.([]any)
	if len(groups) != 1 || Pairs(groups[0])["name"] != Group {
		return g, fmt.Errorf("groups of %s: %v", key, infos)
	}
	last, _ := Pairs(groups[0])["last-delivered-id"].(string)
	if g.LastDelivered, err = history.ParseID(last); err != nil {
		return g, err
	}
	summary, err := One(c, "XPENDING", key, Group)
	if err != nil {
		return g, err
	}
	if g.PerConsumer, err = perConsumer(summary); err != nil {
		return g, err
	}
	for from := "-"; ; {
		reply, err := One(c, "XPENDING", key, Group, from, "+", strconv.Itoa(page))
		if err != nil {
			return g, err
		}
		pending, err := pendingOf(reply)
		if err != nil {
			return g, err
		}
		g.Pending = append(g.Pending, pending...)
		if len(pending) < page {
			return g, nil
		}
		from = "(" + pending[page-1].ID.String()
	}
}

var errReply = errors.New("a reply of another form")

// perConsumer is XPENDING's summary.
func perConsumer(reply any) (map[string]int64, error) {
	summary, _ := reply.([]any)
	if len(summary) != 4 {
		return nil, fmt.Errorf("XPENDING: %w: %v", errReply, reply)
	}
	all := map[string]int64{}
	consumers, _ := summary[3].([]any)
	for _, one := range consumers {
		pair, _ := one.([]any)
		if len(pair) != 2 {
			return nil, fmt.Errorf("XPENDING: %w: %v", errReply, reply)
		}
		name, _ := pair[0].(string)
		text, _ := pair[1].(string)
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		all[name] = n
	}
	return all, nil
}

func pendingOf(reply any) (all []history.Pending, err error) {
	list, _ := reply.([]any)
	for _, one := range list {
		p, _ := one.([]any)
		if len(p) != 4 {
			return nil, fmt.Errorf("XPENDING: %w: %v", errReply, one)
		}
		text, _ := p[0].(string)
		id, err := history.ParseID(text)
		if err != nil {
			return nil, err
		}
		consumer, _ := p[1].(string)
		idle, _ := p[2].(int64)
		count, _ := p[3].(int64)
		all = append(all, history.Pending{ID: id, Consumer: consumer, Idle: time.Duration(idle) * time.Millisecond, Count: count})
	}
	return all, nil
}
