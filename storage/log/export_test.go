package log

import "context"

// What the goroutines of Run do, one step at a time.

func (l *Log) MakeSpare() error { return l.makeSpare(context.Background()) }
func (l *Log) Mark() error      { return l.exclusive(func(w *writer) error { w.mark(); return w.failed }) }
func (l *Log) SyncBehind() bool { return l.syncBehind() }

const HeaderSize = headerSize
