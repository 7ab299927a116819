package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/viper"
)

var errNoFile = errors.New("ERR The server is running without a config file")

// Rewrite writes what Set has changed since the start into the file that the node was
// started with; all other lines of it stay. Settings of Partition scope survive by
// themselves and are left out. A flag or a variable still beats the file at the next
// start. The error is the reply of CONFIG REWRITE.
func (l *Live) Rewrite() error {
	l.setting.Lock()
	defer l.setting.Unlock()
	c := l.Config()
	if c.file == "" {
		return errNoFile
	}
	body, err := os.ReadFile(c.file)
	if err == nil {
		body, err = l.rewritten(body, c)
	}
	if err == nil {
		err = replaceFile(c.file, body)
	}
	if err != nil {
		return fmt.Errorf("ERR Rewriting config file: %w", err)
	}
	return nil
}

// rewritten is body with the lines of what was changed.
func (l *Live) rewritten(body []byte, c *Config) ([]byte, error) {
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	for _, s := range l.changed(c) {
		lines = replaceLine(lines, s.Name, fmt.Sprintf("%s: %q", s.Name, s.format(c)))
	}
	body = []byte(strings.Join(lines, "\n") + "\n")
	// A file may say a value in more ways than one line: rather none than a broken one.
	v := viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(body)); err != nil {
		return nil, fmt.Errorf("%s would not be readable", c.file)
	}
	for _, s := range l.changed(c) {
		if got := v.Get(s.Name); got != s.format(c) {
			return nil, fmt.Errorf("%s would say %v for %s", c.file, got, s.Name)
		}
	}
	return body, nil
}

// changed are the settings of the node that are not as they were at the start, or
// were not at an earlier Rewrite.
func (l *Live) changed(c *Config) (list []*Setting) {
	for i := range settings {
		s := &settings[i]
		if s.Scope == Partition || s.Change == Restart {
			continue
		}
		if l.written[s.Name] || s.format(c) != s.format(l.start) {
			if l.written == nil {
				l.written = map[string]bool{}
			}
			l.written[s.Name] = true // it may be set back to what it was
			list = append(list, s)
		}
	}
	return list
}

// replaceLine puts line in the place of the one that sets name, or at the end.
func replaceLine(lines []string, name, line string) []string {
	for i, old := range lines {
		key, _, found := strings.Cut(old, ":")
		if found && strings.EqualFold(strings.TrimRight(key, " "), name) {
			lines[i] = line
			return lines
		}
	}
	return append(lines, line)
}

// replaceFile gives the file at path a new content, which a crash leaves whole or not
// there at all.
func replaceFile(path string, body []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // in vain once it was renamed
	_, err = f.Write(body)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
