package commands

// otherDB is the number of another database, as an argument names it.
func otherDB(arg []byte) (int, error) {
	n, err := parseInteger(arg)
	switch {
	case err != nil:
		return 0, err
	case n != int64(int32(n)):
		return 0, errInt32
	}
	return int(n), nil
}

// hasDB reports whether there is a database of that number.
func (c *Call) hasDB(i int) bool { return i >= 0 && i < c.State.Databases() }
