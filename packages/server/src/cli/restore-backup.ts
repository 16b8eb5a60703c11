import { Command } from 'commander'
import { type RestoreReport, restoreBackup } from '../backup/restore.ts'
import type { RestoredLedger } from '../backup/settle-ledger.ts'
import { threadsFor } from '../check/stretch-threads.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { userStateDirectory } from '../platform/places.ts'
import { realRandom } from '../platform/random.ts'
import { print, progress } from '../platform/terminal.ts'
import { threadsAvailable } from '../platform/worker.ts'
import { withStores } from './backup.ts'
import { signerState } from './options.ts'
import { type RootKeyOptions, rootOf, withRootKey } from './root-key.ts'

interface RestoreOptions extends RootKeyOptions {
  keyringFrom: string
  snapshot?: string
  signerState?: string
  json?: boolean
}

function restored(address: string, data: string, options: RestoreOptions): Promise<RestoreReport> {
  const root = rootOf(options, data)
  const isBeside = root.kind === 'file' && root.path === `${data}/keyring/root.key`
  return withStores(address, options.keyringFrom, (from, keyringFrom) =>
    restoreBackup({
      disk: realDisk,
      clock: realClock,
      random: realRandom,
      data,
      from,
      keyringFrom,
      signerDirectory: options.signerState ?? `${userStateDirectory()}/signer`,
      threads: (entries) => threadsFor(entries, threadsAvailable()),
      onProgress: (what, done, total) => progress(`${done} of ${total} ${what}`),
      ...(!isBeside && { root }),
      ...(options.snapshot !== undefined && { snapshot: options.snapshot }),
    }),
  )
}

function printRestored(data: string, { snapshot, files, bytes, ledgers, check }: RestoreReport): void {
  print(
    `snapshot ${snapshot}: ${files} files, ${bytes} bytes in ${data}; ledger and segments are ${check.verdict}`,
  )
  for (const ledger of ledgers) {
    print(`ledger ${ledger.name}: ${ledger.size} entries`)
    for (const line of wordsOf(ledger)) print(`  ${line}`)
  }
}

function wordsOf({
  isBehind,
  isErasureUnknown,
  keysChanged,
  keysDestroyed,
  knownSize,
}: RestoredLedger): string[] {
  return [
    ...(keysDestroyed > 0 ? [`${keysDestroyed} keys destroyed again, of who was erased since`] : []),
    ...(knownSize === undefined
      ? []
      : [`a checkpoint of ${knownSize} is known: what came behind is not here`]),
    ...(isBehind ? ['its signer knows that: it is read and not written (ledger_behind)'] : []),
    ...(keysChanged.length > 0
      ? [
          `its ${keysChanged.join(' and ')} key was changed since: it is checked and not served; see deponent keys succeed`,
        ]
      : []),
    ...(isErasureUnknown
      ? ['erasures may be unknown: no content is shown until serve --accept-head (erasures_unknown)']
      : []),
  ]
}

export const restoreBackupCommand = withRootKey(new Command('restore-backup'))
  .description('put a data directory back from a backup and the copy of its keyring')
  .argument('<address>', 'where the backup is: a directory, or s3://bucket/prefix')
  .argument('<dir>', 'the data directory to make')
  .requiredOption('--keyring-from <address>', 'where the copy of the keyring is')
  .option('--snapshot <id>', 'which snapshot (default: the newest)')
  .addOption(signerState())
  .option('--json', 'answer in JSON')
  .addHelpText(
    'after',
    '\nExample:\n  deponent restore-backup /mnt/backup ./data --keyring-from /mnt/keyring',
  )
  .action(async (address: string, data: string, options: RestoreOptions) => {
    const report = await restored(address, data, options)
    if (options.json) print(JSON.stringify(report))
    else printRestored(data, report)
  })
