/** The files of an import as rows, one file after another, each with the digest of its bytes once it was read. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { CONTAINERS, type Container, openFile, rowsIn } from '../ingest/opened.ts'
import { realDisk } from '../platform/disk.ts'
import { standardInput } from '../platform/terminal.ts'
import { CommandError, EXIT } from './exit.ts'
import type { ImportFile } from './import-file.ts'
import { isService } from './import-service.ts'
import { parquetRows } from './parquet-rows.ts'

const CHUNK_BYTES = 1_048_576

/** Says so before anything is started when one of the files is not there. */
export async function checkFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths)
    if (path !== '-' && !isService(path) && (await realDisk.size(path)) === undefined)
      throw new CommandError(EXIT.usage, `no such file: ${path}`)
}

export function isContainer(format: string): format is Container {
  return CONTAINERS.some((container) => container === format)
}

/** Opens one file; `container` where somebody said what it is. */
export async function openImport(path: string, container?: Container): Promise<ImportFile> {
  const hash = createHash('sha256')
  let digest: string | undefined
  const opened = await openFile(hashed(chunksOf(path), hash))
  const found = { ...opened, ...(container !== undefined && { container }) }
  if (found.container === 'parquet' && path === '-')
    throw new CommandError(EXIT.usage, 'Parquet is read from a file, not from standard input')
  if (found.container === 'parquet' && /[*?{}]/.test(path))
    throw new CommandError(
      EXIT.usage,
      'a Parquet file is read by a path without * ? { }, which the engine takes for patterns',
    )
  return {
    name: path === '-' ? path : basename(path),
    container: found.container,
    rows: found.container === 'parquet' ? parquetRows(path, found.chunks) : rowsIn(found),
    digest: () => (digest ??= hash.digest('hex')),
  }
}

async function* hashed(
  chunks: AsyncGenerator<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  if (path === '-') {
    yield* standardInput()
    return
  }
  const size = (await realDisk.size(path)) ?? 0
  const file = await realDisk.open(path, 'read')
  try {
    for (let at = 0; at < size; at += CHUNK_BYTES) yield await file.read(at, CHUNK_BYTES)
  } finally {
    await file.close()
  }
}
