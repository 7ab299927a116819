package commands_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// streamModel is what one stream and its groups should be, by the plainest means:
// a sorted list of entries, and for each group a map of what is pending. It is
// written by the pages that describe the commands, and knows nothing of how the
// server keeps any of it. Entries have IDs n-0 and one field.
type streamModel struct {
	now     int64
	entries []int
	last    int
	groups  map[string]*groupModel
	puts    int // how often anything was made pending: an order among equal times
}

type groupModel struct {
	last      int
	consumers map[string]bool
	pel       map[int]*pendingModel
}

type pendingModel struct {
	id          int
	owner       string // "": nobody
	time, count int64
	put         int
}

func (m *streamModel) has(id int) bool { return slices.Contains(m.entries, id) }

// referenced is the test of ACKED.
func (m *streamModel) referenced(id int) bool {
	for _, g := range m.groups {
		if g.last < id || g.pel[id] != nil {
			return true
		}
	}
	return false
}

func (m *streamModel) remove(id int) bool {
	i := slices.Index(m.entries, id)
	if i >= 0 {
		m.entries = slices.Delete(m.entries, i, i+1)
	}
	return i >= 0
}

// delete is what XDELEX answers for one entry.
func (m *streamModel) delete(id int, policy string) int {
	switch policy {
	case "ACKED":
		if m.referenced(id) {
			return 2
		}
	case "DELREF":
		for _, g := range m.groups {
			delete(g.pel, id)
		}
	}
	if m.remove(id) {
		return 1
	}
	return -1
}

// trim removes oldest first while wants says so, and returns how many went.
func (m *streamModel) trim(policy string, wants func(id int) bool) (n int) {
	for _, id := range slices.Clone(m.entries) {
		if !wants(id) {
			break
		}
		if m.delete(id, policy) == 1 {
			n++
		}
	}
	return n
}

func (m *streamModel) put(g *groupModel, p pendingModel) {
	m.puts++
	p.put = m.puts
	if p.owner == "" {
		p.time = 0
	}
	g.pel[p.id] = &p
}

func (m *streamModel) deliver(g *groupModel, p *pendingModel, owner string, at int64) {
	next := *p
	next.owner, next.time = owner, at
	if next.count != math.MaxInt64 {
		next.count++
	}
	m.put(g, next)
}

func (g *groupModel) byID() []*pendingModel {
	return slices.SortedFunc(maps.Values(g.pel), func(a, b *pendingModel) int { return cmp.Compare(a.id, b.id) })
}

// inClaimOrder has what nobody owns first, as it was released.
func (g *groupModel) inClaimOrder() []*pendingModel {
	return slices.SortedFunc(maps.Values(g.pel), func(a, b *pendingModel) int {
		zone := func(p *pendingModel) int { return min(len(p.owner), 1) }
		return cmp.Or(cmp.Compare(zone(a), zone(b)), cmp.Compare(a.time, b.time), cmp.Compare(a.put, b.put))
	})
}

func (p *pendingModel) idle(now int64) int64 { return max(0, now-p.time) }

func (p *pendingModel) claimable(now, minIdle int64) bool {
	return p.owner == "" || p.idle(now) >= minIdle
}

// claim is the claims of XREADGROUP CLAIM: of what is there, the longest idle.
func (m *streamModel) claim(g *groupModel, consumer string, count int, minIdle int64) (shown []string) {
	for _, p := range g.inClaimOrder() {
		if !m.has(p.id) {
			continue
		}
		if len(shown) == count || m.now-p.time < minIdle {
			break
		}
		shown = append(shown, fmt.Sprintf(`["%d-0", ["f", "v"], %d, %d]`, p.id, p.idle(m.now), p.count))
		m.deliver(g, p, consumer, m.now)
	}
	return shown
}

// read is XREADGROUP with '>'; minIdle is negative without CLAIM.
func (m *streamModel) read(g *groupModel, consumer string, count int, minIdle int64, noAck bool) string {
	g.consumers[consumer] = true
	var shown []string
	if minIdle >= 0 {
		shown = m.claim(g, consumer, count, minIdle)
	}
	for _, id := range m.entries {
		if id <= g.last || len(shown) == count {
			continue
		}
		tail := ""
		if minIdle >= 0 {
			tail = ", 0, 0"
		}
		shown = append(shown, fmt.Sprintf(`["%d-0", ["f", "v"]%s]`, id, tail))
		g.last = id
		if !noAck {
			m.put(g, pendingModel{id: id, owner: consumer, time: m.now, count: 1})
		}
	}
	if len(shown) == 0 {
		return "nil[]"
	}
	return `[["s", [` + strings.Join(shown, ", ") + `]]]`
}

