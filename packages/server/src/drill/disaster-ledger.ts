/** The ledger that a disaster drill loses: invented loan decisions about invented people, some of whom are erased. */
import type { CanonicalRecord, JsonObject } from '@deponent/format'
import { openDirectory } from '../directory.ts'
import { Erasures } from '../erasure/erasures.ts'
import { NO_HOLDS } from '../erasure/held.ts'
import { realClock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { LocalIntake } from '../recording/intake.ts'
import type { Submission } from '../recording/submission.ts'
import { openTenant, type Tenant } from '../tenant.ts'

export const LEDGER = 'default'
const BATCH = 100
const LOOK_AGAIN_MS = 20
/** Decisions about one person. */
const EACH = 20

export interface DisasterPlace {
  disk: Disk
  random: Random
  data: string
  signerDirectory: string
  acceptHead: boolean
  onProgress(what: string): void
}

export class DisasterLedger {
  readonly #tenant: Tenant
  readonly #erasures: Erasures
  readonly #onProgress: (what: string) => void
  readonly #release: () => Promise<void>
  #recorded = 0
  /** Indices of decisions by person. */
  readonly #indices = new Map<number, number[]>()
  readonly #erased: number[] = []

  private constructor(
    tenant: Tenant,
    erasures: Erasures,
    place: DisasterPlace,
    release: () => Promise<void>,
  ) {
    this.#tenant = tenant
    this.#erasures = erasures
    this.#onProgress = (what) => place.onProgress(what)
    this.#release = release
  }

  static async open(place: DisasterPlace): Promise<DisasterLedger> {
    const { disk, random, data, signerDirectory, acceptHead } = place
    const directory = await openDirectory(disk, random, data)
    const tenant = await openTenant({
      disk,
      clock: realClock,
      random,
      directory,
      ledgerName: LEDGER,
      signerDirectory,
      acceptHead,
      intake: (start) => new LocalIntake(start, random),
      onStop: () => undefined,
    })
    const erasures = erasuresOf(tenant, random)
    await erasures.begin()
    return new DisasterLedger(tenant, erasures, place, async () => {
      await erasures.close()
      await tenant.close()
      await directory.release()
    })
  }

  get size(): number {
    return this.#tenant.ledger.size
  }

  get refusal(): string | undefined {
    return this.#tenant.ledger.refusal?.code
  }

  async record(count: number): Promise<void> {
    const end = this.#recorded + count
    while (this.#recorded < end) {
      const from = this.#recorded
      const size = Math.min(BATCH, end - from)
      const { errors, receipts } = await this.#tenant.recorder.record(
        Array.from({ length: size }, (_, position) => decision(from + position, position)),
      )
      if (errors.length > 0) throw new Error(`a record of the drill was refused: ${errors[0]!.code}`)
      for (const { position, index } of receipts) this.#remember(from + position, index)
      this.#recorded += size
      this.#onProgress(`${this.#recorded} decisions recorded`)
    }
    await this.#published()
  }

  /** Erases the person of this number, whom the first decisions are about. */
  async erase(person: number): Promise<void> {
    const { erasure } = await this.#erasures.request({
      scopes: this.#tenant.reader.handlesOf(`drill-person-${person}`),
      ground: 'other',
      by: { id: 'drill', name: 'drill', role: 'admin' },
    })
    await this.#erasures.settled()
    if (!this.#erasures.status(erasure.id)?.erasure.outcome)
      throw new Error('an erasure of the drill did not come to its end')
    this.#erased.push(person)
    await this.#published()
  }

  /** Of each person who was erased the indices of what was about them. */
  indicesOfErased(): number[][] {
    return this.#erased.map((person) => this.#indices.get(person) ?? [])
  }

  /** The record of an entry; undefined when nobody can open it, or there is none. */
  async read(index: number): Promise<CanonicalRecord | undefined> {
    return index < this.size ? (await this.#tenant.reader.one(index)).record : undefined
  }

  close(): Promise<void> {
    return this.#release()
  }

  #remember(i: number, index: number): void {
    const person = personOf(i)
    this.#indices.set(person, [...(this.#indices.get(person) ?? []), index])
  }

  /** Waits for the checkpoint over everything recorded. Sleeps, because nothing else keeps this process alive meanwhile. */
  async #published(): Promise<void> {
    const { ledger } = this.#tenant
    while ((ledger.checkpoint?.size ?? 0) < ledger.size) {
      if (ledger.refusal) throw ledger.refusal
      await realClock.sleep(LOOK_AGAIN_MS)
    }
  }
}

const personOf = (i: number): number => Math.floor(i / EACH)

function decision(i: number, position: number): Submission {
  const value: JsonObject = {
    decisionId: `drill-${i}`,
    modelId: 'drill-scorer',
    modelVersion: '1',
    prediction: i % 3 === 0 ? 'declined' : 'approved',
    confidence: 0.5 + (i % 50) / 100,
    affectedUserId: `drill-person-${personOf(i)}`,
    inputFeatures: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, (i * (n + 7)) % 1_000])),
    messages: [
      { role: 'user', content: `application ${i} of the drill, with what somebody wrote beside it` },
    ],
  }
  return { position, kind: 'decision', reading: { value, coerced: [], faults: [] } }
}

/** The erasures of a ledger without index, server or anybody to tell. */
function erasuresOf(tenant: Tenant, random: Random): Erasures {
  const { dedupe, erasureEntries, ledger, marker, recent, recorder, register, systems, vault } = tenant
  const nothing = (): Promise<void> => Promise.resolve()
  return new Erasures({
    clock: realClock,
    random,
    register,
    ledger,
    vault,
    recorder,
    systems,
    marker,
    dedupe,
    recent,
    entryOf: (root) => erasureEntries.entryOf(root),
    eraseFromIndex: nothing,
    copies: [],
    scrubState: nothing,
    needsTwoPersons: () => false,
    holds: NO_HOLDS,
    people: { sameAs: (scope) => [scope] },
    forget: () => undefined,
    told: nothing,
    toldExpired: nothing,
    delayed: nothing,
    dropWaiting: nothing,
    diagnose: () => undefined,
  })
}
