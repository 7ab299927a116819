package vfs

// zeroStep is how much writeZeros hands to the system at once.
const zeroStep = 1 << 20

// writeZeros is Allocate where the system has no call for it: only bytes beyond
// the present size are written, since writing the others would destroy them.
// Holes below the size stay holes, which is the difference to fallocate.
func writeZeros(f File, off, n int64) error {
	size, err := f.Size()
	if err != nil {
		return err
	}
	end := off + n
	zeros := make([]byte, min(max(end-size, 0), zeroStep))
	for at := size; at < end; {
		w, err := f.WriteAt(zeros[:min(end-at, int64(len(zeros)))], at)
		if err != nil {
			return err
		}
		at += int64(w)
	}
	return nil
}

// writeEach is WriteVAt with one call per buffer.
func writeEach(f File, bufs [][]byte, off int64) (int, error) {
	total := 0
	for _, b := range bufs {
		n, err := f.WriteAt(b, off+int64(total))
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// writeThenSync is WriteSync in two steps.
func writeThenSync(f File, b []byte, off int64) (int, error) {
	n, err := f.WriteAt(b, off)
	if err != nil {
		return n, err
	}
	return n, f.DataSync()
}
