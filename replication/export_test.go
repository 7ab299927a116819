package replication

// AtTheGate is how many bytes wait there and may have to be logged.
func (p *Partition) AtTheGate() int64 { return p.gate.changing.Load() }
