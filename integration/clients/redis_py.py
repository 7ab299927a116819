"""The scenario of README.md with redis-py and its defaults. Arguments: "cluster" for its client of Redis Cluster or nothing, host, port."""

import json
import sys
import time

import redis


def say(*words):
    print(*words, flush=True)


def again(call):
    """Calls until it goes well: what a program does whose server is away."""
    while True:
        try:
            return call()
        except (redis.ConnectionError, redis.exceptions.RedisClusterException, redis.exceptions.ClusterError):
            time.sleep(0.01)


class Scenario:
    def __init__(self, client):
        self.client = client
        self.added = 0
        self.news = None
        self.result = {
            "library": "redis-py " + redis.__version__,
            "timed_out": False,
            "woken": [],
            "heard": [],
            "transactions": [],
            "claimed": [],
            "processed": [],
        }

    def run(self):
        for stream in ("jobs", "wake"):
            self.client.xgroup_create(stream, "crew", id="0", mkstream=True)
        self.add_until_stopped()
        self.share()
        self.result["timed_out"] = self.read("wake", "ann", 1, block=20) == []
        self.wait()
        self.listen()
        self.transactions()
        self.add_until_stopped()  # the server is killed here
        self.wait()  # and here
        self.receive()
        self.claim()
        self.drain()
        self.transactions()
        say("RESULT", json.dumps(self.result))

    def add_until_stopped(self):
        while True:
            n = str(self.added + 1)
            entry = again(lambda: self.client.xadd("jobs", {"n": n}))
            self.added += 1
            say("ADDED", n, entry)
            if sys.stdin.readline() == "STOP\n":
                return

    def read(self, stream, consumer, count, block=None):
        streams = self.client.xreadgroup("crew", consumer, {stream: ">"}, count=count, block=block)
        return [(entry, fields["n"]) for _, entries in streams for entry, fields in entries]

    def ack(self, stream, entry):
        again(lambda: self.client.xack(stream, "crew", entry))

    def share(self):
        """Gives ann and bob four entries each, of which they acknowledge two."""
        for consumer in ("ann", "bob"):
            for entry, _ in self.read("jobs", consumer, 4)[:2]:
                self.ack("jobs", entry)

    def wait(self):
        say("BLOCKING")
        for entry, n in again(lambda: self.read("wake", "ann", 1, block=0)):
            self.result["woken"].append(n)
            self.ack("wake", entry)

    def listen(self):
        self.news = self.client.pubsub(ignore_subscribe_messages=True)
        self.news.subscribe("news")
        self.receive()

    def receive(self):
        """The library subscribes again by itself, once its next read has failed."""
        say("LISTENING")
        message = None
        while message is None:
            message = again(lambda: self.news.get_message(timeout=None))
        self.result["heard"].append(message["data"])

    def transact(self, amount, meanwhile):
        with self.watcher("total").pipeline() as pipe:
            pipe.watch("total")
            meanwhile()
            pipe.multi()
            pipe.incrby("total", amount)
            pipe.xadd("{total}ledger", {"amount": amount})
            try:
                return pipe.execute()
            except redis.WatchError:
                return None

    def watcher(self, key):
        """With Redis Cluster transactions are for a client of one node, which no redirection reaches: the GET finds out who leads the key now."""
        if not isinstance(self.client, redis.RedisCluster):
            return self.client
        again(lambda: self.client.get(key))
        return self.client.get_redis_connection(self.client.get_node_from_key(key))

    def transactions(self):
        """Makes one that goes through and one that is refused."""
        total, entry = self.transact(10, lambda: None)
        refused = self.transact(100, lambda: self.client.incr("total")) is None
        self.result["transactions"].append({"total": total, "id": entry, "refused": refused})

    def claim(self):
        """Takes over what ann and bob left."""
        start = None
        while start != "0-0":
            reply = again(lambda: self.client.xautoclaim("jobs", "crew", "cid", 0, start or "0-0", count=3))
            start = reply[0]
            for entry, _ in reply[1]:
                self.ack("jobs", entry)
                self.result["claimed"].append(entry)

    def drain(self):
        while entries := self.read("jobs", "cid", 7):
            for entry, _ in entries:
                self.ack("jobs", entry)
                self.result["processed"].append(entry)


if __name__ == "__main__":
    library = redis.RedisCluster if sys.argv[1] == "cluster" else redis.Redis
    Scenario(library(host=sys.argv[-2], port=int(sys.argv[-1]), decode_responses=True)).run()
