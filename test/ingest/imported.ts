/** What an import would record of a file: all of it but the sending. */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CanonicalRecord, type JsonObject, normalizeRecord } from '@deponent/format'
import { withGiven } from '../../packages/server/src/ingest/given.ts'
import { identified } from '../../packages/server/src/ingest/identity.ts'
import { openFile, rowsIn } from '../../packages/server/src/ingest/opened.ts'
import { firstRows, judgeRows, lineOf, readerOf } from '../../packages/server/src/ingest/reading.ts'

export interface Imported {
  /** As what the rows were recognised. */
  readonly source: string
  readonly reason: string
  /** Records with their kinds, or codes with their lines. */
  readonly records: readonly ({ kind: string; record: CanonicalRecord } | { line: number; code: string })[]
}

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/import/${name}`, import.meta.url))

/** Reads files as one import, the first of them to tell what they are. */
export const imported = Object.assign((...paths: readonly string[]) => importedWith({}, paths), {
  /** The same with fields of decisions that do not say them. */
  with: (given: JsonObject, ...paths: readonly string[]) => importedWith(given, paths),
})

async function importedWith(given: JsonObject, paths: readonly string[]): Promise<Imported> {
  const [first, ...others] = paths
  const file = await openFile(createReadStream(first!))
  const begun = await firstRows(rowsIn(file))
  const { reading, reason } = judgeRows(begun.first, file.container)
  const source = reading.by === 'source' ? reading.source.name : reading.by
  const reader = readerOf(reading)
  const lines = []
  for await (const row of begun.rows) lines.push({ file: first!, ...lineOf(reader, row) })
  for (const path of others)
    for await (const row of rowsIn(await openFile(createReadStream(path))))
      lines.push({ file: path, ...lineOf(reader, row) })
  lines.push(...reader.end().map((line) => ({ file: paths.at(-1)!, ...line })))
  const records = lines.flatMap((line) =>
    'records' in line
      ? line.records.map((made) => {
          if (made.event !== undefined) return { kind: 'event', record: made.event }
          const whole = withGiven(made, new Map(Object.entries(given)))
          const { kind, reading: read } = identified(whole, source, `${basename(line.file)}:${line.line}`)
          const { record, errors } = normalizeRecord(kind, read)
          return errors[0] ? { line: line.line, code: errors[0].code } : { kind, record }
        })
      : [{ line: line.line, code: line.code }],
  )
  return { source, reason, records }
}
