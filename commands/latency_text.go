package commands

import (
	"fmt"
	"math"
	"strings"
)

// graphRows is the height of LATENCY GRAPH.
const graphRows = 4

// graph draws the samples, oldest at the left, each with its age below it from top
// to bottom.
func (e *LatencyEvent) graph(now int64) string {
	low, high := e.bounds()
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n", e.Name, high, low, e.Max)
	b.WriteString(strings.Repeat("-", 80) + "\n")
	labels, longest := make([]string, len(e.Samples)), 0
	for i, s := range e.Samples {
		labels[i] = ageOf(now - s.At)
		longest = max(longest, len(labels[i]))
	}
	for row := graphRows - 1; row >= 0; row-- {
		for _, s := range e.Samples {
			b.WriteByte(graphCell(s.Ms-low, high-low, row))
		}
		b.WriteByte('\n')
	}
	b.WriteString(strings.Repeat(" ", len(e.Samples)) + "\n")
	for i := range longest {
		for _, l := range labels {
			if i < len(l) {
				b.WriteByte(l[i])
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (e *LatencyEvent) bounds() (low, high int64) {
	low, high = e.Samples[0].Ms, e.Samples[0].Ms
	for _, s := range e.Samples {
		low, high = min(low, s.Ms), max(high, s.Ms)
	}
	return low, high
}

// graphCell is one place of the graph: each row has three heights.
func graphCell(value, span int64, row int) byte {
	const heights = "_o#"
	steps := int64(len(heights) * graphRows)
	step := min(value*steps/max(span, 1), steps-1) - int64(row*len(heights))
	switch {
	case step < 0:
		return ' '
	case step >= int64(len(heights)):
		return '|'
	}
	return heights[step]
}

// ageOf is a number of seconds in at most three letters.
func ageOf(seconds int64) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", max(seconds, 0))
	case seconds < 3600:
		return fmt.Sprintf("%dm", seconds/60)
	case seconds < 24*3600:
		return fmt.Sprintf("%dh", seconds/3600)
	}
	return fmt.Sprintf("%dd", seconds/(24*3600))
}

// latencyAdvice is what can be done about an event.
var latencyAdvice = map[string]string{
	"command":          "SLOWLOG GET shows which commands took long; work on a large range is best done in parts, with COUNT.",
	"fast-command":     "Commands that should be fast were not: look whether the processors are busy with something else.",
	"expire-cycle":     "Many keys reached their deadline at the same time: spread the deadlines.",
	"aof-write":        "Writes of the log wait for the disk: look what else writes to it.",
	"aof-fsync-always": "The disk takes long to sync: use a faster one for --dir, or, where the last second may be lost, fsync everysec.",
}

// latencyReport is the text of LATENCY DOCTOR.
func latencyReport(events []LatencyEvent, monitored bool) string {
	switch {
	case len(events) == 0 && !monitored:
		return "Nothing is monitored: latency-monitor-threshold is 0. CONFIG SET latency-monitor-threshold <milliseconds> begins.\n"
	case len(events) == 0:
		return "Nothing took longer than latency-monitor-threshold.\n"
	}
	var b strings.Builder
	for i, e := range events {
		average, deviation := e.spread()
		first, last := e.Samples[0].At, e.Samples[len(e.Samples)-1].At
		fmt.Fprintf(&b, "%d. %s: %d latency spikes (average %.0fms, mean deviation %.0fms, period %.2f sec). Worst all time event %dms.\n",
			i+1, e.Name, len(e.Samples), average, deviation, float64(last-first)/float64(len(e.Samples)), e.Max)
	}
	b.WriteByte('\n')
	for _, e := range events {
		if advice := latencyAdvice[e.Name]; advice != "" {
			b.WriteString("- " + e.Name + ": " + advice + "\n")
		}
	}
	return b.String()
}

// spread is the average of the samples and how far they are from it on average.
func (e *LatencyEvent) spread() (average, deviation float64) {
	n := float64(len(e.Samples))
	for _, s := range e.Samples {
		average += float64(s.Ms) / n
	}
	for _, s := range e.Samples {
		deviation += math.Abs(float64(s.Ms)-average) / n
	}
	return average, deviation
}
