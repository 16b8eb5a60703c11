/** Numbers of emitters that came and have no entry: each is declared lost, with the reason. */
import type { CanonicalRecord } from '@deponent/format'
import type { Emitters } from './emitters.ts'
import type { RecordError } from './envelope.ts'
import type { Candidate, IntakeOpened } from './intake.ts'
import type { OwnRecord } from './own-record.ts'
import type { OwnRecords } from './own-records.ts'
import { DEFAULT_SYSTEM, type Numbering } from './submission.ts'

/** What became of the records of a request. */
export interface Unkept {
  readonly candidates: readonly Candidate[]
  readonly refused: IntakeOpened['refused']
  readonly errors: readonly RecordError[]
  readonly repeated: readonly Candidate[]
  /** Whose an emitter becomes that is first heard from here. */
  readonly owner: string | undefined
}

/** Records, for every number that came and has no entry, that it is lost and why. */
export async function declareUnkept(own: OwnRecords, emitters: Emitters, unkept: Unkept): Promise<void> {
  const numbers = numbersOf(unkept)
  if (numbers.size === 0) return
  const losses = new Losses(own, emitters, unkept.owner)
  for (const { position, code } of unkept.errors) {
    const emitter = numbers.get(position)
    if (emitter) await losses.declare(emitter, 'rejected', { code })
  }
  for (const { emitter } of unkept.repeated) if (emitter) await losses.repeat(emitter)
  if (losses.records.length > 0) await own.recordAll(losses.records)
}

function numbersOf({ candidates, refused }: Unkept): Map<number, Numbering> {
  const numbers = new Map<number, Numbering>(refused.map(({ position, emitter }) => [position, emitter]))
  for (const { position, emitter } of candidates) if (emitter) numbers.set(position, emitter)
  return numbers
}

class Losses {
  readonly records: OwnRecord[] = []
  readonly #own: OwnRecords
  readonly #emitters: Emitters
  readonly #owner: string | undefined
  readonly #declared = new Set<string>()

  constructor(own: OwnRecords, emitters: Emitters, owner: string | undefined) {
    this.#own = own
    this.#emitters = emitters
    this.#owner = owner
  }

  async declare(emitter: Numbering, reason: string, details: CanonicalRecord): Promise<void> {
    const slug = await this.#slugOf(emitter)
    const { id, epoch, seq, link } = emitter
    const key = `${slug} ${epoch} ${seq}`
    if (this.#declared.has(key) || this.#emitters.accountsFor(slug, epoch, seq)) return
    this.#declared.add(key)
    const said = { emitterId: id, epoch, seq, count: 1, reason, details, basis: 'observed' }
    this.records.push({ kind: 'emitter.loss', record: link === '' ? said : { ...said, link } })
  }

  /** A resend of a record that has its number is counted; one under another number leaves that number lost. */
  async repeat(emitter: Numbering): Promise<void> {
    const slug = await this.#slugOf(emitter)
    if (this.#emitters.accountsFor(slug, emitter.epoch, emitter.seq))
      this.#emitters.resent(slug, emitter.epoch)
    else await this.declare(emitter, 'duplicate', { code: 'duplicate' })
  }

  #slugOf({ id }: Numbering): Promise<string> | string {
    return this.#own.emitterSlugOf(id, DEFAULT_SYSTEM, this.#owner)
  }
}
