import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseNote, parseTrust, utf8 } from '@deponent/format'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { TimestampAuthority } from '../../packages/server/src/drill/timestamp-authority.ts'
import { anchorFileName, encodeAnchors, hourOf } from '../../packages/server/src/ledger/anchor-files.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'

const HOUR_MS = 3_600_000

/** What a check finds of a ledger whose checkpoint was stamped `laterMs` after now, in front of its last entry. */
async function contradicted(laterMs: number): Promise<(number | undefined)[]> {
  const place = await newPlace()
  const { tenant, close } = await openRecording(place)
  await tenant.recorder.record([submission(loan(1)), submission(loan(2), 1)])
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  const { note, size } = tenant.ledger.checkpoint!
  await tenant.recorder.record([submission(loan(3))])
  await close()
  const now = realClock.now()
  const authority = new TimestampAuthority(realRandom, now)
  const token = authority.stamp(utf8(parseNote(note).text), now + laterMs)
  const anchors = join(place.data, 'ledgers/default/anchors')
  await mkdir(anchors, { recursive: true })
  await writeFile(
    join(anchors, anchorFileName(size, hourOf(now))),
    encodeAnchors([{ size, note, timestamps: [token] }]),
  )
  const { origin, keys } = (await readDirectoryFormat(realDisk, place.data))!.ledgers.default!
  const trust = parseTrust({ ledgers: [{ origin, keys, timestampRoots: [authority.root] }] })
  const { findings } = await checkDirectory(realDisk, place.data, { trust })
  const errors = findings.filter(({ severity }) => severity === 'error')
  expect(errors.filter(({ code }) => code !== 'received_at_contradicted')).toEqual([])
  return errors.map(({ index }) => index)
}

describe('a timestamped checkpoint in the directory', () => {
  test('contradicts nobody when it was stamped when it was signed', async () => {
    expect(await contradicted(0)).toEqual([])
  })

  test('contradicts an entry behind it that was received long before it was stamped', async () => {
    expect(await contradicted(2 * HOUR_MS)).toEqual([3])
  })

  test('contradicts an entry it covers that was received long after it was stamped', async () => {
    expect(await contradicted(-2 * HOUR_MS)).toEqual([2])
  })
})
