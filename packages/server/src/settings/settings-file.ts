/**
 * How settings lie in DIR/keyring/<name>/<ledger>.json. They belong to the keyring and are backed up with it: a ledger that forgot them
 * would do with records what somebody forbade.
 */
import { createHash } from 'node:crypto'
import { canonicalJson, fromUtf8, utf8 } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import type { SettingsFile } from './kept-settings.ts'

export interface SettingsPlace {
  readonly disk: Disk
  /** The data directory. */
  readonly data: string
  readonly ledger: string
}

const FORMAT = 1

/**
 * The file of settings. `parse` reads what lies there, `fallback` is what a new ledger begins with; when it cannot be read, `damaged`
 * says so of its path.
 */
export function settingsFile<C extends object>(
  name: string,
  { disk, data, ledger }: SettingsPlace,
  of: { fallback: C; parse(value: Record<string, unknown>): C; damaged(path: string): Error },
): SettingsFile<C> {
  const directory = `${data}/keyring/${name}`
  const path = `${directory}/${ledger}.json`
  const textOf = (content: C): string => `${canonicalJson({ format: FORMAT, ...content })}\n`
  return {
    name,
    digestOf: (content) => createHash('sha256').update(textOf(content)).digest('hex'),
    async read() {
      const bytes = await disk.read(path)
      if (!bytes) return of.fallback
      try {
        const { format, ...content } = JSON.parse(fromUtf8(bytes)) as Record<string, unknown>
        if (format !== FORMAT) throw new Error('another format')
        return of.parse(content)
      } catch {
        throw of.damaged(path)
      }
    },
    async write(content) {
      await disk.makeDirectory(directory, 0o700)
      await disk.writeDurably(path, utf8(textOf(content)), 0o600)
    },
  }
}
