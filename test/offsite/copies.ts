import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { realClock, type Clock } from '../../packages/server/src/platform/clock.ts'
import { fileStore } from '../../packages/server/src/platform/file-store.ts'
import type { ObjectStore, StoredVersion } from '../../packages/server/src/platform/object-store.ts'
import type { HostedLedger } from '../../packages/server/src/hosting/hosted-ledger.ts'
import { type RestoredDirectory, restoreOffsite } from '../../packages/server/src/restore-offsite.ts'
import { rootBeside, type RootSource } from '../../packages/server/src/vault/root-source.ts'
import { newPlace, type Place } from '../recording/open-tenant.ts'
import { type Hosting, type HostingOfTests, openLedgers } from '../hosting/open-ledgers.ts'

export const DAY_MS = 86_400_000

/** A clock that can be set ahead; pauses between rounds are short, longer waits are as long as they are. */
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
    return realClock.after(ms <= 5_000 ? 1 : ms, task)
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

/** A life of the ledgers of a server that copies them to the place's store, or to another. */
export function openCopied(
  place: CopiedPlace,
  {
    store = place.store,
    lockDays = 30,
    ...more
  }: HostingOfTests & { store?: ObjectStore; lockDays?: number } = {},
): Promise<Hosting> {
  return openLedgers(place, { offsite: { store, lockDays }, clock: place.clock, ...more })
}

/** Resolves when everything published is copied. */
export async function copied({ offsite, tenant }: HostedLedger): Promise<void> {
  await until(() => {
    const { size } = tenant.ledger
    return tenant.ledger.checkpoint?.size === size && offsite!.status().size === size
  })
}

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

/** Keys below the prefix of the one ledger that is copied, without it. */
export async function keysIn(store: ObjectStore): Promise<string[]> {
  const keys = (await versionsIn(store)).map(({ key }) => key.split('/').slice(2).join('/'))
  return [...new Set(keys)]
}

/** Whether any version of any object holds these bytes. */
export async function storeHolds(store: ObjectStore, needle: Uint8Array): Promise<boolean> {
  for (const { key, version, isRemoval } of await versionsIn(store)) {
    const bytes = isRemoval ? undefined : await store.get(key, { version })
    if (bytes && Buffer.from(bytes).includes(Buffer.from(needle))) return true
  }
  return false
}

/** Brings the place's directory back into a new one, with a copy of its keyring. */
export async function restored(
  place: CopiedPlace,
  name = 'restored',
): Promise<{ data: string; ledgers: RestoredDirectory[] }> {
  const root = join(place.data, '..')
  const keyring = join(root, `${name}-keyring`)
  await cp(`${place.data}/keyring`, keyring, { recursive: true })
  const data = join(root, name)
  const rootOf = (directory: string): RootSource => rootBeside(`${directory}/keyring`)
  const ledgers = await restoreOffsite({ store: place.store, keyring, data, rootOf })
  return { data, ledgers }
}
