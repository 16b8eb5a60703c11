/**
 * A ledger changes one of its keys. Each step leaves something durable behind and may be done again, so that a change that was cut
 * short is finished by the next start or the next call:
 *
 *   next key durable ─▶ key.rotated, signed by both, in the ledger ─▶ checkpoint over it signed by both ─▶ format.json ─▶ older key destroyed
 *
 * `format.json` decides which key signs. Nothing else is recorded meanwhile, so the entry stands right before the size it names.
 */
import { type KeyUse, parseNote, parseRotation, type Rotation } from '@deponent/format'
import { type OpenDirectory, putLedgers } from './directory.ts'
import type { LedgerIdentity } from './ledger/identity.ts'
import { stateRotation } from './ledger/key-rotation.ts'
import type { RemoteSigner } from './ledger/signer-remote.ts'
import type { Clock } from './platform/clock.ts'
import type { Disk } from './platform/disk.ts'
import type { Random } from './platform/random.ts'
import { LocalIntake } from './recording/intake.ts'
import { DEFAULT_SYSTEM } from './recording/submission.ts'
import { openTenant, type Tenant } from './tenant.ts'
import { ExplainedError } from './platform/explained-error.ts'

const PUBLISHED_WAIT_MS = 60_000

export interface KeyChangeOptions {
  disk: Disk
  clock: Clock
  random: Random
  directory: OpenDirectory
  ledger: string
  signerDirectory: string
  remoteSigner?: RemoteSigner | undefined
}

/** Keys cannot be changed as things are; the message says why. */
export class KeyChangeRefused extends ExplainedError {}

/** Nothing can be recorded, and so no key changed, until the ledger takes entries again. */
class LedgerRefused extends KeyChangeRefused {}

/** Replaces the key of a use, or finishes a change of it that was begun. */
export async function rotateKey(options: KeyChangeOptions, use: KeyUse): Promise<Rotation> {
  const rotation = await inQuiet(options, (tenant) => rotateIn(options, tenant, use))
  await settle(options, rotation)
  return rotation
}

/** Finishes changes that were begun and cut short; does nothing when there are none, or while the ledger takes no entries. */
export async function resumeRotations(options: KeyChangeOptions): Promise<void> {
  if (!(await isUnderWay(options))) return
  try {
    await resumeEach(options)
  } catch (error) {
    // It opens for reading all the same, and says why it takes nothing.
    if (!(error instanceof LedgerRefused)) throw error
  }
}

async function resumeEach(options: KeyChangeOptions): Promise<void> {
  for (const use of ['checkpoint', 'promise'] as const) {
    const rotation = await inQuiet(options, async (tenant) =>
      nextKey(tenant, use) === undefined ? undefined : rotateIn(options, tenant, use),
    )
    if (rotation) await settle(options, rotation)
  }
}

interface Rotated extends Rotation {
  /** The checkpoint over the entry under both keys, when it is the checkpoint key that changed. */
  checkpoint?: string
}

async function isUnderWay({ disk, directory, ledger, remoteSigner }: KeyChangeOptions): Promise<boolean> {
  if (remoteSigner?.next !== undefined) return true
  for (const use of ['checkpoint', 'promise']) {
    if ((await disk.size(`${directory.path}/keyring/${ledger}.${use}.key.next`)) !== undefined) return true
  }
  return false
}

/** Opens the ledger with nothing of its own to say, and closes it again. */
export async function inQuiet<T>(
  options: KeyChangeOptions,
  work: (tenant: Tenant) => Promise<T>,
): Promise<T> {
  const { ledger: ledgerName, ...parts } = options
  const tenant = await openTenant({
    ...parts,
    ledgerName,
    acceptHead: false,
    isQuiet: true,
    intake: (secrets) => new LocalIntake(secrets, options.random),
    onStop: () => undefined,
  })
  try {
    const { refusal } = tenant.ledger
    if (refusal) throw new LedgerRefused(`the ledger takes no entries (${refusal.code}): ${refusal.message}`)
    return await work(tenant)
  } finally {
    await tenant.close()
  }
}

