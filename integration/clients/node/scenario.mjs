// The steps of ../README.md for the libraries of node. A library is an object:
//   name, createGroup(stream), add(stream, n), read(stream, consumer, count, wait),
//   ack(stream, id), autoClaim(stream, consumer, from), transact(amount, meanwhile),
//   increment(key), subscribe(channel, listener), close()
import readline from 'node:readline'

const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (...words) => process.stdout.write(words.join(' ') + '\n')

// again calls until it goes well: what a program does whose server is away.
async function again (call) {
  for (;;) {
    try {
      return await call()
    } catch (err) {
      if (err.code === undefined && !/connect|clos|socket|max retries|cluster/i.test(err.message)) throw err
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
}

class Scenario {
  constructor (library) {
    this.library = library
    this.added = 0
    this.heard = []
    this.listener = null
    this.result = { library: library.name, timed_out: false, woken: [], heard: [], transactions: [], claimed: [], processed: [] }
  }

  async addUntilStopped () {
    for (;;) {
      const n = String(this.added + 1)
      const id = await again(() => this.library.add('jobs', n))
      this.added++
      say('ADDED', n, id)
      if ((await answers.next()).value === 'STOP') return
    }
  }

  // share gives ann and bob four entries each, of which they acknowledge two.
  async share () {
    for (const consumer of ['ann', 'bob']) {
      const entries = await this.library.read('jobs', consumer, 4)
      for (const entry of entries.slice(0, 2)) await this.library.ack('jobs', entry.id)
    }
  }

  async timeOut () {
    this.result.timed_out = (await this.library.read('wake', 'ann', 1, 20)).length === 0
  }

  async wait () {
    say('BLOCKING')
    for (const entry of await again(() => this.library.read('wake', 'ann', 1, 0))) {
      this.result.woken.push(entry.n)
      await this.library.ack('wake', entry.id)
    }
  }

  async receive () {
    const message = new Promise(resolve => { this.listener = resolve })
    say('LISTENING')
    this.result.heard.push(await message)
  }

  async listen () {
    await this.library.subscribe('news', text => this.listener(text))
    await this.receive()
  }

  // transactions makes one that goes through and one that is refused.
  async transactions () {
    const [total, id] = await this.library.transact(10, async () => {})
    const refused = await this.library.transact(100, () => this.library.increment('total'))
    this.result.transactions.push({ total, id, refused: refused === null })
  }

  // claim takes over what ann and bob left.
  async claim () {
    let from = '0-0'
    do {
      const { next, ids } = await this.library.autoClaim('jobs', 'cid', from)
      for (const id of ids) await this.library.ack('jobs', id)
      this.result.claimed.push(...ids)
      from = next
    } while (from !== '0-0')
  }

  async drain () {
    for (;;) {
      const entries = await this.library.read('jobs', 'cid', 7)
      if (entries.length === 0) return
      for (const entry of entries) {
        await this.library.ack('jobs', entry.id)
        this.result.processed.push(entry.id)
      }
    }
  }

  async run () {
    await this.library.createGroup('jobs')
    await this.library.createGroup('wake')
    await this.addUntilStopped()
    await this.share()
    await this.timeOut()
    await this.wait()
    await this.listen()
    await this.transactions()
    await this.addUntilStopped() // the server is killed here
    await this.wait() // and here
    await this.receive()
    await this.claim()
    await this.drain()
    await this.transactions()
    say('RESULT', JSON.stringify(this.result))
  }
}

export async function play (library) {
  await new Scenario(library).run()
  await library.close()
  process.stdin.destroy()
}
