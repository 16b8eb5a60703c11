import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseBundle, parseTrust, toBase64, type Trust, verifyBundle } from '@deponent/format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loan } from '../recording/open-tenant.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

/** More than one full tile of entries, so that a walk has levels to climb. */
const DECISIONS = 300

let place: Place
let server: ServerProcess
let files: string
let trustFile: string
let trust: Trust
const PURPOSE = { 'Deponent-Purpose': 'a test of evidence' }

beforeAll(async () => {
  place = await newPlace()
  files = await mkdtemp(join(tmpdir(), 'deponent-evidence-'))
  server = await ServerProcess.start(place)
  const decisions = Array.from({ length: DECISIONS }, (_, i) => loan(i))
  expect((await server.post('/v1/decisions?wait=checkpoint', decisions)).status).toBe(201)
  await server.indexed()
  const format = JSON.parse(await readFile(join(place.data, 'format.json'), 'utf8')) as {
    ledgers: { default: object }
  }
  trustFile = await file('trust.json', { ledgers: [format.ledgers.default] })
  trust = parseTrust(JSON.parse(await readFile(trustFile, 'utf8')))
}, 120_000)
afterAll(() => server.stop())

async function file(name: string, content: unknown): Promise<string> {
  const path = join(files, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

async function problem(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as { code: string }).code]
}

const bundleOf = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
  server.fetch(`/v1/decisions/loan-7/bundle${query}`, { headers })

describe('the bundle of a decision', () => {
  test('names its fields and discloses none unless they are asked for', async () => {
    const response = await bundleOf('')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="evidence-\d+\.json"$/)
    const report = verifyBundle(await response.text(), { trust })
    expect(report.verdict).toBe('valid')
    expect(report.entries).toMatchObject([{ proven: true, payload: 'disclosed', fields: [] }])
    expect(report.entries[0]!.withheldPointers).toContain('/inputFeatures/age')
  })

  test('discloses what is chosen and what lies below it', async () => {
    const report = verifyBundle(await (await bundleOf('?disclose=/modelId,/inputFeatures')).text(), { trust })
    expect(report.verdict).toBe('valid')
    expect(report.entries[0]!.fields).toEqual([
      { pointer: '/inputFeatures/age', value: 27 },
      { pointer: '/inputFeatures/race', value: 'Other' },
      { pointer: '/modelId', value: 'scorer' },
    ])
  })

  test.each(['?disclose=/messages', '?disclose=all', '?disclose=/modelId,/affectedUserId'])(
    '%s needs a purpose, because it holds what is sealed',
    async (query) => {
      expect(await problem(await bundleOf(query))).toEqual([403, 'purpose_required'])
      const report = verifyBundle(await (await bundleOf(query, PURPOSE)).text(), { trust })
      expect(report.verdict).toBe('valid')
    },
  )

  test('is recorded as an export, with the purpose, before it leaves', async () => {
    await bundleOf('?disclose=all', PURPOSE)
    const { id } = await server.get<{ id: string }>('/v1/decisions/loan-7')
    const bundle = await server.post('/v1/bundles', { from: 0, to: await size(), disclose: 'all' }, PURPOSE)
    const { entries } = verifyBundle(await bundle.text(), { trust })
    const exports = entries.filter(({ fields }) => fields.some(({ value }) => value === 'export'))
    expect(exports.at(-1)?.fields).toEqual(
      expect.arrayContaining([
        { pointer: '/objects/0', value: id },
        { pointer: '/purpose', value: 'a test of evidence' },
        { pointer: '/result', value: 'exported' },
      ]),
    )
  })

  test.each<[string, [number, string]]>([
    ['?disclose=modelId', [400, 'bad_value']],
    ['?disclose=/nowhere', [400, 'nothing_disclosed']],
    ['?disclose=/model~2Id', [400, 'bad_value']],
  ])('%s is refused', async (query, expected) => {
    expect(await problem(await bundleOf(query))).toEqual(expected)
  })

  test('is a page when a page is asked for, with the same data in it', async () => {
    const response = await bundleOf('?disclose=/modelId', { Accept: 'text/html,*/*;q=0.8' })
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const path = await file('asked.html', await response.text())
    expect(await verify(path, '--trust', trustFile)).toMatchObject({
      code: 0,
      verdict: 'valid',
      codes: ['fields_withheld'],
    })
  })

  test('of an unknown id is not found', async () => {
    expect(await problem(await server.fetch('/v1/decisions/nobody/bundle'))).toEqual([404, 'not_found'])
  })
})

