/**
 * A ledger whose key was lost or is no longer believed is frozen, and another takes its name. Its first entry fixes all that the old
 * one held. Each step may be done again; a plan in the directory says that a succession is under way until the last is done:
 *
 *   plan ─▶ old files renamed ─▶ format.json: old name frozen, new origin and keys ─▶ derived state gone ─▶ first entry published ─▶ no plan
 */
import { dirname } from 'node:path'
import { canonicalJson, fromUtf8, parseSucceeded, type Succeeded, utf8 } from '@deponent/format'
import { describeLedger } from './check/succession.ts'
import { KeyMismatch, openLedgerKeys } from './directory.ts'
import { isPlanned } from './erasure/erasure.ts'
import { unknownErasuresPath } from './erasure/register.ts'
import { currentKey, identityOf, type LedgerIdentity } from './ledger/identity.ts'
import { SignerUnavailable, SigningRefused } from './ledger/signer-contract.ts'
import type { Tenant } from './tenant.ts'
import { isPageFile } from './vault/stored-keyring.ts'
import { inQuiet, KeyChangeRefused, type KeyChangeOptions, publishedOrRefused } from './rotate-key.ts'

export const SUCCESSION_REASONS = ['lost', 'compromised', 'migration'] as const
export type SuccessionReason = (typeof SUCCESSION_REASONS)[number]

interface Plan {
  /** The name the old ledger is kept under. */
  frozen: string
  reason: string
  previousVkey: string | null
  succeeds: Succeeded
}

export interface Succession {
  /** The name the old ledger is kept under. */
  frozen: string
  previousOrigin: string
  origin: string
}

/** Freezes the ledger and begins its successor, or finishes what was begun. */
export async function succeedLedger(
  options: KeyChangeOptions,
  reason: SuccessionReason,
): Promise<Succession> {
  return finish(options, (await readPlan(options)) ?? (await makePlan(options, reason)))
}

/** Finishes a succession that was begun and cut short; does nothing when there is none. */
export async function resumeSuccession(options: KeyChangeOptions): Promise<void> {
  const plan = await readPlan(options)
  if (plan) await finish(options, plan)
}

const planPath = ({ directory, ledger }: KeyChangeOptions): string =>
  `${directory.path}/${ledger}.succession.json`

async function readPlan(options: KeyChangeOptions): Promise<Plan | undefined> {
  const bytes = await options.disk.read(planPath(options))
  if (!bytes) return undefined
  const plan = JSON.parse(fromUtf8(bytes)) as Plan
  return { ...plan, succeeds: parseSucceeded(plan.succeeds) }
}

async function makePlan(options: KeyChangeOptions, reason: SuccessionReason): Promise<Plan> {
  const { disk, directory, ledger, remoteSigner } = options
  const identity = identityOf(directory.format, ledger)
  if (!identity) throw new KeyChangeRefused('there is no ledger to succeed')
  if (remoteSigner?.identity?.origin === identity.origin)
    throw new KeyChangeRefused(
      'the signer holds the key of the old ledger: start it with a new --state directory',
    )
  if (!remoteSigner) await publishLast(options, reason)
  const succeeds = await describeLedger(disk, `${directory.path}/ledgers/${ledger}`, identity.origin)
  const plan = {
    frozen: frozenName(ledger, Object.keys(directory.format.ledgers)),
    reason,
    previousVkey: currentKey(identity, 'checkpoint') ?? null,
    succeeds,
  }
  const text = canonicalJson(structuredClone(plan) as never)
  await disk.writeDurably(planPath(options), utf8(`${text}\n`))
  return plan
}

/** Erasures would never come to their end: their entries belong into the ledger that is to be frozen. */
class ErasuresUnfinished extends KeyChangeRefused {}

/** Where the old key can still sign, its last checkpoint covers everything; where it cannot, the digest does. */
async function publishLast(options: KeyChangeOptions, reason: SuccessionReason): Promise<void> {
  try {
    await inQuiet(options, (tenant) => Promise.resolve(refuseUnfinished(tenant, reason)))
  } catch (error) {
    if (error instanceof ErasuresUnfinished) throw error
    const isExpected = [KeyMismatch, KeyChangeRefused, SigningRefused, SignerUnavailable].some(
      (kind) => error instanceof kind,
    )
    if (!isExpected) throw error
  }
}

/** What waits for somebody holds up a migration only: a key that others may have cannot wait for a hold. */
function refuseUnfinished({ register }: Tenant, reason: SuccessionReason): void {
  const unfinished = register
    .all()
    .filter((erasure) => !erasure.outcome && (isPlanned(erasure) || reason === 'migration'))
  if (unfinished.length === 0) return
  throw new ErasuresUnfinished(
    `${unfinished.length} erasures of this ledger are not completed, and a frozen ledger completes none: see them through first`,
  )
}

