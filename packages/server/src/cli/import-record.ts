/** What is recorded of an import itself, so that it can be read later what came in, by which reading, and what its source did not tell. */
import { createHash } from 'node:crypto'
import { canonicalJson, type JsonObject } from '@deponent/format'
import { fidelityJson } from '../ingest/fidelity.ts'
import { note } from '../platform/terminal.ts'
import { CommandError } from './exit.ts'
import type { Connection } from './connection.ts'
import { errorsJson, type ImportRun, recordAll } from './import-run.ts'

const ERRORS_RECORDED = 100
const FILES_RECORDED = 200

export interface ImportedFile {
  readonly name: string
  /** SHA-256 of its bytes, 64 hex digits. */
  readonly digest: string
}

export interface ImportFacts {
  readonly files: readonly ImportedFile[]
  readonly format: string
  /** The mapping as it was given. */
  readonly mapping?: JsonObject
  readonly given: JsonObject
  readonly startedAt: string
  readonly completedAt: string
}

export function importRecord({ totals, fidelity }: ImportRun, facts: ImportFacts): JsonObject {
  const { files, format, mapping, given, startedAt, completedAt } = facts
  const [first] = files
  return {
    kind: 'import',
    source: files.length === 1 ? first!.name : `${files.length} files, the first ${first?.name ?? '-'}`,
    sourceDigest: digestOf(files),
    ...(mapping && { mappingDigest: sha256(canonicalJson(mapping)) }),
    format,
    rows: totals.lines,
    recorded: totals.recorded,

    duplicates: totals.duplicates,
    rejected: totals.rejected,
    ...(totals.errors.length > 0 && { errors: errorsJson(totals.errors, ERRORS_RECORDED) }),
    ...(fidelity && { fidelity: fidelityJson(fidelity) }),
    startedAt,
    completedAt,
    ...(files.length > 1 && {
      metadata: { files: files.slice(0, FILES_RECORDED).map((file) => ({ ...file })) },
    }),
    ...(Object.keys(given).length > 0 && { tags: { given: Object.keys(given) } }),
  }
}

/** Records it and gives the id of its entry; undefined where that is refused, and says so: what was imported is recorded all the same. */
export async function recordImport(connection: Connection, record: JsonObject): Promise<string | undefined> {
  try {
    const { errors, receipts } = await recordAll(connection, '/v1/records', [canonicalJson(record)])
    for (const { code, path } of errors) note(`the import itself was not recorded: ${code} ${path}`)
    return receipts[0]?.id
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    note(`the import itself was not recorded: ${error.message}`)
    return undefined
  }
}

/** Of one file its own; of several that of their digests and names, a line each, as `sha256sum` writes them. */
function digestOf(files: readonly ImportedFile[]): string {
  if (files.length === 1) return files[0]!.digest
  return sha256(files.map(({ name, digest }) => `${digest}  ${name}\n`).join(''))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
