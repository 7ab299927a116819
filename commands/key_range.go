package commands

import "strings"

// keyRange is the place of the keys in the terms of Redis before 7.0: the first
// key, the last one (negative counts from the end), and the step between them. It
// is zero where no such terms exist, as when a keyword has to be found.
func (c *Command) keyRange() (first, last, step int) {
	for _, k := range c.Keys {
		if k.Keyword != "" || k.Counted || first != 0 && (last < 0 || k.Begin != last+1 || k.Step != 1 || step != 1) {
			// What stands further on is not told: clients know by movablekeys.
			continue
		}
		if first == 0 {
			first, step = k.Begin, k.Step
		}
		if last = k.Last; last >= 0 {
			last += k.Begin
		}
	}
	return first, last, step
}

// keyAt is a key among the arguments of a command, with its specification.
type keyAt struct {
	index int
	spec  *KeySpec
}

// keysOf finds the keys among args, whose number fits the command. FindKeys knows
// best; where it finds none, because the arguments make no sense, what the
// specifications say is answered, as Redis does.
func (c *Command) keysOf(args [][]byte) (found []keyAt) {
	if c.FindKeys != nil && len(c.Keys) > 0 {
		for _, i := range c.FindKeys(args) {
			found = append(found, keyAt{i, &c.Keys[0]})
		}
		if found != nil {
			return found
		}
	}
	for i := range c.Keys {
		if c.Keys[i].Counted {
			continue // FindKeys has looked
		}
		found = c.Keys[i].find(args, found)
	}
	return found
}

// find appends the keys that a specification finds.
func (k *KeySpec) find(args [][]byte, found []keyAt) []keyAt {
	first := k.Begin
	if k.Keyword != "" {
		if first = findWord(args, k.Begin, k.Keyword) + 1; first == 0 {
			return found
		}
	}
	last := first + k.Last
	if k.Last < 0 {
		last = len(args) + k.Last
		if k.Limit > 1 {
			last = first + (last-first+1)/k.Limit - 1
		}
	}
	for i := first; i <= last && i < len(args); i += k.Step {
		found = append(found, keyAt{i, k})
	}
	return found
}

// findWord returns the index of the first argument from start on that is the
// word, in any case; -1 for none.
func findWord(args [][]byte, start int, word string) int {
	word = strings.ToLower(word)
	for i := start; i < len(args); i++ {
		if equalFold(args[i], word) {
			return i
		}
	}
	return -1
}

// OnlyKey returns the index of the one key that the command has, whatever its
// arguments; false: it has none or may have several.
func (c *Command) OnlyKey() (int, bool) {
	if len(c.Keys) != 1 || c.FindKeys != nil {
		return 0, false
	}
	k := &c.Keys[0]
	return k.Begin, k.Last == 0 && k.Keyword == "" && !k.Counted
}

// KeyIndexes are the indexes of the keys among the arguments, in their order.
func (c *Command) KeyIndexes(args [][]byte) []int {
	found := c.keysOf(args)
	indexes := make([]int, len(found))
	for i, k := range found {
		indexes[i] = k.index
	}
	return indexes
}
