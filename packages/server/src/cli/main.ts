/** The `deponent` command: one file per subcommand, one place where they end. */
import { FormatError } from '@deponent/format'
import { Command, CommanderError } from 'commander'
import { AccessFileDamaged } from '../access/access-file.ts'
import { KeyMismatch } from '../directory.ts'
import { PolicyElsewhere } from '../hosting/outside.ts'
import { MappingError } from '../ingest/mapping.ts'
import { SignerUnavailable, SigningRefused } from '../ledger/signer-contract.ts'
import { KeyServiceFailure } from '../platform/aws-kms.ts'
import { errorCode } from '../platform/disk.ts'
import { failureOf } from '../platform/failure.ts'
import { DirectoryLocked } from '../platform/state-store.ts'
import { endProgress, note, onCrash } from '../platform/terminal.ts'
import { PrivacyFileDamaged } from '../privacy/privacy-file.ts'
import { KeyChangeRefused } from '../rotate-key.ts'
import { RootKeyMissing } from '../vault/root-source.ts'
import { VERSION } from '../version.ts'
import { conformance } from './conformance.ts'
import { demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { drill } from './drill.ts'
import { CommandError, EXIT } from './exit.ts'
import { exportCommand } from './export.ts'
import { hold } from './hold.ts'
import { importCommand } from './import.ts'
import { keys } from './keys.ts'
import { ledgers } from './ledgers.ts'
import { privacy } from './privacy.ts'
import { prove } from './prove.ts'
import { query } from './query.ts'
import { record } from './record.ts'
import { reindex } from './reindex.ts'
import { retention } from './retention.ts'
import { serve } from './serve.ts'
import { signer } from './signer.ts'
import { subject } from './subject.ts'
import { verify } from './verify.ts'

const COMMANDS = [
  serve,
  signer,
  demo,
  importCommand,
  record,
  exportCommand,
  verify,
  prove,
  query,
  subject,
  hold,
  keys,
  privacy,
  retention,
  ledgers,
  reindex,
  drill,
  conformance,
  doctor,
]

/** What the system says of a path that somebody mistyped or may not use. */
const MISTAKEN_PATHS = new Set(['EACCES', 'EISDIR', 'ENOENT', 'ENOTDIR', 'EEXIST', 'EROFS'])

/** Failures whose message says all there is to say. */
const EXPLAINED = [
  AccessFileDamaged,
  PrivacyFileDamaged,
  PolicyElsewhere,
  MappingError,
  FormatError,
  DirectoryLocked,
  KeyMismatch,
  KeyChangeRefused,
  KeyServiceFailure,
  RootKeyMissing,
  SignerUnavailable,
  SigningRefused,
] as const

function exitCodeOf(error: unknown): number {
  endProgress()
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof CommandError) {
    note(error.message)
    return error.exitCode
  }
  if (EXPLAINED.some((kind) => error instanceof kind)) {
    note((error as Error).message)
    return EXIT.usage
  }
  if (error instanceof Error && MISTAKEN_PATHS.has(errorCode(error))) {
    note(error.message)
    return EXIT.usage
  }
  if (errorCode(error) === 'EADDRINUSE') {
    note('that port is taken; choose another with --port, or 0 for a free one')
    return EXIT.usage
  }
  noteFailure(error)
  return EXIT.internal
}

/** What nobody foresaw, without its words: they may quote a record, and what is written here is kept by whoever collects it. */
function noteFailure(error: unknown): void {
  const { name, code, at } = failureOf(error)
  const kind = code === undefined ? name : `${name} ${code}`
  note([`an unexpected failure: ${kind}`, ...at.map((frame) => `    at ${frame}`)].join('\n'))
}

onCrash((error) => {
  noteFailure(error)
  return EXIT.internal
})

const program = new Command('deponent')
  .description('the record an AI system testifies from')
  .version(VERSION)
  .exitOverride()
  .configureHelp({ sortSubcommands: false })
for (const command of COMMANDS) program.addCommand(command.exitOverride())

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