describe('bundles of many', () => {
  test.each<[string, unknown, [number, string]]>([
    ['nothing', {}, [400, 'wrong_type']],
    ['no ids', { ids: [] }, [400, 'wrong_type']],
    ['an id nobody knows', { ids: ['loan-1', 'nobody'] }, [404, 'not_found']],
    ['too many ids', { ids: Array.from({ length: 1_001 }, () => 'loan-1') }, [413, 'bundle_too_large']],
    ['an empty range', { from: 3, to: 3 }, [400, 'out_of_range']],
    ['a range beyond the end', { from: 0, to: 9_000 }, [404, 'not_found']],
    ['too large a range', { from: 0, to: 10_001 }, [413, 'bundle_too_large']],
    ['a range that is text', { from: '0', to: 1 }, [400, 'wrong_type']],
    ['pointers that are none', { ids: ['loan-1'], disclose: [1] }, [400, 'bad_value']],
    ['a name nobody knows', { ids: ['loan-1'], reveal: 'all' }, [400, 'unknown_parameter']],
  ])('with %s are refused', async (_, body, expected) => {
    expect(await problem(await server.post('/v1/bundles', body))).toEqual(expected)
  })

  test('name each entry once, in the order of the ledger', async () => {
    const response = await server.post('/v1/bundles', { ids: ['loan-9', 'loan-3', 'loan-9'] })
    const { entries } = parseBundle(await response.text())
    expect(entries).toHaveLength(2)
    expect(entries[0]!.index).toBeLessThan(entries[1]!.index)
  })
})

async function size(): Promise<number> {
  const { checks } = await server.get<{ checks: { ledger: { size: number } } }>('/readyz')
  return checks.ledger.size
}

interface Answer {
  code: number
  verdict: string
  codes: string[]
  checked: Record<string, number>
  entries?: { index: number; fields: unknown[] }[]
}

async function verify(...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await runCommand(['verify', ...args, '--json'])
  expect(stderr).toBe('')
  const report = JSON.parse(stdout) as Answer & { findings: { code: string }[] }
  return { ...report, code, codes: report.findings.map((finding) => finding.code) }
}

const exported = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  runCommand(['export', ...args, '--data', place.data, '--signer-state', place.signer])

describe('deponent export', () => {
  test('writes a bundle and a page, which verify says the same of', async () => {
    const [bundle, page] = [join(files, 'two.json'), join(files, 'two.html')]
    const args = ['--id', 'loan-1', 'loan-2', '--disclose', '/modelId,/prediction']
    const { code, stdout } = await exported(...args, '--bundle', bundle, '--html', page)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^2 entries of deponent\.invalid\/.*\nverifier in the page, SHA-256: [0-9a-f]{64}\n$/,
    )
    for (const path of [bundle, page]) {
      expect(await verify(path)).toMatchObject({ code: 3, codes: ['trust_missing', 'fields_withheld'] })
      const trusted = await verify(path, '--trust', trustFile)
      expect(trusted).toMatchObject({ code: 0, verdict: 'valid', codes: ['fields_withheld'] })
      expect(trusted.entries!.map(({ fields }) => fields.length)).toEqual([2, 2])
    }
  })

  test('asks for a purpose where sealed fields are chosen', async () => {
    const args = ['--from', '1', '--to', '3', '--disclose', 'all', '--bundle', join(files, 'all.json')]
    expect(await exported(...args)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^purpose_required: .*--purpose/) as string,
    })
    expect((await exported(...args, '--purpose', 'a test')).code).toBe(0)
    expect((await exported(...args, '--purpose', 'Prüfung nach Beschwerde 審査')).code).toBe(0)
  })

  test.each([
    [['--bundle', 'x.json'], /--id ID…, or --from/],
    [['--id', 'loan-1'], /--bundle FILE, --html FILE/],
    [['--from', '1', '--bundle', 'x.json'], /--from and --to/],
    [['--id', 'loan-1', '--from', '1', '--to', '2', '--bundle', 'x.json'], /--id ID…, or/],
    [['--from', 'one', '--to', '2', '--bundle', 'x.json'], /index/],
    [['--id', 'nobody', '--bundle', 'x.json'], /^not_found/],
  ])('%j is not understood', async (args, words) => {
    const { code, stdout, stderr } = await exported(...args)
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(words) as string,
    })
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})

