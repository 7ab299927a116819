package mesh

// SpeakVersion makes a mesh of another version of the protocol.
func SpeakVersion(o *Options, version uint16) { o.version = version }
