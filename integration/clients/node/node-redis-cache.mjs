// node-redis with its client-side cache: answers each line, a key, with its value and
// with how many values have come from the cache. Arguments: the package, host, port.
import readline from 'node:readline'

const [, , packageName, host, port] = process.argv
const { createClient, BasicClientSideCache } = await import(packageName)

const cache = new BasicClientSideCache({ recordStats: true })
const client = createClient({ socket: { host, port: Number(port) }, RESP: 3, clientSideCache: cache })
client.on('error', () => {})
await client.connect()
for await (const key of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`VALUE ${await client.get(key)} ${cache.stats().hitCount}\n`)
}
await client.close()
