package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is the unit that a disk writes as a whole or not at all.
const sector = 512

// Crash returns the file system as a power loss may leave it, chosen by rng:
// everything synced is there; of the rest any subset, in any order, whole or
// torn. The same rng state and the same history give the same result.
func (m *Mem) Crash(rng *rand.Rand) *Mem {
	return m.copy(&reboot{file: func(n *memNode) *image { return crashFile(n, rng) },
		dir: func(n *memNode) map[string]*memNode { return crashDir(n, rng) }})
}

// CrashKeepNothing returns what a power loss leaves at the very least: what was
// synced.
func (m *Mem) CrashKeepNothing() *Mem {
	return m.copy(&reboot{file: func(n *memNode) *image { return n.durable.clone() },
		dir: func(n *memNode) map[string]*memNode { return maps.Clone(n.durableEntries) }})
}

// KillProcess returns what the next process finds when this one is killed and
// the machine goes on: everything written, locks released. What was not synced
// still isn't, and what a failed sync lost stays lost for a later Crash.
func (m *Mem) KillProcess() *Mem { return m.copy(&reboot{pageCache: true}) }

func (m *Mem) copy(r *reboot) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.done = map[*memNode]*memNode{}
	return &Mem{root: r.node(m.root), locks: map[string]*memLock{}, limit: m.limit}
}

// reboot copies a tree of nodes into a new Mem.
type reboot struct {
	file      func(*memNode) *image
	dir       func(*memNode) map[string]*memNode
	pageCache bool // keep live and durable apart instead of asking file and dir
	// done keeps a node that has two names (a torn rename between folders) one.
	done map[*memNode]*memNode
}

func (r *reboot) node(n *memNode) *memNode {
	if n == nil {
		return nil
	}
	if c := r.done[n]; c != nil {
		return c
	}
	c := &memNode{dir: n.dir, mode: n.mode}
	r.done[n] = c
	switch {
	case r.pageCache && n.dir:
		c.entries, c.durableEntries = r.nodes(n.entries), r.nodes(n.durableEntries)
		for _, d := range n.dirtyEntries {
			c.dirtyEntries = append(c.dirtyEntries, r.dirChange(d))
		}
	case r.pageCache:
		c.live, c.durable, c.dirty = n.live.clone(), n.durable.clone(), slices.Clone(n.dirty)
	case n.dir:
		c.entries = r.nodes(r.dir(n))
		c.durableEntries = maps.Clone(c.entries)
	default:
		c.durable = r.file(n)
		c.live = c.durable.clone()
	}
	return c
}

// nodes goes by name, so that the choices of rng do not depend on map order.
func (r *reboot) nodes(entries map[string]*memNode) map[string]*memNode {
	out := make(map[string]*memNode, len(entries))
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		out[name] = r.node(entries[name])
	}
	return out
}

func (r *reboot) dirChange(d dirChange) dirChange {
	c := make(dirChange, len(d))
	for i, e := range d {
		c[i] = dirEntry{e.name, r.node(e.node)}
	}
	return c
}

// fate is what becomes of the unsynced changes of one file or folder as a whole.
// Most crashes of real disks are all or nothing, and both ends find their own
// bugs, so neither is left to the chance of many coins.
type fate uint8

func drawFate(rng *rand.Rand) fate { return fate(rng.IntN(4)) }

const (
	fateNone fate = iota
	fateAll
	fateMixed // and everything above: each change has its own fate
)

func crashDir(n *memNode, rng *rand.Rand) map[string]*memNode {
	entries := maps.Clone(n.durableEntries)
	f := drawFate(rng)
	for _, c := range n.dirtyEntries {
		if f == fateAll || f >= fateMixed && rng.IntN(2) == 0 {
			c.apply(entries)
		}
	}
	return entries
}

func crashFile(n *memNode, rng *rand.Rand) *image {
	img := n.durable.clone()
	f := drawFate(rng)
	for _, c := range n.dirty {
		if f == fateAll {
			c.apply(img)
		} else if f >= fateMixed {
			crashChange(c, img, n.durable.size, rng)
		}
	}
	// A grown file: data and size reach the disk apart from each other. Size
	// without data reads as zeros, data without size is gone.
	if grown := n.live.size; grown > n.durable.size && f != fateAll {
		switch rng.IntN(4) {
		case 0:
			img.truncate(min(img.size, n.durable.size))
		case 1:
			img.grow(grown)
		}
	}
	return img
}

// crashChange does c to img, or part of it, or nothing.
func crashChange(c change, img *image, durableSize int64, rng *rand.Rand) {
	switch rng.IntN(4) {
	case 0: // lost
	case 1:
		c.apply(img)
	case 2:
		if c.kind == changeWrite { // torn at any byte
			img.writeAt(c.data[:rng.IntN(len(c.data)+1)], c.off)
		}
	case 3:
		if c.kind == changeWrite {
			crashSectors(c, img, durableSize, rng)
		}
	}
}

// crashSectors decides for each sector on its own. Zeros appear only where the
// disk had nothing before: a block that once held synced bytes shows the old
// bytes or the new ones.
func crashSectors(c change, img *image, durableSize int64, rng *rand.Rand) {
	for n := 0; n < len(c.data); {
		at := c.off + int64(n)
		part := c.data[n:min(len(c.data), n+int(sector-at%sector))]
		switch choice := rng.IntN(5); {
		case choice < 2:
			img.writeAt(part, at)
		case choice == 2 && at >= durableSize:
			img.writeAt(make([]byte, len(part)), at)
		}
		n += len(part)
	}
}
