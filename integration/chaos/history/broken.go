package history

import "fmt"

// most is how many broken promises a checker reports: the first ones tell what is
// wrong, and a lost log would break thousands.
const most = 20

// broken collects broken promises.
type broken struct {
	found []string
	more  int
}

func (b *broken) add(format string, args ...any) {
	if len(b.found) == most {
		b.more++
		return
	}
	b.found = append(b.found, fmt.Sprintf(format, args...))
}

func (b *broken) list() []string {
	if b.more > 0 {
		b.found = append(b.found, fmt.Sprintf("and %d more", b.more))
	}
	return b.found
}
