package config

import "strings"

// KeyspaceEvents are the letters of notify-keyspace-events in Redis' order: A stands
// for the classes g$lshzxetd, all but n and m.
type KeyspaceEvents string

// The letters in the order in which they are shown.
const (
	eventsOfA    = "g$lshzxetd"
	eventLetters = eventsOfA + "nKEm"
)

const errEventClass reason = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."

// Has reports whether an event class, or one of the two kinds of channel, is on.
func (e KeyspaceEvents) Has(letter byte) bool {
	return strings.IndexByte(string(e), letter) >= 0 ||
		strings.IndexByte(eventsOfA, letter) >= 0 && strings.HasPrefix(string(e), "A")
}

// parse takes letters in any order, as often as they come. On an error e is as it
// was.
func (e *KeyspaceEvents) parse(text string) error {
	text = strings.ReplaceAll(text, "A", eventsOfA)
	if strings.Trim(text, eventLetters) != "" {
		return errEventClass
	}
	var on strings.Builder
	for _, letter := range eventLetters {
		if strings.ContainsRune(text, letter) {
			on.WriteRune(letter)
		}
	}
	// Redis itself forgets n beside A here, so that who restores what it found, or
	// rewrites the file, would lose it.
	shown, all := strings.CutPrefix(on.String(), eventsOfA)
	if all {
		shown = "A" + shown
	}
	*e = KeyspaceEvents(shown)
	return nil
}
