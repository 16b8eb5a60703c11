/** Ledgers that are copied to a store of objects, in tests. */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { CanonicalRecord, Trust } from '@deponent/format'
import { openDirectory } from '../../packages/server/src/directory.ts'
import type { Erasures } from '../../packages/server/src/erasure/erasures.ts'
import { offsiteOf } from '../../packages/server/src/hosting/offsite.ts'
import type { Offsite } from '../../packages/server/src/offsite/offsite.ts'
import { type Clock, realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { fileStore } from '../../packages/server/src/platform/file-store.ts'
import type { ObjectStore, StoredVersion } from '../../packages/server/src/platform/object-store.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { type RestoredDirectory, restoreOffsite } from '../../packages/server/src/restore-offsite.ts'
import { openTenant, type Tenant } from '../../packages/server/src/tenant.ts'
import { rootBeside, type RootSource } from '../../packages/server/src/vault/root-source.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'
import { loan, newPlace, type Place, submission } from '../recording/open-tenant.ts'

export const DAY_MS = 86_400_000
export const LOCK_DAYS = 30

/** A clock that can be set ahead; pauses up to five minutes are short, all but the ten seconds that an end waits at most. */
export class ClockAhead implements Clock {
  aheadMs = 0

  now(): number {
    return realClock.now() + this.aheadMs
  }

  monotonicMs(): number {
    return realClock.monotonicMs()
  }

  sleep(ms: number): Promise<void> {
    return realClock.sleep(ms)
  }

  after(ms: number, task: () => void): () => void {
    return realClock.after(ms === 10_000 || ms > 300_000 ? ms : 1, task)
  }
}

/** A store between, which a test lets fail or watches. */
export class WatchedStore implements ObjectStore {
  readonly #store: ObjectStore
  /** Called before a call is handed on, and after it; what it throws is what the caller gets. */
  before: (call: string, key: string) => void | Promise<void> = () => undefined
  after: (call: string, key: string) => void = () => undefined

  constructor(store: ObjectStore) {
    this.#store = store
  }

  get place(): string {
    return this.#store.place
  }

  ability(): ReturnType<ObjectStore['ability']> {
    return this.#watched('ability', '', () => this.#store.ability())
  }

  put(key: string, ...rest: [Uint8Array, object?]): Promise<string | null> {
    return this.#watched('put', key, () => this.#store.put(key, ...rest))
  }

  get(key: string, options?: object): Promise<Uint8Array | undefined> {
    return this.#watched('get', key, () => this.#store.get(key, options))
  }

  list(prefix: string): ReturnType<ObjectStore['list']> {
    return this.#store.list(prefix)
  }

  async *listVersions(prefix: string): AsyncGenerator<StoredVersion> {
    await this.before('listVersions', prefix)
    yield* this.#store.listVersions(prefix)
  }

  versions(key: string): Promise<StoredVersion[]> {
    return this.#watched('versions', key, () => this.#store.versions(key))
  }

  remove(key: string, options?: object): Promise<void> {
    return this.#watched('remove', key, () => this.#store.remove(key, options))
  }

  lockOf(key: string, version?: string | null): ReturnType<ObjectStore['lockOf']> {
    return this.#watched('lockOf', key, () => this.#store.lockOf(key, version))
  }

  extendLock(
    key: string,
    ...rest: Parameters<ObjectStore['extendLock']> extends [string, ...infer R] ? R : never
  ): Promise<void> {
    return this.#watched('extendLock', key, () => this.#store.extendLock(key, ...rest))
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async #watched<T>(call: string, key: string, work: () => Promise<T>): Promise<T> {
    await this.before(call, key)
    const done = await work()
    this.after(call, key)
    return done
  }
}

export interface CopiedPlace extends Place {
  readonly clock: ClockAhead
  readonly store: ObjectStore
  readonly storeRoot: string
}

export async function newCopiedPlace(): Promise<CopiedPlace> {
  const place = await newPlace()
  const clock = new ClockAhead()
  const storeRoot = join(place.data, '../store')
  return { ...place, clock, storeRoot, store: fileStore(storeRoot, { clock }) }
}

export interface CopiedLife {
  readonly tenant: Tenant
  readonly offsite: Offsite
  readonly erasures: Erasures
  /** What operators were told. */
  readonly told: string[]
  record(...values: Record<string, unknown>[]): Promise<void>
  /** Resolves when everything recorded is under a checkpoint that is copied. */
  copied(): Promise<void>
  erase(person: string): Promise<void>
  close(): Promise<void>
}

export interface LifeOptions {
  store?: ObjectStore
  lockDays?: number
  acceptHead?: boolean
  /** Entries in a segment of the vault; usually so many that there is none. */
  segmentEntries?: number
  /** `null`: not any more. `undefined`: nothing is said of it. */
  isCopied?: true | null | undefined
}

/** One life of a ledger on a place, with its copy and its erasures; `close` ends it in order. */
export async function openCopied(place: CopiedPlace, options: LifeOptions = {}): Promise<CopiedLife> {
  const { store = place.store, lockDays = LOCK_DAYS, segmentEntries } = options
  const isCopied = 'isCopied' in options ? options.isCopied : true
  const { clock } = place
  const directory = await openDirectory(realDisk, realRandom, place.data)
  const tenant = await openTenant({
    disk: realDisk,
    clock,
    random: realRandom,
    directory,
    ledgerName: 'default',
    signerDirectory: place.signer,
    acceptHead: options.acceptHead ?? false,
    intake: (start) => new LocalIntake(start, realRandom),
    onStop: () => undefined,
    ...(segmentEntries !== undefined && {
      fileSizes: { log: 65_536, segment: { entriesMax: segmentEntries, bytesMax: 1_000_000 } },
    }),
  })
  const told: string[] = []
  const diagnose = (message: string): void => {
    told.push(message)
  }
  const { copies, offsite } = await offsiteOf(tenant, {
    disk: realDisk,
    clock,
    random: realRandom,
    directory,
    offsite: isCopied === true ? { store, lockDays } : isCopied,
    diagnose,
  })
  offsite?.begin()
  const erasures = erasuresOver(tenant, clock, realRandom, { copies })
  await erasures.begin()
  return {
    tenant,
    offsite: offsite!,
    erasures,
    told,
    async record(...values) {
      const { errors } = await tenant.recorder.record(values.map((value, i) => submission(value, i)))
      if (errors.length > 0) throw new Error(JSON.stringify(errors))
    },
    copied: () =>
      until(() => {
        const { checkpoint, size } = tenant.ledger
        return checkpoint?.size === size && offsite?.status().size === size
      }),
    async erase(person) {
      const { erasure } = await erasures.request(requestAbout(tenant, person))
      await until(() => erasures.status(erasure.id)?.erasure.outcome !== undefined)
    },
    async close() {
      await erasures.close()
      await tenant.close()
      await directory.release()
    },
  }
}

export const loans = (count: number, from = 0): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, i) => loan(from + i))

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await holds()); waited += 10) {
    if (waited > 60_000) throw new Error('it did not come to that')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export async function versionsIn(store: ObjectStore, prefix = ''): Promise<StoredVersion[]> {
  const versions: StoredVersion[] = []
  for await (const version of store.listVersions(prefix)) versions.push(version)
  return versions
}

/** A key without what stands before it in every key of the copy. */
export const shortOf = (key: string): string => key.split('/').slice(2).join('/')

/** Keys of the one ledger that is copied, each once. */
export async function keysIn(store: ObjectStore): Promise<string[]> {
  return [...new Set((await versionsIn(store)).map(({ key }) => shortOf(key)))]
}

/** Whether any version of any object holds these bytes. */
export async function storeHolds(store: ObjectStore, needle: Uint8Array): Promise<boolean> {
  for (const { key, version, isRemoval } of await versionsIn(store)) {
    const bytes = isRemoval ? undefined : await store.get(key, { version })
    if (bytes && Buffer.from(bytes).includes(Buffer.from(needle))) return true
  }
  return false
}

/** The sealed bytes of a decision, as they lie wherever it is kept. */
export async function ciphertextOf({ tenant }: CopiedLife, decisionId: string): Promise<Uint8Array> {
  const [index] = await tenant.recorder.findDecisions(decisionId)
  const frame = await tenant.vault.segments.frame(index!)
  return frame!.slice(22)
}

/** What the ledger says of its copy, in the order it said it. */
export async function saidOfCopy({ tenant }: CopiedLife): Promise<CanonicalRecord[]> {
  const said: CanonicalRecord[] = []
  for (const { entry, record } of await tenant.reader.read(0, tenant.ledger.size)) {
    if (entry.kind === 'change' && record?.object === 'offsite') said.push(record.details as CanonicalRecord)
  }
  return said
}

/** The values of alerts that the ledger raised about its copy. */
export async function alertsOf({ tenant }: CopiedLife): Promise<unknown[]> {
  const read = await tenant.reader.read(0, tenant.ledger.size)
  return read.flatMap(({ entry, record }) =>
    entry.kind === 'alert.raised' && record?.monitorId === 'offsite' ? [record.value] : [],
  )
}

/** Brings the place's directory back into a new one, with a copy of its keyring. */
export async function restored(
  place: CopiedPlace,
  name = 'restored',
  trust?: Trust,
): Promise<{ data: string; ledgers: RestoredDirectory[] }> {
  const root = join(place.data, '..')
  const keyring = join(root, `${name}-keyring`)
  await cp(`${place.data}/keyring`, keyring, { recursive: true })
  const data = join(root, name)
  const rootOf = (directory: string): RootSource => rootBeside(`${directory}/keyring`)
  const ledgers = await restoreOffsite({ store: place.store, keyring, data, rootOf, ...(trust && { trust }) })
  return { data, ledgers }
}
