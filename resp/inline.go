package resp

import "bytes"

// inline reads a request that is one line of words. A blank line gives no
// arguments.
func (p *parser) inline() (bool, error) {
	b := p.chunk.buf[p.r:p.w]
	i := bytes.IndexByte(b[p.scan:min(len(b), maxLine+1)], '\n')
	if i < 0 {
		if len(b) > maxLine {
			return false, errBigInline
		}
		p.scan = len(b)
		return false, nil
	}
	i += p.scan
	p.scan = 0
	p.r += i + 1
	line := b[:i]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	args, ok := splitWords(p.req.args[:0], line)
	p.req.args = args
	if !ok {
		return false, errUnbalanced
	}
	p.aliased = len(args) > 0
	p.sum = int64(len(b[:i]) + argBookkeeping*len(args))
	return true, nil
}

// splitWords appends the words of line to args, unquoted in place. It is
// sdssplitargs of Redis, but takes NUL for an ordinary byte.
func splitWords(args [][]byte, line []byte) ([][]byte, bool) {
	for i := 0; ; {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return args, true
		}
		word, end, ok := unquote(line, i)
		if !ok {
			return args, false
		}
		args = append(args, word)
		i = end
	}
}

// unquote reads the word that begins at i. Unquoting never makes it longer, so it
// is written over the bytes it comes from.
func unquote(line []byte, i int) (word []byte, end int, ok bool) {
	from, to := i, i
	for i < len(line) {
		switch c := line[i]; c {
		case ' ', '\n', '\r', '\t':
			return line[from:to:to], i, true
		case '"', '\'':
			i, to, ok = unquoteSection(line, i+1, to, c)
			if !ok {
				return nil, i, false
			}
			return line[from:to:to], i, true
		default:
			line[to] = c
			i++
			to++
		}
	}
	return line[from:to:to], i, true
}

// unquoteSection reads up to the closing quote, which must end the word.
func unquoteSection(line []byte, i, to int, quote byte) (int, int, bool) {
	for i < len(line) {
		c := line[i]
		switch {
		case c == quote:
			i++
			return i, to, i == len(line) || isSpace(line[i])
		case c == '\\' && quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
			c = '\''
			i++
		case c == '\\' && quote == '"' && i+3 < len(line) && line[i+1] == 'x' && isHex(line[i+2]) && isHex(line[i+3]):
			c = hexDigit(line[i+2])<<4 | hexDigit(line[i+3])
			i += 3
		case c == '\\' && quote == '"' && i+1 < len(line):
			i++
			c = unescape(line[i])
		}
		line[to] = c
		i++
		to++
	}
	return i, to, false
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hexDigit(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
