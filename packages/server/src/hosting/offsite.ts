/** The copy of a hosted ledger in a store of objects, and what the ledger says of it. */
import { canonicalJson, type CanonicalRecord } from '@deponent/format'
import { SERVER } from '../access/actor.ts'
import type { ContentCopy } from '../erasure/eraser.ts'
import { identityOf } from '../ledger/identity.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { OpenDirectory } from '../directory.ts'
import { CopiedObjects } from '../offsite/copied-objects.ts'
import { LedgerCopy } from '../offsite/ledger-copy.ts'
import { LockedPlace } from '../offsite/locked-place.ts'
import { prefixOf } from '../offsite/object-keys.ts'
import { KeptSetting, type OffsiteSetting } from '../offsite/kept-setting.ts'
import { Offsite } from '../offsite/offsite.ts'
import type { LocksFound } from '../offsite/lock-round.ts'
import { type Bypass, VaultCopy } from '../offsite/vault-copy.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { ExplainedError } from '../platform/explained-error.ts'
import type { ObjectStore } from '../platform/object-store.ts'
import type { Random } from '../platform/random.ts'
import type { Tenant } from '../tenant.ts'

/** Leaves of a record are limited. */
const SEGMENTS_PER_RECORD = 1_000

/** Where ledgers are copied to, as configured. */
export interface OffsitePlace {
  readonly store: ObjectStore
  readonly lockDays: number
}

export interface OffsiteParts {
  disk: Disk
  clock: Clock
  random: Random
  directory: OpenDirectory
  /** `null`: nowhere from here on. Absent: whoever started this was not told, and what was copied before is still to be kept in line. */
  offsite?: OffsitePlace | null | undefined
  diagnose(message: string, details?: Record<string, unknown>): void
}

/** What is remembered of a copy: with the keyring, and in the state. */
interface Remembered {
  readonly kept: KeptSetting
  readonly objects: CopiedObjects
}

/** Content was copied to a store that this process was not told how to reach. */
class CopyNotAtHand extends ExplainedError {}

export interface LedgerOffsite {
  /** The copy, which `begin` starts; undefined where none is configured. */
  readonly offsite?: Offsite
  /** What erasures must reach. */
  readonly copies: readonly ContentCopy[]
}

/** The copy of a ledger. That there is none any more is put on record. */
export async function offsiteOf(tenant: Tenant, parts: OffsiteParts): Promise<LedgerOffsite> {
  const { directory, disk } = parts
  const { ledger, name } = tenant
  const objects = new CopiedObjects(directory.store, name)
  const place = { disk, data: directory.path, ledger: name, origin: ledger.origin }
  const kept = await KeptSetting.open(place)
  if (parts.offsite) {
    const offsite = copyOf(tenant, parts, parts.offsite, { kept, objects })
    return { offsite, copies: [offsite] }
  }
  if (!kept.setting) return { copies: [] }
  if (parts.offsite === undefined) return { copies: [notAtHand(kept.setting)] }
  if (!ledger.refusal) await noteEnd(tenant, { kept, objects })
  return { copies: [] }
}

function notAtHand({ store }: OffsiteSetting): ContentCopy {
  const message = `the ledger is copied to ${store}: erasures wait for a server that is started with --offsite`
  return { erase: () => Promise.reject(new CopyNotAtHand(message)) }
}

function copyOf(
  tenant: Tenant,
  parts: OffsiteParts,
  { lockDays, store }: OffsitePlace,
  { kept, objects }: Remembered,
): Offsite {
  const { clock, directory, disk, random } = parts
  const { ledger, name, vault } = tenant
  const prefix = prefixOf(name, ledger.origin)
  const place = new LockedPlace({ store, prefix, lockDays, clock, objects })
  const ledgerCopy = new LedgerCopy({
    ledger,
    clock,
    disk,
    directory: `${directory.path}/ledgers/${name}`,
    place,
    identity: () => identityText(directory, name),
  })
  const vaultCopy = new VaultCopy({
    ledger,
    ledgerId: ledgerIdOf(ledger.origin),
    segments: vault.segments,
    disk,
    directory: `${directory.path}/vault/${name}`,
    place,
    bypassed: (bypass) => recordBypass(tenant, bypass),
  })
  return new Offsite({
    clock,
    random,
    ledger,
    store: store.place,
    lockDays,
    place,
    kept,
    ledgerCopy,
    vaultCopy,
    settingChanged: (after, before) =>
      recordChange(tenant, 'where and under which locks the ledger is copied', {
        event: 'offsite.set',
        before: told(before),
        after: told(after),
      }),
    locksFound: (found) => recordLocks(tenant, found),
    diagnose: (message, details) => parts.diagnose(message, { ledger: name, ...details }),
  })
}

/** Objects that nobody follows any more stay where they are: that erasures do not reach them from here on is told. */
async function noteEnd(tenant: Tenant, { kept, objects }: Remembered): Promise<void> {
  await recordChange(tenant, 'the ledger is not copied any more; what was copied is not erased from there', {
    event: 'offsite.ended',
    before: told(kept.setting),
    after: null,
  })
  objects.clear()
  await kept.remove()
}

function told(setting: OffsiteSetting | undefined): CanonicalRecord | null {
  return setting ? { ...setting } : null
}

/** One record for so many segments as fit into one. */
async function recordBypass(tenant: Tenant, { segments, pieces, versions }: Bypass): Promise<void> {
  let from = 0
  do {
    await recordChange(
      tenant,
      'what is not to be kept is removed from the copy, past its lock where there is one',
      {
        event: 'offsite.bypassed',
        segments: segments.slice(from, from + SEGMENTS_PER_RECORD),
        pieces,
        versions,
      },
    )
    from += SEGMENTS_PER_RECORD
  } while (from < segments.length)
}

async function recordLocks({ recorder }: Tenant, { first, gone, weak }: LocksFound): Promise<void> {
  await recorder.recordOwn('alert.raised', {
    alertId: `offsite-locks-${first ?? ''}`,
    monitorId: 'offsite',
    title: 'objects of the copy are gone or locked for less than was asked',
    severity: 'critical',
    value: { gone, weak, first: first ?? null },
    basis: 'observed',
  })
}

async function recordChange(
  { recorder }: Pick<Tenant, 'recorder'>,
  reason: string,
  details: CanonicalRecord,
): Promise<void> {
  await recorder.recordOwn('change', {
    object: 'offsite',
    reason,
    details,
    actor: { ...SERVER },
    basis: 'observed',
  })
}

function identityText({ format }: OpenDirectory, ledger: string): string {
  const { format: version } = format
  const identity = structuredClone(identityOf(format, ledger)) as never
  return `${canonicalJson({ format: version, ledger, identity })}\n`
}
