package config

import "strings"

// Setting is the declaration of one setting: all there is to know about it.
type Setting struct {
	Name string
	Type Type
	// Default is written as in a file.
	Default string
	// Effect says what the setting does: one or more sentences for the page; the
	// first one is also the help text of the flag.
	Effect string
	Group  Group
	Scope  Scope
	Change Change

	Values   []string // of an Enum
	Min, Max int64    // of an Int, Size (bytes), Seconds or Millis, both inclusive

	// Secret says that the value is shown nowhere, not even by CONFIG.
	Secret bool

	// Redis are the names that CONFIG knows it by, beside its own.
	Redis []RedisName

	check func(value string) error // what a Text must satisfy; nil: anything
	field func(c *Config) any      // pointer to where the value lives
}

// RedisName is a name of a setting in CONFIG. Values, when there are any, are the
// words that Redis has for the setting's own, in Redis' order: pairs of Redis' word
// and ours. Where two of Redis' words mean the same, the last one is shown.
type RedisName struct {
	Name   string
	Values [][2]string
}

// Type is the type of a setting, and thereby how its value is written.
type Type uint8

// The types.
const (
	Text    Type = iota
	Enum         // one of Setting.Values
	Bool         // yes or no
	Int          // a whole number
	Size         // bytes: a number with b, k, kb, m, mb, g, gb, t or tb
	Seconds      // time in whole seconds: a number with ms, s, m or h
	Millis       // time in whole milliseconds, written likewise
	Events       // the letters of notify-keyspace-events
	Limits       // the four words of each class of client-output-buffer-limit
	Numbers      // the percentiles of latency-tracking-info-percentiles
)

// String is the word that help texts and the page have for values of the type.
func (t Type) String() string {
	return [...]string{"text", "word", "yes|no", "number", "size", "time", "time", "letters", "limits", "numbers"}[t]
}

// Group is the section of help and page in which a setting stands.
type Group string

// The groups, in the order in which they are shown.
const (
	GroupData    Group = "Data"
	GroupClients Group = "Clients"
	GroupLimits  Group = "Limits of a client"
	GroupCluster Group = "Cluster"
	GroupStreams Group = "Keys and streams"
	GroupLogging Group = "Logging"
)

var groups = []Group{GroupData, GroupClients, GroupLimits, GroupCluster, GroupStreams, GroupLogging}

// Scope says how far a setting reaches.
type Scope uint8

// The scopes. What is not Node is the same everywhere, or replicas would not agree.
const (
	Node      Scope = iota // each node has its own
	Cluster                // the same on all nodes
	Partition              // part of the replicated state of each partition
)

func (s Scope) String() string { return [...]string{"node", "cluster", "partition"}[s] }

// Change says when a new value takes effect.
type Change uint8

// The ways to change a setting.
const (
	Restart Change = iota // with the next start
	Runtime               // at once, by CONFIG SET
)

func (c Change) String() string { return [...]string{"restart", "run time"}[c] }

// Settings returns the declarations, in order. The slice is the caller's.
func Settings() []Setting {
	return append([]Setting(nil), settings...)
}

// EnvName is the environment variable that holds the setting.
func (s *Setting) EnvName() string {
	return envPrefix + "_" + envReplacer.Replace(strings.ToUpper(s.Name))
}

const envPrefix = "MILLRACE"

var envReplacer = strings.NewReplacer("-", "_")

// summary is the first sentence of the effect, without its full stop.
func (s *Setting) summary() string {
	first, _, _ := strings.Cut(s.Effect, ". ")
	return strings.TrimSuffix(strings.ReplaceAll(first, "`", ""), ".")
}

func lookup(name string) *Setting {
	for i := range settings {
		if settings[i].Name == name {
			return &settings[i]
		}
	}
	return nil
}
