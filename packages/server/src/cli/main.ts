/** The `deponent` command: one file per subcommand, one place where they end. */
import { FormatError } from '@deponent/format'
import { Command, CommanderError } from 'commander'
import { errorCode } from '../platform/disk.ts'
import { ExplainedError } from '../platform/explained-error.ts'
import { failureOf } from '../platform/failure.ts'
import { endProgress, note, onCrash } from '../platform/terminal.ts'
import { VERSION } from '../version.ts'
import { CommandError, EXIT } from './exit.ts'

/** Each subcommand in the order of the help; read when it is asked for, for most need a small part of the product. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  signer: async () => (await import('./signer.ts')).signer,
  demo: async () => (await import('./demo.ts')).demo,
  import: async () => (await import('./import.ts')).importCommand,
  record: async () => (await import('./record.ts')).record,
  export: async () => (await import('./export.ts')).exportCommand,
  verify: async () => (await import('./verify.ts')).verify,
  prove: async () => (await import('./prove.ts')).prove,
  reproduce: async () => (await import('./reproduce.ts')).reproduce,
  query: async () => (await import('./query.ts')).query,
  subject: async () => (await import('./subject.ts')).subject,
  hold: async () => (await import('./hold.ts')).hold,
  keys: async () => (await import('./keys.ts')).keys,
  privacy: async () => (await import('./privacy.ts')).privacy,
  retention: async () => (await import('./retention.ts')).retention,
  tiers: async () => (await import('./tiers.ts')).tiers,
  restore: async () => (await import('./restore.ts')).restore,
  ledgers: async () => (await import('./ledgers.ts')).ledgers,
  gate: async () => (await import('./gate.ts')).gate,
  assess: async () => (await import('./assess.ts')).assess,
  reindex: async () => (await import('./reindex.ts')).reindex,
  cost: async () => (await import('./cost.ts')).cost,
  backup: async () => (await import('./backup.ts')).backup,
  'restore-backup': async () => (await import('./restore-backup.ts')).restoreBackupCommand,
  drill: async () => (await import('./drill.ts')).drill,
  conformance: async () => (await import('./conformance.ts')).conformance,
  'restore-offsite': async () => (await import('./restore-offsite.ts')).restore,
  doctor: async () => (await import('./doctor.ts')).doctor,
}

/** What the system says of a path that somebody mistyped or may not use. */
const MISTAKEN_PATHS = new Set(['EACCES', 'EISDIR', 'ENOENT', 'ENOTDIR', 'EEXIST', 'EROFS'])

function exitCodeOf(error: unknown): number {
  endProgress()
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof CommandError) {
    note(error.message)
    return error.exitCode
  }
  if (error instanceof FormatError || error instanceof ExplainedError) {
    note(error.message)
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
  // An option behind the name of a command is that command's.
  .enablePositionalOptions()
  .configureHelp({ sortSubcommands: false })

/** The one that is named first, or all of them where none is: then help or a mistake is answered with what there is. */
function wanted(args: readonly string[]): (() => Promise<Command>)[] {
  const [first = ''] = args
  if (first === '--version' || first === '-V') return []
  return Object.hasOwn(COMMANDS, first) ? [COMMANDS[first]!] : Object.values(COMMANDS)
}

try {
  for (const command of wanted(process.argv.slice(2))) program.addCommand((await command()).exitOverride())
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
