/** Test data of other projects, kept beside the repository and never inside it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../shared/vectors/', import.meta.url))

/** A suite over foreign data that is one skipped test, with the reason, where the data is absent. */
export function foreignSuite(folder: string, name: string, body: () => void): void {
  if (existsSync(ROOT + folder)) describe(name, body)
  else test(name, ({ skip }) => skip(`the foreign vectors are not beside this checkout: ${folder}`))
}

/** Every JSON file below a folder, as paths relative to it. */
export function foreignJsonFiles(folder: string): string[] {
  return readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
}

export function foreignBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(ROOT + path))
}

export function foreignText(path: string): string {
  return readFileSync(ROOT + path, 'utf8')
}
