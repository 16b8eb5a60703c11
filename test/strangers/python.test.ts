import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  decodeEntry,
  encodeEntry,
  formatBundle,
  FormatError,
  hashLeaf,
  parseTrust,
  parseVkey,
  readJson,
  canonicalJson,
  toHex,
  type Trust,
  utf8,
  verifyBundle,
  verifyEd25519,
  verifyReceipt,
  verifyTlogProof,
} from '@deponent/format'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom, SeededRandom } from '../../packages/server/src/platform/random.ts'
import { decisions, envelopeOf } from '../e2e/answers.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { jsonObject, nearlyJson } from '../format/arbitrary-json.ts'
import { signer, witness } from '../format/signer.ts'
import { anchorAt, sampleBundle } from '../../tools/vectors/bundles.ts'
import { LEDGER_SIGNER, trustFile, WITNESSES } from '../../tools/vectors/ledger.ts'
import { nativeVerify } from '../../packages/server/src/ledger/signing-key.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { eraseByHand } from '../erasure/erased-by-hand.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'
import { loan, openRecording, submission } from '../recording/open-tenant.ts'
import { essence, missingPython, PYTHON, PYTHON_DIRECTORY, PythonJudge } from './python-judge.ts'
import { flip, keysOf, ManInTheMiddle, newDirectory, run, strangerSuite } from './stranger.ts'

const VERIFIER = join(PYTHON_DIRECTORY, 'deponent_verify.py')

/** The same choices on every run. */
class Choices {
  readonly #random: SeededRandom

  constructor(seed: string) {
    this.#random = new SeededRandom(seed)
  }

