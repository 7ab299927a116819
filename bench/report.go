package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func listCases(w io.Writer, cases []*testCase) {
	for _, c := range cases {
		for _, m := range c.metrics {
			fmt.Fprintf(w, "%-28s %s%s\n", c.name, c.title, m.wanted(c.peers...))
		}
	}
}

// wanted is the goal of a metric in words, in comparison with those peers.
func (m *metric) wanted(peers ...kind) string {
	name := ""
	if m.name != "" {
		name = " (" + m.name + ")"
	}
	switch {
	case m.limit > 0:
		return fmt.Sprintf("%s: at most %g %s", name, m.limit, m.unit)
	case m.least > 0:
		return fmt.Sprintf("%s: at least %s %s", name, figure(m.least), m.unit)
	case m.goals != nil:
		var goals []string
		for _, k := range peers {
			if goal := m.against(k); goal > 0 {
				goals = append(goals, fmt.Sprintf("%gx", goal))
			}
		}
		if len(goals) == 0 {
			return name
		}
		return name + ": goal " + strings.Join(goals, ", ")
	case m.goal > 0:
		return fmt.Sprintf("%s: goal %gx", name, m.goal)
	}
	return name
}

func (b *bench) progress(c *testCase, k kind, round int, figures []float64) {
	texts := make([]string, len(figures))
	for i, f := range figures {
		texts[i] = figure(f) + " " + c.metrics[i].unit
	}
	fmt.Fprintf(os.Stderr, "  %s round %d %s: %s\n", c.name, round+1, k, strings.Join(texts, ", "))
}

// figure prints a figure with about three digits that mean something.
func figure(f float64) string {
	switch {
	case f >= 100_000:
		return fmt.Sprintf("%.0fk", f/1000)
	case f >= 10_000:
		return fmt.Sprintf("%.1fk", f/1000)
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func printResult(w io.Writer, r *result) {
	fmt.Fprintf(w, "%s: %s\n", r.name, r.title)
	for i := range r.metrics {
		fmt.Fprintln(w, "  "+strings.Join(r.row(i), "  "))
	}
}

// row is a metric of a case: its figures, its ratio, its goal.
func (r *result) row(metric int) []string {
	m := &r.metrics[metric]
	var cells []string
	if m.name != "" {
		cells = append(cells, m.name+":")
	}
	cells = append(cells, r.side(millrace, metric))
	for _, k := range r.peers {
		if r.figures[k] == nil {
			cells = append(cells, fmt.Sprintf("%s is not installed", k))
			continue
		}
		cells = append(cells, r.side(k, metric), fmt.Sprintf("ratio %.2f", r.ratio(k, metric)))
	}
	if w := m.wanted(r.peers...); w != "" {
		cells = append(cells, strings.TrimPrefix(w, ": "))
	}
	if met, known := r.met(metric); known {
		cells = append(cells, verdict(met))
	}
	return cells
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

// side is the median of one server with the lowest and highest round.
func (r *result) side(k kind, metric int) string {
	all := r.figures[k][metric]
	return fmt.Sprintf("%s %s %s (%s-%s)", k, figure(r.median(k, metric)), r.metrics[metric].unit,
		figure(slices.Min(all)), figure(slices.Max(all)))
}