function frozenName(ledger: string, taken: readonly string[]): string {
  for (let n = 1; ; n += 1) {
    if (!taken.includes(`${ledger}.${n}`)) return `${ledger}.${n}`
  }
}

async function finish(options: KeyChangeOptions, plan: Plan): Promise<Succession> {
  const { directory, disk, ledger } = options
  if (directory.format.ledgers[ledger]?.origin === plan.succeeds.origin) {
    await setAside(options, plan.frozen)
    await exchange(options, plan)
  }
  forgetDerived(options)
  await inQuiet(options, (tenant) => begin(options, tenant, plan))
  await disk.remove(planPath(options))
  await disk.syncDirectory(directory.path)
  const { origin } = directory.format.ledgers[ledger]!
  return { frozen: plan.frozen, previousOrigin: plan.succeeds.origin, origin }
}

/** Renames what belongs to the old ledger and destroys its signing keys. */
async function setAside({ disk, directory, ledger }: KeyChangeOptions, frozen: string): Promise<void> {
  const { path } = directory
  const moves: [string, string][] = [
    [`${path}/ledgers/${ledger}`, `${path}/ledgers/${frozen}`],
    [`${path}/vault/${ledger}`, `${path}/vault/${frozen}`],
    [`${path}/keyring/${ledger}.erasures`, `${path}/keyring/${frozen}.erasures`],
    [unknownErasuresPath(`${path}/keyring`, ledger), unknownErasuresPath(`${path}/keyring`, frozen)],
  ]
  for (const name of await disk.list(`${path}/keyring`)) {
    if (isPageFile(ledger, name))
      moves.push([`${path}/keyring/${name}`, `${path}/keyring/${frozen}${name.slice(ledger.length)}`])
  }
  for (const [from, to] of moves) {
    const isDone = (await disk.size(to)) !== undefined || (await disk.size(from)) === undefined
    if (!isDone) await disk.rename(from, to)
    await disk.syncDirectory(dirname(to))
  }
  for (const name of await disk.list(`${path}/keyring`)) {
    if (/\.(checkpoint|promise)\.key(\.next)?$/.test(name) && name.startsWith(`${ledger}.`))
      await disk.remove(`${path}/keyring/${name}`)
  }
  await disk.syncDirectory(`${path}/keyring`)
}

/** The old identity under its frozen name, a new one under the ledger's: one durable write of `format.json`. */
async function exchange(options: KeyChangeOptions, { frozen, succeeds }: Plan): Promise<void> {
  const { directory, ledger, remoteSigner } = options
  if (remoteSigner?.identity?.origin === succeeds.origin)
    throw new KeyChangeRefused(
      'the signer holds the key of the old ledger: start it with a new --state directory',
    )
  const before = directory.format
  const { [ledger]: old, ...others } = before.ledgers
  directory.format = { ...before, ledgers: { ...others, [frozen]: closedAt(old!, succeeds.size) } }
  try {
    await openLedgerKeys({ ...options, remote: remoteSigner })
  } catch (error) {
    // What is not durable must not be written with a change of another ledger.
    directory.format = before
    throw error
  }
}

function closedAt(identity: LedgerIdentity, size: number): LedgerIdentity {
  const keys = identity.keys.map((key) =>
    key.sizes.endsWith('..') ? { ...key, sizes: `${key.sizes}${size}` } : key,
  )
  return { ...identity, keys }
}

/** Everything in the state store about this name was derived from the old ledger. */
function forgetDerived({ directory: { store }, ledger }: KeyChangeOptions): void {
  const tables = store.all(
    "SELECT DISTINCT m.name AS name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'ledger'",
  )
  for (const { name } of tables) store.run(`DELETE FROM "${String(name)}" WHERE ledger = ?`, ledger)
}

/** Records the first entry, unless it is there, and publishes it. */
async function begin(
  options: KeyChangeOptions,
  tenant: Tenant,
  { previousVkey, reason, succeeds }: Plan,
): Promise<void> {
  const { keys, ledger, recorder } = tenant
  if (ledger.size === 0) {
    const record = {
      use: 'checkpoint',
      vkey: keys.vkeys.checkpoint,
      ...(previousVkey !== null && { previousVkey }),
      reason,
      succeeds: { ...succeeds },
      basis: 'observed',
    }
    await recorder.recordFirst('key.succeeded', record)
  }
  await publishedOrRefused(options, tenant, 1)
}
