package config

import (
	"fmt"
	"strings"
)

// change is one pair of CONFIG SET.
type change struct {
	parameter *parameter
	value     string
}

type changes []change

// reason is why Redis refuses a pair, in its very words.
type reason string

func (r reason) Error() string { return string(r) }

// Reasons for which a pair is refused before its value is looked at.
const (
	errImmutable reason = "can't set immutable config"
	errDuplicate reason = "duplicate parameter"
)

// resolve looks all pairs up. As in Redis an unknown name is reported before any
// other mistake, and of several others the last one.
func resolve(pairs [][2]string) (changes, error) {
	var out changes
	var wrong error
	for _, pair := range pairs {
		p := findParameter(pair[0])
		if p == nil {
			return nil, fmt.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", pair[0])
		}
		switch {
		case p.immutable():
			wrong = refused(pair[0], errImmutable)
		case out.contain(p):
			wrong = refused(pair[0], errDuplicate)
		}
		out = append(out, change{p, pair[1]})
	}
	return out, wrong
}

// contain reports whether p is changed already, be it under another name.
func (cs changes) contain(p *parameter) bool {
	for _, c := range cs {
		if c.parameter == p || p.setting != nil && c.parameter.setting == p.setting {
			return true
		}
	}
	return false
}

// apply sets the values in c, which is left half changed on an error.
func (cs changes) apply(c *Config) error {
	for _, change := range cs {
		if err := change.parameter.set(c, change.value); err != nil {
			return refused(change.parameter.name, err)
		}
	}
	return nil
}

func refused(name string, reason error) error {
	return fmt.Errorf("ERR CONFIG SET failed (possibly related to argument '%s') - %s", name, oneLine(reason))
}

// lower folds ASCII only, as names are compared in Redis.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
