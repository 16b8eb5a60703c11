import { HASH_ENGINE } from '@deponent/format'
import { Command, Option } from 'commander'
import { readScrub } from '../check/scrub-memory.ts'
import { scrubStatus } from '../check/scrub.ts'
import { DEFAULT_LEDGER } from '../hosting/ledger-name.ts'
import { isKeptOn, readDirectoryFormat } from '../ledger/identity.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { openStateStore, type StateStore } from '../platform/state-store.ts'
import { print } from '../platform/terminal.ts'
import { RetentionControl } from '../retention/retention-control.ts'
import type { RootSource } from '../vault/root-source.ts'
import { VERSION } from '../version.ts'
import { type Connection, runningOn } from './connection.ts'
import { onEncryptionAtRest, onRootKey } from './doctor-keys.ts'
import { lookForResidue, type ResidueOptions } from './doctor-residue.ts'
import { CommandError, EXIT } from './exit.ts'
import type { Observation } from './observation.ts'
import { signerState, withData } from './options.ts'
import { type RootKeyOptions, rootOf, withRootKey } from './root-key.ts'
import { table } from './table.ts'

const TIMEOUT_MS = 2_000
const FREE_BYTES_LOW = 2 * 1024 ** 3

async function onDirectory(data: string, root: RootSource): Promise<Observation[]> {
  const format = await readDirectoryFormat(realDisk, data)
  if (!format)
    return [{ what: 'data directory', state: 'attention', detail: `${data} is not one yet; serve makes it` }]
  const ledgers = Object.entries(format.ledgers).map(([name, identity]): Observation => ({
    what: `ledger ${name}`,
    state: 'ok',
    detail: isKeptOn(identity) ? identity.origin : `${identity.origin}, succeeded by another`,
  }))
  const free = await realDisk.freeBytes(data)
  return [
    {
      what: 'data directory',
      state: 'ok',
      detail: `format ${format.format}`,
    },
    ...ledgers,
    {
      what: 'free space',
      state: free < FREE_BYTES_LOW ? 'attention' : 'ok',
      detail: `${(free / 1024 ** 3).toFixed(1)} GiB`,
    },
    ...(await onRootKey(data, root)),
    await onEncryptionAtRest(data),
  ]
}

/** Whether content is ever deleted, and whether somebody has agreed to it. */
async function onRetention(data: string, ledgers: readonly string[]): Promise<Observation[]> {
  const told = ledgers.map(async (ledger): Promise<Observation> => {
    const what = about('retention', ledger)
    const { isConfirmed, isSet } = await RetentionControl.open({ disk: realDisk, data, ledger })
    if (!isSet)
      return {
        what,
        state: 'attention',
        detail: 'retention_unset: not configured, so nothing is ever deleted',
      }
    if (!isConfirmed)
      return {
        what,
        state: 'attention',
        detail: 'nobody has agreed to a plan by it, so nothing is deleted: deponent retention plan',
      }
    return { what, state: 'ok', detail: 'what is due is deleted by the plan that was agreed to' }
  })
  return Promise.all(told)
}

/** The ledgers a server of this directory keeps on, the first one first. */
async function ledgersIn(data: string): Promise<string[]> {
  const { ledgers = {} } = (await readDirectoryFormat(realDisk, data)) ?? {}
  const others = Object.keys(ledgers).filter((name) => name !== DEFAULT_LEDGER && isKeptOn(ledgers[name]!))
  return [DEFAULT_LEDGER, ...others.toSorted()]
}

/** What is said of one ledger; the first one needs no name. */
const about = (what: string, ledger: string): string =>
  ledger === DEFAULT_LEDGER ? what : `${what} (ledger ${ledger})`

/** What the server's scrub remembers of each ledger. */
async function onScrub(data: string, ledgers: readonly string[]): Promise<Observation[]> {
  if ((await realDisk.size(`${data}/state/state.db`)) === undefined) return []
  const { store } = openStateStore(`${data}/state/state.db`)
  try {
    return ledgers.map((ledger) => onScrubOf(store, ledger))
  } finally {
    await store.close()
  }
}

