package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parameter is one name that CONFIG knows: a setting under its own or a Redis name,
// or one of the fixed ones.
type parameter struct {
	name    string
	setting *Setting // nil for a fixed one
	words   [][2]string
	fixed   *fixed
}

// parameters are all of them, in order of declaration: first those of settings.
var parameters = declareParameters()

func declareParameters() []*parameter {
	var out []*parameter
	for i := range settings {
		s := &settings[i]
		if s.Secret {
			continue
		}
		out = append(out, &parameter{name: s.Name, setting: s})
		for _, r := range s.Redis {
			out = append(out, &parameter{name: r.Name, setting: s, words: r.Values})
		}
	}
	for i := range fixedParameters {
		f := &fixedParameters[i]
		out = append(out, &parameter{name: f.name, fixed: f})
	}
	return out
}

func findParameter(name string) *parameter {
	name = lower(name)
	i := slices.IndexFunc(parameters, func(p *parameter) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return parameters[i]
}

func (p *parameter) immutable() bool {
	if p.setting != nil {
		return p.setting.Change == Restart
	}
	return p.fixed.accept == nothing
}

// get returns the value in Redis' form.
func (p *parameter) get(c *Config) string {
	if p.setting == nil {
		return p.fixed.get(c)
	}
	if p.words != nil {
		return redisWord(p.words, p.setting.format(c))
	}
	switch from := p.setting.field(c).(type) {
	case *int64:
		return strconv.FormatInt(*from, 10)
	case *time.Duration:
		if p.setting.Type == Millis {
			break
		}
		return strconv.FormatInt(int64(*from/time.Second), 10)
	}
	return p.setting.format(c)
}

// redisWord returns the last of Redis' words that means ours. A test sees to it that
// there is one.
func redisWord(words [][2]string, ours string) string {
	for _, w := range slices.Backward(words) {
		if w[1] == ours {
			return w[0]
		}
	}
	return ours
}

// set changes the value in c to one in Redis' form. The errors are Redis' texts.
func (p *parameter) set(c *Config, value string) error {
	if p.setting == nil {
		return p.fixed.accept.check(p.fixed.get(c), value)
	}
	s := p.setting
	switch s.Type {
	case Enum:
		return p.setEnum(c, value)
	case Bool:
		return setBool(s.field(c).(*bool), value)
	case Int, Seconds:
		return p.setInt(c, value)
	case Size:
		return setSize(s, s.field(c).(*int64), value)
	}
	return s.parse(c, value)
}

func (p *parameter) setEnum(c *Config, value string) error {
	words := p.words
	if words == nil {
		for _, v := range p.setting.Values {
			words = append(words, [2]string{v, v})
		}
	}
	var known []string
	for _, w := range words {
		if w[0] == lower(value) {
			return p.setting.parse(c, w[1])
		}
		known = append(known, w[0])
	}
	return reason("argument(s) must be one of the following: " + strings.Join(known, ", "))
}

func setBool(to *bool, value string) error {
	switch lower(value) {
	case "yes":
		*to = true
	case "no":
		*to = false
	default:
		return reason("argument must be 'yes' or 'no'")
	}
	return nil
}

func (p *parameter) setInt(c *Config, value string) error {
	n, err := canonicalInt(value)
	if err != nil {
		return err
	}
	if err := p.setting.between(n); err != nil {
		return err
	}
	switch to := p.setting.field(c).(type) {
	case *int:
		*to = int(n)
	case *int64:
		*to = n
	case *time.Duration:
		*to = time.Duration(n) * time.Second
	}
	return nil
}

// canonicalInt takes what Redis takes: no plus sign, blank or leading zero.
func canonicalInt(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != value {
		return 0, reason("argument couldn't be parsed into an integer")
	}
	return n, nil
}

func setSize(s *Setting, to *int64, value string) error {
	n, err := parseSize(value)
	if errors.Is(err, errSizeFit) {
		return s.between(math.MinInt64) // as Redis, where it wraps around
	}
	if err != nil {
		return reason("argument must be a memory value")
	}
	return assign(to, n, s.between(n))
}

func (s *Setting) between(n int64) error {
	if n < s.Min || n > s.Max {
		return fmt.Errorf("argument must be between %d and %d inclusive", s.Min, s.Max)
	}
	return nil
}
