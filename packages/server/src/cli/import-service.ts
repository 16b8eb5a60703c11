/** Services that are asked for what they have kept, in place of a file. */
import { createHash } from 'node:crypto'
import { canonicalJson } from '@deponent/format'
import type { RowReading } from '../ingest/source-row.ts'
import { CommandError, EXIT } from './exit.ts'
import type { ImportFile } from './import-file.ts'
import { langfuseHistory, type Span } from './langfuse-history.ts'
import { mlflowHistory } from './mlflow-history.ts'

const SERVICES: Readonly<Record<string, (url: string, span: Span) => AsyncGenerator<RowReading>>> = {
  langfuse: langfuseHistory,
  mlflow: mlflowHistory,
}

export function isService(path: string): boolean {
  return /^https?:\/\//.test(path)
}

/** `format`: the source the service is; `digest` is of what it answered, row by row. */
export function openService(path: string, format: string | undefined, span: Span): ImportFile {
  if (!URL.canParse(path)) throw new CommandError(EXIT.usage, `${path} is no address`)
  const service = format !== undefined && Object.hasOwn(SERVICES, format) ? SERVICES[format] : undefined
  if (service === undefined)
    throw new CommandError(EXIT.usage, `an address needs --format ${Object.keys(SERVICES).join(' or ')}`)
  const hash = createHash('sha256')
  const url = path.replace(/\/$/, '')
  return {
    name: new URL(url).host,
    container: 'json',
    rows: hashed(service(url, span), hash),
    digest: () => hash.copy().digest('hex'),
  }
}

async function* hashed(
  rows: AsyncGenerator<RowReading>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<RowReading> {
  for await (const row of rows) {
    if (row.row !== undefined) hash.update(`${canonicalJson(row.row.values)}\n`)
    yield row
  }
}
