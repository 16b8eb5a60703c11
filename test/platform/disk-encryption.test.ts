import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diskEncryption } from '../../packages/server/src/platform/disk-encryption.ts'

/** A machine as Linux tells of it: which device is mounted where, and what each device lies on. */
function machine(mounts: Record<string, string>, devices: Record<string, { uuid?: string; on?: string[] }>) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'deponent-mounts-')))
  const lines = Object.entries(mounts).map(
    ([place, source], i) => `${20 + i} 1 8:${i} / ${place} rw,relatime shared:1 - ext4 ${source} rw`,
  )
  writeFileSync(join(root, 'mountinfo'), `${lines.join('\n')}\n`)
  for (const [name, { uuid, on = [] }] of Object.entries(devices)) {
    mkdirSync(join(root, 'block', name, 'dm'), { recursive: true })
    if (uuid !== undefined) writeFileSync(join(root, 'block', name, 'dm/uuid'), `${uuid}\n`)
    for (const below of on) mkdirSync(join(root, 'block', name, 'slaves', below), { recursive: true })
  }
  return { mounts: join(root, 'mountinfo'), devices: join(root, 'block') }
}

const here = realpathSync(mkdtempSync(join(tmpdir(), 'deponent-here-')))
const LUKS = 'CRYPT-LUKS2-0123456789abcdef-vault'

test('an encrypted disk is seen under a volume on it, by its dm/uuid', async () => {
  const kernel = machine(
    { '/': '/dev/no-sda1', [here]: '/dev/no-dm-1' },
    {
      'no-sda1': {},
      'no-dm-1': { uuid: 'LVM-abc', on: ['no-dm-0'] },
      'no-dm-0': { uuid: LUKS, on: ['no-sdb'] },
    },
  )
  const seen = await diskEncryption(here, kernel)
  expect(seen).toEqual({ isEncrypted: true, how: expect.stringContaining('no-dm-0') })
  expect(seen.how).toContain('CRYPT-')
})

test('one encrypted half of a mirror is not an encrypted disk', async () => {
  const kernel = machine(
    { '/': '/dev/no-md0' },
    { 'no-md0': { on: ['no-dm-0', 'no-sdb'] }, 'no-dm-0': { uuid: LUKS }, 'no-sdb': {} },
  )
  expect((await diskEncryption(here, kernel)).isEncrypted).toBe(false)
})

test('of the file system that holds the directory, not of another, something is said', async () => {
  const kernel = machine(
    { '/': '/dev/no-dm-0', [here]: '/dev/no-sdb' },
    { 'no-dm-0': { uuid: LUKS }, 'no-sdb': {} },
  )
  expect((await diskEncryption(here, kernel)).isEncrypted).toBe(false)
})

test('where nothing is told of a disk, nothing is claimed', async () => {
  expect((await diskEncryption(here, machine({ '/': 'overlay' }, {}))).isEncrypted).toBe(false)
  const none = { mounts: join(here, 'none'), devices: here }
  expect(await diskEncryption(here, none)).toEqual({
    isEncrypted: false,
    how: expect.stringContaining('not tell'),
  })
})
