package commands

import "testing"

// As Redis 7.0.15 drew the same samples.
func TestLatencyGraph(t *testing.T) {
	e := LatencyEvent{Name: "command", Max: 100, Samples: []LatencySample{{At: 10, Ms: 100}, {At: 11, Ms: 30}}}
	const want = "command - high 100 ms, low 30 ms (all time high 100 ms)\n" +
		"--------------------------------------------------------------------------------\n" +
		"# \n| \n| \n|_\n  \n10\nss\n"
	if got := e.graph(11); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLatencyStepsAreNamedAsRedisNamesThem(t *testing.T) {
	for i, want := range []int64{1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454, 16908, 33816, 67633, 135266} {
		if got := (LatencyStep{Most: 1024 << i}).label(); got != want {
			t.Errorf("step %d: %d, want %d", i, got, want)
		}
	}
}

func TestLatencyReport(t *testing.T) {
	e := LatencyEvent{Name: "fast-command", Max: 40, Samples: []LatencySample{{At: 10, Ms: 10}, {At: 14, Ms: 30}}}
	const want = "1. fast-command: 2 latency spikes (average 20ms, mean deviation 10ms, period 2.00 sec). Worst all time event 40ms.\n\n" +
		"- fast-command: Commands that should be fast were not: look whether the processors are busy with something else.\n"
	if got := latencyReport([]LatencyEvent{e}, true); got != want {
		t.Errorf("got\n%s", got)
	}
}
