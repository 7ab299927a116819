#!/usr/bin/perl
# The scenario of README.md with perl's Redis. Arguments: host, port. The client
# connects anew by itself when told for how long it may try.
use strict;
use warnings;
use JSON::PP;
use Redis;

my ($host, $port) = @ARGV;
$| = 1;

sub connected { Redis->new(server => "$host:$port", reconnect => 60, every => 10_000) }

my $client = connected();
my $added  = 0;
my $heard  = '';
my %result = (
    library => "perl Redis $Redis::VERSION", timed_out => JSON::PP::false,
    map { $_ => [] } qw(woken heard transactions claimed processed),
);

sub say_line { print join(' ', @_), "\n" }

# again calls until it goes well: what a program does whose server is away.
sub again {
    my ($call) = @_;
    while (1) {
        my @replies = eval { $call->() };
        return @replies unless $@;
        die $@ if $@ =~ /\[\w+\] (?:ERR|NOGROUP|WRONGTYPE)/;
        select(undef, undef, undef, 0.01);
    }
}

sub add_until_stopped {
    while (1) {
        my $n = $added + 1;
        my ($id) = again(sub { $client->xadd('jobs', '*', 'n', $n) });
        $added++;
        say_line('ADDED', $n, $id);
        return if <STDIN> eq "STOP\n";
    }
}

# entries are pairs of ID and n.
sub entries { map { [ $_->[0], $_->[1][1] ] } @{ $_[0] } }

sub read_new {
    my ($stream, $consumer, $count, @block) = @_;
    my ($first) = $client->xreadgroup('GROUP', 'crew', $consumer, 'COUNT', $count, @block, 'STREAMS', $stream, '>');
    return $first ? entries($first->[1]) : ();
}

sub ack { my ($stream, $id) = @_; again(sub { $client->xack($stream, 'crew', $id) }) }

# share gives ann and bob four entries each, of which they acknowledge two.
sub share {
    for my $consumer (qw(ann bob)) {
        my @entries = read_new('jobs', $consumer, 4);
        ack('jobs', $_->[0]) for @entries[ 0, 1 ];
    }
}

sub wait_for_entry {
    say_line('BLOCKING');
    for my $entry (again(sub { read_new('wake', 'ann', 1, 'BLOCK', 0) })) {
        push @{ $result{woken} }, $entry->[1];
        ack('wake', $entry->[0]);
    }
}

# listen_to_news waits for one message. It subscribes anew each time: when the library
# subscribes again itself, a message that comes with the confirmation lies in its buffer
# until another one comes.
sub listen_to_news {
    my $subscriber = connected();
    $subscriber->subscribe('news', sub { $heard = $_[0] });
    say_line('LISTENING');
    $heard = '';
    $subscriber->wait_for_messages(1) while $heard eq '';
    push @{ $result{heard} }, $heard;
}

sub transact {
    my ($amount, $meanwhile) = @_;
    my $watching = connected();
    $watching->watch('total');
    $meanwhile->();
    $watching->multi;
    $watching->incrby('total', $amount);
    $watching->xadd('{total}ledger', '*', 'amount', $amount);
    return $watching->exec;
}

# transactions makes one that goes through and one that is refused.
sub transactions {
    my ($total, $id) = transact(10, sub { });
    my ($refused) = transact(100, sub { $client->incr('total') });
    push @{ $result{transactions} }, { total => $total + 0, id => $id, refused => defined $refused ? JSON::PP::false : JSON::PP::true };
}

# claim takes over what ann and bob left.
sub claim {
    my $from = '0-0';
    do {
        my ($next, $entries) = again(sub { $client->xautoclaim('jobs', 'crew', 'cid', 0, $from, 'COUNT', 3) });
        for my $entry (entries($entries)) {
            ack('jobs', $entry->[0]);
            push @{ $result{claimed} }, $entry->[0];
        }
        $from = $next;
    } while ($from ne '0-0');
}

sub drain {
    while (my @entries = read_new('jobs', 'cid', 7)) {
        for my $entry (@entries) {
            ack('jobs', $entry->[0]);
            push @{ $result{processed} }, $entry->[0];
        }
    }
}

$client->xgroup('CREATE', $_, 'crew', '0', 'MKSTREAM') for qw(jobs wake);
add_until_stopped();
share();
$result{timed_out} = JSON::PP::true unless read_new('wake', 'ann', 1, 'BLOCK', 20);
wait_for_entry();
listen_to_news();
transactions();
add_until_stopped();    # the server is killed here
wait_for_entry();       # and here
listen_to_news();
claim();
drain();
transactions();
say_line('RESULT', encode_json(\%result));
