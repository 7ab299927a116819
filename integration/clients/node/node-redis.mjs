// node-redis with its defaults. Arguments: the package to use, "cluster" for its client of
// Redis Cluster or nothing, host, port.
import { createRequire } from 'node:module'
import { play } from './scenario.mjs'

const [, , packageName, kind] = process.argv
const [host, port] = process.argv.slice(-2)
const { createClient, createCluster } = await import(packageName)
const { version } = createRequire(import.meta.url)(`${packageName}/package.json`)

// connected returns a client of its own; it connects anew by itself, for which it
// wants somebody to listen to its errors.
async function connected () {
  const root = { socket: { host, port: Number(port) } }
  const client = kind === 'cluster' ? createCluster({ rootNodes: [root] }) : createClient(root)
  client.on('error', () => {})
  return await client.connect()
}

const client = await connected()
const blocking = await connected()
const watching = await connected()
const subscriber = await connected()

// leader is who watches a key: with Redis Cluster WATCH is for a client of one node, which
// no redirection reaches. The GET finds out who leads the key now.
async function leader (key) {
  if (kind !== 'cluster') return watching
  await watching.get(key)
  const slot = await watching.sendCommand(key, true, ['CLUSTER', 'KEYSLOT', key])
  return await watching.nodeClient(watching.slots[slot].master)
}

const entries = streams => (streams ?? []).flatMap(s => s.messages).map(m => ({ id: m.id, n: m.message.n }))

await play({
  name: `node-redis ${version}`,
  createGroup: stream => client.xGroupCreate(stream, 'crew', '0', { MKSTREAM: true }),
  add: (stream, n) => client.xAdd(stream, '*', { n }),
  async read (stream, consumer, count, wait) {
    const options = wait === undefined ? { COUNT: count } : { COUNT: count, BLOCK: wait }
    const on = wait === undefined ? client : blocking
    return entries(await on.xReadGroup('crew', consumer, { key: stream, id: '>' }, options))
  },
  ack: (stream, id) => client.xAck(stream, 'crew', id),
  async autoClaim (stream, consumer, from) {
    const { nextId, messages } = await client.xAutoClaim(stream, 'crew', consumer, 0, from, { COUNT: 3 })
    return { next: nextId, ids: messages.map(m => m.id) }
  },
  async transact (amount, meanwhile) {
    const on = await leader('total')
    await on.watch('total')
    await meanwhile()
    try {
      return await on.multi().incrBy('total', amount).xAdd('{total}ledger', '*', { amount: String(amount) }).exec()
    } catch (err) {
      if (err.constructor.name === 'WatchError') return null
      throw err
    }
  },
  increment: key => client.incr(key),
  subscribe: (channel, listener) => subscriber.subscribe(channel, listener),
  close: () => Promise.all([client, blocking, watching, subscriber].map(c => c.close()))
})
