import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { entryTime, verifyAnchor, verifyCheckpointNote } from '@deponent/format'
import { afterEach, describe, expect, test } from 'vitest'
import { type Disk, realDisk } from '../../packages/server/src/platform/disk.ts'
import { checkpointKey, drafts, newPlace, openLedger, ORIGIN } from '../ledger/open-ledger.ts'
import { asking, cosigned, forkedPlaces, patiently, trusting } from './outside.ts'
import { OwnWitness } from './own-witness.ts'

const running: OwnWitness[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((witness) => witness.stop()))
})

async function startWitness(seed: number, logs = [checkpointKey.vkey]): Promise<OwnWitness> {
  const file = join(await mkdtemp(join(tmpdir(), 'deponent-witness-')), 'seen.json')
  const witness = await OwnWitness.start(`witness.example/w${seed}`, seed, file, logs)
  running.push(witness)
  return witness
}

describe('witnesses', () => {
  test('cosign checkpoints as they grow, and the checkpoint on disk carries their lines', async () => {
    const witnesses = [await startWitness(3), await startWitness(4)]
    const place = await newPlace()
    const ledger = await openLedger(place, { outside: asking(witnesses) })
    for (const [size, more] of [
      [1, 1],
      [5, 4],
      [305, 300],
    ] as const) {
      await ledger.append(drafts(more))
      await cosigned(ledger, size)
      const note = await readFile(join(place.directory, 'checkpoint'), 'utf8')
      expect(verifyCheckpointNote(note, trusting(witnesses)).findings).toEqual([])
      expect(note).toBe(ledger.checkpoint?.note)
      expect(note.split('\n')[4]).toMatch(`— ${ORIGIN} `)
    }
    expect(ledger.outside()?.witnesses).toMatchObject([
      { name: 'w0', size: 305, lagEntries: 0, lagMs: 0 },
      { name: 'w1', size: 305, lagEntries: 0, lagMs: 0 },
    ])
    await ledger.close()
  })

  test('bound the time of an entry from both sides', async () => {
    const witnesses = [await startWitness(3)]
    const place = await newPlace()
    const ledger = await openLedger(place, { outside: asking(witnesses) })
    await ledger.append(drafts(2))
    await cosigned(ledger, 2)
    await ledger.close()
    const second = await openLedger(place, { outside: asking(witnesses) })
    await second.append(drafts(3))
    await cosigned(second, 5)
    await second.close()
    const { before, after } = await second.anchors.around(3)
    expect([before?.size, after?.size]).toEqual([2, 5])
    const times = [before!, after!].flatMap((anchor) => verifyAnchor(anchor, trusting(witnesses)).times)
    const { receivedAt } = await second.entry(3)
    const time = entryTime(3, receivedAt, times)
    expect(time.notBefore?.source).toBe('witness witness.example/w3')
    expect(time.notAfter?.source).toBe('witness witness.example/w3')
  })

  test('are not asked again for what they cosigned before a restart', async () => {
    const witness = await startWitness(3)
    const place = await newPlace()
    const ledger = await openLedger(place, { outside: asking([witness]) })
    await ledger.append(drafts(2))
    await cosigned(ledger, 2)
    await ledger.close()
    const asked = [...witness.answered.values()].reduce((sum, count) => sum + count, 0)
    const again = await openLedger(place, { outside: asking([witness]) })
    await cosigned(again, 2)
    await again.close()
    expect([...witness.answered.values()].reduce((sum, count) => sum + count, 0)).toBe(asked)
  })

  test('that have seen more of the same ledger than is remembered are asked from where they are', async () => {
    const witness = await startWitness(3)
    const place = await newPlace()
    const first = await openLedger(place, { outside: asking([witness]) })
    await first.append(drafts(2))
    await cosigned(first, 2)
    await first.close()
    await rm(join(place.directory, 'anchors'), { recursive: true })
    const second = await openLedger(place, { outside: asking([witness]) })
    await second.append(drafts(1))
    await cosigned(second, 3)
    await second.close()
    expect(witness.answered.get(409)).toBe(1)
  })
})

describe('a disk that takes no cosignatures', () => {
  test('stops neither recording nor publication', async () => {
    const witness = await startWitness(3)
    const place = await newPlace()
    const disk: Disk = {
      ...realDisk,
      write: (path, bytes) =>
        path.endsWith('/checkpoint') && Buffer.from(bytes).includes('— witness.example')
          ? Promise.reject(new Error('no room'))
          : realDisk.write(path, bytes),
    }
    const troubles: string[] = []
    const outside = { ...asking([witness]), diagnose: (message: string) => troubles.push(message) }
    const ledger = await openLedger(place, { disk, outside })
    await ledger.append(drafts(1))
    await patiently(() => expect(troubles).toContain('cosignatures could not be written to the checkpoint'))
    await ledger.append(drafts(1))
    await patiently(() => expect(ledger.checkpoint?.size).toBe(2))
    expect(ledger.refusal).toBeUndefined()
    expect(ledger.outside()?.quorum?.met).toBe(false)
    await ledger.close()
    expect((await ledger.anchors.around(0)).after?.note).toContain('— witness.example/w3 ')
  })
})

