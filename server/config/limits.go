package config

import (
	"fmt"
	"strconv"
	"strings"
)

// BufferLimit bounds the replies that wait for a client to read them. 0 is no
// limit.
type BufferLimit struct {
	Hard    int64 // bytes: beyond it the connection is closed at once
	Soft    int64 // bytes: beyond it for Seconds on end, likewise
	Seconds int64
}

// BufferLimits holds a limit for each class of client.
type BufferLimits struct {
	Normal, Replica, PubSub BufferLimit
}

const (
	errLimitWords reason = "Wrong number of arguments in buffer limit configuration."
	errLimitClass reason = "Invalid client class specified in buffer limit configuration."
	errLimitValue reason = "Error in hard, soft or soft_seconds setting in buffer limit configuration."
)

// String is the form of CONFIG GET.
func (l BufferLimits) String() string {
	return fmt.Sprintf("normal %s slave %s pubsub %s", l.Normal, l.Replica, l.PubSub)
}

func (l BufferLimit) String() string {
	return fmt.Sprintf("%d %d %d", l.Hard, l.Soft, l.Seconds)
}

// parse changes the classes that text names and keeps the others. On an error
// nothing is changed.
func (l *BufferLimits) parse(text string) error {
	next := *l
	words := strings.Fields(text)
	if len(words)%4 != 0 {
		return errLimitWords
	}
	for ; len(words) > 0; words = words[4:] {
		class := next.class(words[0])
		if class == nil {
			return errLimitClass
		}
		if err := class.parse(words[1:4]); err != nil {
			return err
		}
	}
	*l = next
	return nil
}

func (l *BufferLimits) class(name string) *BufferLimit {
	switch strings.ToLower(name) {
	case "normal":
		return &l.Normal
	case "slave", "replica":
		return &l.Replica
	case "pubsub":
		return &l.PubSub
	}
	return nil
}

func (l *BufferLimit) parse(words []string) error {
	hard, err := parseSize(words[0])
	if err != nil {
		return errLimitValue
	}
	soft, err := parseSize(words[1])
	if err != nil {
		return errLimitValue
	}
	seconds, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil || seconds < 0 {
		return errLimitValue
	}
	*l = BufferLimit{Hard: hard, Soft: soft, Seconds: seconds}
	return nil
}
