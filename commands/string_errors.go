//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import "errors"

// Errors of the commands on strings and on keys of any kind: Redis' very words.
var (
	errMSetArity     = errors.New("ERR wrong number of arguments for 'mset' command")
	errMSetNXArity   = errors.New("ERR wrong number of arguments for 'msetnx' command")
	errDelExArity    = errors.New("ERR wrong number of arguments for 'delex' command")
	errNumKeys       = errors.New("ERR invalid numkeys value")
	errNumPairs      = errors.New("ERR wrong number of key-value pairs")
	errDigestLength  = errors.New("ERR must be exactly 16 hexadecimal characters")
	errDelExKind     = errors.New("ERR Key should be of string type if conditions are specified")
	errDelExIf       = errors.New("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
	errOffset        = errors.New("ERR offset is out of range")
	errStringTooLong = errors.New("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
	errOverflow      = errors.New("ERR increment or decrement would overflow")
	errDecrOverflow  = errors.New("ERR decrement would overflow")
	errNotFloat      = errors.New("ERR value is not a valid float")
	errInfinite      = errors.New("ERR increment would produce NaN or Infinity")

	errSameObject    = errors.New("ERR source and destination objects are the same")
	errFirstDB       = errors.New("ERR invalid first DB index")
	errSecondDB      = errors.New("ERR invalid second DB index")
	errNoFrequencies = errors.New("ERR An LFU maxmemory policy is not selected, access frequency not tracked." +
		" Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")

	errBusyKey      = errors.New("BUSYKEY Target key name already exists.")
	errRestoreTTL   = errors.New("ERR Invalid TTL value, must be >= 0")
	errRestoreIdle  = errors.New("ERR Invalid IDLETIME value, must be >= 0")
	errRestoreFreq  = errors.New("ERR Invalid FREQ value, must be >= 0 and <= 255")
	errDumpChecksum = errors.New("ERR DUMP payload version or checksum are wrong")
	errDumpFormat   = errors.New("ERR Bad data format")
)
