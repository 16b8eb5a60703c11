/**
 * When the last backup and the last drill were, and what they came to, as the commands that ran them note it in the data directory. Nothing says
 * where a backup is: whoever took a server over would find it. A note is no evidence, and whoever may write the directory can write one.
 */
import { fromUtf8, isoTime, utf8 } from '@deponent/format'
import { z } from 'zod'
import type { Disk } from '../platform/disk.ts'

const count = z.int().nonnegative()
const seconds = z.number().nonnegative()

const backupNote = z.object({
  /** When it was begun. */
  at: z.iso.datetime(),
  seconds,
  /** How many entries of each ledger are in it. */
  ledgers: z.array(z.object({ name: z.string(), size: count })),
  files: count,
  /** Bytes of what it holds, and of those what was put this time. */
  bytes: count,
  newBytes: count,
})

const drillNote = z.object({
  at: z.iso.datetime(),
  verdict: z.enum(['valid', 'incomplete', 'invalid']),
  /** Whether everything came back that was to, and nothing that was not. */
  hasPassed: z.boolean(),
  entriesBefore: count,
  entriesBack: count,
  /** Seconds of each step, in their order. */
  steps: z.array(z.object({ step: z.string(), seconds })),
})

/** What whoever may see one ledger is told: nothing of the others that are in the same backup. */
const ledgerBackup = z.object({
  at: z.iso.datetime(),
  seconds,
  /** How many entries of the ledger are in it. */
  entries: count,
  /** Null where it holds other ledgers too: its files are told for all of them together. */
  bytes: count.nullable(),
  newBytes: count.nullable(),
})

export const recoveryTold = z.object({ backup: ledgerBackup.nullable(), drill: drillNote.nullable() })

export type BackupNote = z.infer<typeof backupNote>
export type DrillNote = z.infer<typeof drillNote>
export type RecoveryTold = z.infer<typeof recoveryTold>

export interface RecoveryNotes {
  readonly backup: BackupNote | null
  readonly drill: DrillNote | null
}

const FOLDER = 'recovery'
const NAMES = { backup: 'last-backup.json', drill: 'last-drill.json' } as const

/** Milliseconds as a note has them. */
export const noted = {
  time: (ms: number): string => isoTime(ms),
  seconds: (ms: number): number => Math.round(ms) / 1_000,
}

export function noteBackup(disk: Disk, directory: string, note: BackupNote): Promise<void> {
  return write(disk, directory, NAMES.backup, note)
}

export function noteDrill(disk: Disk, directory: string, note: DrillNote): Promise<void> {
  return write(disk, directory, NAMES.drill, note)
}

/** What is noted in a directory; null where nothing is, or nothing that can be read. */
export async function notesIn(disk: Disk, directory: string): Promise<RecoveryNotes> {
  const read = (name: string): Promise<Uint8Array | undefined> => disk.read(`${directory}/${FOLDER}/${name}`)
  return {
    backup: parsed(backupNote, await read(NAMES.backup)),
    drill: parsed(drillNote, await read(NAMES.drill)),
  }
}

/** The notes as far as they are about one ledger; a backup that was made before it is none of it. */
export function toldOf({ backup, drill }: RecoveryNotes, ledger: string): RecoveryTold {
  const own = backup?.ledgers.find(({ name }) => name === ledger)
  if (!backup || !own) return { backup: null, drill }
  const { at, bytes, ledgers, newBytes, seconds: took } = backup
  const isAlone = ledgers.length === 1
  return {
    backup: {
      at,
      seconds: took,
      entries: own.size,
      bytes: isAlone ? bytes : null,
      newBytes: isAlone ? newBytes : null,
    },
    drill,
  }
}

function parsed<T extends z.ZodType>(schema: T, bytes: Uint8Array | undefined): z.infer<T> | null {
  if (!bytes) return null
  try {
    return schema.parse(JSON.parse(fromUtf8(bytes)))
  } catch {
    return null
  }
}

async function write(disk: Disk, directory: string, name: string, note: object): Promise<void> {
  await disk.makeDirectory(`${directory}/${FOLDER}`, 0o700)
  await disk.writeDurably(`${directory}/${FOLDER}/${name}`, utf8(`${JSON.stringify(note)}\n`), 0o600)
}
