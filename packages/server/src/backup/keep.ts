/** Which snapshots a backup holds, whether they are whole, and which of them go. */
import type { Random } from '../platform/random.ts'
import { severalAtOnce } from '../platform/several-at-once.ts'
import { type BackupStore, OBJECTS, removeWholly } from './backup-store.ts'
import { BackupRefused } from './refusal.ts'
import type { Snapshot, SnapshotFile } from './snapshot.ts'

const DAY_MS = 86_400_000
/** What nothing refers to stays so long: a backup that is being made may refer to it when it is done. */
const UNREFERENCED_MS = DAY_MS
const AT_ONCE = 6

/** What a snapshot is, without its files. */
export interface SnapshotSummary extends Omit<Snapshot, 'files' | 'v' | 'directory'> {
  readonly files: number
  readonly bytes: number
}

/** All snapshots, oldest first. */
export async function listSnapshots(backup: BackupStore): Promise<SnapshotSummary[]> {
  const snapshots = await allSnapshots(backup)
  return snapshots.map(({ id, madeAt, product, ledgers, files }) => ({
    id,
    madeAt,
    product,
    ledgers,
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  }))
}

async function allSnapshots(backup: BackupStore): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = []
  for (const id of await backup.snapshotIds()) snapshots.push(await backup.snapshot(id))
  return snapshots
}

/** A file that does not come back, and in which snapshots it is missing. */
export interface BackupDamage {
  readonly path: string
  readonly object: string
  readonly snapshots: readonly string[]
  readonly message: string
}

export interface BackupCheck {
  readonly snapshots: number
  /** Objects that were read, opened and compared with what the snapshots say of them, and how many there are. */
  readonly read: number
  readonly objects: number
  readonly damage: readonly BackupDamage[]
}

export interface CheckOptions {
  /** So many objects, drawn by lot; all when absent. */
  readonly sample?: number
  readonly random: Random
  onProgress?(done: number, total: number): void
}

/** Reads every object that a snapshot refers to, or some of them. A snapshot that does not open is damage too. */
export async function checkBackup(backup: BackupStore, options: CheckOptions): Promise<BackupCheck> {
  const damage: BackupDamage[] = []
  const files = new Map<string, { file: SnapshotFile; snapshots: string[] }>()
  const ids = await backup.snapshotIds()
  for (const id of ids) {
    const snapshot = await unlessRefused(backup.snapshot(id), (message) =>
      damage.push({ path: `snapshot ${id}`, object: `snapshots/${id}`, snapshots: [id], message }),
    )
    for (const file of snapshot?.files ?? []) {
      const known = files.get(file.object)
      if (known) known.snapshots.push(id)
      else files.set(file.object, { file, snapshots: [id] })
    }
  }
  const chosen = drawn([...files.values()], options)
  let read = 0
  await severalAtOnce(chosen, AT_ONCE, async ({ file, snapshots }) => {
    const { object, path } = file
    await unlessRefused(backup.contentOf(file), (message) =>
      damage.push({ path, object, snapshots, message }),
    )
    read += 1
    options.onProgress?.(read, chosen.length)
  })
  return { snapshots: ids.length, read, objects: files.size, damage }
}

async function unlessRefused<T>(
  work: Promise<T>,
  refused: (message: string) => void,
): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof BackupRefused)) throw error
    refused(error.message)
    return undefined
  }
}

/** So many of these, each as likely as any other. */
function drawn<T>(items: T[], { sample, random }: CheckOptions): T[] {
  if (sample === undefined || sample >= items.length) return items
  for (let i = 0; i < sample; i += 1) {
    const view = new DataView(random.bytes(8).buffer)
    const other = i + Number(view.getBigUint64(0) % BigInt(items.length - i))
    ;[items[i], items[other]] = [items[other]!, items[i]!]
  }
  return items.slice(0, sample)
}

export interface KeepRule {
  /** Unix milliseconds. */
  readonly now: number
  /** The newest so many stay, whatever their age; all when neither this nor `days` is given. */
  readonly last?: number
  /** Those of so many days stay. */
  readonly days?: number
  /** So many days after an erasure was in a snapshot first, those from before it go. */
  readonly erasedDays: number
}

/** Ids of the snapshots that go, oldest first. The newest never does. */
export function goingBy(snapshots: readonly Snapshot[], rule: KeepRule): string[] {
  const { now, last, days, erasedDays } = rule
  const newest = snapshots.at(-1)
  const going = snapshots.filter((snapshot, i) => {
    if (snapshot === newest) return false
    const since = snapshots.slice(i + 1).find((later) => isFromBeforeErasure(snapshot, later))
    if (since && since.madeAt <= now - erasedDays * DAY_MS) return true
    if (last === undefined && days === undefined) return false
    const isAmongLast = snapshots.length - i <= (last ?? 0)
    const isYoung = days !== undefined && snapshot.madeAt > now - days * DAY_MS
    return !isAmongLast && !isYoung
  })
  return going.map(({ id }) => id)
}

/** Whether something was erased between the two: then the earlier holds what the later does not. */
function isFromBeforeErasure(earlier: Snapshot, later: Snapshot): boolean {
  return earlier.ledgers.some(({ origin, begun }) => {
    const other = later.ledgers.find((ledger) => ledger.origin === origin)
    return other !== undefined && other.begun !== begun
  })
}

export interface Pruned {
  readonly snapshots: readonly string[]
  readonly objects: number
  readonly bytes: number
}

/** Removes the snapshots that go by the rule, then what no snapshot refers to. StoreFailure, after which what was not removed is there. */
export async function pruneBackup(backup: BackupStore, rule: KeepRule): Promise<Pruned> {
  const all = await allSnapshots(backup)
  const going = new Set(goingBy(all, rule))
  for (const id of going) await backup.removeSnapshot(id)
  const kept = new Set(
    all.filter(({ id }) => !going.has(id)).flatMap(({ files }) => files.map(({ object }) => object)),
  )
  const released = new Set(
    all.filter(({ id }) => going.has(id)).flatMap(({ files }) => files.map(({ object }) => object)),
  )
  let objects = 0
  let bytes = 0
  for await (const object of backup.store.list(OBJECTS)) {
    const isOld = object.storedAt <= rule.now - UNREFERENCED_MS
    if (kept.has(object.key) || !(isOld || released.has(object.key))) continue
    await removeWholly(backup.store, object.key)
    objects += 1
    bytes += object.bytes
  }
  return { snapshots: [...going], objects, bytes }
}
