/** Damage to a data directory, as a seed decides. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'

/** Chance that a seed decides. */
export class Chance {
  readonly #random: SeededRandom

  constructor(seed: string) {
    this.#random = new SeededRandom(seed)
  }

  below(end: number): number {
    return Buffer.from(this.#random.bytes(4)).readUInt32BE() % end
  }

  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!
  }
}

/** The files that the formats define, but for format.json. */
export async function filesOf(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return paths.filter((path) => /(?:ledgers|vault|keyring)\//.test(path.slice(directory.length))).toSorted()
}

/** Turns over one bit of a file that `pattern` names. */
export async function flipOne(directory: string, chance: Chance, pattern = /./): Promise<void> {
  const path = chance.of((await filesOf(directory)).filter((file) => pattern.test(file)))
  const bytes = await readFile(path)
  if (bytes.length === 0) return
  bytes[chance.below(bytes.length)]! ^= 0x20
  await writeFile(path, bytes)
}
