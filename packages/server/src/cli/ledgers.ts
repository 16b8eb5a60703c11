import { Command } from 'commander'
import { print } from '../platform/terminal.ts'
import { connect, type Connection, type ConnectionOptions, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { ledgerName, localSignerForOthers, withConnection } from './options.ts'
import { table } from './table.ts'

interface LedgersOptions extends ConnectionOptions {
  json?: boolean
}

/** A ledger as the server describes it. */
interface LedgerItem {
  name: string
  origin: string
  size: number
  state: string
  vkey: string
}

const shown = ({ name, state, size, origin, vkey }: LedgerItem): Record<string, unknown> => ({
  name,
  state,
  size,
  origin,
  vkey,
})

/** Asks the server and prints what it answers. */
async function answered<T>(
  options: LedgersOptions,
  ask: (connection: Connection) => Promise<T>,
  text: (answer: T) => string,
): Promise<void> {
  const connection = await connect(options)
  try {
    const answer = await ask(connection)
    print(options.json ? JSON.stringify(answer) : text(answer))
  } finally {
    await connection.close()
  }
}

const list = withConnection(new Command('list'))
  .description('show the ledgers the key belongs to')
  .addHelpText('after', '\nExample:\n  deponent ledgers list --data ./data')
  .action((options: LedgersOptions) =>
    answered(
      options,
      async (connection) => jsonOf(await connection.get('/v1/ledgers')) as { items: LedgerItem[] },
      ({ items }) => table(items.map(shown)),
    ),
  )

const create = withConnection(new Command('create'))
  .description('make a ledger with an origin, keys and content of its own; needs the key of the installation')
  .argument('<name>', '1 to 32 lower-case letters, digits and dashes', ledgerName)
  .addOption(localSignerForOthers())
  .addHelpText('after', '\nExample:\n  deponent ledgers create claims --data ./data')
  .action((name: string, options: LedgersOptions) =>
    answered(
      options,
      async (connection) =>
        jsonOf(await connection.post('/v1/ledgers', JSON.stringify({ name }))) as LedgerItem,
      ({ origin, vkey }) => `${name} is ${origin}\nits checkpoints are signed with ${vkey}`,
    ),
  )

const archive = withConnection(new Command('archive'))
  .description('take no more records for a ledger; what it has is read, proven and verified as before')
  .argument('<name>', 'the ledger', ledgerName)
  .requiredOption('--reason <text>', 'why; it is recorded')
  .addHelpText('after', '\nExample:\n  deponent ledgers archive claims --reason "the product was withdrawn"')
  .action(async (name: string, options: LedgersOptions & { reason: string }) => {
    const reason = options.reason.trim()
    if (reason === '') throw new CommandError(EXIT.usage, 'say why: --reason TEXT')
    await answered(
      options,
      async (connection) =>
        jsonOf(
          await connection.post(`/v1/ledgers/${name}/archive`, JSON.stringify({ reason })),
        ) as LedgerItem,
      ({ size }) => `${name} is archived with ${size} entries`,
    )
  })

export const ledgers = new Command('ledgers')
  .description('the ledgers of an installation')
  .addCommand(list.exitOverride())
  .addCommand(create.exitOverride())
  .addCommand(archive.exitOverride())
