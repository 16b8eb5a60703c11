import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { databaseOfLedger } from '../../packages/server/src/projection/index.ts'
import { outsideFor } from '../../packages/server/src/hosting/outside.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { SignerProcess } from '../../packages/server/src/ledger/signer-process.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realHttpClient } from '../../packages/server/src/platform/http-client.ts'
import { listenLocal } from '../../packages/server/src/platform/local-socket.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { namesOf as indexNamesOf } from '../../packages/server/src/projection/schema.ts'
import { checkpointKey, ORIGIN } from '../ledger/open-ledger.ts'
import { loan, newPlace, type Place } from '../recording/open-tenant.ts'
import { namesOf, openLedgers, record } from './open-ledgers.ts'

/** A signer of one ledger behind a socket, as its own process would be; gives the socket. */
async function signerOf(place: Place, ledger: string): Promise<{ socket: string; stop(): Promise<void> }> {
  const state = await mkdtemp(join(tmpdir(), 'deponent-signer-'))
  const options = { disk: realDisk, random: realRandom, directory: place.data, ledger, state }
  const signer = await SignerProcess.open(options)
  const socket = join(state, 's.sock')
  const listener = await listenLocal(socket, (line) => signer.answer(line))
  return { socket, stop: () => listener.close() }
}

describe('ledgers whose checkpoints are signed in processes of their own', () => {
  test('each have one, and no new one comes to a weaker signer unsaid', async () => {
    const place = await newPlace()
    const [first, second] = [await signerOf(place, 'default'), await signerOf(place, 'claims')]
    const sockets = new Map([
      ['default', first.socket],
      ['claims', second.socket],
    ])
    const { ledgers, close } = await openLedgers(place, { sockets })
    await expect(ledgers.create('other')).rejects.toMatchObject({
      code: 'signer_missing',
      message: expect.stringContaining('--signer-socket other=PATH'),
    })
    const claims = await ledgers.create('claims')
    await record(claims, loan(1))
    expect(await claims.tenant.ledger.published(claims.tenant.ledger.size, 5_000)).toBe(true)
    expect(ledgers.all().map(({ tenant }) => tenant.hasOwnSigner)).toEqual([true, true])
    expect(await realDisk.size(join(place.data, 'keyring/claims.checkpoint.key'))).toBeUndefined()
    await close()

    const said = await openLedgers(place, { sockets, localForOthers: true })
    const other = await said.ledgers.create('other')
    expect(other.tenant.hasOwnSigner).toBe(false)
    await said.close()
    await Promise.all([first.stop(), second.stop()])
  })

  test('are not signed for by the signer of another', async () => {
    const place = await newPlace()
    const first = await signerOf(place, 'default')
    const third = await signerOf(place, 'third')
    const sockets = new Map([
      ['default', first.socket],
      ['claims', first.socket],
      ['other', third.socket],
    ])
    const { ledgers, close } = await openLedgers(place, { sockets })
    await expect(ledgers.create('claims')).rejects.toThrow('the signer holds the key of another ledger')
    await expect(ledgers.create('other')).rejects.toThrow('the signer signs for ledger third')
    expect(namesOf(ledgers)).toEqual(['default'])
    expect(Object.keys((await readDirectoryFormat(realDisk, place.data))!.ledgers)).toEqual(['default'])
    await close()
    await Promise.all([first.stop(), third.stop()])
  })
})

describe('a witness policy that names logs', () => {
  const key = { name: ORIGIN, vkey: checkpointKey.vkey }
  const policy = { logs: [{ key }], witnesses: [], groups: [], quorum: 'none' } as never
  const asked = {
    http: realHttpClient,
    random: realRandom,
    policy,
    timestampUrls: ['http://127.0.0.1:1/'],
    timestampEveryMs: 60_000,
    diagnose: () => undefined,
  }

  test('is about those, and a ledger beside the first one is not asked about under it', () => {
    expect(outsideFor(asked, 'claims', ORIGIN)).toBe(asked)
    const unnamed = outsideFor(asked, 'claims', 'deponent.invalid/00000000/claims')
    expect(unnamed?.policy).toBeUndefined()
    expect(unnamed?.timestampUrls).toEqual(asked.timestampUrls)
    expect(outsideFor({ ...asked, timestampUrls: [] }, 'claims', 'x/claims')).toBeUndefined()
    expect(() => outsideFor(asked, 'default', 'x/default')).toThrow('is not among them')
  })
})

describe('the databases of a ledger', () => {
  test('are those of no other ledger', () => {
    const ledgers = ['default', 'index', 'a', 'a-index', 'a-index-index', 'a--index', 'z'.repeat(32), 'b-2']
    const names = ledgers.flatMap((ledger) => Object.values(indexNamesOf(databaseOfLedger(ledger))))
    expect(new Set(names).size).toBe(2 * ledgers.length)
    expect(databaseOfLedger('default')).toBe('deponent')
    expect(databaseOfLedger('b-2')).toEqual(expect.stringMatching(/^deponent_b_2_[0-9a-f]{12}$/))
  })
})