describe('deponent verify', () => {
  let bundle: string
  let text: string
  let checkpoint: string

  beforeAll(async () => {
    bundle = join(files, 'range.json')
    await exported('--from', '1', '--to', '9', '--disclose', '/prediction', '--bundle', bundle)
    text = await readFile(bundle, 'utf8')
    checkpoint = await file('checkpoint', parseBundle(text).checkpoint)
  })

  test('a changed bundle is invalid, and every reason is named', async () => {
    const twice = text
      .replace(String.raw`[\"/prediction\",\"low\"]`, String.raw`[\"/prediction\",\"high\"]`)
      .replace('"index":8', '"index":9')
    expect(await verify(await file('changed.json', twice), '--trust', trustFile)).toMatchObject({
      code: 1,
      verdict: 'invalid',
      codes: ['payload_mismatch', 'proof_inclusion', 'fields_withheld'],
    })
  })

  test('a bundle cut off is malformed, not unknown', async () => {
    const cut = await file('cut.json', text.slice(0, -20))
    expect(await verify(cut)).toMatchObject({ code: 1, codes: ['bundle_malformed'] })
  })

  test('a bundle is compared with a known checkpoint and with receipts', async () => {
    const sent = await server.post('/v1/decisions?wait=checkpoint', [loan(5_001), loan(5_002)])
    const receipts = (await sent.json()) as { receipts: { id: string; leafHash: string }[] }
    const [first] = receipts.receipts
    const known = join(files, 'known.json')
    await exported('--id', first!.id, '--bundle', known)
    const check = (against: string): Promise<Answer> =>
      verify(known, '--trust', trustFile, '--against', against)
    expect(await check(await file('answer.json', receipts))).toMatchObject({
      code: 0,
      codes: ['fields_withheld'],
    })
    expect(await check(checkpoint)).toMatchObject({
      code: 0,
      codes: ['fields_withheld', 'head_incomparable'],
    })
    expect(await verify(bundle, '--trust', trustFile, '--against', checkpoint)).toMatchObject({
      code: 0,
      codes: ['fields_withheld'],
    })
  })

  test('a page whose verifier was changed is judged by its data, and says so', async () => {
    const page = join(files, 'other.html')
    await exported('--id', 'loan-1', '--html', page)
    const html = (await readFile(page, 'utf8')).replace('<script id="verifier">', '<script id="verifier">//')
    expect(await verify(await file('doctored.html', html), '--trust', trustFile)).toMatchObject({
      code: 0,
      codes: ['fields_withheld', 'verifier_unknown'],
    })
  })

  test('a saved proof needs the entry it is about', async () => {
    const proof = await (await server.fetch('/v1/decisions/loan-7/proof')).text()
    const saved = await file('loan-7.tlog-proof', proof)
    const { entries } = parseBundle(await (await bundleOf('')).text())
    const entry = await file('entry', entries[0]!.entry)
    expect(await verify(saved, '--trust', trustFile)).toMatchObject({ code: 3, codes: ['entry_missing'] })
    expect(await verify(saved, '--trust', trustFile, '--entry', entry)).toMatchObject({ code: 0, codes: [] })
    expect(await verify(saved, '--entry', entry)).toMatchObject({ code: 3, codes: ['trust_missing'] })
    expect(await verify(saved, '--trust', trustFile, '--entry', checkpoint)).toMatchObject({
      code: 1,
      codes: ['proof_inclusion'],
    })
    const extra = `extra ${toBase64(Buffer.from(entries[0]!.entry))}\nindex`
    const whole = await file('whole.tlog-proof', proof.replace('index', extra))
    expect(await verify(whole, '--trust', trustFile)).toMatchObject({ code: 0, codes: [] })
  })

  test.each(['{"a":1}', 'hello', '[]', '<!doctype html><p>', ''])(
    'what is nothing of ours is not understood, and what would be is listed: %j',
    async (content) => {
      const { code, stderr } = await runCommand(['verify', await file('unknown', content)])
      expect(code).toBe(2)
      expect(stderr).toMatch(
        /expected a data directory, an evidence bundle .* receipt, .* tlog-proof, .* URL/,
      )
    },
  )

  test('a served ledger is walked as a stranger does it', async () => {
    const key = ['--key', server.key]
    const walked = await verify(server.url, '--trust', trustFile, ...key)
    expect(walked).toMatchObject({ code: 0, verdict: 'valid', codes: ['not_checked'] })
    expect(walked.checked.entries).toBeGreaterThan(DECISIONS)
    expect(await verify(`${server.url}/ledgers/default/`, ...key)).toMatchObject({
      code: 3,
      codes: ['trust_missing', 'not_checked'],
    })
    expect(await verify(server.url, '--trust', trustFile, '--against', checkpoint, ...key)).toMatchObject({
      code: 0,
    })
    expect(await runCommand(['verify', server.url])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/needs a key/) as string,
    })
    expect(await runCommand(['verify', 'http://127.0.0.1:1'])).toMatchObject({
      code: 70,
      stderr: expect.stringMatching(/^no answer from/) as string,
    })
  })

  test('a served ledger that changed an entry, lost a tile or went back is invalid', async () => {
    const lying = (change: (path: string, body: Buffer) => Buffer | undefined): Promise<Proxy> =>
      Proxy.before(server, change)
    const altered = await lying((path, body) =>
      path.includes('tile/entries/000')
        ? Buffer.from(body.toString('latin1').replace('"system":"s1"', '"system":"s9"'), 'latin1')
        : body,
    )
    expect(await verify(altered.url, '--trust', trustFile)).toMatchObject({
      code: 1,
      codes: ['leaf_mismatch', 'tile_mismatch', 'root_mismatch', 'not_checked'],
    })
    const missing = await lying((path, body) => (path.includes('tile/entries/000') ? undefined : body))
    expect(await verify(missing.url, '--trust', trustFile)).toMatchObject({
      code: 1,
      codes: ['entry_missing', 'not_checked'],
    })
    const newer = await file('newer', await (await server.fetch('/ledgers/default/checkpoint')).text())
    const older = parseBundle(text).checkpoint
    await server.post('/v1/decisions?wait=checkpoint', [loan(7_001)])
    const newest = await file('newest', await (await server.fetch('/ledgers/default/checkpoint')).text())
    const rolled = await lying((path, body) => (path.endsWith('/checkpoint') ? Buffer.from(older) : body))
    for (const head of [newer, newest]) {
      expect((await verify(rolled.url, '--trust', trustFile, '--against', head)).codes).toContain(
        'rolled_back',
      )
    }
    for (const proxy of [altered, missing, rolled]) proxy.close()
  })
})

