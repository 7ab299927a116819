package keyspace

// Form says how a string came to be, for what OBJECT ENCODING answers: the value
// itself does not tell. Redis keeps it in the encoding of its objects.
type Form uint8

// The numbers stand in snapshots, added to StringKind.
const (
	Plain  Form = 0 // as it was given: an integer if it reads as one
	Text   Form = 1 // of a calculation: never an integer
	Edited Form = 2 // changed in place, by APPEND or SETRANGE
)

// Form returns how the key's string came to be.
func (k *Key) Form() Form { return k.form }

// stored is the number of the key's kind and form in a snapshot.
func (k *Key) stored() byte { return byte(k.kind) + byte(k.form) }

// kindAndForm undoes stored; anything that stored does not give is no kind.
func kindAndForm(b byte) (Kind, Form) {
	if b > byte(StringKind) && b <= byte(StringKind)+byte(Edited) {
		return StringKind, Form(b - byte(StringKind))
	}
	return Kind(b), Plain
}

// SetString gives a key that holds a string another one; the deadline stays. value
// is copied. The key must have come from GetForWrite.
func (d *DB) SetString(k *Key, value []byte, form Form) {
	d.setText(k, append(make([]byte, 0, len(value)), value...), form)
}

// SetOwnedString is SetString for bytes that nobody else will change.
func (d *DB) SetOwnedString(k *Key, value []byte, form Form) {
	if value == nil {
		value = []byte{}
	}
	d.setText(k, value, form)
}

// AppendString makes a key's string longer. What others have seen of it stays as it
// is: bytes are only ever added behind its end.
func (d *DB) AppendString(k *Key, tail []byte) {
	d.setText(k, append(k.text, tail...), Edited)
}

func (d *DB) setText(k *Key, text []byte, form Form) {
	k.mustBeOf(d.state)
	d.account(int64(cap(text)) - int64(cap(k.text)))
	k.text, k.form = text, form
	d.Touch(k)
}
