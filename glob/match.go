package glob

// Match reports whether all of s matches the pattern.
func Match[P, S ~string | ~[]byte](pattern P, s S) bool {
	p, i := 0, 0
	star, resume := -1, 0 // the last * seen, and where in s what follows it was last tried
	for i < len(s) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, resume = p, i
				p++
				continue
			}
			if next, ok := matchByte(pattern, p, s[i]); ok {
				p = next
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume++
		p, i = star+1, resume
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchByte matches b with the element at pattern[p], which is not a *, and
// returns where the next element begins.
func matchByte[P ~string | ~[]byte](pattern P, p int, b byte) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '[':
		return matchClass(pattern, p+1, b)
	case '\\':
		if p+1 < len(pattern) {
			p++
		}
	}
	return p + 1, pattern[p] == b
}

// matchClass matches b with the class whose first byte after the [ is at p.
func matchClass[P ~string | ~[]byte](pattern P, p int, b byte) (next int, ok bool) {
	negated := p < len(pattern) && pattern[p] == '^'
	if negated {
		p++
	}
	for ; p < len(pattern) && pattern[p] != ']'; p++ {
		switch {
		case pattern[p] == '\\' && p+1 < len(pattern):
			p++
			ok = ok || pattern[p] == b
		case p+2 < len(pattern) && pattern[p+1] == '-':
			low, high := min(pattern[p], pattern[p+2]), max(pattern[p], pattern[p+2])
			ok = ok || low <= b && b <= high
			p += 2
		default:
			ok = ok || pattern[p] == b
		}
	}
	return min(p+1, len(pattern)), ok != negated
}
