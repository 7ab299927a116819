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

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range cases() {
		if seen[c.name] || c.title == "" || c.measure == nil || len(c.metrics) == 0 {
			t.Errorf("case %q is named twice, or is not whole", c.name)
		}
		seen[c.name] = true
	}
}
