/** Erasures made by hand: what a directory holds after one, whoever carried it out. */
import {
  type CanonicalRecord,
  decodeEntry,
  type Entry,
  type ErasureSet,
  erasureSet,
  toHex,
} from '@deponent/format'
import { readContents } from '../../packages/server/src/drill/contents.ts'
import { rewrite } from '../../packages/server/src/drill/rewrite.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { linkIn } from '../../packages/server/src/recording/emitter-facts.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { encodeSegment } from '../../packages/server/src/vault/segment.ts'
import { encodeTombstone } from '../../packages/server/src/vault/tombstone.ts'
import type { Place } from '../recording/open-tenant.ts'

const random = new SeededRandom('erased by hand')

/** The set of some entries, with secrets of its own. */
export function setOf(indices: readonly number[]): ErasureSet {
  return erasureSet(indices, { saltOf: () => random.bytes(16), paddingOf: () => random.bytes(32) })
}

/** Appends the `erasure` entry of a set, which shows its root unless it is somebody's own, and gives its index. */
export function appendErasure(
  { recorder, vault }: Tenant,
  setRoot: Uint8Array,
  isShown = true,
): Promise<number> {
  const record: CanonicalRecord = {
    setRoot: toHex(setRoot),
    count: 1,
    ground: 'gdpr_17_1_a',
    reason: 'asked by letter',
    at: '2026-11-28T00:00:00.000Z',
    basis: 'observed',
  }
  const scope = vault.registerScope('erasures')
  return recorder.recordOwnAll([{ kind: 'erasure', record, scope, ...(isShown && { show: ['/setRoot'] }) }])
}

/** The tombstones of the entries of a set as they lie in the vault, by index; the links of numbered records stay. */
export async function tombstonesOf(
  { ledger, vault }: Tenant,
  { openings }: ErasureSet,
): Promise<Map<number, Uint8Array>> {
  const tombstones = new Map<number, Uint8Array>()
  for (const [index, opening] of openings) {
    const entry: Entry = decodeEntry(await ledger.entryBytes(index))
    const link = linkIn(vault.record(entry, (await vault.segments.frame(index))!))
    tombstones.set(index, encodeTombstone({ ...opening, ...(link && { link }) }))
  }
  return tombstones
}

/** Records the digests that the segments will have once the tombstones are in them. */
export async function tellDigests(
  tenant: Tenant,
  tombstones: ReadonlyMap<number, Uint8Array>,
): Promise<void> {
  const { ledger, recorder, vault } = tenant
  for (const { segment, first, end } of await vault.segments.sealed()) {
    const frames = await vault.segments.range(first, end)
    if (!frames.some((_, i) => tombstones.has(first + i))) continue
    const rewritten = frames.map((frame, i) => tombstones.get(first + i) ?? frame)
    const digest = toHex(encodeSegment(ledgerIdOf(ledger.origin), first, rewritten).digest)
    await recorder.recordOwn('vault.sealed', { segment, first, end, digest, basis: 'observed' }, true)
  }
}

/** Puts tombstones where the payloads were: in the segments and in the log of a directory that nobody has open. */
export async function writeTombstones(
  { data }: Place,
  origin: string,
  tombstones: ReadonlyMap<number, Uint8Array>,
): Promise<void> {
  const contents = await readContents(realDisk, data, 'default', origin)
  for (const [index, frame] of tombstones) {
    const { entry } = contents.items[index]!
    contents.items[index] = { entry, frame }
  }
  await rewrite({ disk: realDisk, directory: data, ledger: 'default', origin }, contents, true)
}

/** Erases entries of an open ledger that `close` closes: afterwards the directory holds their tombstones. */
export async function eraseByHand(
  place: Place,
  { tenant, close }: { tenant: Tenant; close(): Promise<void> },
  indices: readonly number[],
): Promise<{ set: ErasureSet; erasure: number }> {
  const set = setOf(indices)
  const tombstones = await tombstonesOf(tenant, set)
  await tellDigests(tenant, tombstones)
  const erasure = await appendErasure(tenant, set.root)
  const { ledger } = tenant
  await ledger.published(ledger.size, 5_000)
  await close()
  await writeTombstones(place, ledger.origin, tombstones)
  return { set, erasure }
}
