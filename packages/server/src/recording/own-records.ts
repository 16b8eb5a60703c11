/** What the product itself has to say: sealed records of its own, sequenced like everybody's. */
import { type CanonicalRecord, preparePayload, type RecordKind, recordTime } from '@deponent/format'
import { NotSequencing } from '../ledger/errors.ts'
import type { Draft, Ledger } from '../ledger/ledger.ts'
import { reasonOf } from '../platform/failure.ts'
import type { Random } from '../platform/random.ts'
import { Classifier } from '../vault/classify/classifier.ts'
import { type ClassificationPolicy, DEFAULT_CLASSIFICATION } from '../vault/classify/policy.ts'
import type { Vault } from '../vault/vault.ts'
import { encodeAttachment } from './attachment.ts'
import { draftOf } from './draft.ts'
import type { Emitters } from './emitters.ts'
import { entryIdOf } from './entry-id.ts'
import type { OwnRecord } from './own-record.ts'
import { DEFAULT_SYSTEM } from './submission.ts'
import type { Systems } from './systems.ts'

export interface OwnRecordsOptions {
  ledger: Ledger
  vault: Vault
  systems: Systems
  emitters: Emitters
  random: Random
  pseudonymKey: Uint8Array
}

/**
 * What the product says of itself is looked through like everybody's records, since it may repeat what somebody typed: the purpose of a
 * look, a reason. It is never replaced or left out, and no declaration for a system is about it.
 */
const OWN_POLICY: ClassificationPolicy = { ...DEFAULT_CLASSIFICATION, version: 0 }

/** The slug of an entry that belongs to no system. */
const NO_SYSTEM = 'unset'

export class OwnRecords {
  readonly #options: OwnRecordsOptions
  readonly #classifier: Classifier

  constructor(options: OwnRecordsOptions) {
    this.#options = options
    this.#classifier = new Classifier(options.pseudonymKey, OWN_POLICY)
  }

  /** Records one; throws when it cannot. `isPublic`: readable without any key. */
  async record(kind: RecordKind, record: CanonicalRecord, isPublic = false): Promise<number> {
    const slug = await this.slugOf(DEFAULT_SYSTEM)
    return this.#append(kind, slug, DEFAULT_SYSTEM, record, isPublic)
  }

  /** Records, readable by anybody, something about the ledger itself that comes before every system: no system is declared for it. */
  recordFirst(kind: RecordKind, record: CanonicalRecord): Promise<number> {
    return this.#append(kind, NO_SYSTEM, DEFAULT_SYSTEM, record, true)
  }

  /** Several, sequenced together; gives the index of the first. */
  async recordAll(records: readonly OwnRecord[]): Promise<number> {
    const slug = await this.slugOf(DEFAULT_SYSTEM)
    const drafts = records.map((own) =>
      this.#draft(slug, own, own.scope ?? this.#monthOf(DEFAULT_SYSTEM, own.record)),
    )
    await this.flushKeys()
    const { first } = await this.#options.ledger.append(drafts)
    return first
  }

  /** The slug of a system; a new one is declared by a record of its own before its first entry. */
  slugOf(system: string): Promise<string> | string {
    return this.#options.systems.ensure(system, async (slug) => {
      await this.#append('system.declared', slug, system, { name: system, slug, basis: 'observed' }, false)
    })
  }

  /** The slug of an emitter; a new one is declared by a record of the system it is first heard from, and is its first sender's. */
  emitterSlugOf(name: string, system: string, owner: string | undefined): Promise<string> | string {
    return this.#options.emitters.ensure(name, async (slug) => {
      const record = { name, slug, system, basis: 'observed', ...(owner !== undefined && { owner }) }
      await this.#append('emitter.declared', await this.slugOf(system), system, record, false)
    })
  }

  /** Makes the keys of what is to be appended durable. When that fails nothing is appended any more. */
  async flushKeys(): Promise<void> {
    const { ledger, vault } = this.#options
    try {
      await vault.flushKeys()
    } catch (error) {
      const reason = reasonOf(error)
      ledger.refuse(new NotSequencing('write_failed', `keys could not be made durable: ${reason}`))
      throw ledger.refusal ?? error
    }
  }

  async #append(
    kind: RecordKind,
    slug: string,
    system: string,
    record: CanonicalRecord,
    isPublic: boolean,
  ): Promise<number> {
    const draft = this.#draft(slug, { kind, record }, isPublic ? 'public' : this.#monthOf(system, record))
    await this.flushKeys()
    const appended = await this.#options.ledger.append([draft])
    return appended.first
  }

  /** The scope of records about nobody, in the month of this one. */
  #monthOf(system: string, record: CanonicalRecord): Uint8Array {
    const { ledger, vault } = this.#options
    const month = new Date(recordTime(record) ?? ledger.now()).toISOString().slice(0, 7)
    return vault.systemScope(system, month)
  }

  /** A record sealed under the key of a scope, or public; the key is durable only after `flushKeys`. */
  #draft(
    slug: string,
    { kind, record, show }: Omit<OwnRecord, 'scope'>,
    scope: Uint8Array | 'public',
  ): Draft {
    const { ledger, random, vault } = this.#options
    if (ledger.refusal) throw ledger.refusal
    const id = entryIdOf(ledger.now(), random.bytes(10))
    const { record: classified } = this.#classifier.classify(kind, DEFAULT_SYSTEM, record)
    const prepared = preparePayload(classified, id)
    const { frame, payload } =
      scope === 'public'
        ? vault.sealPublic(prepared)
        : vault.seal(id, prepared, vault.keyNumber(scope), { ...(show && { show }) })
    return { ...draftOf(id, kind, slug, payload), attachment: encodeAttachment({ frame }) }
  }
}
