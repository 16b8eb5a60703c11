/**
 * Erases. Several erasures are done together, because each pass over vault and log costs the same for one as for many:
 *
 *   plan     keys closed, requests in flight waited for, what the keys seal found and written down
 *   destroy  the keys are destroyed
 *   clear    tombstones take the place of payloads in vault and log; index, memory and names are cleared
 *   attest   an `erasure` record for each; then whoever must know of it is told
 *
 * Each step may be repeated, and is, when a process ends on the way: what `plan` wrote down says what the later ones do. Crash before it: the keys are
 * closed again and the plan is made anew. Crash after it: payloads are unreadable or will be, and nothing about what to do is lost.
 */
import { toHex } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { decodeAttachment, encodeAttachment } from '../recording/attachment.ts'
import { type Dedupe, FORGOTTEN } from '../recording/dedupe.ts'
import type { Marker } from '../recording/marker.ts'
import type { Recent } from '../recording/recent.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Systems } from '../recording/systems.ts'
import { isTombstone } from '../vault/tombstone.ts'
import type { Vault } from '../vault/vault.ts'
import { attest, attestExpiry } from './attest.ts'
import {
  type ErasedName,
  type Erasure,
  type ErasureRequest,
  type Expiring,
  isExpiry,
  type Planned,
} from './erasure.ts'
import type { HeldBy } from './held.ts'
import { planAll } from './planning.ts'
import type { BegunOutside, ErasureRegister } from './register.ts'
import type { KnownPeople } from './standing.ts'
import { framesLeft, setOf } from './tombstones.ts'

const DAY_MS = 86_400_000

/** Content that is kept a second time somewhere: in an object store, in a colder tier. */
export interface ContentCopy {
  /**
   * Brings it in line with what is left of these entries in vault and log; resolves when nothing else of them is left in it, in no
   * version. Called again after whatever failed or was cut short.
   */
  erase(indices: readonly number[]): Promise<void>
}

/** What erasing takes place in. */
export interface ErasingIn {
  clock: Clock
  random: Random
  register: ErasureRegister
  ledger: Ledger
  vault: Vault
  recorder: Recorder
  systems: Systems
  marker: Marker
  dedupe: Dedupe
  recent: Recent
  /** Holds that keep entries from being erased. */
  holds: HeldBy
  /** Who are one person. */
  people: KnownPeople
  /** The index of the erasure entry with this set root (hex), when there is one already. */
  entryOf(setRoot: string): number | undefined
  /** Takes the rows of these entries out of the index; resolves when none is left anywhere in it but of what is left of `left`. */
  eraseFromIndex(indices: readonly number[], left: readonly number[]): Promise<void>
  /** Cleared after vault, log and index, one after another; an erasure is not completed before all of them are. */
  copies: readonly ContentCopy[]
  /** Drops what is kept in memory of what these entries said. */
  forget(indices: readonly number[]): void
  /** Lets go of freed pages of the state store, which may hold names. */
  scrubState(): Promise<void>
  /** Called for erasures before they count as completed: again after a crash, so that nobody is left untold. */
  told(erasures: readonly Told[]): Promise<void>
  /** The same for entries that go because their time is over: nobody outside is told. */
  toldExpired(indices: readonly number[]): Promise<void>
}

/** A completed erasure with what it was about, which is not known any more once it is in the register. */
export interface Told {
  readonly erasure: Erasure
  readonly request: ErasureRequest | undefined
  readonly indices: readonly number[]
}

/** Does these erasures, as far as that was not done before; gives those that are done. */
export async function eraseAll(place: ErasingIn, erasures: readonly Erasure[]): Promise<Erasure[]> {
  const planned = await planAll(place, erasures)
  if (planned.length === 0) return []
  const expired = planned.filter(isExpiry)
  const asked = planned.filter((erasure) => !isExpiry(erasure))
  // What expires is keyed to people who have more that is kept: its keys stay, and what they sealed goes.
  await place.register.begun([
    ...asked.map(({ id, plan }) => ({ id, numbers: plan.numbers })),
    ...expired.map(expiredOutside),
  ])
  await place.vault.destroyKeys(asked.flatMap(({ plan }) => plan.numbers))
  await clear(place, planned)
  await attestExpiry(place, expired)
  const done = await attest(place, asked)
  await place.toldExpired(expired.flatMap(({ plan }) => plan.indices))
  await place.told(
    asked.map(({ plan, request }, i) => ({ erasure: done[i]!, request, indices: plan.indices })),
  )
  await place.register.put(done)
  place.register.forget(expired)
  await place.register.settle()
  return done
}

function expiredOutside(erasure: Expiring): BegunOutside {
  const { expiry, id, plan } = erasure
  const { planDigest, policy, policyVersion } = expiry
  const setRoot = toHex(setOf(erasure).root)
  return { id, numbers: [], expired: { policy, policyVersion, planDigest, setRoot, indices: plan.indices } }
}

/** Puts what is left in the place of payloads wherever these are, and clears what was derived from them. */
async function clear(place: ErasingIn, planned: readonly Planned[]): Promise<void> {
  const { copies, vault, ledger, recent, dedupe, eraseFromIndex, scrubState } = place
  const frames = await framesLeft(planned, (index) => vault.segments.frame(index))
  const left = [...frames].flatMap(([index, frame]) => (isTombstone(frame) ? [] : [index]))
  const isLeft = new Set(left)
  const names = planned.filter((erasure) => !isExpiry(erasure)).flatMap(({ plan }) => plan.names)
  const expired = planned.filter(isExpiry).flatMap(({ plan }) => plan.names.filter(hasPlace))
  const kept = new Set(
    planned.flatMap(({ plan }) => plan.kept.flatMap(({ index, key }) => (isLeft.has(index) ? [key] : []))),
  )
  dedupe.erase([...names, ...expired])
  await vault.segments.replace(frames)
  await ledger.replaceAttachments((index, attachment) => {
    const frame = frames.get(index)
    return frame && attachmentLeft(frame, attachment, kept)
  })
  for (const index of frames.keys()) recent.forget(index)
  place.forget([...frames.keys()])
  await eraseFromIndex([...frames.keys()], left)
  for (const copy of copies) await copy.erase([...frames.keys()])
  dedupe.forgetContent(kept)
  dedupe.removeErased(names)
  dedupe.expire(expired, Math.floor(place.clock.now() / DAY_MS))
  await scrubState()
}

function hasPlace(name: ErasedName): name is Required<ErasedName> {
  return name.index !== undefined
}

/** Of a tombstone nothing else stays: the name is gone, and it holds the link itself. Of what is left in part the name stays, not what it said. */
function attachmentLeft(frame: Uint8Array, attachment: Uint8Array, kept: ReadonlySet<string>): Uint8Array {
  if (isTombstone(frame)) return encodeAttachment({ frame })
  const { mark, link } = decodeAttachment(attachment)
  const known = mark && (kept.has(mark.key) ? { key: mark.key, mac: FORGOTTEN } : mark)
  return encodeAttachment({ frame, ...(known && { mark: known }), ...(link && { link }) })
}
