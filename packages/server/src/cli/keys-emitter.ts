import { utf8 } from '@deponent/format'
import { Command } from 'commander'
import { DEFAULT_LEDGER } from '../hosting/ledger-name.ts'
import { realDisk } from '../platform/disk.ts'
import { note, print } from '../platform/terminal.ts'
import { connect, type Connection, type ConnectionOptions, jsonOf, mustBeDirectory } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { withConnection, withLedger } from './options.ts'

interface EmitterOptions extends ConnectionOptions {
  json?: boolean
}

const EMITTER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A key for the identity that speaks for the emitter: its first, or another in the place of those it has. */
async function keyFor(connection: Connection, emitter: string): Promise<string> {
  const asked = { name: `emitter ${emitter}`, roles: ['writer'], emitter }
  const made = await connection.post('/v1/keys', JSON.stringify(asked))
  if (made.status !== 409) return (jsonOf(made) as { key: string }).key
  const { items } = jsonOf(await connection.get('/v1/keys')) as {
    items: { id: string; emitter?: string; revokedAt: number | null }[]
  }
  const speaker = items.find((item) => item.emitter === emitter && item.revokedAt === null)
  if (!speaker)
    throw new CommandError(EXIT.negative, 'the emitter was taken and is free again; try once more')
  const rotated = await connection.post(`/v1/keys/${speaker.id}/rotate`, '{"overlapSeconds":0}')
  return (jsonOf(rotated) as { key: string }).key
}

export const emitter = withLedger(withConnection(new Command('emitter')))
  .description('make a key with which one emitter, and nobody else, records under its name')
  .argument('<name>', 'the emitter.id it numbers its records by')
  .addHelpText('after', '\nExample:\n  deponent keys emitter checkout-1 --data ./data')
  .action(async (name: string, options: EmitterOptions) => {
    const { data, ledger = DEFAULT_LEDGER, json, url } = options
    if (!EMITTER_NAME.test(name))
      throw new CommandError(
        EXIT.usage,
        'an emitter is named by 1 to 64 letters, digits, dots, dashes, underscores',
      )
    if (url === undefined) await mustBeDirectory(data, ledger)
    const connection = await connect(options)
    try {
      const key = await keyFor(connection, name)
      const path = await kept(data, ledger, name, key)
      print(json ? JSON.stringify({ emitter: name, path }) : path)
      note(
        'the file holds the key; hand it to the emitter, and move it away if this machine need not know it',
      )
    } finally {
      await connection.close()
    }
  })

/** Writes the key where only the owner of the directory reads it; gives the path. */
async function kept(data: string, ledger: string, name: string, key: string): Promise<string> {
  const folder = ledger === DEFAULT_LEDGER ? 'emitters' : `emitters/${ledger}`
  const directory = `${data}/keyring/${folder}`
  await realDisk.makeDirectory(directory, 0o700)
  await realDisk.writeDurably(`${directory}/${name}.key`, utf8(`${key}\n`), 0o600)
  return `${directory}/${name}.key`
}