function nextKey({ keys }: Tenant, use: KeyUse): string | undefined {
  return use === 'checkpoint' ? keys.rotating.next : keys.promiseFile.next?.vkey
}

async function rotateIn(options: KeyChangeOptions, tenant: Tenant, use: KeyUse): Promise<Rotated> {
  const rotation = (await recordedRotation(tenant, use)) ?? (await recordRotation(options, tenant, use))
  await publishedOrRefused(options, tenant, rotation.from)
  if (use === 'promise') return rotation
  return { ...rotation, checkpoint: await tenant.keys.rotating.countersign(rotation.from) }
}

/** Resolves once a checkpoint covers `size`; KeyChangeRefused when none does in time. */
export async function publishedOrRefused(
  { clock }: KeyChangeOptions,
  { ledger }: Tenant,
  size: number,
): Promise<void> {
  const waiting: { isCovered?: boolean } = {}
  void ledger.published(size, PUBLISHED_WAIT_MS).then((isCovered) => {
    waiting.isCovered = isCovered
  })
  // What a clock runs later keeps no process alive, and in a command nothing else does; sleeping does.
  while (waiting.isCovered === undefined) await clock.sleep(20)
  if (!waiting.isCovered)
    throw new KeyChangeRefused('no checkpoint covered the change in time; call again to finish it')
}

/** The change that is under way, if its entry is the last of the ledger already. */
async function recordedRotation(tenant: Tenant, use: KeyUse): Promise<Rotation | undefined> {
  const next = nextKey(tenant, use)
  if (next === undefined || tenant.ledger.size === 0) return undefined
  const { entry, record } = await tenant.reader.one(tenant.ledger.size - 1)
  if (entry.kind !== 'key.rotated' || record?.vkey !== next || typeof record.statement !== 'string')
    return undefined
  return parseRotation(parseNote(record.statement).text)
}

async function recordRotation(options: KeyChangeOptions, tenant: Tenant, use: KeyUse): Promise<Rotation> {
  const { keys, ledger, recorder, systems } = tenant
  // The first entry of a system is its declaration, which would take the place of ours.
  const index = ledger.size + (systems.slugOf(DEFAULT_SYSTEM) === undefined ? 1 : 0)
  const from = index + 1
  const statement =
    use === 'checkpoint'
      ? await keys.rotating.stateRotation(from)
      : await stateRotation(keys.promiseFile, options.random, { origin: keys.origin, use, from })
  const rotation = parseRotation(parseNote(statement).text)
  const { next: vkey, previous: previousVkey } = rotation
  const record = { use, vkey, previousVkey, statement, basis: 'observed' }
  const stands = await recorder.recordOwn('key.rotated', record, true)
  if (stands !== index) throw new KeyChangeRefused('something else was recorded meanwhile; call again')
  return rotation
}

/** Makes the new key the one that signs; the ledger is closed. */
async function settle(options: KeyChangeOptions, { use, next, from, checkpoint }: Rotated): Promise<void> {
  const { disk, directory, ledger } = options
  if (checkpoint !== undefined) {
    const path = `${directory.path}/ledgers/${ledger}/checkpoint`
    await disk.writeDurably(path, new TextEncoder().encode(checkpoint))
  }
  const { ledgers } = directory.format
  await putLedgers(disk, directory, { ...ledgers, [ledger]: withNext(ledgers[ledger]!, use, next, from) })
  // Crash before this line: the older key is destroyed when the keys are opened the next time.
  await inQuiet(options, () => Promise.resolve())
}

function withNext(identity: LedgerIdentity, use: KeyUse, vkey: string, from: number): LedgerIdentity {
  const keys = identity.keys.map((key) =>
    key.use === use && key.sizes.endsWith('..') ? { ...key, sizes: `${key.sizes}${from}` } : key,
  )
  return { ...identity, keys: [...keys, { vkey, use, sizes: `${from}..` }] }
}
