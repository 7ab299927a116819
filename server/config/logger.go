package config

import (
	"io"
	"log/slog"
)

// LogLevel is the least important level that is logged.
type LogLevel string

// The values of log-level.
const (
	LevelDebug LogLevel = "debug"
	LevelInfo  LogLevel = "info"
	LevelWarn  LogLevel = "warn"
	LevelError LogLevel = "error"
)

func (l LogLevel) slog() slog.Level {
	switch l {
	case LevelDebug:
		return slog.LevelDebug
	case LevelWarn:
		return slog.LevelWarn
	case LevelError:
		return slog.LevelError
	}
	return slog.LevelInfo
}

// LogFormat is how log records are written.
type LogFormat string

// The values of log-format.
const (
	FormatAuto LogFormat = "auto"
	FormatText LogFormat = "text"
	FormatJSON LogFormat = "json"
)

// NewLogger returns a logger that writes to w as log-format says; terminal tells
// whether w is one. Its level follows log-level, also when CONFIG SET changes that
// in a Live made from c or from a copy of it.
func (c *Config) NewLogger(w io.Writer, terminal bool) *slog.Logger {
	c.level.Set(c.LogLevel.slog())
	options := &slog.HandlerOptions{Level: c.level}
	if c.LogFormat == FormatText || c.LogFormat == FormatAuto && terminal {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
