import { isRecordKind, KINDS } from '@deponent/format'
import { Command } from 'commander'
import { realDisk } from '../platform/disk.ts'
import { print, standardInput } from '../platform/terminal.ts'
import type { Envelope } from '../recording/envelope.ts'
import { connect, type Connection, type ConnectionOptions, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { withConnection } from './options.ts'

async function allOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const found: Uint8Array[] = []
  for await (const chunk of chunks) found.push(chunk)
  return Buffer.concat(found)
}

async function bytesOf(path: string): Promise<Uint8Array> {
  if (path === '-') return allOf(standardInput())
  const bytes = await realDisk.read(path)
  if (!bytes) throw new CommandError(EXIT.usage, `no such file: ${path}`)
  return bytes
}

function withKind(kind: string, text: string): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CommandError(EXIT.usage, 'the file is not JSON')
  }
  const records = Array.isArray(value) ? value : [value]
  return JSON.stringify(records.map((record) => ({ ...(record as object), kind })))
}

async function send(connection: Connection, kind: string, text: string): Promise<Envelope> {
  if (kind === 'decision') return jsonAnyway(await connection.post('/v1/decisions?wait=checkpoint', text))
  return jsonAnyway(await connection.post('/v1/records?wait=checkpoint', withKind(kind, text)))
}

/** The envelope of an answer that judged records one by one, whatever its status; a problem is thrown. */
function jsonAnyway(answer: Awaited<ReturnType<Connection['post']>>): Envelope {
  const isEnvelope = answer.headers.get('content-type')?.startsWith('application/json') === true
  return (isEnvelope ? JSON.parse(answer.text) : jsonOf(answer)) as Envelope
}

export const record = withConnection(new Command('record'))
  .description('record one JSON object, or an array of them, of the given kind')
  .argument('<kind>', 'decision, outcome, review, …')
  .argument('<file>', 'JSON file, or - for standard input')
  .addHelpText(
    'after',
    '\nExample:\n  echo \'{"modelId":"m","prediction":"high"}\' | deponent record decision -',
  )
  .action(async (kind: string, file: string, options: ConnectionOptions & { json?: boolean }) => {
    if (!isRecordKind(kind))
      throw new CommandError(EXIT.usage, `unknown kind; known kinds: ${KINDS.join(', ')}`)
    const text = new TextDecoder().decode(await bytesOf(file))
    const connection = await connect(options)
    try {
      const envelope = await send(connection, kind, text)
      if (options.json) print(JSON.stringify(envelope))
      for (const receipt of options.json ? [] : envelope.receipts)
        print(`${receipt.status} ${receipt.id} at ${receipt.index}`)
      for (const error of options.json ? [] : envelope.errors)
        print(`rejected ${error.position} ${error.code} ${error.path}: ${error.message}`)
      process.exitCode = envelope.errors.length === 0 ? EXIT.ok : EXIT.negative
    } finally {
      await connection.close()
    }
  })
