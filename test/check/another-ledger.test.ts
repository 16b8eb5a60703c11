import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { parseTrust, type Trust } from '@deponent/format'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { anchorFileName, encodeAnchors, hourOf } from '../../packages/server/src/ledger/anchor-files.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { checkpointNote, TRUST } from '../format/ledger-of-tests.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'

let data = ''
/** In the ledger of the directory, and in another one. */
let trust: Trust

beforeEach(async () => {
  const place = await newPlace()
  const { tenant, close } = await openRecording(place)
  await tenant.recorder.record([submission(loan(1))])
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
  data = place.data
  const { origin, keys } = (await readDirectoryFormat(realDisk, data))!.ledgers.default!
  trust = { ledgers: [...parseTrust({ ledgers: [{ origin, keys }] }).ledgers, ...TRUST.ledgers] }
})

const outcome = async (against: string[] = []): Promise<string[]> => {
  const { verdict, findings } = await checkDirectory(realDisk, data, { trust, against })
  return [verdict, ...findings.map(({ code }) => code)]
}

describe('a directory and another ledger', () => {
  test('a head of a ledger that is not here is not passed over', async () => {
    expect(await outcome()).toEqual(['valid', 'not_checked'])
    expect(await outcome([checkpointNote(18)])).toEqual([
      'incomplete',
      'head_unrelated',
      'head_unrelated',
      'not_checked',
    ])
  })

  test.each(['constructor', 'toString', '__proto__'])('a stray ledger called %s is named', async (name) => {
    await mkdir(join(data, 'ledgers', name))
    expect(await outcome()).toEqual(['invalid', 'format_damaged', 'not_checked'])
  })

  test('an anchor of the other ledger, signed and empty, says nothing about this one', async () => {
    const anchors = join(data, 'ledgers/default/anchors')
    await mkdir(anchors, { recursive: true })
    const anchor = { size: 0, note: checkpointNote(0), timestamps: [] }
    await writeFile(join(anchors, anchorFileName(0, hourOf(realClock.now()))), encodeAnchors([anchor]))
    expect(await outcome()).toEqual(['invalid', 'anchor_mismatch', 'not_checked'])
  })
})
