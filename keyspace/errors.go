package keyspace

import "errors"

// ErrWrongType is returned where a key holds another kind of value than asked for.
var ErrWrongType = errors.New("keyspace: the key holds another kind of value")

// ErrCorrupt is wrapped by every error of Restore that the sections themselves
// cause: they are not what Snapshot wrote.
var ErrCorrupt = errors.New("corrupt snapshot")
