package commands

import "github.com/millrace-io/millrace/streams"

// trimOptions are the options that XADD and XTRIM share:
//
//	MAXLEN|MINID [=|~] threshold [LIMIT n] [KEEPREF|DELREF|ACKED]
type trimOptions struct {
	streams.Trim
	limitGiven bool
	refs       refPolicy
	refsGiven  bool
}

// parse reads the option at args[i] and returns the index behind it, or i itself
// when args[i] is none of these options. An option without a value is none.
func (o *trimOptions) parse(args [][]byte, i int) (int, error) {
	if policy, ok := parseRefPolicy(args[i]); ok && !o.refsGiven {
		o.refs, o.refsGiven = policy, true
		return i + 1, nil
	}
	more := len(args) - 1 - i
	if more == 0 {
		return i, nil
	}
	switch {
	case equalFold(args[i], "maxlen"):
		return o.parseStrategy(args, i, streams.TrimMaxLen)
	case equalFold(args[i], "minid"):
		return o.parseStrategy(args, i, streams.TrimMinID)
	case equalFold(args[i], "limit"):
		limit, err := parseInteger(args[i+1])
		if err != nil {
			return i, err
		}
		if limit < 0 {
			return i, errNegativeLimit
		}
		o.Limit, o.limitGiven = limit, true
		return i + 2, nil
	}
	return i, nil
}

func (o *trimOptions) parseStrategy(args [][]byte, i int, kind streams.TrimKind) (int, error) {
	if o.Kind != streams.TrimNone {
		return i, errTwoStrategies
	}
	i++
	// The sign counts as one only when a threshold follows: XTRIM k MAXLEN ~ has
	// '~' for its number.
	if i+1 < len(args) && len(args[i]) == 1 && (args[i][0] == '~' || args[i][0] == '=') {
		o.Approx = args[i][0] == '~'
		i++
	}
	switch kind {
	case streams.TrimMaxLen:
		n, err := parseInteger(args[i])
		if err != nil {
			return i, err
		}
		if n < 0 {
			return i, errNegativeMaxLen
		}
		o.MaxLen = uint64(n)
	case streams.TrimMinID:
		id, err := parseID(args[i])
		if err != nil {
			return i, err
		}
		o.MinID = id
	}
	o.Kind = kind
	return i + 1, nil
}

// check finds combinations that Redis refuses once all options are read.
// needStrategy is XTRIM's.
func (o *trimOptions) check(needStrategy bool) error {
	none := o.Kind == streams.TrimNone
	switch {
	case none && o.limitGiven && o.Limit != 0:
		return errLimitWithoutStrategy
	case none && needStrategy:
		return errNoStrategy
	case o.limitGiven && !o.Approx:
		return errLimitWithoutApprox
	}
	return nil
}

// trim is what the stream has to do.
func (o *trimOptions) trim() streams.Trim {
	t := o.Trim
	if !o.limitGiven {
		t.Limit = -1
	}
	return t
}
