import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeEmitterKey } from '../../packages/server/src/access/emitter-keys.ts'
import { Keys } from '../../packages/server/src/access/keys.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { type Disk, realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'

const ADMIN = 'dpk_admin'

async function withKey(): Promise<{ directory: string; token: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'deponent-keys-'))
  const path = await makeEmitterKey(realDisk, realRandom, directory, 'default', 'checkout-1')
  return { directory, token: (await readFile(path, 'utf8')).trim() }
}

const keysOn = (disk: Disk, directory: string): Keys =>
  new Keys({ disk, clock: new TestClock(), directory, ledger: 'default', adminToken: ADMIN })

describe('keys of emitters', () => {
  test('count for everybody who asks while they are read for the first time', async () => {
    const { directory, token } = await withKey()
    const keys = keysOn(realDisk, directory)
    const callers = await Promise.all([ADMIN, ADMIN, token, token].map((given) => keys.callerOf(given)))
    expect(callers.map((caller) => caller?.mayRecordFor('checkout-1'))).toEqual([false, false, true, true])
  })

  test('that could not be read leave nobody in their place', async () => {
    const { directory } = await withKey()
    let isBroken = true
    const list = (path: string): Promise<string[]> =>
      isBroken ? Promise.reject(new Error('too many open files')) : realDisk.list(path)
    const keys = keysOn(Object.assign(Object.create(realDisk) as Disk, { list }), directory)
    await expect(keys.callerOf(ADMIN)).rejects.toThrow('too many open files')
    await expect(keys.callerOf(ADMIN)).rejects.toThrow('too many open files')
    isBroken = false
    expect((await keys.callerOf(ADMIN))?.mayRecordFor('checkout-1')).toBe(false)
  })
})
