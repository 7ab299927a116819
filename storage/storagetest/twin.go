package storagetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"github.com/tidwall/wal"
)

// Twin is a raft.LogStore on tidwall/wal. That one counts from 1 without a gap
// and cannot begin anywhere else, so entries carry their own index and the twin
// keeps the difference; and its concurrent reads panic, so one lock covers all.
type Twin struct {
	dir string

	mu    sync.Mutex // covers all that follows
	log   *wal.Log
	first uint64 // index of the first entry, 0 when empty
	last  uint64
	shift uint64 // position in log = index - shift
}

// ErrTwinGap: StoreLogs was given entries that do not follow the last one.
var ErrTwinGap = errors.New("entries do not follow the last one")

// OpenTwin opens the twin in dir.
func OpenTwin(dir string) (*Twin, error) {
	w, err := wal.Open(dir, &wal.Options{AllowEmpty: true})
	if err != nil {
		return nil, err
	}
	t := &Twin{dir: dir, log: w}
	if err := t.load(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return t, nil
}

// load finds out which indexes the log holds.
func (t *Twin) load() error {
	empty, err := t.log.IsEmpty()
	if err != nil || empty {
		return err
	}
	at, err := t.log.FirstIndex()
	if err != nil {
		return err
	}
	end, err := t.log.LastIndex()
	if err != nil {
		return err
	}
	b, err := t.log.Read(at)
	if err != nil {
		return err
	}
	var first raft.Log
	if err := decodeLog(b, &first); err != nil {
		return err
	}
	t.first, t.shift = first.Index, first.Index-at
	t.last = end + t.shift
	return nil
}

// Close closes the log.
func (t *Twin) Close() error { return t.log.Close() }

func (t *Twin) FirstIndex() (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first, nil
}

func (t *Twin) LastIndex() (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last, nil
}

func (t *Twin) GetLog(index uint64, l *raft.Log) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == 0 || index < t.first || index > t.last {
		return raft.ErrLogNotFound
	}
	b, err := t.log.Read(index - t.shift)
	if err != nil {
		return err
	}
	return decodeLog(b, l)
}

func (t *Twin) StoreLog(l *raft.Log) error { return t.StoreLogs([]*raft.Log{l}) }

func (t *Twin) StoreLogs(logs []*raft.Log) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(logs) == 0 {
		return nil
	}
	end, err := t.log.LastIndex()
	if err != nil {
		return err
	}
	first := logs[0].Index
	if t.first != 0 && first != t.last+1 {
		return fmt.Errorf("%w: %d behind %d", ErrTwinGap, first, t.last)
	}
	var batch wal.Batch
	for i, l := range logs {
		if l.Index != first+uint64(i) {
			return fmt.Errorf("%w: %d behind %d", ErrTwinGap, l.Index, first+uint64(i)-1)
		}
		batch.Write(end+1+uint64(i), encodeLog(l))
	}
	if err := t.log.WriteBatch(&batch); err != nil {
		return err
	}
	if t.first == 0 {
		t.first, t.shift = first, first-end-1
	}
	t.last = logs[len(logs)-1].Index
	return nil
}

// IsMonotonic: indexes have no gap.
func (t *Twin) IsMonotonic() bool { return true }

func (t *Twin) DeleteRange(from, to uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == 0 || to < t.first || from > t.last {
		return nil
	}
	switch {
	case from <= t.first:
		to = min(to, t.last)
		if err := t.log.TruncateFront(to + 1 - t.shift); err != nil {
			return err
		}
		t.first = to + 1
	case to >= t.last:
		if err := t.log.TruncateBack(from - 1 - t.shift); err != nil {
			return err
		}
		t.last = from - 1
	default:
		return fmt.Errorf("delete %d to %d of %d to %d", from, to, t.first, t.last)
	}
	if t.first > t.last {
		t.first, t.last = 0, 0
	}
	return nil
}

const twinHead = 8 + 8 + 1 + 8 + 4

func encodeLog(l *raft.Log) []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, twinHead+len(l.Extensions)+len(l.Data))
	b = le.AppendUint64(b, l.Index)
	b = le.AppendUint64(b, l.Term)
	b = append(b, byte(l.Type))
	var at int64
	if !l.AppendedAt.IsZero() {
		at = l.AppendedAt.UnixNano()
	}
	b = le.AppendUint64(b, uint64(at))
	b = le.AppendUint32(b, uint32(len(l.Extensions)))
	b = append(b, l.Extensions...)
	return append(b, l.Data...)
}

func decodeLog(b []byte, l *raft.Log) error {
	le := binary.LittleEndian
	if len(b) < twinHead || uint64(le.Uint32(b[25:])) > uint64(len(b)-twinHead) {
		return wal.ErrCorrupt
	}
	*l = raft.Log{Index: le.Uint64(b), Term: le.Uint64(b[8:]), Type: raft.LogType(b[16])}
	if at := int64(le.Uint64(b[17:])); at != 0 {
		l.AppendedAt = time.Unix(0, at)
	}
	n := int(le.Uint32(b[25:]))
	b = b[twinHead:]
	if n > 0 {
		l.Extensions = b[:n:n]
	}
	if len(b) > n {
		l.Data = b[n:]
	}
	return nil
}
