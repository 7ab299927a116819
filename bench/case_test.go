package main

import "testing"

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 100}, 3.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}

func TestRatioAndGoal(t *testing.T) {
	measured := func(m metric, ours, theirs float64) *result {
		return &result{
			testCase: &testCase{metrics: []metric{m}, peers: []kind{redis}},
			figures:  map[kind][][]float64{millrace: {{ours}}, redis: {{theirs}}},
		}
	}
	for name, c := range map[string]struct {
		metric       metric
		ours, theirs float64
		ratio        float64
		met          bool
	}{
		"more is better": {metric{goal: 1.5}, 300, 200, 1.5, true},
		"missed":         {metric{goal: 1.6}, 300, 200, 1.5, false},
		"less is better": {metric{lower: true, goal: 2}, 1, 2, 2, true},
		"less, missed":   {metric{lower: true, goal: 2}, 2, 2, 1, false},
		"own limit":      {metric{lower: true, limit: 2}, 1.9, 1, 1 / 1.9, true},
		"past the limit": {metric{lower: true, limit: 2}, 2.1, 9, 9 / 2.1, false},
		"own least":      {metric{least: 95}, 95, 1000, 0.095, true},
		"below it":       {metric{least: 95}, 94, 1, 94, false},
		"a peer's own":   {metric{goal: 9, goals: map[kind]float64{redis: 1.5}}, 300, 200, 1.5, true},
		"a peer's, not":  {metric{goal: 1, goals: map[kind]float64{redis: 1.6}}, 300, 200, 1.5, false},
	} {
		r := measured(c.metric, c.ours, c.theirs)
		if got := r.ratio(redis, 0); got != c.ratio {
			t.Errorf("%s: ratio %v, want %v", name, got, c.ratio)
		}
		if met, known := r.met(0); met != c.met || !known {
			t.Errorf("%s: met %v, known %v", name, met, known)
		}
	}
	alone := &result{testCase: &testCase{metrics: []metric{{goal: 1}}}, figures: map[kind][][]float64{millrace: {{1}}}}
	if _, known := alone.met(0); known {
		t.Error("a goal is met without a peer")
	}
}

func TestGoalsOfSeveralPeers(t *testing.T) {
	r := &result{
		testCase: &testCase{metrics: []metric{beside(1.3, 0.75)}, peers: []kind{jetstreamSynced, jetstream}},
		figures:  map[kind][][]float64{millrace: {{140}}, jetstreamSynced: {{100}}, jetstream: {{200}}},
	}
	if met, known := r.metAgainst(0, jetstreamSynced); !met || !known {
		t.Errorf("1.4 times the one that syncs: met %v, known %v", met, known)
	}
	if met, known := r.metAgainst(0, jetstream); met || !known {
		t.Errorf("0.7 times the default: met %v, known %v", met, known)
	}
	if met, known := r.met(0); met || !known {
		t.Errorf("both: met %v, known %v", met, known)
	}
	if got, want := r.metrics[0].wanted(r.peers...), ": goal 1.3x, 0.75x"; got != want {
		t.Errorf("wanted is %q, want %q", got, want)
	}
}

func TestUnsettledUntilAllVoteAndTheFirstLeads(t *testing.T) {
	nodes := func(change func(first, second map[string]string)) []map[string]string {
		first := map[string]string{"id": "1", "state": "up", "voter": "1", "lag": "0", "leads": "0"}
		second := map[string]string{"id": "2", "state": "up", "voter": "1", "lag": "0", "leads": ""}
		change(first, second)
		return []map[string]string{second, first}
	}
	for name, change := range map[string]func(first, second map[string]string){
		"down":       func(_, second map[string]string) { second["state"] = "down" },
		"no vote":    func(_, second map[string]string) { second["voter"] = "0" },
		"behind":     func(_, second map[string]string) { second["lag"] = "7" },
		"other lead": func(first, second map[string]string) { first["leads"], second["leads"] = "", "0" },
	} {
		if unsettled(nodes(change), 2) == "" {
			t.Errorf("%s: settled", name)
		}
	}
	if got := unsettled(nodes(func(_, _ map[string]string) {}), 2); got != "" {
		t.Errorf("unsettled: %s", got)
	}
	if unsettled(nodes(func(_, _ map[string]string) {}), 3) == "" {
		t.Error("settled without the third")
	}
}

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range cases() {
		if seen[c.name] || c.title == "" || c.measure == nil || len(c.metrics) == 0 {
			t.Errorf("case %q is named twice, or is not whole", c.name)
		}
		seen[c.name] = true
	}
}
