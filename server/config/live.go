package config

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/millrace-io/millrace/glob"
)

// Live is the configuration of a running node. Its methods may be called from any
// goroutine; hooks are registered before the node serves.
type Live struct {
	current atomic.Pointer[Config]

	// setting serialises Set from the first look at a value to the last hook. It is
	// a lock of its own because a hook may take as long as a log entry does, and
	// readers, Adopt and SetFact must not wait for that.
	setting sync.Mutex
	// start is the configuration of the start; written are the settings that Rewrite
	// takes care of. Both belong to who holds setting.
	start   *Config
	written map[string]bool

	// mu covers what follows.
	mu     sync.RWMutex
	hooks  map[string][]func(*Config) error
	facts  map[string]string
	resets []func()
}

// NewLive returns a Live that starts from c, which nobody changes from here on.
func NewLive(c *Config) *Live {
	l := &Live{start: c, hooks: map[string][]func(*Config) error{}, facts: map[string]string{}}
	l.current.Store(c)
	l.OnChange("log-level", func(c *Config) error {
		c.level.Set(c.LogLevel.slog())
		return nil
	})
	return l
}

// Config returns the values of this moment (invariant 1).
func (l *Live) Config() *Config { return l.current.Load() }

// OnChange registers what is to be done when Set changes the setting. The hook
// gets the configuration as it is going to be, not yet visible to others, and may
// refuse it: its error becomes part of the reply. When a later hook refuses, it is
// called again with the old one. Only one Set is under way at a time; a hook must not
// call Set.
func (l *Live) OnChange(name string, hook func(*Config) error) {
	if lookup(name) == nil {
		panic("config: OnChange of unknown setting " + name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hooks[name] = append(l.hooks[name], hook)
}

// Adopt changes values without asking hooks: for settings of Partition scope, whose
// truth is the replicated state (restored from a snapshot, or changed by a log
// entry). It may run while a hook waits for that very entry.
func (l *Live) Adopt(change func(*Config)) {
	for {
		old := l.current.Load()
		next := old.clone()
		change(next)
		if l.current.CompareAndSwap(old, next) {
			return
		}
	}
}

// SetFact gives one of the parameters that CONFIG GET reports and nobody can set
// its real value: the port that was taken, the number of loops.
func (l *Live) SetFact(name, value string) {
	if p := findParameter(name); p == nil || !p.immutable() {
		panic("config: SetFact of " + name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.facts[name] = value
}

// OnResetStat registers what CONFIG RESETSTAT does.
func (l *Live) OnResetStat(reset func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resets = append(l.resets, reset)
}

// ResetStat calls what OnResetStat registered.
func (l *Live) ResetStat() {
	l.mu.RLock()
	resets := l.resets
	l.mu.RUnlock()
	for _, reset := range resets {
		reset()
	}
}

// Match returns the parameters of CONFIG whose name matches the pattern, whatever
// its case, as pairs of name and value in the order of declaration. A name without
// wildcards comes back in the case in which it was asked for, as Redis does it.
func (l *Live) Match(pattern string) [][2]string {
	c := l.Config()
	folded := lower(pattern)
	var out [][2]string
	for _, p := range parameters {
		switch {
		case p.name == folded:
			out = append(out, [2]string{pattern, l.value(p, c)})
		case glob.Match(folded, p.name):
			out = append(out, [2]string{p.name, l.value(p, c)})
		}
	}
	return out
}

func (l *Live) value(p *parameter, c *Config) string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if fact, ok := l.facts[p.name]; ok {
		return fact
	}
	return p.get(c)
}

// Set changes all pairs of name and value, or none. The error is the reply of
// CONFIG SET, code included.
func (l *Live) Set(pairs [][2]string) error {
	l.setting.Lock()
	defer l.setting.Unlock()
	changes, err := resolve(pairs)
	if err != nil {
		return err
	}
	old := l.Config()
	next := old.clone()
	if err := changes.apply(next); err != nil {
		return err
	}
	if err := l.run(changes, old, next); err != nil {
		return err
	}
	// Not a plain store of next: another value may have been adopted meanwhile.
	l.Adopt(func(c *Config) { err = changes.apply(c) })
	return err
}

// run calls the hooks of what changes; when one refuses, those before it are called
// again with the old values, last one first.
func (l *Live) run(changes changes, old, next *Config) error {
	var done []func(*Config) error
	for _, change := range changes {
		for _, hook := range l.hooksOf(change.parameter, old, next) {
			if err := hook(next); err != nil {
				return refused(change.parameter.name, errors.Join(err, undo(done, old)))
			}
			done = append(done, hook)
		}
	}
	return nil
}

func undo(done []func(*Config) error, old *Config) error {
	var errs []error
	for i := len(done) - 1; i >= 0; i-- {
		errs = append(errs, done[i](old))
	}
	return errors.Join(errs...)
}

// hooksOf returns the hooks to call for a parameter: none when its value stays.
func (l *Live) hooksOf(p *parameter, old, next *Config) []func(*Config) error {
	if p.setting == nil || p.setting.format(old) == p.setting.format(next) {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.hooks[p.setting.Name]
}
