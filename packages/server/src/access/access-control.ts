/**
 * Who may do what on one ledger, and every change of it.
 *
 * Invariants:
 * - A change is on record before it takes effect: first the record, durable in the ledger, then the file, then this memory.
 *   Crash after the record: the ledger tells of a key that never was given to anybody.
 * - Changes happen one after another.
 * - A file that is not the one last written here was changed by somebody else: that is put on record at the next start.
 */
import type { CanonicalRecord, RecordKind } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { type AccessContent, digestOf, readAccessFile, writeAccessFile } from './access-file.ts'
import { type Actor, SERVER } from './actor.ts'
import { type AccessKey, hasLiveKey, type Identity, isLive } from './identity.ts'
import {
  digestOfToken,
  forgotten,
  type IdentityRequest,
  KeyRefused,
  made,
  type MadeKey,
  revoked,
  rotated,
} from './key-change.ts'
import type { Policy } from './policy.ts'

/** The policy was changed since whoever changes it now has read it. */
export class PolicyChanged extends Error {}

export interface AccessControlOptions {
  disk: Disk
  clock: Clock
  random: Random
  /** The data directory. */
  data: string
  ledger: string
  /** Puts a change on record, as a person's own where their handle is given; resolves with its index when that is durable. */
  record(kind: RecordKind, record: CanonicalRecord, subject?: string): Promise<number>
  /** Digest of the file as it was last written here; undefined when nobody remembers. */
  remembered(): string | undefined
  remember(digest: string): void
}

/** The holder of a key that opens something now. */
export interface KeyHolder {
  readonly identity: Identity
  readonly key: AccessKey
}

export class AccessControl {
  readonly #options: AccessControlOptions
  #content: AccessContent
  #byDigest = new Map<string, KeyHolder>()
  #speakers = new Map<string, Identity>()
  #admins: Identity[] = []
  #changing: Promise<unknown> = Promise.resolve()

  private constructor(options: AccessControlOptions, content: AccessContent) {
    this.#options = options
    this.#content = content
    this.#index()
  }

  /** @throws AccessFileDamaged */
  static async open(options: AccessControlOptions): Promise<AccessControl> {
    return new AccessControl(options, await readAccessFile(options.disk, options.data, options.ledger))
  }

