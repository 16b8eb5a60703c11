/** A small ledger to hold a drill on when there is none: invented loan decisions, recorded by the product itself. */
import { canonicalJson, emitterLink, EMPTY_HEAD, type JsonObject, nextHead, toHex } from '@deponent/format'
import { openDirectory } from '../directory.ts'
import { type Clock, realClock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { LocalIntake } from '../recording/intake.ts'
import type { StatedHead } from '../recording/stated-heads.ts'
import type { Submission } from '../recording/submission.ts'
import { openTenant, type Tenant } from '../tenant.ts'

const EMITTER = 'drill-source'
const BATCH = 10
const BATCH_EVERY_MS = 600_000
const LOG_FILE_BYTES = 65_536
const SEGMENT_ENTRIES = 100
const LOOK_AGAIN_MS = 20

/** A clock whose wall time can be set back, so that a ledger recorded in a second spans days. */
class PastClock implements Clock {
  behindMs: number

  constructor(behindMs: number) {
    this.behindMs = behindMs
  }

  now = (): number => realClock.now() - this.behindMs
  monotonicMs = (): number => realClock.monotonicMs()
  sleep = (ms: number): Promise<void> => realClock.sleep(ms)
  after = (ms: number, task: () => void): (() => void) => realClock.after(ms, task)
}

export interface Synthetic {
  disk: Disk
  random: Random
  /** The data directory to make. */
  directory: string
  ledger: string
  signerDirectory: string
  /** How many decisions it is to hold. */
  records: number
}

/** Records `records` decisions, a batch every ten minutes up to an hour ago, and closes the ledger. */
export async function makeSynthetic(options: Synthetic): Promise<void> {
  const { disk, random, records } = options
  const batches = Math.ceil(records / BATCH)
  const clock = new PastClock(batches * BATCH_EVERY_MS + 3_600_000)
  const directory = await openDirectory(disk, random, options.directory)
  const tenant = await openTenant({
    disk,
    clock,
    random,
    directory,
    ledgerName: options.ledger,
    signerDirectory: options.signerDirectory,
    acceptHead: false,
    intake: (secrets) => new LocalIntake(secrets, random),
    onStop: () => undefined,
    fileSizes: { log: LOG_FILE_BYTES, segment: { entriesMax: SEGMENT_ENTRIES, bytesMax: 1_048_576 } },
  })
  try {
    const source = new Source(random)
    for (let from = 0; from < records; from += BATCH) {
      const size = Math.min(BATCH, records - from)
      const submissions = Array.from({ length: size }, (_, i) => source.send(loan(from + i), i))
      const { errors } = await tenant.recorder.recordFrom({ submissions }, { head: source.head })
      if (errors.length > 0) throw new Error(`a record of the drill was refused: ${errors[0]!.code}`)
      clock.behindMs -= BATCH_EVERY_MS
      // Now and then, so that the log lets go of what is in tiles and segments, as it does in time.
      if (from % 100 === 0) await published(tenant)
    }
    await published(tenant)
  } finally {
    await tenant.close()
    await directory.release()
  }
}

/** Waits for the checkpoint over everything recorded. Sleeps, because nothing else keeps this process alive meanwhile. */
async function published({ ledger }: Tenant): Promise<void> {
  while ((ledger.checkpoint?.size ?? 0) < ledger.size) {
    if (ledger.refusal) throw ledger.refusal
    await realClock.sleep(LOOK_AGAIN_MS)
  }
}

/** An application that numbers what it sends, as the SDK does. */
class Source {
  readonly #random: Random
  #seq = 0
  #head: Uint8Array = EMPTY_HEAD

  constructor(random: Random) {
    this.#random = random
  }

  get head(): StatedHead {
    return { emitter: EMITTER, epoch: 1, seq: this.#seq, head: this.#head }
  }

  send(record: JsonObject, position: number): Submission {
    const blind = this.#random.bytes(32)
    this.#seq += 1
    this.#head = nextHead(this.#head, this.#seq, emitterLink(blind, canonicalJson(record)))
    const value = { ...record, emitter: { id: EMITTER, epoch: 1, seq: this.#seq, blind: toHex(blind) } }
    return { position, kind: 'decision', reading: { value, coerced: [], faults: [] } }
  }
}

function loan(i: number): JsonObject {
  return {
    decisionId: `drill-loan-${i}`,
    modelId: 'drill-scorer',
    modelVersion: '1',
    prediction: i % 3 === 0 ? 'declined' : 'approved',
    affectedUserId: `drill-person-${i % 37}`,
    inputFeatures: { income: 20_000 + i * 10 },
    messages: [{ role: 'user', content: `application ${i} of the drill` }],
  }
}