describe('a bundle of a ledger whose key was replaced', () => {
  test('brings the change along, so that an older trust file still judges it', async () => {
    const { data, signer } = await newPlace()
    const where = ['--data', data, '--signer-state', signer]
    const records = await file('records.json', [loan(1), loan(2)])
    expect((await runCommand(['record', 'decision', records, ...where])).code).toBe(0)
    const format = JSON.parse(await readFile(join(data, 'format.json'), 'utf8')) as {
      ledgers: { default: object }
    }
    const before = await file('before.json', { ledgers: [format.ledgers.default] })
    expect((await runCommand(['keys', 'rotate', ...where])).code).toBe(0)
    // The first checkpoint after the change bears both signatures; the one after this record only the newer.
    const later = await file('later.json', [loan(3)])
    expect((await runCommand(['record', 'decision', later, ...where])).code).toBe(0)
    const bundle = join(files, 'rotated.json')
    expect((await runCommand(['export', '--id', 'loan-1', '--bundle', bundle, ...where])).code).toBe(0)
    expect(await verify(bundle, '--trust', before)).toMatchObject({
      code: 0,
      verdict: 'valid',
      codes: ['trust_extended', 'fields_withheld'],
    })
    const { entries, ...rest } = JSON.parse(await readFile(bundle, 'utf8')) as { entries: object[] }
    const alone = await file('alone.json', { ...rest, entries: entries.slice(0, 1) })
    expect(await verify(alone, '--trust', before)).toMatchObject({
      code: 1,
      codes: ['checkpoint_signature', 'fields_withheld'],
    })
  })
})

/** A server in front of ours that changes what it passes on. */
class Proxy {
  readonly url: string
  readonly #server: Server

  private constructor(url: string, listening: Server) {
    this.url = url
    this.#server = listening
  }

  static async before(
    behind: ServerProcess,
    change: (path: string, body: Buffer) => Buffer | undefined,
  ): Promise<Proxy> {
    const listening = createServer((request, response) => {
      const path = request.url ?? ''
      void behind.fetch(path).then(async (answer) => {
        const body = change(path, Buffer.from(await answer.arrayBuffer()))
        response.writeHead(body ? answer.status : 404).end(body)
      })
    })
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    return new Proxy(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`, listening)
  }

  close(): void {
    this.#server.close()
  }
}