describe('a fork', () => {
  test('is refused by the witness, and shown', async () => {
    const witness = await startWitness(3)
    const [one, other] = await forkedPlaces()
    const honest = await openLedger(one, { outside: asking([witness]) })
    await honest.append(drafts(2))
    await cosigned(honest, 5)
    await honest.close()
    const forked = await openLedger(other, { outside: asking([witness]) })
    await forked.append(drafts(4))
    await patiently(() => {
      expect(forked.checkpoint?.size).toBe(7)
      expect(forked.outside()?.witnesses[0]?.error?.code).toBe('inconsistent')
    })
    expect(forked.outside()?.quorum?.met).toBe(false)
    expect(witness.seen[ORIGIN]?.size).toBe(5)
    await forked.close()
    expect(witness.answered.get(422)).toBeGreaterThan(0)
  })

  test('of the same size is refused too', async () => {
    const witness = await startWitness(3)
    const [one, other] = await forkedPlaces()
    const honest = await openLedger(one, { outside: asking([witness]) })
    await honest.append(drafts(2))
    await cosigned(honest, 5)
    await honest.close()
    const forked = await openLedger(other, { outside: asking([witness]) })
    await forked.append(drafts(2))
    await patiently(() => {
      expect(forked.outside()?.witnesses[0]?.error?.code).toBe('inconsistent')
    })
    await forked.close()
  })

  test('that is behind is told from one that is not', async () => {
    const witness = await startWitness(3)
    const [one, other] = await forkedPlaces()
    const honest = await openLedger(one, { outside: asking([witness]) })
    await honest.append(drafts(2))
    await cosigned(honest, 5)
    await honest.close()
    const behind = await openLedger(other, { outside: asking([witness]) })
    await patiently(() => {
      expect(behind.outside()?.witnesses[0]?.error?.code).toBe('witness_ahead')
    })
    await behind.close()
  })
})

describe('a witness that', () => {
  test.each([
    ['is unavailable', 'unavailable', 'unexpected_answer'],
    ['forges its cosignature', 'forges', 'bad_cosignature'],
    ['answers without end', 'chatters', 'unreachable'],
    ['says another size each time', 'lies about its size', 'unexpected_answer'],
  ] as const)('%s is shown so, holds up nobody, and is asked again', async (_, misbehaviour, code) => {
    const [good, bad] = [await startWitness(3), await startWitness(4)]
    bad.misbehaviour = misbehaviour
    const place = await newPlace()
    const ledger = await openLedger(place, { outside: asking([good, bad]) })
    await ledger.append(drafts(2))
    await patiently(() => {
      const [first, second] = ledger.outside()!.witnesses
      expect(first).toMatchObject({ size: 2 })
      if (misbehaviour !== 'lies about its size') expect(second?.error?.code).toBe(code)
      expect(second?.error).toBeDefined()
      expect(second).toMatchObject({ size: 0, lagEntries: 2 })
    })
    expect(verifyCheckpointNote(ledger.checkpoint!.note, trusting([good, bad], 1)).findings).toEqual([])
    bad.misbehaviour = 'none'
    await cosigned(ledger, 2)
    expect(verifyCheckpointNote(ledger.checkpoint!.note, trusting([good, bad])).findings).toEqual([])
    await ledger.close()
  })

  test('hangs holds up neither the others nor the end', async () => {
    const [good, bad] = [await startWitness(3), await startWitness(4)]
    bad.misbehaviour = 'hangs'
    const ledger = await openLedger(await newPlace(), { outside: asking([good, bad], 'any') })
    await ledger.append(drafts(2))
    await cosigned(ledger, 2)
    await ledger.append(drafts(2))
    await cosigned(ledger, 4)
    await ledger.close()
  })

  test('does not know the ledger or its key is shown so', async () => {
    const stranger = await startWitness(3, [])
    const ledger = await openLedger(await newPlace(), { outside: asking([stranger]) })
    await ledger.append(drafts(1))
    await patiently(() => {
      expect(ledger.outside()?.witnesses[0]?.error?.code).toBe('origin_unknown_to_witness')
    })
    await ledger.close()
  })
})
