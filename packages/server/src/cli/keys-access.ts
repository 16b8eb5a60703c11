import { Command, InvalidArgumentError } from 'commander'
import { ROLES } from '../access/role.ts'
import { realClock } from '../platform/clock.ts'
import { note, print } from '../platform/terminal.ts'
import { type AskingOptions, speaking } from './asking.ts'
import { jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { days, withConnection, withLedger } from './options.ts'
import { table } from './table.ts'

interface MakeOptions extends AskingOptions {
  role: string[]
  system?: string[]
  purpose?: string[]
  subject?: string
  expiresIn?: number
}

/** An identity as the server describes it. */
interface Identity {
  id: string
  name: string
  roles: string[]
  systems: string[] | null
  emitter?: string
  revokedAt: number | null
  keys: { id: string; expiresAt: number | null; revokedAt: number | null }[]
}

interface MadeKey {
  identity: Identity
  keyId: string
  key: string
}

const DAY_MS = 86_400_000

/** The key on standard output alone, so that it can be piped to where it belongs. */
function printKey(made: MadeKey, json: boolean | undefined): void {
  if (json) print(JSON.stringify(made))
  else {
    print(made.key)
    note(`${made.keyId} of ${made.identity.name} (${made.identity.id}); it is not shown again`)
  }
}

export const make = withLedger(withConnection(new Command('make')))
  .description('make a key for somebody: shown this once, kept as a digest')
  .argument('<name>', 'who it is for')
  .requiredOption('--role <role...>', `one of ${ROLES.join(', ')}; several add up`)
  .option('--system <system...>', 'these AI systems only (default: every one)')
  .option('--purpose <words...>', 'these purposes only may be stated (default: any)')
  .option('--subject <id>', 'with --role subject: the person it is for')
  .option('--expires-in <days>', 'days until it opens nothing any more (default: never)', days)
  .addHelpText(
    'after',
    '\nExample:\n  deponent keys make "Ada Lovelace" --role auditor --system credit --expires-in 90',
  )
  .action(async (name: string, options: MakeOptions) => {
    const { role, system, purpose, subject, expiresIn, json } = options
    const asked = {
      name,
      roles: role,
      ...(system && { systems: system }),
      ...(purpose && { purposes: purpose }),
      ...(subject !== undefined && { subject }),
      ...(expiresIn !== undefined && {
        expiresAt: new Date(realClock.now() + expiresIn * DAY_MS).toISOString(),
      }),
    }
    const made = await speaking(options, (connection) => connection.post('/v1/keys', JSON.stringify(asked)))
    printKey(jsonOf(made) as MadeKey, json)
  })

export const list = withLedger(withConnection(new Command('list')))
  .description('show identities and how many of their keys open something')
  .addHelpText('after', '\nExample:\n  deponent keys list --data ./data')
  .action(async (options: AskingOptions) => {
    const answer = await speaking(options, (connection) => connection.get('/v1/keys'))
    const { items } = jsonOf(answer) as { items: Identity[] }
    const now = realClock.now()
    const live = ({ keys }: Identity): number =>
      keys.filter(({ expiresAt, revokedAt }) => revokedAt === null && (expiresAt ?? Infinity) > now).length
    const rows = items.map((item) => ({
      id: item.id,
      name: item.name,
      roles: item.roles.join(', '),
      systems: item.systems?.join(', ') ?? 'every one',
      keys: item.revokedAt === null ? live(item) : 'revoked',
    }))
    print(
      options.json
        ? JSON.stringify({ items })
        : rows.length === 0
          ? 'no keys but the token of first start'
          : table(rows),
    )
  })

function overlap(text: string): number {
  const seconds = Number(text)
  if (!/^\d+$/.test(text) || seconds > 90 * 86_400)
    throw new InvalidArgumentError('An overlap is a number of seconds, at most 90 days.')
  return seconds
}

export const renew = withLedger(withConnection(new Command('renew')))
  .description('make a further key for an identity; those it has end after the overlap')
  .argument('<id>', 'the identity, or one of its keys')
  .option('--overlap <seconds>', 'how long the keys it has go on', overlap, 86_400)
  .addHelpText('after', '\nExample:\n  deponent keys renew i-0123456789abcdef --overlap 3600')
  .action(async (id: string, options: AskingOptions & { overlap: number }) => {
    const body = JSON.stringify({ overlapSeconds: options.overlap })
    const path = `/v1/keys/${encodeURIComponent(id)}/rotate`
    const made = await speaking(options, (connection) => connection.post(path, body))
    printKey(jsonOf(made) as MadeKey, options.json)
  })

export const revoke = withLedger(withConnection(new Command('revoke')))
  .description('revoke an identity with all its keys, or one key, at once')
  .argument('<id>', 'the identity or the key')
  .addHelpText('after', '\nExample:\n  deponent keys revoke k-0123456789abcdef')
  .action(async (id: string, options: AskingOptions) => {
    if (!/^[ik]-[0-9a-f]{16}$/.test(id))
      throw new CommandError(
        EXIT.usage,
        'ids begin with i- (an identity) or k- (a key); see deponent keys list',
      )
    const answer = await speaking(options, (connection) => connection.send('DELETE', `/v1/keys/${id}`))
    const { identity } = jsonOf(answer) as { identity: Identity }
    print(options.json ? JSON.stringify({ identity }) : `${id} of ${identity.name} opens nothing any more`)
  })
