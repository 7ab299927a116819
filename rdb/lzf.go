package rdb

// unpackLZF unpacks exactly size bytes. Memory grows with what is really unpacked.
//
// A control byte below 32 is followed by one more than so many bytes as they are. Any
// other copies from what is unpacked already: its 3 high bits are the length less 2,
// with 7 for a further byte to be added; its 5 low bits and the last byte are how far
// back, less 1.
func unpackLZF(b []byte, size int) (out []byte, ok bool) {
	out = make([]byte, 0, min(size, 4*len(b)))
	for len(b) > 0 {
		control := int(b[0])
		b = b[1:]
		if control < 32 {
			n := control + 1
			if n > len(b) || n > size-len(out) {
				return nil, false
			}
			out = append(out, b[:n]...)
			b = b[n:]
			continue
		}
		n := control>>5 + 2
		if n == 7+2 {
			if len(b) == 0 {
				return nil, false
			}
			n += int(b[0])
			b = b[1:]
		}
		if len(b) == 0 {
			return nil, false
		}
		from := len(out) - (control&31)<<8 - int(b[0]) - 1
		b = b[1:]
		if from < 0 || n > size-len(out) {
			return nil, false
		}
		for i := range n { // one by one: the copy may reach into itself
			out = append(out, out[from+i])
		}
	}
	return out, len(out) == size
}
