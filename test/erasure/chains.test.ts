import { createHmac } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  canonicalJson,
  emitterLink,
  EMPTY_HEAD,
  fromHex,
  type JsonObject,
  nextHead,
  parseCheckpoint,
  parseNote,
  parseTrust,
  verifyEmitterProof,
  writeEmitterProof,
} from '@deponent/format'
import { expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { beginRound, readUnit } from '../../packages/server/src/check/scrub-round.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { EmitterProofMaker } from '../../packages/server/src/recording/emitter-proof.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { loan, newPlace, openRecording, type Place, submission } from '../recording/open-tenant.ts'
import { erasuresOver, requestAbout } from './erasing.ts'

const SMALL = { log: 65_536, segment: { entriesMax: 20, bytesMax: 1_048_576 } }
const COUNT = 60
const blindOf = (seq: number): string => createHmac('sha256', 'blinds').update(`${seq}`).digest('hex')

const loans = Array.from({ length: COUNT }, (_, i) => loan(i))
const linkOf = (i: number): Uint8Array =>
  emitterLink(fromHex(blindOf(i + 1)), canonicalJson(loans[i] as JsonObject))
const HEAD = loans.reduce((head: Uint8Array, _, i) => nextHead(head, i + 1, linkOf(i)), EMPTY_HEAD)

/** Records numbered loans with their head and erases one of eleven people they are about. */
async function erasedFromChain(place: Place): Promise<void> {
  const { tenant, close } = await openRecording(place, realClock, SMALL)
  const submissions = loans.map((record, i) => {
    const emitter = { id: 'checkout-1', epoch: 1, seq: i + 1, blind: blindOf(i + 1) }
    return submission({ ...record, emitter }, i)
  })
  const stated = { emitter: 'checkout-1', epoch: 1, seq: COUNT, head: HEAD }
  await tenant.recorder.recordFrom({ submissions }, { head: stated })
  await tenant.recorder.flushHeads()
  const erasures = erasuresOver(tenant, realClock, realRandom)
  await erasures.begin()
  await erasures.request(requestAbout(tenant, 'person-3'))
  await expect.poll(() => erasures.all().every(({ erasure }) => erasure.outcome)).toBe(true)
  await erasures.close()
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
}

const chainOf = ({ emitters }: Tenant) =>
  emitters.epochs(emitters.named('checkout-1')!)[0]!.tally.summary().chain

test('the chain of an emitter is followed through records that were erased, by verify and by a server that lost its state', async () => {
  const place = await newPlace()
  await erasedFromChain(place)
  const { verdict, findings, checked } = await checkDirectory(realDisk, place.data)
  expect(verdict).toBe('valid')
  expect(checked.erased).toBeGreaterThan(3)
  expect(findings.filter(({ code }) => code.startsWith('emitter_'))).toEqual([])
  await rm(join(place.data, 'state'), { recursive: true })
  const { tenant, close } = await openRecording(place, realClock, SMALL)
  expect(chainOf(tenant)).toMatchObject({ state: 'verified', verifiedTo: COUNT })
  await close()
})

test('the proof of an emitter shows its numbers and their chain after some of its records were erased', async () => {
  const place = await newPlace()
  await erasedFromChain(place)
  const { tenant, close } = await openRecording(place, realClock, SMALL)
  const { emitters, ledger, vault } = tenant
  const numbered: number[] = []
  const statements: number[] = []
  for (let index = 0; index < ledger.size; index += 1) {
    const { kind, emitter } = await ledger.entry(index)
    if (emitter) numbered.push(index)
    else if (kind.startsWith('emitter.')) statements.push(index)
  }
  await ledger.published(ledger.size, 5_000)
  const maker = new EmitterProofMaker(ledger, vault)
  const asked = { epoch: 1, from: 1, to: COUNT }
  const proof = await maker.make(emitters.named('checkout-1')!, asked, { entries: numbered, statements })
  const keys = [{ vkey: tenant.keys.vkeys.checkpoint, use: 'checkpoint', sizes: '0..' }]
  const trust = parseTrust({ ledgers: [{ origin: ledger.origin, keys }] })
  const verified = (text: string) => verifyEmitterProof(text, trust)
  await close()
  const text = writeEmitterProof(proof!)
  expect(verified(text).verdict).toBe('valid')
  expect(verified(text).findings.filter(({ code }) => code === 'payload_withheld').length).toBeGreaterThan(3)
  const [link] = /(?<="erased":\{"link":")[^"]+/.exec(text)!
  const forged = verified(text.replace(link, `${link.startsWith('A') ? 'B' : 'A'}${link.slice(1)}`))
  expect(forged.verdict).toBe('invalid')
  expect(forged.findings.map(({ code }) => code)).toContain('emitter_head_mismatch')
})

test('a scrub finds nothing wrong with segments and logs that an erasure rewrote', async () => {
  const place = await newPlace()
  await erasedFromChain(place)
  const { tenant, close } = await openRecording(place, realClock, SMALL)
  const { origin } = tenant.ledger
  const head = parseCheckpoint(parseNote(tenant.ledger.checkpoint!.note).text)
  await close()
  const places = {
    disk: realDisk,
    ledger: join(place.data, 'ledgers/default'),
    vault: join(place.data, 'vault/default'),
    keyring: join(place.data, 'keyring'),
    name: 'default',
    ledgerId: ledgerIdOf(origin),
  }
  const found = []
  let state = await beginRound(places, 0, head)
  while (state.part !== 'done') {
    const read = await readUnit(places, state)
    state = read.state
    found.push(...read.findings)
  }
  expect(found).toEqual([])
})
