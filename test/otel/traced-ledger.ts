/** Traces over a ledger in a directory, from one life to the next, and what spans of tests say. */
import { expect } from 'vitest'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import type { Recorder } from '../../packages/server/src/recording/recorder.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import type { Arrival } from '../../packages/server/src/traces/arrival.ts'
import type { RecordsTraces } from '../../packages/server/src/traces/record-trace.ts'
import type { Traces } from '../../packages/server/src/traces/traces.ts'
import type { ClassificationPolicy } from '../../packages/server/src/vault/classify/policy.ts'
import { readSealedNotes } from '../../packages/server/src/vault/sealed-journal.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'
import { newPlace, openRecording, type Place } from '../recording/open-tenant.ts'
import { openTraces, recordsOf } from './open-traces.ts'
import { idOf, TRACE } from './spans.ts'

/** What is to be closed after each test, the last first. */
export const closing: (() => Promise<void>)[] = []

export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close()
}

/** A clock whose `sleep` does not wait for anybody to move it. */
class WakefulClock extends TestClock {
  override sleep(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }
}

export const spansFile = ({ data }: Place): string => `${data}/state/default.spans`

/** Names of the spans that stand in the file of what waits, oldest first. */
export async function spansInFile(place: Place, { vault }: Tenant): Promise<string[]> {
  const file = { disk: realDisk, path: spansFile(place), key: vault.derive('waiting-spans') }
  const notes = (await readSealedNotes(file)).map((note) => JSON.parse(note) as Arrival)
  return notes.flatMap(({ items }) => items.flatMap(({ span }) => span?.name ?? []))
}

export interface Opened {
  tenant: Tenant
  traces: Traces
  clock: TestClock
  close(): Promise<void>
}

interface OpenedBy {
  policy?: ClassificationPolicy
  /** Takes the codes of what is refused, which fails the test when absent. */
  refused?: string[]
  recorderOver?(recorder: Recorder): RecordsTraces['recorder']
}

/** One life on a place, a new one when absent; closed by `closeAll` at the latest. */
export async function open(place?: Place, { policy, recorderOver, refused }: OpenedBy = {}): Promise<Opened> {
  const at = place ?? (await newPlace())
  const clock = new WakefulClock()
  const { tenant, close } = await openRecording(at, clock, undefined, policy)
  const path = spansFile(at)
  const recorder = recorderOver?.(tenant.recorder) ?? tenant.recorder
  const traces = await openTraces({
    tenant,
    disk: realDisk,
    random: realRandom,
    clock,
    path,
    recorder,
    ...(refused && { onRefused: (code) => refused.push(code) }),
  })
  let isOpen = true
  const once = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await traces.close()
    await close()
  }
  closing.push(once)
  return { tenant, traces, clock, close: once }
}

const output = JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: 'no' }] }])
export const chat = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': 'm',
  'gen_ai.output.messages': output,
}
export const agent = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'clerk' }
export const tool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'file' }
export const nameOf = (id: string): string => `otel-${TRACE}-${idOf(id)}`

export const has =
  ({ tenant }: Opened, kind: string, count: number) =>
  async (): Promise<boolean> =>
    (await recordsOf(tenant, kind)).length >= count

/** Erases a person, from the file of what waits too. */
export async function erase({ tenant, traces, clock }: Opened, person: string): Promise<void> {
  const erasures = erasuresOver(tenant, clock, realRandom, { copies: [traces] })
  await erasures.begin()
  const { erasure } = await erasures.request(requestAbout(tenant, person))
  await erasures.settled()
  expect(erasures.status(erasure.id)?.erasure.outcome).toBeDefined()
  await erasures.close()
}
