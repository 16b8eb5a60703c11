/** One run of one target: start it empty, warm it up, measure, let it catch up, check what it kept. */

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { machineTime, usageOf } from '../processes.ts'
import type { MachineTime, Usage } from '../processes.ts'
import type { ClientOptions, Followed, Order, Ran } from './client.ts'
import type { Footprint, Running, Target } from './target.ts'
import type { Decision } from './workload.ts'

export interface RunResult extends Ran {
  target: string
  /** Records in the timed part. */
  records: number
  /** Records stored in all, the warm-up included. */
  stored: number
  /** Index and checkpoint lag, where the target has them. */
  followed: Followed | null
  /** What the target used from the first timed batch until it had caught up: the processes it is made of and those below them. */
  used: { own: Usage; descendants: Usage }
  /** Share of the machine, 0..1, taken meanwhile by anything that is neither the target nor the client. */
  othersShare: number
  footprint: Footprint
  checked: string
}

export type RunOptions = Omit<ClientOptions, 'destination' | 'follow'>

export async function measure(
  target: Target,
  options: RunOptions,
  sent: readonly Decision[],
): Promise<RunResult> {
  const running = await target.start()
  const client = new ClientProcess()
  try {
    const timed = await drive(client, running, options)
    const checked = await running.check(sent)
    const footprint = await running.stop()
    const records = sent.length - options.warmBatches * options.batch
    return { target: target.name, records, stored: sent.length, ...timed, footprint, checked }
  } catch (error) {
    await running.stop().catch(() => {})
    throw error
  } finally {
    client.kill()
  }
}

async function drive(
  client: ClientProcess,
  running: Running,
  options: RunOptions,
): Promise<Ran & Pick<RunResult, 'followed' | 'used' | 'othersShare'>> {
  await client.tell({
    do: 'prepare',
    options: { ...options, destination: running.destination, follow: running.follows },
  })
  await client.tell({ do: 'warm' })
  const before = { usage: usageOf(running.pids), machine: machineTime() }
  const ran = (await client.tell({ do: 'run' })) as Ran
  const followed = (await client.tell({ do: 'follow' })) as Followed | null
  const used = since(before.usage, usageOf(running.pids))
  const othersShare = shareOfOthers(before.machine, machineTime(), used, ran)
  await client.tell({ do: 'end' })
  return { ...ran, followed, used, othersShare }
}

function since(before: RunResult['used'], after: RunResult['used']): RunResult['used'] {
  const difference = (a: Usage, b: Usage): Usage => ({
    cpuSeconds: b.cpuSeconds - a.cpuSeconds,
    memoryMiB: b.memoryMiB,
  })
  return {
    own: difference(before.own, after.own),
    descendants: difference(before.descendants, after.descendants),
  }
}

function shareOfOthers(before: MachineTime, after: MachineTime, used: RunResult['used'], ran: Ran): number {
  const known = used.own.cpuSeconds + used.descendants.cpuSeconds + ran.clientCpuSeconds
  const others = after.busySeconds - before.busySeconds - known
  return Math.max(0, others / (after.seconds - before.seconds))
}

/** The client program and its channel: one order, one answer. */
class ClientProcess {
  readonly #child: ChildProcess = fork(new URL('client.ts', import.meta.url))

  async tell(order: Order): Promise<unknown> {
    this.#child.send(order)
    const [reply] = (await once(this.#child, 'message')) as [{ answer?: unknown; error?: string }]
    if (reply.error !== undefined) throw new Error(`client: ${reply.error}`)
    return reply.answer
  }

  kill(): void {
    this.#child.kill()
  }
}