function onScrubOf(store: StateStore, ledger: string): Observation {
  const what = about('scrub', ledger)
  const memory = readScrub(store, ledger)
  if (!memory)
    return { what, state: 'attention', detail: 'stored bytes were never read again; serve does it' }
  const { ageMs, findings, finishedAt } = scrubStatus(memory, realClock.now())
  const age = finishedAt === null ? 'no round is finished yet' : `${(ageMs / 86_400_000).toFixed(1)} days ago`
  const isDamaged = findings.some(({ severity }) => severity === 'error')
  const found = findings.map(({ code, message }) => `${code}: ${message}`)
  return {
    what,
    state: isDamaged ? 'problem' : findings.length > 0 ? 'attention' : 'ok',
    detail: [`everything stored was read again: ${age}`, ...found].join('; '),
  }
}

async function onServer(data: string, ledgers: readonly string[]): Promise<Observation[]> {
  const server = await runningOn(data)
  const ready = await server?.get('/readyz', TIMEOUT_MS).catch(() => undefined)
  if (!server || !ready) {
    return [
      { what: 'server', state: 'ok', detail: 'not running on this directory' },
      { what: 'witnesses', state: 'attention', detail: 'not known while no server runs' },
    ]
  }
  const state = ready.status === 200 ? 'ok' : 'problem'
  const outside = await Promise.all(ledgers.map((ledger) => onOutside(server, ledger)))
  const rights = await Promise.all(ledgers.map((ledger) => onRights(data, ledger)))
  return [
    { what: 'server', state, detail: `${server.url} ${ready.text}` },
    ...outside.flat(),
    ...rights.flat(),
  ]
}

interface LedgerStatus {
  witnesses: { name: string; lagEntries: number; lagMs: number; error?: { message: string } }[]
  timestamps: { authority: string; at: string | null; error?: { message: string } }[]
  offsite: {
    store: string
    description: string | null
    isWorm: boolean | null
    lockDays: number
    size: number
    lagEntries: number
    locks: { compliance: number; governance: number; weak: number }
    trouble: { message: string } | null
  } | null
}

/** Who outside knows of a ledger, as the running server tells it. */
async function onOutside(server: Connection, ledger: string): Promise<Observation[]> {
  const what = about('witnesses', ledger)
  const { status, text } = await server.get(`/ledgers/${ledger}/status`, TIMEOUT_MS)
  if (status === 404)
    return [{ what: `server (ledger ${ledger})`, state: 'problem', detail: 'it does not serve this ledger' }]
  if (status !== 200) return [{ what, state: 'attention', detail: `not told: ${text}` }]
  const { offsite, witnesses, timestamps } = JSON.parse(text) as LedgerStatus
  return [...onOthers(ledger, { witnesses, timestamps }), ...onOffsite(ledger, offsite)]
}

function onOthers(ledger: string, { witnesses, timestamps }: Omit<LedgerStatus, 'offsite'>): Observation[] {
  const what = about('witnesses', ledger)
  const none = "none: verdicts rest on the operator's own key"
  if (witnesses.length + timestamps.length === 0) return [{ what, state: 'attention', detail: none }]
  return [
    ...witnesses.map(({ name, lagEntries, lagMs, error }): Observation => {
      const lag =
        lagEntries === 0 ? 'up to date' : `${lagEntries} entries behind for ${Math.round(lagMs / 1_000)} s`
      return observe(about(`witness ${name}`, ledger), lag, error)
    }),
    ...timestamps.map(({ authority, at, error }) =>
      observe(about(`timestamps ${authority}`, ledger), at === null ? 'none yet' : `last at ${at}`, error),
    ),
  ]
}

