package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"runtime/trace"

	"github.com/spf13/pflag"
)

// profiles are the files to which a node writes what the Go runtime saw of it, for
// those who work on its speed: go tool pprof and go tool trace read them.
type profiles struct{ cpu, trace string }

// flags declares the flags of a set. They are no settings of a node, and hidden.
func (p *profiles) flags(set *pflag.FlagSet) error {
	set.StringVar(&p.cpu, "cpuprofile", "", "write a CPU profile to this file")
	set.StringVar(&p.trace, "trace", "", "write an execution trace to this file")
	return errors.Join(set.MarkHidden("cpuprofile"), set.MarkHidden("trace"))
}

// start begins to record; stop must be called at the end, and writes the rest.
func (p *profiles) start() (stop func() error, err error) {
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, s := range stops {
			errs = append(errs, s())
		}
		return errors.Join(errs...)
	}
	record := func(path, what string, start func(*os.File) error, end func()) error {
		if path == "" {
			return nil
		}
		f, err := os.Create(path)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := start(f); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", what, err), f.Close())
		}
		stops = append(stops, func() error {
			end()
			return f.Close()
		})
		return nil
	}
	err = record(p.cpu, "CPU profile", func(f *os.File) error { return pprof.StartCPUProfile(f) }, pprof.StopCPUProfile)
	if err == nil {
		err = record(p.trace, "execution trace", func(f *os.File) error { return trace.Start(f) }, trace.Stop)
	}
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}
