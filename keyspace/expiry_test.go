package keyspace_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

func TestGetReportsExpiredWithoutChange(t *testing.T) {
	st := keyspace.New(1)
	db := st.DB(0)
	db.SetDeadline(db.PutString(b("k"), b("v")), 100)
	before := st.Hash()
	for _, tt := range []struct {
		now            int64
		there, expired bool
	}{{99, true, false}, {100, false, true}, {101, false, true}} {
		k, expired := db.Get(b("k"), tt.now)
		if (k != nil) != tt.there || expired != tt.expired {
			t.Errorf("at %d: key %v, expired %v", tt.now, k, expired)
		}
	}
	if st.Hash() != before || db.Len() != 1 {
		t.Error("Get changed the state")
	}
}

func TestGetForWriteDeletesExpired(t *testing.T) {
	st := keyspace.New(3)
	var told []string
	st.OnExpired(func(db int, name string) { told = append(told, fmt.Sprint(db, name)) })
	db := st.DB(2)
	db.SetDeadline(db.PutString(b("k"), b("v")), 100)
	if db.GetForWrite(b("k"), 99) == nil || told != nil {
		t.Error("gone before its deadline")
	}
	if db.GetForWrite(b("k"), 100) != nil || db.Len() != 0 || db.Expires() != 0 || st.Memory() != 0 {
		t.Error("still there")
	}
	if !reflect.DeepEqual(told, []string{"2 k"}) && !reflect.DeepEqual(told, []string{"2k"}) {
		t.Errorf("told %q", told)
	}
}

func TestExpireDueIsBoundedAndOrdered(t *testing.T) {
	st := keyspace.New(2)
	st.OnExpired(func(int, string) { t.Error("hook called") })
	put := func(db int, name string, deadline int64) {
		st.DB(db).SetDeadline(st.DB(db).PutString(b(name), nil), deadline)
	}
	put(1, "b", 10) // slot 3300
	put(1, "a", 10) // slot 15495
	put(0, "foo", 10)
	put(1, "first", 9)
	put(0, "later", 21)
	put(0, "last", 20)
	var got []string
	note := func(db int, name string) { got = append(got, fmt.Sprintf("%d/%s", db, name)) }
	if n := st.ExpireDue(20, 3, note); n != 3 {
		t.Errorf("expired %d of 3", n)
	}
	if next, ok := st.NextDeadline(); next != 10 || !ok {
		t.Errorf("next deadline %d, %v", next, ok)
	}
	if n := st.ExpireDue(20, 100, note); n != 2 {
		t.Errorf("then expired %d", n)
	}
	if want := []string{"1/first", "0/foo", "1/b", "1/a", "0/last"}; !reflect.DeepEqual(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
	if next, _ := st.NextDeadline(); next != 21 || st.DB(0).Len() != 1 {
		t.Errorf("next deadline %d", next)
	}
	if n := st.ExpireDue(20, 0, note); n != 0 {
		t.Errorf("limit 0 expired %d", n)
	}
}

func TestNextDeadlineFollowsChanges(t *testing.T) {
	st := keyspace.New(2)
	db := st.DB(1)
	k := db.PutString(b("k"), nil)
	for _, ms := range []int64{50, 70, 30, 90, 0, 10} {
		db.SetDeadline(k, ms)
		if next, ok := st.NextDeadline(); next != ms || ok != (ms != 0) {
			t.Errorf("after %d: %d, %v", ms, next, ok)
		}
	}
	db.Delete(b("k"))
	if _, ok := st.NextDeadline(); ok {
		t.Error("a deadline without a key")
	}
}
