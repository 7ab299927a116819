package idmp

import (
	"math"

	"github.com/millrace-io/millrace/decode"
	"github.com/millrace-io/millrace/streams"
)

// decoder reads the snapshot format.
type decoder struct{ decode.Reader }

// int reads a small number: one beyond any limit is given as the highest.
func (d *decoder) int() int { return int(min(d.Uvarint(), math.MaxInt32)) }

func (d *decoder) id() streams.ID { return streams.ID{Ms: d.Uvarint(), Seq: d.Uvarint()} }
