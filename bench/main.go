package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// bench is one run.
type bench struct {
	dir            string // of everything that the run writes; removed in the end
	millrace       string // binaries; "" when it is not installed
	redis          string
	redisBenchmark string
	nats           string
	rounds         int
	scale          float64
	settings       map[string][]string // command lines, for the report
	profiles       []string            // arguments that have Millrace profile itself
	half           float64             // see halfOfRedis
	clusters       map[kind]*server    // that run; they are stopped in the end
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	var (
		pattern = flag.String("case", "", "run the cases whose names match this regular expression")
		list    = flag.Bool("list", false, "list the cases and their goals")
		rounds  = flag.Int("rounds", 5, "rounds of each case; those that take long have fewer")
		scale   = flag.Float64("scale", 1, "size of the work: 0.01 shows in seconds that every case runs")
		write   = flag.String("write", "", "write benchmarks.md and its plots to this folder")
		binary  = flag.String("millrace", "", "measure this binary instead of building one")
		cpu     = flag.String("cpuprofile", "", "have Millrace write a CPU profile to this file; the last start counts")
		trace   = flag.String("trace", "", "have Millrace write an execution trace to this file; the last start counts")
	)
	flag.Parse()
	chosen, err := choose(*pattern)
	if err != nil {
		return err
	}
	if *list {
		listCases(os.Stdout, chosen)
		return nil
	}
	if err := raiseFileLimit(); err != nil {
		return err
	}
	b := &bench{rounds: *rounds, scale: *scale, millrace: *binary, settings: make(map[string][]string), clusters: make(map[kind]*server)}
	if *cpu != "" {
		b.profiles = append(b.profiles, "--cpuprofile", *cpu)
	}
	if *trace != "" {
		b.profiles = append(b.profiles, "--trace", *trace)
	}
	if b.dir, err = os.MkdirTemp("", "millrace-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	defer b.stopClusters()
	if err := b.find(); err != nil {
		return err
	}
	var results []*result
	for _, c := range chosen {
		r, err := b.play(c)
		if errors.Is(err, errNoRedisBenchmark) {
			fmt.Fprintf(os.Stderr, "skip %s: %v\n", c.name, err)
			continue
		}
		if err != nil {
			return err
		}
		results = append(results, r)
		printResult(os.Stdout, r)
	}
	if *write != "" {
		return b.writeReport(*write, results)
	}
	return nil
}

func choose(pattern string) ([]*testCase, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	all := cases()
	chosen := slices.DeleteFunc(all, func(c *testCase) bool { return !re.MatchString(c.name) })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no case matches %q", pattern)
	}
	return chosen, nil
}

// find looks for the peers and builds Millrace.
func (b *bench) find() error {
	b.redis, b.redisBenchmark, b.nats = look("redis-server"), look("redis-benchmark"), look("nats-server")
	for name, path := range map[string]string{
		"redis-server": b.redis, "redis-benchmark": b.redisBenchmark, "nats-server": b.nats,
	} {
		if path == "" {
			fmt.Fprintf(os.Stderr, "%s is not installed: cases that need it are skipped or have no ratio\n", name)
		}
	}
	if b.millrace != "" {
		return nil
	}
	b.millrace = filepath.Join(b.dir, "millrace")
	build := exec.Command("go", "build", "-o", b.millrace, "github.com/millrace-io/millrace/cmd/millrace")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build millrace: %w", err)
	}
	return nil
}

// look finds a program in the path, or where go install puts it.
func look(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	out, err := exec.Command("go", "env", "GOPATH").Output()
	if err != nil {
		return ""
	}
	path, err := exec.LookPath(filepath.Join(strings.TrimSpace(string(out)), "bin", name))
	if err != nil {
		return ""
	}
	return path
}

// installed are the servers of a list that can be started.
func (b *bench) installed(kinds []kind) []kind {
	paths := map[kind]string{millrace: b.millrace, millraceAlone: b.millrace, redis: b.redis, jetstream: b.nats, jetstreamSynced: b.nats}
	return slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return paths[k] == "" })
}