  below(limit: number): number {
    return Buffer.from(this.#random.bytes(4)).readUInt32BE() % limit
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}

const CHARACTERS = [...'0123456789abcdefxyz+/=-., \n"{}[]:\\—é\u0000']

/** A text with one small damage: a character changed, lost, doubled or put in; or a line lost, doubled or swapped. */
function damaged(text: string, choices: Choices): string {
  const at = choices.below(text.length)
  const lines = text.split('\n')
  const line = choices.below(lines.length)
  switch (choices.below(6)) {
    case 0:
      return text.slice(0, at) + choices.of(CHARACTERS) + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + text.slice(at + 1)
    case 2:
      return text.slice(0, at) + text.slice(at, at + 1) + text.slice(at)
    case 3:
      return text.slice(0, at) + choices.of(CHARACTERS) + text.slice(at)
    case 4:
      return lines.toSpliced(line, 1).join('\n')
    default:
      return lines.toSpliced(line, 0, choices.of(lines)).join('\n')
  }
}

function readOrRefuse(read: () => unknown): 'read' | 'refused' {
  try {
    read()
    return 'read'
  } catch (error) {
    if (error instanceof FormatError) return 'refused'
    throw error
  }
}

strangerSuite('the verifier in Python', missingPython(), () => {
  let python: PythonJudge
  let server: ServerProcess
  let trustText: string
  let trust: Trust
  let answer: string
  let laterAnswer: string
  let checkpoint: string
  let proofs: { text: string; leaf: string }[]

  beforeAll(async () => {
    python = new PythonJudge()
    server = await ServerProcess.start(await newPlace())
    const saved = await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decisions('loan', 300)), 201)
    answer = JSON.stringify({ ...saved, receipts: saved.receipts.slice(0, 4) })
    laterAnswer = JSON.stringify(
      await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decisions('later', 3)), 201),
    )
    checkpoint = await (await server.fetch('/ledgers/default/checkpoint')).text()
    proofs = await Promise.all(
      [saved.receipts[0]!, saved.receipts[255]!, saved.receipts[299]!].map(async ({ id, leafHash }) => ({
        text: await (await server.fetch(`/v1/decisions/${id}/proof`)).text(),
        leaf: leafHash,
      })),
    )
    const keys = await keysOf(server)
    const sizes = '0..'
    trustText = JSON.stringify({
      ledgers: [
        {
          origin: keys.origin,
          keys: [
            { vkey: keys.checkpoint, use: 'checkpoint', sizes },
            { vkey: keys.promise, use: 'promise', sizes },
          ],
          witnesses: [witness('witness.example/one', 21, 1_795_000_000).key.vkey],
          quorum: 0,
          timestampRoots: [],
        },
      ],
    })
    trust = parseTrust(trustText)
  })
  afterAll(async () => {
    await python?.stop()
    await server?.stop()
  })

  test('passes its own tests alone', async () => {
    const { code, stderr } = await run(PYTHON, ['-m', 'unittest', 'discover', '-s', PYTHON_DIRECTORY])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).toMatch(/^Ran \d+ tests/m)
  })

  describe('agrees with ours', () => {
    test('on receipts, whole and damaged, with heads known from elsewhere', async () => {
      const choices = new Choices('receipts')
      const seen = new Set<string>()
      for (let i = 0; i < 400; i += 1) {
        const text = i % 4 === 0 ? answer : damaged(answer, choices)
        const against = choices.of([
          [],
          [checkpoint],
          [laterAnswer],
          [damaged(checkpoint, choices)],
          [damaged(laterAnswer, choices), checkpoint],
        ])
        const ours = verifyReceipt(text, trust, { against })
        const theirs = await python.ask({ kind: 'receipt', text, trust: trustText, against })
        expect({ text, against, ...essence(theirs) }).toEqual({ text, against, ...essence(ours) })
        expect(theirs.checked).toEqual(ours.checked)
        seen.add(ours.verdict)
      }
      expect(seen).toEqual(new Set(['valid', 'incomplete', 'invalid']))
    })

    test('on proofs, whole and damaged', async () => {
      const choices = new Choices('proofs')
      for (let i = 0; i < 400; i += 1) {
        const { text: whole, leaf } = choices.of(proofs)
        const text = i % 4 === 0 ? whole : damaged(whole, choices)
        const ours = verifyTlogProof(text, { leafHash: Buffer.from(leaf, 'hex') }, trust)
        const theirs = await python.ask({ kind: 'proof', text, leaf, trust: trustText })
        expect({ text, ...essence(theirs) }).toEqual({ text, ...essence(ours) })
        expect(theirs.checked).toEqual(ours.checked)
      }
    })

    test('on bundles with anchors and cosignatures, whole and damaged', async () => {
      const choices = new Choices('bundles')
      const file = trustFile(WITNESSES)
      const anchors = await Promise.all([5, 12].map((size) => anchorAt(size, LEDGER_SIGNER, WITNESSES[0]!)))
      const whole = formatBundle(sampleBundle({ anchors, statement: { exportedBy: 'a test' } }))
      const check = { trust: parseTrust(file), verifySignature: nativeVerify }
      for (let i = 0; i < 300; i += 1) {
        const text = i === 0 ? whole : damaged(whole, choices)
        const ours = verifyBundle(text, check)
        const theirs = await python.ask({ kind: 'bundle', text, trust: JSON.stringify(file) })
        expect({ text, ...essence(theirs) }).toEqual({ text, ...essence(ours) })
        expect(theirs.checked).toEqual(ours.checked)
      }
    }, 120_000)

    test('on which trust files can be read', async () => {
      const choices = new Choices('trust')
      for (let i = 0; i < 400; i += 1) {
        const text = damaged(trustText, choices)
        const ours = readOrRefuse(() => parseTrust(text))
        expect({ text, says: await python.ask<string>({ kind: 'trust', text }) }).toEqual({
          text,
          says: ours,
        })
      }
    })

    test('on which bytes are an entry', async () => {
      const choices = new Choices('entries')
      const whole = Buffer.from(
        encodeEntry({
          v: 1,
          id: '01970000-0000-7000-8000-000000000000',
          kind: 'vault.sealed',
          receivedAt: 1_795_000_000_000,
          system: 's1',
          emitter: { id: 'e-1', epoch: 2, seq: 17 },
          retention: 'unset',
          payload: { c: 1, leaves: 37, root: toHex(hashLeaf(utf8('a'))) },
        }),
      ).toString()
      for (let i = 0; i < 600; i += 1) {
        const bytes = utf8(i === 0 ? whole : damaged(whole, choices).toWellFormed())
        const ours = readOrRefuse(() => decodeEntry(bytes))
        const theirs = await python.ask<string>({ kind: 'entry', bytes: toHex(bytes) })
        expect({ bytes: Buffer.from(bytes).toString(), says: theirs }).toEqual({
          bytes: Buffer.from(bytes).toString(),
          says: ours,
        })
      }
    })

    test('on which texts are keys', async () => {
      const choices = new Choices('vkeys')
      const { vkey } = signer('example.com/ledger', 3).key
      for (let i = 0; i < 200; i += 1) {
        const text = damaged(vkey, choices)
        const ours = readOrRefuse(() => parseVkey(text))
        expect({ text, says: await python.ask<string>({ kind: 'vkey', text }) }).toEqual({ text, says: ours })
      }
    })

    test('on canonical JSON, and on which texts everybody reads alike', async () => {
      const ours = (text: string): string | null => {
        try {
          const { value, faults } = readJson(text)
          return faults.length === 0 ? canonicalJson(value) : null
        } catch (error) {
          if (error instanceof FormatError) return null
          throw error
        }
      }
      const texts = fc.oneof(
        jsonObject.map((value) => JSON.stringify(value, null, 1)),
        nearlyJson,
      )
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          expect(await python.ask<string | null>({ kind: 'canonical', text })).toBe(ours(text))
        }),
        { numRuns: 500, seed: 7 },
      )
    })

    test('on signatures with any bit changed', async () => {
      const choices = new Choices('signatures')
      const { key, sign } = signer('example.com/ledger', 5)
      const message = utf8('a text\n')
      const whole = sign('a text\n').signature
      for (let i = 0; i < 150; i += 1) {
        const signature = Uint8Array.from(whole)
        const publicKey = Uint8Array.from(key.publicKey)
        if (i > 0) choices.of([signature, publicKey])[choices.below(32)]! ^= 1 << choices.below(8)
        const theirs = await python.ask<boolean>({
          kind: 'signature',
          publicKey: toHex(publicKey),
          message: toHex(message),
          signature: toHex(signature),
        })
        expect(theirs).toBe(verifyEd25519(publicKey, message, signature))
        expect(theirs).toBe(i === 0)
      }
    })
  })

  describe('reads a running ledger', () => {
    const verify = async (url: string, more: string[] = []) => {
      const { code, stdout, stderr } = await run(PYTHON, [VERIFIER, url, '--json', ...more], {
        DEPONENT_KEY: server.key,
      })
      expect(stderr).toBe('')
      return { code, ...(JSON.parse(stdout) as { verdict: string; findings: { code: string }[] }) }
    }
    const files = newDirectory()
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(files, name), text)
      return join(files, name)
    }

    test('and finds it valid under the trust it was given, and the answers it gave kept', async () => {
      const more = ['--trust', await file('trust', trustText), '--against', await file('answer', answer)]
      const { code, verdict, findings } = await verify(server.url, more)
      expect({ code, verdict, codes: findings.map(({ code }) => code) }).toEqual({
        code: 0,
        verdict: 'valid',
        codes: ['not_checked'],
      })
    })

    test('and says that nothing is proven without trust', async () => {
      expect(await verify(`${server.url}/ledgers/default`)).toMatchObject({ code: 3, verdict: 'incomplete' })
    })

    test.each([
      ['checkpoint', 40, /checkpoint_(?:signature|malformed)/],
      ['tile/0/000', 8_000, /leaf_mismatch/],
      ['tile/1/000.p/1', 33, /tile_mismatch/],
      ['tile/entries/000', 2_000, /root_mismatch/],
    ])('and finds one bit changed in %s', async (path, at, expected) => {
      const middle = await ManInTheMiddle.start(server, flip(`/ledgers/default/${path}`, at))
      try {
        const { code, findings } = await verify(middle.url, ['--trust', await file('trust', trustText)])
        expect(code).toBe(1)
        expect(findings.map(({ code }) => code).join(' ')).toMatch(expected)
      } finally {
        await middle.stop()
      }
    })
  })
})

