/** The record of an erasure: it commits to the set of what was erased, and names no entry and no person. */
import { type CanonicalRecord, isoTime, SET_ROOT_POINTER, toHex } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import type { OwnRecord } from '../recording/own-record.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Vault } from '../vault/vault.ts'
import { type Erasure, type Expiring, type Planned, REPLAY_DAYS } from './erasure.ts'
import { setOf } from './tombstones.ts'

const DAY_MS = 86_400_000
/** The scope of the register of erasures: its records are about nobody, and outlive whom they were about. */
const REGISTER = 'erasures'

export interface AttestingIn {
  clock: Clock
  ledger: Pick<Ledger, 'entry'>
  vault: Pick<Vault, 'registerScope'>
  recorder: Pick<Recorder, 'recordOwnAll'>
  entryOf(setRoot: string): number | undefined
}

/** Records each erasure that somebody asked for and that is not recorded yet, all of them together; gives them as completed. */
export async function attest(place: AttestingIn, erasures: readonly Planned[]): Promise<Erasure[]> {
  const completedAt = place.clock.now()
  const entries = await attested(place, erasures, (erasure, root) =>
    Promise.resolve({ kind: 'erasure', record: recordOf(erasure, root, completedAt) }),
  )
  const done: Erasure[] = []
  for (const [i, erasure] of erasures.entries()) {
    const { index, setRoot } = entries[i]!
    const { id } = await place.ledger.entry(index)
    done.push(completed(erasure, { setRoot, entry: { index, id }, completedAt }))
  }
  return done
}

/** Records each set whose time was over and that is not recorded yet, all of them together. */
export async function attestExpiry(place: AttestingIn, expired: readonly Expiring[]): Promise<void> {
  const at = place.clock.now()
  await attested(place, expired, async (erasure, root) => ({
    kind: 'retention.expired',
    record: expiryRecordOf(erasure, root, { at, counts: await countsOf(place, erasure.plan.indices) }),
  }))
}

/** Where each of these is on record, after those that were not are recorded. */
async function attested<E extends Planned>(
  { entryOf, recorder, vault }: AttestingIn,
  erasures: readonly E[],
  recordOf: (erasure: E, root: string) => Promise<Pick<OwnRecord, 'kind' | 'record'>>,
): Promise<{ index: number; setRoot: string }[]> {
  const roots = erasures.map((erasure) => toHex(setOf(erasure).root))
  const known = roots.map((root) => entryOf(root))
  const missing = erasures.flatMap((erasure, i) =>
    known[i] === undefined ? [{ erasure, root: roots[i]! }] : [],
  )
  const scope = vault.registerScope(REGISTER)
  const records: OwnRecord[] = []
  // Whoever holds a tombstone can open it to the root that is shown, and needs no key for it.
  for (const { erasure, root } of missing)
    records.push({ ...(await recordOf(erasure, root)), scope, show: [SET_ROOT_POINTER] })
  const first = records.length === 0 ? 0 : await recorder.recordOwnAll(records)
  return erasures.map((erasure, i) => ({
    index: known[i] ?? first + missing.findIndex((other) => other.erasure === erasure),
    setRoot: roots[i]!,
  }))
}

/** How many of these entries there are of each kind. */
async function countsOf(
  { ledger }: AttestingIn,
  indices: readonly number[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const index of indices) {
    const { kind } = await ledger.entry(index)
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

function expiryRecordOf(
  { expiry, plan }: Expiring,
  setRoot: string,
  { at, counts }: { at: number; counts: Record<string, number> },
): CanonicalRecord {
  const { from, planDigest, policy, policyVersion, to } = expiry
  return {
    at: isoTime(at),
    policy,
    policyVersion: `${policyVersion}`,
    planDigest,
    setRoot,
    count: plan.indices.length,
    counts,
    from: isoTime(from),
    to: isoTime(to),
    basis: 'observed',
  }
}

function recordOf(
  { id, ground, requestedAt, request, approvedBy, plan }: Planned,
  setRoot: string,
  at: number,
): CanonicalRecord {
  return {
    at: isoTime(at),
    erasureId: id,
    setRoot,
    count: plan.indices.length,
    ground,
    ...(request?.requestRef !== undefined && { requestRef: request.requestRef }),
    ...(request && { requester: request.by }),
    ...(approvedBy && { approver: approvedBy }),
    requestedAt: isoTime(requestedAt),
    completedAt: isoTime(at),
    keyDestruction: { keys: plan.numbers.length, method: 'page rewritten under a new page key' },
    basis: 'observed',
  }
}

/** What is kept of a completed erasure: nothing that leads back to the person, but for the names that resends are refused by. */
function completed(
  { id, ground, requestedAt, needsApproval, approvedBy, plan }: Planned,
  {
    setRoot,
    entry,
    completedAt,
  }: { setRoot: string; entry: { index: number; id: string }; completedAt: number },
): Erasure {
  return {
    id,
    ground,
    requestedAt,
    needsApproval,
    ...(approvedBy && { approvedBy }),
    outcome: {
      completedAt,
      setRoot,
      entry,
      records: plan.indices.length,
      keysDestroyed: plan.numbers.length,
      replayUntil: completedAt + REPLAY_DAYS * DAY_MS,
    },
    names: plan.names,
  }
}