/** How far the copy in a store of objects is, and whether its locks hold. */
function onOffsite(ledger: string, offsite: LedgerStatus['offsite']): Observation[] {
  const what = about('offsite copy', ledger)
  if (!offsite)
    return [{ what, state: 'attention', detail: 'none: serve --offsite copies the ledger under locks' }]
  const { description, isWorm, lagEntries, lockDays, locks, size, store, trouble } = offsite
  const where = `${store} (${description ?? 'it did not answer yet'})`
  const copied = `${size} entries, ${lagEntries} behind`
  const held = `${locks.compliance + locks.governance} objects locked for ${lockDays} days`
  const weak = `offsite_lock_weak: ${locks.weak} objects were found locked for less than was asked`
  return [
    observe(what, `${copied}; ${where}`, trouble ?? undefined),
    {
      what: about('offsite locks', ledger),
      state: locks.weak > 0 ? 'problem' : isWorm === true ? 'ok' : 'attention',
      detail: locks.weak > 0 ? weak : held,
    },
  ]
}

/** What people wait for, and holds nobody looked at in time. Whoever may not see that is told so. */
async function onRights(data: string, ledger: string): Promise<Observation[]> {
  const server = await runningOn(data, { ledger })
  const requests = await server?.get('/v1/requests?limit=1', TIMEOUT_MS).catch(() => undefined)
  const holds = await server?.get('/v1/holds?limit=1', TIMEOUT_MS).catch(() => undefined)
  const what = about('requests of people', ledger)
  if (requests?.status !== 200 || holds?.status !== 200)
    return [
      { what, state: 'attention', detail: 'not told to this key: ask as privacy_officer (DEPONENT_KEY)' },
    ]
  const { open, overdue } = JSON.parse(requests.text) as { open: number; overdue: number }
  const { standing, pastReview } = JSON.parse(holds.text) as { standing: number; pastReview: number }
  return [
    { what, state: overdue > 0 ? 'problem' : 'ok', detail: `${open} open, ${overdue} overdue` },
    {
      what: about('holds', ledger),
      state: pastReview > 0 ? 'attention' : 'ok',
      detail: `${standing} stand, ${pastReview} past their review`,
    },
  ]
}

function observe(what: string, good: string, error: { message: string } | undefined): Observation {
  return error
    ? { what, state: 'attention', detail: `${error.message}; ${good}` }
    : { what, state: 'ok', detail: good }
}

interface DoctorOptions extends Omit<ResidueOptions, 'residue'>, RootKeyOptions {
  residue?: string
}

function withValue(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

export const doctor = withRootKey(withData(new Command('doctor')))
  .description('look at this installation and say what needs attention')
  .option('--json', 'answer in JSON')
  .option('--residue <subject>', 'look for what is left of a person instead: a subject id or its handle')
  .option('--value <text>', 'with --residue, a further text to look for; may be given again', withValue)
  .addOption(
    new Option('--offsite <address>', 'with --residue, the store of objects that ledgers are copied to').env(
      'DEPONENT_OFFSITE',
    ),
  )
  .option('--clickhouse-url <url>', 'with --residue, a ClickHouse server that holds the index')
  .option('--warm <address>', 'with --residue, where months of the index lie')
  .addOption(signerState())
  .addHelpText(
    'after',
    '\nExample:\n  deponent doctor --data ./data\n  deponent doctor --residue person-7 --value jane@example.org',
  )
  .action(async (options: DoctorOptions) => {
    if (options.residue !== undefined) return lookForResidue({ ...options, residue: options.residue })
    if (options.value !== undefined || options.clickhouseUrl !== undefined || options.warm !== undefined)
      throw new CommandError(EXIT.usage, '--value, --clickhouse-url and --warm go with --residue')
    const ledgers = await ledgersIn(options.data)
    const observations: Observation[] = [
      { what: 'version', state: 'ok', detail: `deponent ${VERSION}, node ${process.versions.node}` },
      { what: 'hash engine', state: HASH_ENGINE === 'simd' ? 'ok' : 'attention', detail: HASH_ENGINE },
      ...(await onDirectory(options.data, rootOf(options, options.data))),
      ...(await onRetention(options.data, ledgers)),
      ...(await onScrub(options.data, ledgers)),
      ...(await onServer(options.data, ledgers)),
    ]
    print(
      options.json
        ? JSON.stringify({ observations })
        : table(observations.map((observation) => ({ ...observation }))),
    )
    process.exitCode = observations.some(({ state }) => state === 'problem') ? EXIT.negative : EXIT.ok
  })
