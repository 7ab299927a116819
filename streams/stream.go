package streams

// Limits bound a chunk; 0 means no bound.
type Limits struct{ MaxBytes, MaxEntries int }

// DefaultLimits are Redis' defaults.
var DefaultLimits = Limits{MaxBytes: 4096, MaxEntries: 100}

// Stream is an ordered log of entries.
type Stream struct{}

// New returns an empty stream.
func New() *Stream { return &Stream{} }

func (s *Stream) Clone() *Stream                                 { return s }
func (s *Stream) Len() uint64                                    { return 0 }
func (s *Stream) LastID() ID                                     { return ID{} }
func (s *Stream) FirstID() ID                                    { return ID{} }
func (s *Stream) MaxDeletedID() ID                               { return ID{} }
func (s *Stream) EntriesAdded() uint64                           { return 0 }
func (s *Stream) Chunks() int                                    { return 0 }
func (s *Stream) Bytes() int64                                   { return 0 }
func (s *Stream) Append(id ID, fields [][]byte, lim Limits)      {}
func (s *Stream) Has(id ID) bool                                 { return false }
func (s *Stream) Delete(id ID) bool                              { return false }
func (s *Stream) SetID(last ID)                                  {}
func (s *Stream) SetEntriesAdded(n uint64)                       {}
func (s *Stream) SetMaxDeletedID(id ID)                          {}
func (s *Stream) LastEntryID() (ID, bool)                        { return ID{}, false }
func (s *Stream) Range(from, to ID) Cursor                       { return Cursor{} }
func (s *Stream) RevRange(from, to ID) Cursor                    { return Cursor{} }
func (s *Stream) AppendHeader(b []byte) []byte                   { return b }
func (s *Stream) ForEachChunk(fn func(chunk []byte) error) error { return nil }
func NewFromHeader(b []byte) (*Stream, error)                    { return New(), nil }
func (s *Stream) AddChunk(b []byte) error                        { return nil }
func (s *Stream) Complete() error                                { return nil }

// Cursor walks entries.
type Cursor struct{}

func (c *Cursor) Next() bool                         { return false }
func (c *Cursor) ID() ID                             { return ID{} }
func (c *Cursor) NumFields() int                     { return 0 }
func (c *Cursor) AppendFields(dst [][]byte) [][]byte { return dst }

// TrimKind tells what a trim counts.
type TrimKind uint8

const (
	TrimNone TrimKind = iota
	TrimMaxLen
	TrimMinID
)

// Trim describes a trim.
type Trim struct {
	Kind   TrimKind
	MaxLen uint64
	MinID  ID
	Approx bool
	Limit  int64 // < 0: not given
}

func (s *Stream) Trim(t Trim, lim Limits) (removed uint64) { return 0 }
