import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  hashLeaf,
  parseCheckpoint,
  parseNote,
  parsePromise,
  parseVkey,
  rootFromInclusion,
  verifyInclusion,
  verifyNote,
} from '@deponent/format'
import { Overloaded } from '../../packages/server/src/ledger/errors.ts'
import { checkpointKey, drafts, MemoryFollower, newPlace, openLedger, promiseKey } from './open-ledger.ts'

const FRAME_MAGIC = Buffer.from('DPNFRAM0')

async function walFiles(directory: string): Promise<string[]> {
  const names = await readdir(join(directory, 'wal'))
  return names.filter((name) => name.endsWith('.wal')).map((name) => join(directory, 'wal', name))
}

async function framePositions(path: string): Promise<number[]> {
  const bytes = await readFile(path)
  const found: number[] = []
  for (let at = bytes.indexOf(FRAME_MAGIC); at >= 0; at = bytes.indexOf(FRAME_MAGIC, at + 1)) found.push(at)
  return found
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at]! ^= 1
  await writeFile(path, bytes)
}

describe('the ledger', () => {
  test('gives every entry of a request a receipt whose path leads to the promised root', async () => {
    const ledger = await openLedger(await newPlace())
    const appended = await ledger.append(drafts(7))
    const note = parseNote(appended.promise)
    expect(verifyNote(note, [parseVkey(promiseKey.vkey)])).toHaveLength(1)
    const promise = parsePromise(note.text)
    for (let i = 0; i < 7; i += 1) {
      const at = appended.first + i - promise.start
      const root = rootFromInclusion(
        appended.leafHashes[i]!,
        at,
        promise.end - promise.start,
        appended.path(i),
      )
      expect(root).toEqual(promise.root)
      expect(hashLeaf(await ledger.entryBytes(appended.first + i))).toEqual(appended.leafHashes[i])
    }
    await ledger.close()
  })

  test('proves every entry under its published checkpoint, across tile boundaries and after a restart', async () => {
    const place = await newPlace()
    for (const count of [1, 255, 300, 700]) {
      const ledger = await openLedger(place)
      await ledger.append(drafts(count))
      expect(await ledger.published(ledger.size, 5_000)).toBe(true)
      const { size, root } = parseCheckpoint(parseNote(ledger.checkpoint!.note).text)
      expect(size).toBe(ledger.size)
      expect(verifyNote(parseNote(ledger.checkpoint!.note), [parseVkey(checkpointKey.vkey)])).toHaveLength(1)
      for (let index = 0; index < size; index += 37) {
        const proof = await ledger.inclusionProof(index, size)
        expect(verifyInclusion(hashLeaf(await ledger.entryBytes(index)), index, size, proof, root)).toBe(true)
      }
      await ledger.close()
    }
  })

  test('never splits a request and keeps the order of concurrent ones', async () => {
    const ledger = await openLedger(await newPlace())
    const appended = await Promise.all(Array.from({ length: 40 }, () => ledger.append(drafts(25))))
    const firsts = appended.map((request) => request.first)
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b))
    expect(ledger.size).toBe(1_000)
    await ledger.close()
  })

  test('finds an entry by its id without any index', async () => {
    const ledger = await openLedger(await newPlace())
    const batch = drafts(900)
    await ledger.append(batch.slice(0, 400))
    await ledger.append(batch.slice(400))
    expect(await ledger.find(batch[0]!.id)).toBe(0)
    expect(await ledger.find(batch[899]!.id)).toBe(899)
    expect(await ledger.find(drafts(1)[0]!.id)).toBeUndefined()
    expect(await ledger.find('loan-1')).toBeUndefined()
    await ledger.close()
  })

  test('replays to its followers what they had not made durable', async () => {
    const place = await newPlace()
    const first = await openLedger(place, { followers: [new MemoryFollower()] })
    const batch = drafts(50)
    await first.append(batch)
    await first.close()
    const follower = new MemoryFollower()
    const second = await openLedger(place, { followers: [follower] })
    expect(follower.attachments).toEqual(batch.map((draft) => draft.attachment))
    await second.close()
  })

  test('lets go of log files only when tiles and followers hold their entries', async () => {
    const place = await newPlace()
    const follower = new MemoryFollower()
    const ledger = await openLedger(place, { followers: [follower] })
    for (let i = 0; i < 12; i += 1) await ledger.append(drafts(256, 16_000))
    expect(await ledger.published(ledger.size, 5_000)).toBe(true)
    await ledger.append(drafts(1))
    expect(await ledger.published(ledger.size, 5_000)).toBe(true)
    await ledger.close()
    expect(follower.durable()).toBeGreaterThan(0)
    expect((await walFiles(place.directory)).length).toBeLessThanOrEqual(2)
    const again = await openLedger(place)
    expect(again.size).toBe(12 * 256 + 1)
    expect(again.refusal).toBeUndefined()
    await again.close()
  })

  test('drops a torn last frame that no checkpoint reaches and nothing valid follows', async () => {
    const place = await newPlace()
    const ledger = await openLedger(place)
    await ledger.append(drafts(3))
    await ledger.close()
    const [file] = await walFiles(place.directory)
    const [frame] = await framePositions(file!)
    const bytes = await readFile(file!)
    bytes.set(FRAME_MAGIC, frame! + 4_096)
    await writeFile(file!, bytes)
    const again = await openLedger(place)
    expect(again.refusal).toBeUndefined()
    expect((await again.append(drafts(1))).first).toBe(3)
    await again.close()
  })

  test('refuses when the frame a checkpoint reaches is torn, because it was acknowledged', async () => {
    const place = await newPlace()
    const ledger = await openLedger(place)
    await ledger.append(drafts(3))
    await ledger.append(drafts(3))
    await ledger.close()
    const [file] = await walFiles(place.directory)
    const last = (await framePositions(file!)).at(-1) ?? 0
    await flip(file!, last + 200)
    const again = await openLedger(place)
    expect(again.refusal?.code).toBe('wal_corrupt')
    await again.close()
  })

  test('refuses to write, names the range and goes on reading when an acknowledged frame has rotted', async () => {
    const place = await newPlace()
    const ledger = await openLedger(place)
    for (let i = 0; i < 4; i += 1) await ledger.append(drafts(5))
    await ledger.close()
    const [file] = await walFiles(place.directory)
    const frames = await framePositions(file!)
    await flip(file!, frames[1]! + 300)
    const again = await openLedger(place)
    expect(again.refusal?.code).toBe('wal_corrupt')
    expect(again.refusal?.message).toContain('5..10')
    await expect(again.append(drafts(1))).rejects.toThrow(/damaged/)
    expect(await again.entryBytes(0)).toBeInstanceOf(Uint8Array)
    await again.close()
  })

  test('refuses to write behind the last checkpoint its signer remembers', async () => {
    const place = await newPlace()
    const ledger = await openLedger(place)
    await ledger.append(drafts(5))
    await ledger.close()
    const older = { ...place, directory: (await newPlace()).directory }
    const again = await openLedger(older)
    expect(again.refusal?.code).toBe('ledger_behind')
    await again.close()
  })

  test('asks the operator when entries exist and the signer remembers nothing', async () => {
    const place = await newPlace()
    const ledger = await openLedger(place)
    await ledger.append(drafts(5))
    await ledger.close()
    const elsewhere = { ...place, signerDirectory: (await newPlace()).signerDirectory }
    const refused = await openLedger(elsewhere)
    expect(refused.refusal?.code).toBe('signer_state_missing')
    await refused.close()
    const accepted = await openLedger(elsewhere, { acceptHead: true })
    expect(accepted.refusal).toBeUndefined()
    expect((await accepted.append(drafts(1))).first).toBe(5)
    await accepted.close()
  })

  test('asks senders to wait, and sequences nothing, when a follower has fallen behind', async () => {
    let isBehind = true
    const follower = Object.assign(new MemoryFollower(), { overloaded: () => isBehind })
    const ledger = await openLedger(await newPlace(), { followers: [follower] })
    await expect(ledger.append(drafts(1))).rejects.toBeInstanceOf(Overloaded)
    expect(ledger.size).toBe(0)
    isBehind = false
    expect((await ledger.append(drafts(1))).first).toBe(0)
    await ledger.close()
  })

  test('turns senders away before what waits to be written outgrows its bound', async () => {
    const ledger = await openLedger(await newPlace())
    const attempts = await Promise.allSettled(
      Array.from({ length: 60 }, () => ledger.append(drafts(20, 100_000))),
    )
    const refused = attempts.filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    expect(
      refused.every((result) => result.status === 'rejected' && result.reason instanceof Overloaded),
    ).toBe(true)
    expect(ledger.size).toBe((60 - refused.length) * 20)
    await ledger.close()
  })
})
