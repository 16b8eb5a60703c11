import { realDisk } from '../platform/disk.ts'
import { userStateDirectory } from '../platform/places.ts'
import { note, print } from '../platform/terminal.ts'
import type { Place, ResidueReport } from '../residue/report.ts'
import { searchResidue, TooShort } from '../residue/residue.ts'
import { mustBeDirectory } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { storeAt } from './offsite.ts'
import { type RootKeyOptions, rootOf } from './root-key.ts'
import { table } from './table.ts'

export interface ResidueOptions extends RootKeyOptions {
  data: string
  residue: string
  value?: readonly string[]
  signerState?: string
  clickhouseUrl?: string
  warm?: string
  offsite?: string
  json?: boolean
}

/** Places shown; there may be one for every record of a person. */
const SHOWN_MAX = 100
const NOT_HERE = 'not looked at: memory, swap, freed blocks of the disk, backups, and what others were given'

/** `doctor --residue`: exit 0 when nothing is found, 1 when something is, 3 when nothing is but not everything could be looked into. */
export async function lookForResidue(options: ResidueOptions): Promise<void> {
  await mustBeDirectory(options.data)
  const report = await searched(options)
  if (options.json) print(JSON.stringify(report))
  else print(said(report))
  process.exitCode = exitOf(report)
}

async function searched(options: ResidueOptions): Promise<ResidueReport> {
  const { data, offsite, residue, value, signerState, clickhouseUrl } = options
  const warm = options.warm === undefined ? undefined : await storeAt(options.warm)
  const copy = offsite === undefined ? undefined : await storeAt(offsite)
  try {
    return await searchResidue({
      disk: realDisk,
      directory: data,
      signerDirectory: signerState ?? `${userStateDirectory()}/signer`,
      subject: residue,
      values: value ?? [],
      root: rootOf(options, data),
      ...(clickhouseUrl !== undefined && { clickhouseUrl }),
      ...(warm && { warm }),
      ...(copy && { copy }),
    })
  } catch (error) {
    if (error instanceof TooShort) throw new CommandError(EXIT.usage, error.message)
    throw error
  } finally {
    await warm?.close()
    await copy?.close()
  }
}

function exitOf({ found, notLookedAt }: ResidueReport): number {
  if (found.length > 0) return EXIT.negative
  return notLookedAt.length > 0 ? EXIT.incomplete : EXIT.ok
}

function said({ stores, found, notLookedAt }: ResidueReport): string {
  if (found.length > SHOWN_MAX) note(`${found.length - SHOWN_MAX} further places are in the answer in JSON`)
  return [
    table(stores.map(({ bytes, ...store }) => ({ ...store, mebibytes: (bytes / 1_048_576).toFixed(1) }))),
    ...found.slice(0, SHOWN_MAX).map((place) => `found: ${placeText(place)}`),
    ...notLookedAt.map((why) => `not looked into: ${why}`),
    NOT_HERE,
    found.length === 0 ? 'nothing was found' : `found in ${found.length} places`,
  ].join('\n')
}

function placeText({ where, index, what }: Place): string {
  return `${where}${index === undefined ? '' : `, entry ${index}`}: ${what}`
}
