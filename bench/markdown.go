package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// writeReport writes benchmarks.md and a plot for it.
func (b *bench) writeReport(dir string, results []*result) error {
	var w bytes.Buffer
	fmt.Fprintf(&w, "# Benchmarks\n\nWritten by `go run ./bench %s` on %s; do not edit.\n\n", strings.Join(arguments(), " "), time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintf(&w, "Medians of the rounds, lowest and highest in brackets. The servers take turns round by round on the same disk; every reply is\n"+
		"read, and what a server holds in the end is checked. The ratio is Millrace to the peer, so that more is better. Only ratios of one run can be\n"+
		"compared.\n\n")
	b.writeMachine(&w)
	if err := writePlot(filepath.Join(dir, "benchmarks.svg"), results); err != nil {
		return err
	}
	fmt.Fprintf(&w, "![ratios](benchmarks.svg)\n\n| case | | Millrace | peer | ratio | goal | |\n|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		for i := range r.metrics {
			r.writeRow(&w, i)
		}
	}
	return os.WriteFile(filepath.Join(dir, "benchmarks.md"), w.Bytes(), 0o644)
}

// arguments are those of this run that say what was measured.
func arguments() (args []string) {
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "millrace" {
			args = append(args, "-"+f.Name, f.Value.String())
		}
	})
	return args
}

func (r *result) writeRow(w *bytes.Buffer, metric int) {
	m := &r.metrics[metric]
	title := r.title
	if m.name != "" {
		title += ", " + m.name
	}
	peers := r.peers
	if len(peers) == 0 {
		peers = []kind{""}
	}
	for _, k := range peers {
		peer, ratio := "not installed", ""
		if r.figures[k] != nil {
			peer, ratio = r.side(k, metric), fmt.Sprintf("**%.2f**", r.ratio(k, metric))
		}
		result := ""
		if met, known := r.metAgainst(metric, k); known {
			result = verdict(met)
		}
		ours := strings.TrimPrefix(r.side(millrace, metric), string(millrace)+" ")
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s | %s | %s |\n", r.name, title, ours, peer, ratio, strings.Trim(m.wanted(k), ": "), result)
	}
}

// writeMachine says where the figures come from.
func (b *bench) writeMachine(w *bytes.Buffer) {
	fmt.Fprintf(w, "- machine: %d processors, %s; %s\n", runtime.NumCPU(), cpuModel(), first("uname", "-sr"))
	fmt.Fprintf(w, "- Go: %s\n", runtime.Version())
	if b.redis != "" {
		fmt.Fprintf(w, "- Redis: %s\n", first(b.redis, "--version"))
	}
	if b.nats != "" {
		fmt.Fprintf(w, "- NATS: %s\n", first(b.nats, "--version"))
	}
	for _, k := range slices.Sorted(maps.Keys(b.settings)) {
		fmt.Fprintf(w, "- last command line of %s: `%s`\n", k, strings.Join(b.settings[k], " "))
	}
	fmt.Fprintln(w)
}

// first is the first line that a command prints.
func first(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
