import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import {
  type BackupNote,
  noteBackup,
  noteDrill,
  notesIn,
  toldOf,
} from '../../packages/server/src/recovery/notes.ts'
import { newPlace } from '../recording/open-tenant.ts'

const BACKUP: BackupNote = {
  at: '2026-11-29T09:00:00.000Z',
  seconds: 1.5,
  ledgers: [{ name: 'default', size: 95 }],
  files: 12,
  bytes: 40_000,
  newBytes: 1_000,
}
const DRILL = {
  at: '2026-11-29T09:10:00.000Z',
  verdict: 'valid',
  hasPassed: true,
  entriesBefore: 100,
  entriesBack: 99,
  steps: [{ step: 'restore', seconds: 0.25 }],
} as const

test('what was noted last of a backup and of a drill is read, for the owner of the directory alone', async () => {
  const { data } = await newPlace()
  await mkdir(data, { recursive: true })
  expect(await notesIn(realDisk, data)).toEqual({ backup: null, drill: null })
  await noteBackup(realDisk, data, { ...BACKUP, files: 1 })
  await noteBackup(realDisk, data, BACKUP)
  await noteDrill(realDisk, data, { ...DRILL, steps: [...DRILL.steps] })
  expect(await notesIn(realDisk, data)).toEqual({ backup: BACKUP, drill: DRILL })
  expect((await stat(join(data, 'recovery'))).mode & 0o077).toBe(0)
})

test('whoever may see one ledger is told of it alone, also where a backup holds several', () => {
  const notes = { backup: BACKUP, drill: null }
  expect(toldOf(notes, 'default').backup).toMatchObject({ entries: 95, bytes: 40_000, newBytes: 1_000 })
  expect(toldOf(notes, 'later').backup).toBeNull()
  const ledgers = [...BACKUP.ledgers, { name: 'rival', size: 7_777 }]
  const told = toldOf({ backup: { ...BACKUP, ledgers }, drill: null }, 'default')
  expect(told.backup).toEqual({ at: BACKUP.at, seconds: 1.5, entries: 95, bytes: null, newBytes: null })
})

test.each(['', '{', '{"at":"yesterday"}', JSON.stringify({ ...BACKUP, bytes: -1 }), '\xff'])(
  'a note that says %j counts as none',
  async (text) => {
    const { data } = await newPlace()
    await mkdir(join(data, 'recovery'), { recursive: true })
    await writeFile(join(data, 'recovery', 'last-backup.json'), text, 'latin1')
    expect(await notesIn(realDisk, data)).toEqual({ backup: null, drill: null })
  },
)