// history is XREADGROUP from the start of what a consumer has.
func (m *streamModel) history(g *groupModel, consumer string, count int) string {
	g.consumers[consumer] = true
	var shown []string
	for _, p := range g.byID() {
		if p.owner != consumer || len(shown) == count {
			continue
		}
		if !m.has(p.id) {
			shown = append(shown, fmt.Sprintf(`["%d-0", nil[]]`, p.id))
			continue
		}
		shown = append(shown, fmt.Sprintf(`["%d-0", ["f", "v"]]`, p.id))
		m.deliver(g, p, consumer, m.now)
	}
	return `[["s", [` + strings.Join(shown, ", ") + `]]]`
}

// xclaim is XCLAIM JUSTID; at is the time that the claim sets.
func (m *streamModel) xclaim(g *groupModel, consumer string, minIdle, at int64, force bool, ids []int) string {
	g.consumers[consumer] = true
	var shown []string
	for _, id := range ids {
		p := g.pel[id]
		switch {
		case !m.has(id):
			delete(g.pel, id)
			continue
		case p == nil && force:
			p = &pendingModel{id: id, count: 1}
		case p == nil || !p.claimable(m.now, minIdle):
			continue
		}
		m.put(g, pendingModel{id: id, owner: consumer, time: at, count: p.count})
		shown = append(shown, fmt.Sprintf(`"%d-0"`, id))
	}
	return "[" + strings.Join(shown, ", ") + "]"
}

// autoClaim is XAUTOCLAIM from the start.
func (m *streamModel) autoClaim(g *groupModel, consumer string, minIdle int64, count int) string {
	g.consumers[consumer] = true
	var shown, gone []string
	cursor := "0-0"
	for i, p := range g.byID() {
		if i == 10*count || len(shown)+len(gone) == count {
			cursor = fmt.Sprintf("%d-0", p.id)
			break
		}
		switch {
		case !m.has(p.id):
			delete(g.pel, p.id)
			gone = append(gone, fmt.Sprintf(`"%d-0"`, p.id))
		case p.claimable(m.now, minIdle):
			m.deliver(g, p, consumer, m.now)
			shown = append(shown, fmt.Sprintf(`["%d-0", ["f", "v"]]`, p.id))
		}
	}
	return fmt.Sprintf(`["%s", [%s], [%s]]`, cursor, strings.Join(shown, ", "), strings.Join(gone, ", "))
}

// nack is XNACK of one entry.
func (m *streamModel) nack(g *groupModel, mode string, force bool, id int) int {
	p := g.pel[id]
	if p == nil {
		if !force || !m.has(id) {
			return 0
		}
		p = &pendingModel{id: id}
	}
	next := pendingModel{id: id, count: p.count}
	switch mode {
	case "SILENT":
		next.count = max(0, p.count-1)
	case "FATAL":
		next.count = math.MaxInt64
	}
	m.put(g, next)
	return 1
}

func (g *groupModel) of(owner string) (all []*pendingModel) {
	for _, p := range g.byID() {
		if p.owner == owner {
			all = append(all, p)
		}
	}
	return all
}

// summary, rows and full are what XPENDING and XINFO STREAM FULL show.
func (g *groupModel) summary() string {
	all := g.byID()
	if len(all) == 0 {
		return "[0, nil, nil, nil[]]"
	}
	var owners []string
	for _, name := range slices.Sorted(maps.Keys(g.consumers)) {
		if n := len(g.of(name)); n > 0 {
			owners = append(owners, fmt.Sprintf(`["%s", "%d"]`, name, n))
		}
	}
	return fmt.Sprintf(`[%d, "%d-0", "%d-0", [%s]]`, len(all), all[0].id, all[len(all)-1].id, strings.Join(owners, ", "))
}

func (g *groupModel) rows(now, minIdle int64) string {
	var rows []string
	for _, p := range g.byID() {
		idle := p.idle(now)
		switch {
		case p.owner == "":
			idle = -1
		case idle < minIdle:
			continue
		}
		rows = append(rows, fmt.Sprintf(`["%d-0", "%s", %d, %d]`, p.id, p.owner, idle, p.count))
	}
	return "[" + strings.Join(rows, ", ") + "]"
}

func (g *groupModel) full(name string) string {
	var pending, consumers []string
	for _, p := range g.byID() {
		pending = append(pending, fmt.Sprintf(`["%d-0", "%s", %d, %d]`, p.id, p.owner, p.time, p.count))
	}
	for _, c := range slices.Sorted(maps.Keys(g.consumers)) {
		var own []string
		for _, p := range g.of(c) {
			own = append(own, fmt.Sprintf(`["%d-0", %d, %d]`, p.id, p.time, p.count))
		}
		consumers = append(consumers, fmt.Sprintf(`["name", "%s", "seen-time", ?, "active-time", ?, "pel-count", %d, "pending", [%s]]`,
			c, len(own), strings.Join(own, ", ")))
	}
	return fmt.Sprintf(`["name", "%s", "last-delivered-id", "%d-0", "entries-read", ?, "lag", ?, "pel-count", %d, "nacked-count", %d, "pending", [%s], "consumers", [%s]]`,
		name, g.last, len(g.pel), len(g.of("")), strings.Join(pending, ", "), strings.Join(consumers, ", "))
}
