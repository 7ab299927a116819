package history

import (
	"fmt"
	"maps"
	"slices"
)

// Equal checks that all nodes hold the same state: the digests by node.
func Equal(digests map[string]string) []string {
	nodes := slices.Sorted(maps.Keys(digests))
	for _, n := range nodes {
		if digests[n] != digests[nodes[0]] {
			return []string{fmt.Sprintf("the replicas differ: %v", digests)}
		}
	}
	return nil
}
