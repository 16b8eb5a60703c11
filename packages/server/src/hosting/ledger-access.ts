/** Who may do what on a hosted ledger, and the record of every look at it. */
import { AccessControl } from '../access/access-control.ts'
import { AccessLog, type OpenMark } from '../access/access-log.ts'
import { Reveals } from '../access/reveals.ts'
import { type CanonicalRecord, fromHex } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import type { StateStore } from '../platform/state-store.ts'
import type { Tenant } from '../tenant.ts'
import { Notes } from './notes.ts'

export interface LedgerAccess {
  readonly control: AccessControl
  readonly accessLog: AccessLog
  readonly reveals: Reveals
}

export interface LedgerAccessOptions {
  disk: Disk
  clock: Clock
  random: Random
  /** The data directory. */
  data: string
  store: StateStore
  tenant: Pick<Tenant, 'name' | 'ledger' | 'recorder' | 'vault'>
}

/** Opens both; what the process before left unsaid, and changes from outside, are put on record first. @throws AccessFileDamaged */
export async function openLedgerAccess(options: LedgerAccessOptions): Promise<LedgerAccess> {
  const { disk, clock, random, data, store, tenant } = options
  const { ledger, name, recorder, vault } = tenant
  const notes = new Notes(store, name)
  const control = await AccessControl.open({
    disk,
    clock,
    random,
    data,
    ledger: name,
    record: (kind, record, subject) =>
      subject === undefined
        ? recorder.recordOwn(kind, record)
        : recorder.recordOwnAll([{ kind, record, scope: fromHex(subject) }]),
    remembered: () => notes.get('access_file'),
    remember: (digest) => notes.set('access_file', digest),
  })
  const isRecording = (): boolean => ledger.refusal === undefined
  const accessLog = new AccessLog({
    clock,
    mark: markIn(notes),
    append: (records) =>
      recorder.recordOwnAll(
        records.map((record) => ({ kind: 'access', record, scope: vault.staffScope(actorIdOf(record)) })),
      ),
    isRecording,
  })
  if (isRecording()) {
    await control.reconcile()
    await accessLog.begin()
  }
  return { control, accessLog, reveals: new Reveals(clock) }
}

/** Whose look it was: looks are sealed under the keys of those who looked, so that members of staff can be erased too. */
function actorIdOf({ actor }: CanonicalRecord): string {
  const id = typeof actor === 'object' && actor !== null && !Array.isArray(actor) ? actor.id : undefined
  return typeof id === 'string' ? id : ''
}

function markIn(notes: Notes): OpenMark {
  return {
    left: () => {
      const since = notes.get('looks_since')
      return since === undefined ? undefined : Number(since)
    },
    set: (since) => notes.set('looks_since', `${since}`),
    clear: () => notes.remove('looks_since'),
  }
}
