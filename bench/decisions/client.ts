/**
 * The client, a process of its own so that its work is not billed to any target. Every target is driven by this program:
 * same records, same batches, same number of connections.
 *
 * It is told `prepare`, `warm`, `run`, `end` over the channel of `child_process.fork` and answers each with one message.
 */

import { quantilesOf } from '../quantiles.ts'
import type { Quantiles } from '../quantiles.ts'
import { checkpointSize, Follower, visibleSize } from './follow.ts'
import type { Lag } from './follow.ts'
import { offer } from './load.ts'
import type { Acknowledged } from './load.ts'
import { senderTo } from './sender.ts'
import type { Destination, Sender } from './sender.ts'
import { decisionsOf } from './workload.ts'
import type { WorkloadOptions } from './workload.ts'

export interface ClientOptions {
  destination: Destination
  workload: WorkloadOptions
  /** Records per batch. */
  batch: number
  connections: number
  /** Batches sent first and not measured. */
  warmBatches: number
  batchesPerSecond?: number
  /** Whether to follow the index and the checkpoint of the target. */
  follow: boolean
}

export interface Ran {
  recordsPerSecond: number
  latencyMs: Quantiles
  retries: number
  /** Processor time of this client between start and last acknowledgement. */
  clientCpuSeconds: number
}

export interface Followed {
  visible: Lag
  checkpoint: Lag
}

export type Order = { do: 'prepare'; options: ClientOptions } | { do: 'warm' | 'run' | 'follow' | 'end' }

class Client {
  readonly #options: ClientOptions
  readonly #sender: Sender
  readonly #batches: number
  readonly #followers: Follower[]
  #following: Promise<Lag[]> = Promise.resolve([])

  constructor(options: ClientOptions, sender: Sender, batches: number) {
    this.#options = options
    this.#sender = sender
    this.#batches = batches
    this.#followers = followersOf(options)
  }

  async warm(): Promise<void> {
    await offer(this.#sender, {
      from: 0,
      to: this.#options.warmBatches,
      connections: this.#options.connections,
    })
  }

  async run(): Promise<Ran> {
    this.#following = Promise.all(this.#followers.map((follower) => follower.run()))
    const { connections, warmBatches: from, batchesPerSecond } = this.#options
    const load = {
      from,
      to: this.#batches,
      connections,
      ...(batchesPerSecond === undefined ? {} : { batchesPerSecond }),
    }
    const before = process.cpuUsage()
    const startMs = performance.now()
    const all = await offer(this.#sender, load, (one) => this.#note(one))
    const seconds = (performance.now() - startMs) / 1000
    const used = process.cpuUsage(before)
    return {
      recordsPerSecond: (all.length * this.#options.batch) / seconds,
      latencyMs: quantilesOf(all.map((one) => one.latencyMs)),
      retries: all.reduce((total, one) => total + one.retries, 0),
      clientCpuSeconds: (used.user + used.system) / 1e6,
    }
  }

  async follow(): Promise<Followed | null> {
    for (const follower of this.#followers) follower.end()
    const [visible, checkpoint] = await this.#following
    return visible === undefined || checkpoint === undefined ? null : { visible, checkpoint }
  }

  end(): Promise<void> {
    return this.#sender.close()
  }

  #note({ lastIndex, atMs }: Acknowledged): void {
    if (lastIndex === undefined) return
    for (const follower of this.#followers) follower.acknowledged(lastIndex, atMs)
  }
}

function followersOf({ destination, follow }: ClientOptions): Follower[] {
  if (!follow || destination.protocol !== 'http') return []
  const { url, token } = destination
  return [new Follower(() => visibleSize(url, token)), new Follower(() => checkpointSize(url, token))]
}

async function prepare(options: ClientOptions): Promise<Client> {
  const decisions = decisionsOf(options.workload)
  const batches = Array.from({ length: Math.floor(decisions.length / options.batch) }, (_, n) =>
    decisions.slice(n * options.batch, (n + 1) * options.batch),
  )
  const sender = await senderTo(options.destination, batches, options.connections)
  return new Client(options, sender, batches.length)
}

let client: Client | undefined

async function obey(order: Order): Promise<unknown> {
  if (order.do === 'prepare') {
    client = await prepare(order.options)
    return null
  }
  if (client === undefined) throw new Error('nothing was prepared')
  if (order.do === 'warm') return client.warm()
  if (order.do === 'run') return client.run()
  if (order.do === 'follow') return client.follow()
  await client.end()
  return null
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.({ answer: answer ?? null }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  )
})