  /** Puts on record that the file is not as it was left, if so. */
  async reconcile(): Promise<void> {
    const { record, remember, remembered } = this.#options
    const before = remembered()
    const after = digestOf(this.#content)
    if (before === after) return
    if (before !== undefined) {
      const reason = 'the access file was changed outside the server'
      await record(
        'change',
        changeOf(SERVER, 'access.file', reason, { beforeDigest: before, afterDigest: after }),
      )
    }
    remember(after)
  }

  get policy(): Policy {
    return this.#content.policy
  }

  get identities(): readonly Identity[] {
    return this.#content.identities
  }

  /** When the ledger was archived; null while it is open. */
  get archivedAt(): number | null {
    return this.#content.archivedAt
  }

  /** Who holds a key; undefined for one that is unknown, expired or revoked. */
  holderOf(token: string): KeyHolder | undefined {
    const held = this.#byDigest.get(digestOfToken(token))
    return held && isLive(held.identity, held.key, this.#options.clock.now()) ? held : undefined
  }

  /** The same by the ids a session keeps. */
  holderById(identityId: string, keyId: string): KeyHolder | undefined {
    const identity = this.identities.find(({ id }) => id === identityId)
    const key = identity?.keys.find(({ id }) => id === keyId)
    return identity && key && isLive(identity, key, this.#options.clock.now()) ? { identity, key } : undefined
  }

  /** Whether an identity holds the role admin now. */
  hasAdmin(): boolean {
    const now = this.#options.clock.now()
    return this.#admins.some((identity) => hasLiveKey(identity, now))
  }

  /** The identity that speaks for an emitter; its keys may all have expired, the name is still its own. */
  speakerOf(emitter: string): Identity | undefined {
    return this.#speakers.get(emitter)
  }

  /** @throws KeyRefused */
  make(request: IdentityRequest, by: Actor): Promise<MadeKey> {
    const { clock, random } = this.#options
    return this.#change(async (content) => {
      const key = made(request, content.identities, random, clock.now())
      const record = keyRecord(key.identity, key.keyId, by)
      const index = await this.#options.record('key.created', record, request.subject)
      const identity = request.subject === undefined ? key.identity : { ...key.identity, madeAt: index }
      return { content: withIdentity(content, identity), result: { ...key, identity } }
    })
  }

  /** A further key for an identity. @throws KeyRefused */
  rotate(id: string, overlapMs: number, by: Actor): Promise<MadeKey> {
    const { clock, random } = this.#options
    return this.#change(async (content) => {
      const key = rotated(identityIn(content, id), overlapMs, random, clock.now())
      const record = {
        ...keyRecord(unnamed(key.identity), key.keyId, by),
        reason: `overlap of ${overlapMs / 1_000} s`,
      }
      await this.#options.record('key.rotated', record)
      return { content: withIdentity(content, key.identity), result: key }
    })
  }

  /** Revokes an identity, or one key, by id. @throws KeyRefused */
  revoke(id: string, by: Actor): Promise<Identity> {
    return this.#change(async (content) => {
      const identity = revoked(identityIn(content, id), id, this.#options.clock.now())
      await this.#options.record('key.revoked', keyRecord(unnamed(identity), id, by))
      return { content: withIdentity(content, identity), result: identity }
    })
  }

  /**
   * Revokes the identities whose making is recorded in entries that were erased, and forgets whose they were. Done again, it does
   * nothing.
   */
  forget(erased: ReadonlySet<number>): Promise<void> {
    const isGone = ({ madeAt }: Identity): boolean => madeAt !== undefined && erased.has(madeAt)
    return this.#change(async (content) => {
      const gone = content.identities.filter(isGone)
      for (const identity of gone.filter(({ revokedAt }) => revokedAt === null)) {
        const record = keyRecord(unnamed(identity), identity.id, SERVER)
        await this.#options.record('key.revoked', { ...record, reason: 'whoever held it was erased' })
      }
      const now = this.#options.clock.now()
      const identities = content.identities.map((one) => (isGone(one) ? forgotten(one, now) : one))
      return { content: gone.length === 0 ? content : { ...content, identities }, result: undefined }
    })
  }

  /** `next.version` is the one it was made from. @throws PolicyChanged */
  changePolicy(next: Policy, reason: string, by: Actor): Promise<Policy> {
    return this.#change(async (content) => {
      const before = content.policy
      if (next.version !== before.version) throw new PolicyChanged('the policy has another version by now')
      const after = { ...next, version: before.version + 1 }
      const details = { before: plain(before), after: plain(after) }
      await this.#options.record('change', changeOf(by, 'access.policy', reason, details))
      return { content: { ...content, policy: after }, result: after }
    })
  }

  /** Closes the ledger to records from outside, for good. */
  archive(reason: string, by: Actor): Promise<number> {
    return this.#change(async (content) => {
      const archivedAt = content.archivedAt ?? this.#options.clock.now()
      if (content.archivedAt === null)
        await this.#options.record(
          'change',
          changeOf(by, 'ledger.state', reason, { before: 'open', after: 'archived' }),
        )
      return { content: { ...content, archivedAt }, result: archivedAt }
    })
  }

  #change<T>(work: (content: AccessContent) => Promise<{ content: AccessContent; result: T }>): Promise<T> {
    const changed = this.#changing.then(async () => {
      const { content, result } = await work(this.#content)
      if (content !== this.#content) await this.#keep(content)
      return result
    })
    this.#changing = changed.catch(() => undefined)
    return changed
  }

  async #keep(content: AccessContent): Promise<void> {
    const { disk, data, ledger, remember } = this.#options
    await writeAccessFile(disk, data, ledger, content)
    this.#content = content
    this.#index()
    remember(digestOf(content))
  }

  #index(): void {
    this.#byDigest = new Map(
      this.identities.flatMap((identity) => identity.keys.map((key) => [key.digest, { identity, key }])),
    )
    const lasting = this.identities.filter(({ revokedAt }) => revokedAt === null)
    this.#admins = lasting.filter(({ roles }) => roles.includes('admin'))
    this.#speakers = new Map(
      lasting.flatMap((identity) => (identity.emitter === undefined ? [] : [[identity.emitter, identity]])),
    )
  }
}

function identityIn({ identities }: AccessContent, id: string): Identity {
  const found = identities.find(
    (identity) => identity.id === id || identity.keys.some((key) => key.id === id),
  )
  if (!found) throw new KeyRefused('not_found', 'no identity and no key has this id')
  return found
}

function withIdentity(content: AccessContent, identity: Identity): AccessContent {
  const others = content.identities.filter(({ id }) => id !== identity.id)
  return { ...content, identities: [...others, identity] }
}

/** Of a person's key only the record of its making says whose it is: that one goes when they are erased. */
function unnamed(identity: Identity): Identity {
  const { subject, ...rest } = identity
  return subject === undefined ? identity : { ...rest, name: 'a person', purposes: null }
}

/** A key and whose it is, as a record; never the secret, never what it is compared with. */
function keyRecord(identity: Identity, keyId: string, by: Actor): CanonicalRecord {
  const { id, name, roles, systems, purposes, emitter, subject, period } = identity
  const details = { id, name, roles: [...roles], systems, purposes, emitter, subject, period }
  return { keyId, use: 'access', actor: plain(by), details: plain(details), basis: 'observed' }
}

function changeOf(by: Actor, object: string, reason: string, details: object): CanonicalRecord {
  return { object, reason, ...plain(details), actor: plain(by), basis: 'observed' }
}

/** The JSON of what may hold undefined members. */
function plain(value: object): CanonicalRecord {
  return JSON.parse(JSON.stringify(value)) as CanonicalRecord
}
