package keyspace_test

import (
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

// The vectors were taken from a Redis Cluster.
func TestSlotMatchesRedisCluster(t *testing.T) {
	for _, tt := range []struct {
		key  string
		slot uint16
	}{
		{"", 0}, {"a", 15495}, {"b", 3300}, {"foo", 12182}, {"bar", 5061}, {"hello", 866}, {"mystream", 12571},
		{"orders", 105}, {"123456789", 12739}, {"{user1000}.following", 3443}, {"foo{}{bar}", 8363}, {"foo{{bar}}zap", 4015},
		{"foo{bar}{zap}", 5061}, {"{}", 15257}, {"{}{a}", 13650}, {"{a", 10276}, {"\x00\xff", 7920},
	} {
		if got := keyspace.Slot([]byte(tt.key)); got != tt.slot {
			t.Errorf("Slot(%q) = %d, want %d", tt.key, got, tt.slot)
		}
	}
}
