<?php
// The scenario of README.md with phpredis and its defaults. Arguments: host, port.

final class Scenario
{
    private Redis $client;
    private int $added = 0;
    private array $result;

    public function __construct(private string $host, private int $port)
    {
        $this->client = $this->connect();
        $this->result = ['library' => 'phpredis ' . phpversion('redis'), 'timed_out' => false,
            'woken' => [], 'heard' => [], 'transactions' => [], 'claimed' => [], 'processed' => []];
    }

    private function connect(): Redis
    {
        $client = new Redis();
        $client->connect($this->host, $this->port);
        return $client;
    }

    public function run(): void
    {
        foreach (['jobs', 'wake'] as $stream) {
            $this->client->xGroup('CREATE', $stream, 'crew', '0', true);
        }
        $this->addUntilStopped();
        $this->share();
        $this->result['timed_out'] = $this->read('wake', 'ann', 1, 20) === [];
        $this->wait();
        $this->listen();
        $this->transactions();
        $this->addUntilStopped(); // the server is killed here
        $this->wait(); // and here
        $this->listen();
        $this->claim();
        $this->drain();
        $this->transactions();
        $this->say('RESULT', json_encode($this->result));
    }

    private function say(string ...$words): void
    {
        fwrite(STDOUT, implode(' ', $words) . "\n");
    }

    // again calls until it goes well: what a program does whose server is away.
    private function again(callable $call): mixed
    {
        while (true) {
            try {
                return $call();
            } catch (RedisException) {
                $this->reconnect();
            }
        }
    }

    // reconnect is the program's affair: a connection of phpredis that has failed stays
    // failed.
    private function reconnect(): void
    {
        usleep(10_000);
        try {
            $this->client = $this->connect();
        } catch (RedisException) {
            // still away; the next call fails and brings us back here
        }
    }

    private function addUntilStopped(): void
    {
        do {
            $n = (string) ($this->added + 1);
            $id = $this->again(fn () => $this->client->xAdd('jobs', '*', ['n' => $n]));
            $this->added++;
            $this->say('ADDED', $n, $id);
        } while (fgets(STDIN) !== "STOP\n");
    }

    // read returns n by ID. phpredis takes 0 for no BLOCK at all, so "for ever" is an hour.
    private function read(string $stream, string $consumer, int $count, ?int $block = null): array
    {
        $streams = $this->client->xReadGroup('crew', $consumer, [$stream => '>'], $count, $block);
        return array_map(fn ($fields) => $fields['n'], $streams[$stream] ?? []);
    }

    private function ack(string $stream, string $id): void
    {
        $this->again(fn () => $this->client->xAck($stream, 'crew', [$id]));
    }

    // share gives ann and bob four entries each, of which they acknowledge two.
    private function share(): void
    {
        foreach (['ann', 'bob'] as $consumer) {
            foreach (array_slice(array_keys($this->read('jobs', $consumer, 4)), 0, 2) as $id) {
                $this->ack('jobs', $id);
            }
        }
    }

    private function wait(): void
    {
        $this->say('BLOCKING');
        foreach ($this->again(fn () => $this->read('wake', 'ann', 1, 3_600_000)) as $id => $n) {
            $this->result['woken'][] = $n;
            $this->ack('wake', $id);
        }
    }

    // listen subscribes for one message: phpredis blocks in SUBSCRIBE until the
    // callback closes the connection.
    private function listen(): void
    {
        $this->say('LISTENING');
        $subscriber = $this->connect();
        try {
            $subscriber->subscribe(['news'], function (Redis $subscriber, string $channel, string $text): void {
                $this->result['heard'][] = $text;
                $subscriber->close();
            });
        } catch (RedisException $e) {
            if (end($this->result['heard']) === false) {
                throw $e;
            }
        }
    }

    private function transact(int $amount, callable $meanwhile): array|false
    {
        $this->client->watch('total');
        $meanwhile();
        return $this->client->multi()->incrBy('total', $amount)->xAdd('{total}ledger', '*', ['amount' => $amount])->exec();
    }

    // transactions makes one that goes through and one that is refused.
    private function transactions(): void
    {
        [$total, $id] = $this->transact(10, fn () => null);
        $refused = $this->transact(100, fn () => $this->connect()->incr('total'));
        $this->result['transactions'][] = ['total' => $total, 'id' => $id, 'refused' => $refused === false];
    }

    // claim takes over what ann and bob left.
    private function claim(): void
    {
        $from = '0-0';
        do {
            [$from, $entries] = $this->again(fn () => $this->client->rawCommand('XAUTOCLAIM', 'jobs', 'crew', 'cid', '0', $from, 'COUNT', '3'));
            foreach ($entries as [$id]) {
                $this->ack('jobs', $id);
                $this->result['claimed'][] = $id;
            }
        } while ($from !== '0-0');
    }

    private function drain(): void
    {
        while ($entries = $this->read('jobs', 'cid', 7)) {
            foreach (array_keys($entries) as $id) {
                $this->ack('jobs', $id);
                $this->result['processed'][] = $id;
            }
        }
    }
}

(new Scenario($argv[1], (int) $argv[2]))->run();