strangerSuite('the verifier in Python, of a data directory', missingPython(), () => {
  let python: PythonJudge
  let small: string
  let large: string
  let erased: string

  async function recorded(count: number, noteBytes: number): Promise<string> {
    const place = await newPlace()
    const { tenant, close } = await openRecording(place)
    // Text that does not compress, so that log files fill up and are let go.
    const random = new SeededRandom('notes')
    const note = () => Buffer.from(random.bytes(noteBytes)).toString('base64')
    for (let from = 0; from < count; from += 100) {
      const batch = Array.from({ length: Math.min(100, count - from) }, (_, i) =>
        submission(loan(from + i, { metadata: { note: note() } }), i),
      )
      await tenant.recorder.record(batch)
    }
    await tenant.ledger.published(tenant.ledger.size, 5_000)
    await close()
    return place.data
  }

  /** A directory with segments and log after the erasure of a person whose records were numbered. */
  async function afterErasure(): Promise<string> {
    const place = await newPlace()
    const opened = await openRecording(place, undefined, {
      log: 65_536,
      segment: { entriesMax: 20, bytesMax: 1_048_576 },
    })
    const { recorder, ledger, vault } = opened.tenant
    const numbered = (i: number) => {
      const emitter = { id: 'checkout-1', epoch: 1, seq: i + 1, blind: i.toString(16).padStart(64, '0') }
      return submission(loan(i, { emitter }), i)
    }
    await recorder.record(Array.from({ length: 50 }, (_, i) => numbered(i)))
    const shared = (i: number) =>
      loan(100 + i, {
        affectedSubjects: [{ id: 'ben', remark: `ben stands surety ${i}`, 'ключ/~': ['ё', {}, []] }, 'carl'],
        humanReviewerId: 'rita',
      })
    await recorder.record(Array.from({ length: 12 }, (_, i) => submission(shared(i), i)))
    const erasures = erasuresOver(opened.tenant, realClock, realRandom)
    await erasures.begin()
    const staff = toHex(vault.staffScope('rita').subarray(0, 16))
    await erasures.request(requestAbout(opened.tenant, 'ben'))
    await erasures.request({ ...requestAbout(opened.tenant, 'rita'), scopes: [staff] })
    while (!erasures.all().every(({ erasure }) => erasure.outcome)) await realClock.sleep(10)
    await recorder.record(Array.from({ length: 12 }, (_, i) => submission(shared(20 + i), i)))
    await erasures.close()
    await vault.flush()
    await ledger.published(ledger.size, 5_000)
    await eraseByHand(place, opened, [5, 6, 30, 51])
    return place.data
  }

  /** The files of the formats, without the index and the state, which lie outside. */
  async function filesOf(data: string): Promise<string[]> {
    const found = await readdir(data, { recursive: true, withFileTypes: true })
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/\/(?:index|state)\/|admin-token$/.test(path.slice(data.length)))
      .sort()
  }

  async function expectAgreement(path: string, what: string): Promise<string> {
    const ours = await checkDirectory(realDisk, path)
    const theirs = await python.ask({ kind: 'directory', path })
    expect({ what, verdict: theirs.verdict, checked: theirs.checked }).toEqual({
      what,
      verdict: ours.verdict,
      checked: ours.checked,
    })
    // One damage may be told in several ways, but not in ways that have nothing in common.
    const codes = new Set(theirs.findings.map(({ code }) => code))
    expect({ what, shared: ours.findings.some(({ code }) => codes.has(code)) }).toEqual({
      what,
      shared: true,
    })
    return ours.verdict
  }

  beforeAll(async () => {
    python = new PythonJudge()
    small = await recorded(40, 20)
    erased = await afterErasure()
    const withKey = await recorded(900, 20_000)
    large = (await newPlace()).data
    // Opening payloads takes Python long; without the root key both leave them closed.
    await cp(withKey, large, { recursive: true, filter: (path) => !path.endsWith('root.key') })
  }, 120_000)
  afterAll(() => python?.stop())

  test('opens every payload and commits to it again, as ours does', async () => {
    expect(await expectAgreement(small, 'unchanged')).toBe('valid')
    const { checked } = await python.ask<{ checked: { payloads: number } }>({
      kind: 'directory',
      path: small,
    })
    expect(checked.payloads).toBeGreaterThan(40)
  }, 120_000)

  test('opens payloads with a root key from elsewhere, and misses a master key, as ours does', async () => {
    const apart = (await newPlace()).data
    await cp(small, apart, { recursive: true })
    const text = await readFile(join(apart, 'keyring/root.key'), 'utf8')
    await rm(join(apart, 'keyring/root.key'))
    const secret = text.split('\n')[1]!
    const asked = { kind: 'directory', path: apart }
    const root = { kind: 'environment', variable: 'DEPONENT_ROOT_KEY', secret } as const
    const { checked, verdict } = await checkDirectory(realDisk, apart, { root })
    expect(await python.ask({ ...asked, root: secret })).toMatchObject({ verdict, checked })
    expect(await expectAgreement(apart, 'without its root key')).toBe('valid')
    const other = await python.ask<{ checked: { payloads: number } }>({ ...asked, root: '11'.repeat(32) })
    expect(other.checked.payloads).toBeLessThan(checked.payloads)
    await writeFile(join(apart, 'keyring/root.key'), text)
    await rm(join(apart, 'keyring/master.key'))
    expect(await expectAgreement(apart, 'without its master key')).toBe('invalid')
  }, 120_000)

  test('agrees on a directory with segments, full tiles and let-go log files', async () => {
    expect((await filesOf(large)).some((path) => path.endsWith('.seg'))).toBe(true)
    expect(await expectAgreement(large, 'unchanged')).toBe('valid')
  }, 120_000)

  test('agrees on a directory after an erasure, with and without the root key', async () => {
    expect(await expectAgreement(erased, 'with the key')).toBe('valid')
    const { checked } = await python.ask<{ checked: { erased: number } }>({
      kind: 'directory',
      path: erased,
    })
    expect(checked.erased).toBe(4)
    const withoutKey = (await newPlace()).data
    await cp(erased, withoutKey, { recursive: true, filter: (path) => !path.endsWith('root.key') })
    expect(await expectAgreement(withoutKey, 'without the key')).toBe('valid')
  }, 120_000)

  test.each(['small', 'large', 'erased'])(
    'agrees on the %s one with bytes changed, lost or cut off',
    async (which) => {
      const choices = new Choices(which)
      const data = { small, large, erased }[which]!
      const files = await filesOf(data)
      const verdicts = new Set<string>()
      for (let i = 0; i < (which === 'large' ? 24 : 40); i += 1) {
        const path = choices.of(files)
        const whole = await readFile(path)
        if (whole.length === 0) continue
        const bytes = Uint8Array.from(whole)
        // The beginning of a file and any place in it: most of a log file is preallocated zeros.
        const at = choices.below(choices.of([whole.length, Math.min(whole.length, 8_192)]))
        const cut = choices.below(8) === 0
        if (!cut) bytes[at]! ^= 1 << choices.below(8)
        await writeFile(path, cut ? whole.subarray(0, at) : bytes)
        try {
          verdicts.add(
            await expectAgreement(data, `${path.slice(data.length)} at ${at}${cut ? ' cut off' : ''}`),
          )
        } finally {
          await writeFile(path, whole)
        }
      }
      expect(verdicts).toContain('invalid')
    },
    300_000,
  )
})
