import { Command, InvalidArgumentError } from 'commander'
import { type BackupReport, makeBackup } from '../backup/backup.ts'
import { BackupStore } from '../backup/backup-store.ts'
import { checkBackup, listSnapshots, type Pruned, pruneBackup } from '../backup/keep.ts'
import { openingMaster } from '../backup/opening.ts'
import { refuseSamePlaces } from '../backup/places.ts'
import { BackupRefused } from '../backup/refusal.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { reasonOf } from '../platform/failure.ts'
import { type ObjectStore, StoreFailure } from '../platform/object-store.ts'
import { openObjectStore } from '../platform/open-store.ts'
import { userStateDirectory } from '../platform/places.ts'
import { realRandom } from '../platform/random.ts'
import { endProgress, note, print, progress } from '../platform/terminal.ts'
import { noteBackup, noted } from '../recovery/notes.ts'
import { VERSION } from '../version.ts'
import { CommandError, EXIT } from './exit.ts'
import { signerState } from './options.ts'
import { type RootKeyOptions, rootOf, withRootKey } from './root-key.ts'
import { table } from './table.ts'

/** So long snapshots from before an erasure stay, unless told otherwise. */
const ERASED_DAYS = 30

interface MakeOptions extends RootKeyOptions {
  to: string
  keyringTo: string
  signerState?: string
  erasedDays: number
  json?: boolean
}

interface OpenOptions extends RootKeyOptions {
  keyringFrom: string
  json?: boolean
}

function count(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 1_000_000)
    throw new InvalidArgumentError('Give a number from 0 to 1000000.')
  return value
}

/** Runs with stores open. What a backup refuses about its own content is a negative verdict, what is asked of it wrongly a mistake. */
export async function withStores<T>(
  data: string,
  keyring: string,
  work: (data: ObjectStore, keyring: ObjectStore) => Promise<T>,
): Promise<T> {
  const dataStore = await openObjectStore(data)
  const keyringStore = await openObjectStore(keyring)
  try {
    return await work(dataStore, keyringStore)
  } catch (error) {
    if (error instanceof BackupRefused) throw explained(error)
    throw error
  } finally {
    endProgress()
    await dataStore.close()
    await keyringStore.close()
  }
}

function explained({ code, message }: BackupRefused): CommandError {
  return new CommandError(MISTAKES.has(code) ? EXIT.usage : EXIT.negative, `${code}: ${message}`)
}

const MISTAKES = new Set(['not_a_directory', 'same_place', 'another_directory', 'no_snapshot', 'not_empty'])

/** Runs with a backup opened by the copy of its keyring. */
function withBackup<T>(
  address: string,
  options: OpenOptions,
  work: (backup: BackupStore) => Promise<T>,
): Promise<T> {
  return withStores(address, options.keyringFrom, async (store, keyring) => {
    const root = (data: string) => rootOf(options, data)
    const master = await openingMaster(realDisk, keyring, root)
    return work(new BackupStore({ store, random: realRandom, master }))
  })
}

const telling =
  (what: string) =>
  (done: number, total: number): void =>
    progress(`${done} of ${total} ${what}`)

async function make(
  data: string,
  options: MakeOptions,
): Promise<{ report: BackupReport; pruned: Pruned | undefined }> {
  refuseSamePlacesOrExplain(data, options)
  const root = rootOf(options, data)
  return withStores(options.to, options.keyringTo, async (to, keyringTo) => {
    const report = await makeBackup({
      disk: realDisk,
      clock: realClock,
      random: realRandom,
      data,
      root,
      to,
      keyringTo,
      signerDirectory: options.signerState ?? `${userStateDirectory()}/signer`,
      product: VERSION,
      onProgress: telling('files'),
    })
    const master = await openingMaster(realDisk, keyringTo, (place) => rootOf(options, place))
    const backup = new BackupStore({ store: to, random: realRandom, master })
    return { report, pruned: await forgetErased(backup, options.erasedDays) }
  })
}

function refuseSamePlacesOrExplain(data: string, { to, keyringTo }: MakeOptions): void {
  try {
    refuseSamePlaces(data, to, keyringTo)
  } catch (error) {
    if (error instanceof BackupRefused) throw explained(error)
    throw error
  }
}

/** So that whoever looks at the server sees when the last one was. A directory that cannot be written is backed up all the same. */
async function noteMade(data: string, report: BackupReport, begunAt: number): Promise<void> {
  const { bytes, files, ledgers, newBytes } = report
  try {
    await noteBackup(realDisk, data, {
      at: noted.time(begunAt),
      seconds: noted.seconds(realClock.now() - begunAt),
      ledgers: ledgers.map(({ name, size }) => ({ name, size })),
      files,
      bytes,
      newBytes,
    })
  } catch (error) {
    note(`the backup was made, and is not noted in the directory: ${reasonOf(error)}`)
  }
}

/** Whoever makes backups need not be allowed to remove anything: then `prune` is for somebody else. */
async function forgetErased(backup: BackupStore, erasedDays: number): Promise<Pruned | undefined> {
  try {
    return await pruneBackup(backup, { now: realClock.now(), erasedDays })
  } catch (error) {
    if (!(error instanceof StoreFailure) || !['denied', 'locked'].includes(error.code)) throw error
    note(`nothing was removed: ${error.message}`)
    return undefined
  }
}

