import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { EMPTY_ROOT, formatCheckpoint, formatVkey, KEY_TYPE, parseTrust, type Trust } from '@deponent/format'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { readSeed, SigningKey } from '../../packages/server/src/ledger/signing-key.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'

let data = ''
let origin = ''
let trust: { keys: unknown[] }

beforeAll(async () => {
  const place = await newPlace()
  data = place.data
  const { tenant, close } = await openRecording(place)
  await tenant.recorder.record([submission(loan(1))])
  await close()
  const identity = (await readDirectoryFormat(realDisk, data))!.ledgers.default!
  origin = identity.origin
  trust = { keys: identity.keys }
})

const trusted = (more: Record<string, unknown> = {}): Trust =>
  parseTrust({ ledgers: [{ origin, ...trust, ...more }] })

const judged = async (check: Parameters<typeof checkDirectory>[2]): Promise<[string, string[]]> => {
  const { verdict, findings } = await checkDirectory(realDisk, data, check)
  return [verdict, findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code)]
}

describe('a directory that somebody looks at with knowledge of their own', () => {
  test('is incomplete, not invalid, while a witness has yet to cosign', async () => {
    const witness = formatVkey('witness.invalid/w', new Uint8Array(32).fill(7), KEY_TYPE.cosignature)
    expect(await judged({ trust: trusted({ witnesses: [witness], quorum: 1 }) })).toEqual([
      'incomplete',
      ['witness_quorum'],
    ])
  })

  test('is incomplete under a trust file about another ledger', async () => {
    const other = parseTrust({ ledgers: [{ origin: 'another.invalid/ledger', keys: [] }] })
    expect(await judged({ trust: other })).toEqual(['incomplete', ['trust_missing']])
  })

  test('agrees with a checkpoint of the time before its first entry', async () => {
    const seed = await readSeed(realDisk, `${data}/keyring/default.checkpoint.key`)
    const first = new SigningKey(origin, seed!).note(formatCheckpoint({ origin, size: 0, root: EMPTY_ROOT }))
    expect(await judged({ trust: trusted(), against: [first] })).toEqual(['valid', []])
  })

  test('is incomplete when it goes by a receipt key the trust file does not name', async () => {
    const other = new SigningKey(`${origin}/promise`, new Uint8Array(32).fill(9)).vkey
    const keys = [...trust.keys.slice(0, 1), { vkey: other, use: 'promise', sizes: '0..' }]
    expect(await judged({ trust: trusted({ keys }) })).toEqual(['incomplete', ['format_damaged']])
  })

  test('is invalid when it holds a ledger that it does not name', async () => {
    await mkdir(join(data, 'ledgers/hidden'))
    await writeFile(join(data, 'ledgers/hidden/checkpoint'), '')
    expect(await judged({})).toEqual(['invalid', ['format_damaged']])
  })
})
