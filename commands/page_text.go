package commands

const pageIntroduction = `<!-- Written by "go generate ./commands" from the command table. Do not edit. -->

# Commands

What is described here answers as Redis 7.4 does, down to the texts of its errors, unless a paragraph says *different from Redis*.
*Since* is the version of Redis that first had the command. The word behind it says how a command runs:

- **Logged**: changes keys. Its reply comes when the change is in the log and, with ` + "`fsync always`" + `, on the disk. A command that
  would change nothing (XACK of what is not pending, DEL of a missing key) is answered as a read.
- **Read**: looks at keys. It sees every change that was acknowledged before it, and those before it on its own connection.
- **Connection**: concerns the connection alone and runs at once.
- **Deferred**: runs when the replies to all earlier commands of its connection are there; the connection goes on meanwhile.
- **Barrier**: as deferred, and nothing later on its connection starts before it ends.
`

const pageDifferences = `
**An OK means more.** A change is acknowledged when it is in the log, whatever ` + "`appendonly`" + ` would say in Redis; see
[configuration](configuration.md) for ` + "`fsync`" + `. ` + "`CONFIG SET appendonly no`" + ` is answered with OK and changes nothing.

**Time.** Keys expire by an entry of the log, on the clock of the partition, which never goes back. A key past its deadline is
seen by nobody, also before its expiry was logged. When the system's clock steps back, IDs made by ` + "`XADD *`" + ` and deadlines go on
from where they were.

**One user.** There is the user ` + "`default`" + `, with the password of ` + "`requirepass`" + `, and no ACL rules: ACL tells about this one. COMMAND shows the categories that ACL
rules would go by.

**Memory.** There is no eviction: past ` + "`maxmemory`" + ` what may need more is refused. What DEL, FLUSHALL or XTRIM remove is cut off at once and freed later,
whatever their options say.

**Order and cursors.** KEYS and SCAN walk the keys in an order of their own. A cursor of SCAN is a position in this order: it is
good for ever, also after a restart. Containers list their subcommands in a fixed order.

**Several partitions.** A node that was made with ` + "`--partitions`" + ` above 1 keeps each key in the partition of its hash slot (CRC16 and hash tags,
as Redis Cluster). What a command does in one partition is one moment. DEL, UNLINK, EXISTS, TOUCH and MGET may have keys anywhere, each
partition answers for its own; DBSIZE, KEYS, SCAN, RANDOMKEY, FLUSHALL, FLUSHDB and SWAPDB are for all, one moment in each, not in all of
them together. XREAD and XREADGROUP may name streams of several partitions, as described below. All other commands of several keys, WATCH, and the commands and watched keys of a transaction
must be in one partition, and no command for all may be among them; else ` + "`-CROSSSLOT`" + `. Keys without a common hash tag may be in one partition
by chance: do not rely on it. FLUSHALL may send a client that tracks keys more than one ` + "`invalidate`" + `.

**Reads of several partitions.** XREAD and XREADGROUP of streams in several partitions answer as in one: streams come in the order in which
they are named, MAXCOUNT and MAXSIZE hold for all of them together, and an error for any key (NOGROUP, WRONGTYPE) is the reply before
anything is delivered and before a consumer is made. For that an XREADGROUP asks all of the partitions first what there is; then those that
have something deliver it, in the order of the streams when there is a limit for all. With BLOCK they wait in all partitions. One
XREADGROUP that waits is served by one partition, the first that has something for it, and of each group whoever waited longest is served
first; while one partition is about to serve it, others pass it over. An XREAD may bring what came to two partitions at the same moment.
Four things can be seen that one partition would not show. What is
read of different partitions is not one moment. A group that goes, or a full disk, between the question and the delivery is an error only
when nothing else was delivered: entries that were given to the consumer are always in the reply. And where others were faster, an
XREADGROUP with BLOCK has to ask again, and stands at the end of the line. With MAXSIZE an XREADGROUP may give an entry where
one partition had room for its stream's name only. Nothing else of its connection runs until it is answered.

**Seen times.** When an XREADGROUP finds nothing new, the consumer's seen-time is noted beside the log and goes into it within ten
seconds: after a crash, and through another node of a cluster, it may be that much older.

**Numbers of Redis' own structures** (` + "`radix-tree-nodes`" + ` of XINFO STREAM, ` + "`qbuf-free`" + ` of CLIENT LIST, allocator figures of INFO) are
given where clients want to see a number; they tell of Millrace's structures.
`
