import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../docs/tree.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'

const BIN = join(ROOT, 'packages/server/bin/deponent.mjs')
const isBuilt = existsSync(join(ROOT, 'packages/server/dist/cli/main.js'))

const drill = (...args: string[]) =>
  spawnSync(process.execPath, [BIN, 'drill', ...args], { encoding: 'utf8' })

describe.skipIf(!isBuilt)('deponent drill', () => {
  test('prints a row for each attack, and ends with 0 when all are as documented', () => {
    const { status, stdout } = drill('--records', '300', '--only', 'roll-back', 'alter-hash-tile')
    expect(stdout).toMatch(/^roll-back .*–.*✓.*rolled_back .*an older checkpoint; the receipt of the record/m)
    expect(stdout).toMatch(/^alter-hash-tile .*leaf_mismatch$/m)
    expect(status).toBe(0)
  })

  test('answers in JSON, with what each attack does', () => {
    const { status, stdout } = drill('--records', '300', '--only', 'remove-checkpoint', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      rows: [
        {
          attack: 'remove-checkpoint',
          what: 'delete the checkpoint',
          outcomes: { nothing: { mark: '?', codes: ['checkpoint_missing'] } },
          asDocumented: true,
        },
      ],
    })
    expect(status).toBe(0)
  })

  test('ends with 3 when the ledger has no place for an attack', async () => {
    const place = await newPlace()
    const { tenant, close } = await openRecording(place)
    await tenant.recorder.record(Array.from({ length: 40 }, (_, i) => submission(loan(i), i)))
    await close()
    const { status, stdout } = drill('--data', place.data, '--only', 'alter-entry-byte')
    expect(stdout).toContain('not tried: there is no ledgers/default/tile/entries/000')
    expect(status).toBe(3)
  })

  test('ends with 2 when there is nothing to hold it on', async () => {
    const { data } = await newPlace()
    const { status, stderr } = drill('--data', data)
    expect(stderr).toContain('is not a data directory with a ledger named default')
    expect(status).toBe(2)
    expect(drill('--records', '5').status).toBe(2)
  })
})
