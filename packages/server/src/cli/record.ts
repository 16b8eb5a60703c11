import { FormatError, isRecordKind, type JsonReading, KINDS, readJsonItemsFromBytes } from '@deponent/format'
import { Command } from 'commander'
import { print } from '../platform/terminal.ts'
import type { Envelope } from '../recording/envelope.ts'
import { connect, type Connection, type ConnectionOptions, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { inputBytes } from './file.ts'
import { withConnection, withLedger } from './options.ts'
import { isObject, sentText } from './sent-record.ts'

/** The records of a file, checked here only for what would be lost on the way. */
function readingsOf(bytes: Uint8Array): JsonReading[] {
  let readings: JsonReading[]
  try {
    readings = readJsonItemsFromBytes(bytes)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new CommandError(EXIT.usage, `the file is not JSON: ${error.message}`)
  }
  readings.forEach(({ faults: [fault] }, position) => {
    if (!fault) return
    throw new CommandError(EXIT.usage, `record ${position}: ${fault.code} ${fault.path}: ${fault.message}`)
  })
  return readings
}

function checkKinds(kind: string, readings: readonly JsonReading[]): void {
  const named = readings.map(({ value }) => (isObject(value) ? value.kind : undefined))
  const position = named.findIndex((other) => other !== undefined && other !== kind)
  if (position >= 0) throw new CommandError(EXIT.usage, `record ${position} names another kind than ${kind}`)
}

async function send(
  connection: Connection,
  kind: string,
  readings: readonly JsonReading[],
): Promise<Envelope> {
  const path = kind === 'decision' ? '/v1/decisions' : '/v1/records'
  const body = `[${readings.map((reading) => sentText(kind, reading)).join(',')}]`
  return jsonAnyway(await connection.post(`${path}?wait=checkpoint`, body))
}

/** The envelope of an answer that judged records one by one, whatever its status; a problem is thrown. */
function jsonAnyway(answer: Awaited<ReturnType<Connection['post']>>): Envelope {
  const isEnvelope = answer.headers.get('content-type')?.startsWith('application/json') === true
  return (isEnvelope ? JSON.parse(answer.text) : jsonOf(answer)) as Envelope
}

export const record = withLedger(withConnection(new Command('record')))
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
    const readings = readingsOf(await inputBytes(file))
    checkKinds(kind, readings)
    const connection = await connect(options)
    try {
      const envelope = await send(connection, kind, readings)
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
