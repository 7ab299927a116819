# The scenario of README.md with redis-rb and its defaults. Arguments: host, port.
require 'json'
require 'redis'

# Scenario is one client on its way.
class Scenario
  def initialize(host, port)
    @connect = -> { Redis.new(host: host, port: port) }
    @client = @connect.call
    @added = 0
    @result = { library: "redis-rb #{Redis::VERSION}", timed_out: false,
                woken: [], heard: [], transactions: [], claimed: [], processed: [] }
  end

  def run
    %w[jobs wake].each { |stream| @client.xgroup(:create, stream, 'crew', '0', mkstream: true) }
    add_until_stopped
    share
    @result[:timed_out] = read('wake', 'ann', 1, block: 20).empty?
    wait
    listen
    transactions
    add_until_stopped # the server is killed here
    wait # and here
    receive
    claim
    drain
    transactions
    say('RESULT', JSON.generate(@result))
  end

  def say(*words)
    $stdout.puts(words.join(' '))
    $stdout.flush
  end

  # again calls until it goes well: what a program does whose server is away.
  def again
    yield
  rescue Redis::BaseConnectionError
    sleep(0.01)
    retry
  end

  def add_until_stopped
    loop do
      n = @added + 1
      id = again { @client.xadd('jobs', { n: n }) }
      @added += 1
      say('ADDED', n, id)
      return if $stdin.gets == "STOP\n"
    end
  end

  def read(stream, consumer, count, block: nil)
    streams = @client.xreadgroup('crew', consumer, stream, '>', count: count, block: block)
    (streams[stream] || []).map { |id, fields| [id, fields['n']] }
  end

  def ack(stream, id)
    again { @client.xack(stream, 'crew', id) }
  end

  # share gives ann and bob four entries each, of which they acknowledge two.
  def share
    %w[ann bob].each { |consumer| read('jobs', consumer, 4).first(2).each { |id, _| ack('jobs', id) } }
  end

  def wait
    say('BLOCKING')
    again { read('wake', 'ann', 1, block: 0) }.each do |id, n|
      @result[:woken] << n
      ack('wake', id)
    end
  end

  # listen subscribes on a thread: with redis-rb the program subscribes again itself.
  def listen
    @news = Queue.new
    confirmed = Queue.new
    Thread.new do
      again do
        @connect.call.subscribe('news') do |on|
          on.subscribe { confirmed << true }
          on.message { |_, text| @news << text }
        end
      end
    end
    confirmed.pop
    receive
  end

  def receive
    say('LISTENING')
    @result[:heard] << @news.pop
  end

  def transact(amount)
    @client.watch('total') do
      yield
      @client.multi do |tx|
        tx.incrby('total', amount)
        tx.xadd('{total}ledger', { amount: amount })
      end
    end
  end

  # transactions makes one that goes through and one that is refused.
  def transactions
    other = @connect.call
    total, id = transact(10) {}
    refused = transact(100) { other.incr('total') }
    @result[:transactions] << { total: total, id: id, refused: refused.nil? }
    other.close
  end

  # claim takes over what ann and bob left.
  def claim
    from = '0-0'
    loop do
      reply = again { @client.xautoclaim('jobs', 'crew', 'cid', 0, from, count: 3) }
      reply['entries'].each do |id, _|
        ack('jobs', id)
        @result[:claimed] << id
      end
      from = reply['next']
      return if from == '0-0'
    end
  end

  def drain
    until (entries = read('jobs', 'cid', 7)).empty?
      entries.each do |id, _|
        ack('jobs', id)
        @result[:processed] << id
      end
    end
  end
end

Scenario.new(ARGV[0], ARGV[1].to_i).run