function printMade(report: BackupReport, pruned: Pruned | undefined): void {
  const { ledgers, files, bytes, newObjects, newBytes, keyringBytes, hasRootKey, snapshot } = report
  for (const { name, hasJournal } of ledgers)
    if (!hasJournal)
      note(`ledger ${name}: no journal of erasures where the signer's state is; see --signer-state`)
  for (const { name, size, leftOut } of ledgers)
    print(
      `ledger ${name}: ${size} entries${leftOut > 0 ? `, ${leftOut} not under a checkpoint left out` : ''}`,
    )
  print(
    `snapshot ${snapshot}: ${files} files, ${bytes} bytes; put now: ${newObjects} objects, ${newBytes} bytes`,
  )
  print(
    `keyring: ${keyringBytes} bytes, ${hasRootKey ? 'the root key with it, as it lies in the keyring' : 'without the root key: keep that yourself'}`,
  )
  if (pruned && pruned.snapshots.length > 0)
    print(`removed ${pruned.snapshots.length} snapshots from before an erasure`)
}

const withKeyring = (command: Command): Command =>
  withRootKey(command)
    .requiredOption('--keyring-from <address>', 'where the copy of the keyring is')
    .option('--json', 'answer in JSON')

const list = withKeyring(new Command('list'))
  .description('the snapshots of a backup')
  .argument('<address>', 'where the backup is')
  .addHelpText('after', '\nExample:\n  deponent backup list /mnt/backup --keyring-from /mnt/keyring')
  .action(async (address: string, options: OpenOptions) => {
    const snapshots = await withBackup(address, options, listSnapshots)
    if (options.json) print(JSON.stringify({ snapshots }))
    else
      print(
        table(
          snapshots.map(({ id, ledgers, files, bytes, product }) => ({
            snapshot: id,
            ledgers: ledgers.map(({ name, size }) => `${name} ${size}`).join(', '),
            files: `${files}`,
            bytes: `${bytes}`,
            version: product,
          })),
        ),
      )
  })

const check = withKeyring(new Command('check'))
  .description('read everything a backup holds and say what of it would not come back')
  .argument('<address>', 'where the backup is')
  .option('--sample <n>', 'read so many objects, drawn by lot, instead of all', count)
  .addHelpText('after', '\nExample:\n  deponent backup check /mnt/backup --keyring-from /mnt/keyring')
  .action(async (address: string, options: OpenOptions & { sample?: number }) => {
    const { sample } = options
    const report = await withBackup(address, options, (backup) =>
      checkBackup(backup, {
        random: realRandom,
        ...(sample !== undefined && { sample }),
        onProgress: telling('objects'),
      }),
    )
    if (options.json) print(JSON.stringify(report))
    else {
      for (const { message } of report.damage) print(`damaged: ${message}`)
      print(
        `${report.snapshots} snapshots; ${report.read} of ${report.objects} objects read, ${report.damage.length} damaged or missing`,
      )
    }
    if (report.damage.length > 0) process.exitCode = EXIT.negative
  })

const prune = withKeyring(new Command('prune'))
  .description('remove older snapshots, and what only they needed; the newest always stays')
  .argument('<address>', 'where the backup is')
  .option('--keep-last <n>', 'keep the newest so many', count)
  .option('--keep-days <n>', 'keep those of so many days', count)
  .option(
    '--erased-days <n>',
    'so many days after an erasure remove those from before it',
    count,
    ERASED_DAYS,
  )
  .addHelpText(
    'after',
    '\nExample:\n  deponent backup prune /mnt/backup --keyring-from /mnt/keyring --keep-last 7 --keep-days 30',
  )
  .action(
    async (
      address: string,
      options: OpenOptions & { keepLast?: number; keepDays?: number; erasedDays: number },
    ) => {
      const { keepLast, keepDays, erasedDays } = options
      const pruned = await withBackup(address, options, (backup) =>
        pruneBackup(backup, {
          now: realClock.now(),
          erasedDays,
          ...(keepLast !== undefined && { last: keepLast }),
          ...(keepDays !== undefined && { days: keepDays }),
        }),
      )
      if (options.json) print(JSON.stringify(pruned))
      else
        print(
          `removed ${pruned.snapshots.length} snapshots and ${pruned.objects} objects, ${pruned.bytes} bytes`,
        )
    },
  )

export const backup = withRootKey(new Command('backup'))
  // What stands behind the name of a command beneath this one is for that.
  .enablePositionalOptions()
  .description(
    'back up a data directory, sealed, and its keyring to another place; a server may be running on it',
  )
  .argument('[dir]', 'data directory', './data')
  .option('--to <address>', 'where the backup is: a directory, or s3://bucket/prefix')
  .option('--keyring-to <address>', 'where the copy of the keyring is; never the same place')
  .option(
    '--erased-days <n>',
    'so many days after an erasure remove snapshots from before it',
    count,
    ERASED_DAYS,
  )
  .addOption(signerState())
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent backup ./data --to /mnt/backup --keyring-to /mnt/keyring')
  .action(async (data: string, options: Partial<MakeOptions> & Pick<MakeOptions, 'erasedDays'>) => {
    const { to, keyringTo } = options
    // Not required of the commands beneath this one, so that the parser cannot see to it.
    if (to === undefined || keyringTo === undefined)
      throw new CommandError(EXIT.usage, 'a backup needs --to ADDRESS and --keyring-to ADDRESS')
    const begunAt = realClock.now()
    const { report, pruned } = await make(data, { ...options, to, keyringTo })
    await noteMade(data, report, begunAt)
    if (options.json) print(JSON.stringify({ ...report, removedSnapshots: pruned?.snapshots ?? [] }))
    else printMade(report, pruned)
  })
  .addCommand(list)
  .addCommand(check)
  .addCommand(prune)
