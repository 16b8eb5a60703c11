import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { loan, newPlace, openRecording, type Place, submission } from './open-tenant.ts'

/** A place in which two people were recorded, one after the other; each has a key of a frame of its own. */
async function recorded(): Promise<Place> {
  const place = await newPlace()
  const { tenant, close } = await openRecording(place)
  for (const i of [1, 2]) await tenant.recorder.record([submission(loan(i))])
  await close()
  return place
}

const keyringOf = (place: Place): string => join(place.data, 'keyring/default.keys')

describe('a keyring whose last frame was damaged at rest', () => {
  let place: Place
  let damaged: Buffer

  beforeAll(async () => {
    place = await recorded()
    await copyFile(keyringOf(place), `${keyringOf(place)}.whole`)
    damaged = await readFile(keyringOf(place))
    damaged[damaged.length - 50]! ^= 8
    await writeFile(keyringOf(place), damaged)
  })

  afterAll(() => rm(place.data, { recursive: true }))

  /** One life in which nothing may be recorded; the entries are read all the same. */
  async function refused(): Promise<void> {
    const { tenant, close } = await openRecording(place)
    expect(tenant.ledger.refusal?.code).toBe('keyring_older')
    await expect(tenant.recorder.record([submission(loan(3))])).rejects.toMatchObject({
      code: 'keyring_older',
    })
    expect(await tenant.ledger.entryRange(0, tenant.ledger.size)).toHaveLength(3)
    expect(tenant.ledger.checkpoint?.size).toBe(3)
    const opened = await tenant.reader.read(0, 3)
    expect(opened.map(({ record }) => record !== undefined)).toEqual([true, true, false])
    await close()
    expect(await readFile(keyringOf(place))).toEqual(damaged)
  }

  test('gives out no number again, whatever derived state is there', async () => {
    await refused()
    for (const name of await readdir(join(place.data, 'state'))) await rm(join(place.data, 'state', name))
    await refused()
  })

  test('is found by the check', async () => {
    const { findings } = await checkDirectory(realDisk, place.data)
    const older = findings.find(({ code }) => code === 'keyring_older')
    expect(older).toMatchObject({ severity: 'error', index: 2 })
  })

  test('is as good as ever once its last frame is back', async () => {
    await copyFile(`${keyringOf(place)}.whole`, keyringOf(place))
    const { tenant, close } = await openRecording(place)
    expect(tenant.ledger.refusal).toBeUndefined()
    await tenant.recorder.record([submission(loan(3))])
    await close()
    expect((await checkDirectory(realDisk, place.data)).verdict).toBe('valid')
  })
})

describe('what a life left in the middle of writing', () => {
  test('is removed by the next start, wherever it lies, and nothing of others is', async () => {
    const place = await recorded()
    const [state] = await readdir(place.signer)
    const leftovers = [
      join(place.data, 'format.json.7.1.tmp'),
      join(place.data, 'keyring/root.key.7.1.tmp'),
      join(place.data, 'keyring/default.checkpoint.key.7.2.tmp'),
      join(place.data, 'state/server.json.7.1.tmp'),
      join(place.data, 'vault/default/000000000000.seg.7.1.tmp'),
      join(place.data, 'ledgers/default/checkpoint.7.1.tmp'),
      join(place.data, 'ledgers/default/tile/entries/000.7.1.tmp'),
      join(place.data, 'ledgers/default/tile/0/000.7.1.tmp'),
      join(place.data, 'ledgers/default/tile/1/000.7.1.tmp'),
      join(place.signer, `${state}.7.1.tmp`),
    ]
    const ofAnother = join(place.signer, 'state-of-another-ledger.7.1.tmp')
    for (const level of ['0', '1']) await mkdir(join(place.data, 'ledgers/default/tile', level))
    for (const path of [...leftovers, ofAnother]) await writeFile(path, 'left')
    const { close } = await openRecording(place)
    await close()
    const inData = await readdir(place.data, { recursive: true })
    const found = [...inData, ...(await readdir(place.signer))].filter((name) => name.endsWith('.tmp'))
    expect(found).toEqual(['state-of-another-ledger.7.1.tmp'])
  })
})
