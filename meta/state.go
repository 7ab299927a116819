package meta

import (
	"maps"
	"slices"
)

// Bounds of the state.
const (
	MaxNodes      = 1024
	MaxPartitions = 16384 // one for each slot
	// MaxOrder is the highest number that a node can get: as many nodes may join in
	// the life of a cluster.
	MaxOrder       = 1<<15 - 1
	maxRemoved     = MaxOrder
	maxText        = 255 // of an address, a name, a cluster's id
	maxSettings    = 1024
	maxSettingKey  = 128
	maxSettingText = 64 << 10
)

// State is what the meta group replicates. The zero value is that of a cluster that
// has not begun.
type State struct {
	version    uint64
	cluster    string
	partitions uint32
	lastOrder  uint32
	nodes      []Node // invariant 1
	removed    []uint64
	settings   map[string]string
}

// Begun reports whether the cluster has begun.
func (s *State) Begun() bool { return s.cluster != "" }

// Version is the number of changes so far.
func (s *State) Version() uint64 { return s.version }

// Cluster is the cluster's id, empty before it has begun.
func (s *State) Cluster() string { return s.cluster }

// Partitions is how many partitions the cluster has, for its whole life.
func (s *State) Partitions() uint32 { return s.partitions }

// Setting returns a setting of the cluster.
func (s *State) Setting(key string) (value string, ok bool) {
	value, ok = s.settings[key]
	return value, ok
}

// Settings are the keys of all settings, ascending.
func (s *State) Settings() []string { return slices.Sorted(maps.Keys(s.settings)) }

// Clone is a copy that later changes don't reach.
func (s *State) Clone() *State {
	c := *s
	c.nodes, c.removed, c.settings = slices.Clone(s.nodes), slices.Clone(s.removed), maps.Clone(s.settings)
	return &c
}
