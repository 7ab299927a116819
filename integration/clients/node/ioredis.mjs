// ioredis with its defaults. Arguments: the package to use, "cluster" for its client of
// Redis Cluster or nothing, host, port.
import { createRequire } from 'node:module'
import { play } from './scenario.mjs'

const [, , packageName, kind] = process.argv
const [host, port] = process.argv.slice(-2)
const { Redis, Cluster } = await import(packageName)
const { version } = createRequire(import.meta.url)(`${packageName}/package.json`)

// connected returns a client of its own; it connects anew by itself and sends again
// what had no reply.
function connected () {
  const client = kind === 'cluster' ? new Cluster([{ host, port: Number(port) }]) : new Redis(Number(port), host)
  client.on('error', () => {})
  return client
}

const client = connected()
const blocking = connected()
const watching = connected()
const subscriber = connected()

// Streams come as pairs with RESP2 and as a map with RESP3.
const entries = streams => (Array.isArray(streams) ? streams : Object.entries(streams ?? {}))
  .flatMap(([, messages]) => messages).map(([id, fields]) => ({ id, n: fields[1] }))

await play({
  name: `ioredis ${version}`,
  createGroup: stream => client.xgroup('CREATE', stream, 'crew', '0', 'MKSTREAM'),
  add: (stream, n) => client.xadd(stream, '*', 'n', n),
  async read (stream, consumer, count, wait) {
    const from = ['GROUP', 'crew', consumer, 'COUNT', count]
    const to = ['STREAMS', stream, '>']
    return entries(wait === undefined ? await client.xreadgroup(...from, ...to) : await blocking.xreadgroup(...from, 'BLOCK', wait, ...to))
  },
  ack: (stream, id) => client.xack(stream, 'crew', id),
  async autoClaim (stream, consumer, from) {
    const [next, messages] = await client.xautoclaim(stream, 'crew', consumer, 0, from, 'COUNT', 3)
    return { next, ids: messages.map(([id]) => id) }
  },
  async transact (amount, meanwhile) {
    await watching.watch('total')
    await meanwhile()
    const replies = await watching.multi().incrby('total', amount).xadd('{total}ledger', '*', 'amount', amount).exec()
    return replies?.map(([err, reply]) => { if (err) throw err; return reply }) ?? null
  },
  increment: key => client.incr(key),
  async subscribe (channel, listener) {
    subscriber.on('message', (_, text) => listener(text))
    await subscriber.subscribe(channel)
  },
  close: () => Promise.all([client, blocking, watching, subscriber].map(c => c.quit()))
})
