/** Writes the vectors of records, payload commitments and entries to test/vectors. The same bytes on every run. */
import { createCipheriv } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Entry, JsonObject, RecordKind } from '../packages/format/src/index.ts'
import {
  canonicalJson,
  commitRoot,
  encodeEntry,
  fromUtf8,
  normalizeRecord,
  parseTime,
  preparePayload,
  readJson,
  toHex,
  utf8,
} from '../packages/format/src/index.ts'

const ID = '01970000-0000-7000-8000-000000000000'
const HEX32 = 'ab'.repeat(32)

const SENT: [name: string, kind: RecordKind, text: string][] = [
  ['the least a decision says', 'decision', '{"modelId":"m","prediction":"high"}'],
  [
    'snake case',
    'decision',
    '{"decision_id":"d","model_id":"m","model_version":"1","output":"high","latency_ms":3,"token_usage":{"input":1,"cache_read":2}}',
  ],
  [
    'the nested form',
    'decision',
    '{"audit_id":"a","timestamp":"2026-01-10T01:00:00+01:00","model":{"id":"m","version":"2.1","type":"classification","framework":"x"},"input":{"data":{"income":100},"hash":"h"},"output":{"result":"approve","confidence":0.9,"explanation":"because"},"context":{"session_id":"s","user_id":"u"},"compliance":{"gdpr":true},"signature":"c2ln"}',
  ],
  [
    'the first name wins, the others are kept',
    'decision',
    '{"event_id":"e","decisionId":"d","modelId":"m","model":{"id":"n"},"prediction":1}',
  ],
  [
    'unknown fields beside metadata',
    'decision',
    '{"modelId":"m","prediction":1,"foo":1,"bar":2,"metadata":{"foo":3}}',
  ],
  ['names of the prototype', 'decision', '{"modelId":"m","prediction":1,"__proto__":{"constructor":2}}'],
  [
    'numbers no double carries',
    'decision',
    '{"modelId":"m","prediction":12345678901234567890,"confidence":0.12345678901234567890,"x":-0}',
  ],
  ['ids that are integers', 'decision', '{"modelId":"m","prediction":1,"userId":42,"affectedSubjects":7}'],
  ['nanoseconds', 'decision', '{"modelId":"m","prediction":1,"timestamp":1767225600123456789}'],
  ['no zone', 'decision', '{"modelId":"m","prediction":1,"timestamp":"2026-01-10"}'],
  [
    'words in another case',
    'decision',
    '{"modelId":"m","status":"Refused","riskTier":"HIGH","environment":"qa"}',
  ],
  ['text is not normalised', 'decision', '{"modelId":"A\\u030a","prediction":"\\ud83d\\ude00"}'],
  [
    'an emitter',
    'decision',
    `{"modelId":"m","prediction":1,"emitter":{"id":"checkout-1","epoch":1,"seq":42,"blind":"${HEX32}"}}`,
  ],
  ['links', 'decision', '{"modelId":"m","prediction":1,"links":[{"rel":"part_of","id":"x"}]}'],
  ['an outcome', 'outcome', '{"decision":"d","outcome":1,"at":"2026-01-10T00:00:00Z"}'],
  [
    'a review',
    'review',
    '{"decisionId":"d","verdict":"override","humanDecision":"reject","reason":"income misread","reviewer":{"id":"r"}}',
  ],
  [
    'a model event',
    'model.deployed',
    '{"modelId":"m","modelVersion":2,"eventType":"deployed","evaluationResults":[{"metric":"auc","value":0.91,"threshold":0.9,"passed":true}]}',
  ],
  ['a sealed segment', 'vault.sealed', `{"segment":"000001","first":0,"end":256,"digest":"${HEX32}"}`],
  ['nothing', 'decision', '{}'],
  ['no object', 'decision', '[]'],
  ['confidence out of range', 'decision', '{"modelId":"m","prediction":1,"confidence":1.5}'],
  ['confidence out of range, nested', 'decision', '{"modelId":"m","output":{"result":1,"confidence":-1}}'],
  [
    'a score of any size',
    'decision',
    '{"modelId":"m","prediction":1,"confidence":688,"confidenceKind":"score"}',
  ],
  ['a name twice', 'decision', '{"modelId":"m","prediction":1,"a":{"b":1,"b":2}}'],
  ['half a surrogate pair', 'decision', '{"modelId":"m","prediction":"\\ud83d"}'],
  ['an overflow', 'decision', '{"modelId":"m","prediction":[1e400]}'],
  ['no number', 'decision', '{"modelId":"m","prediction":NaN}'],
  ['a bad time', 'decision', '{"modelId":"m","prediction":1,"timestamp":"yesterday"}'],
  [
    'wrong types',
    'decision',
    '{"modelId":7,"prediction":1,"latencyMs":"3","humanReviewed":"no","token_usage":{"cache_read":[]}}',
  ],
]

const TIMES = [
  '2026-01-10T00:00:00Z',
  '2026-01-10T00:00:00.123456789Z',
  '2026-01-10 09:30:00+02:00',
  '2026-01-10T09:30:00-0330',
  '2026-01-10T09:30:00',
  '2026-01-10',
  '2016-12-31T23:59:60Z',
  '0001-01-01T00:00:00Z',
  1767225600,
  1767225600.5,
  1767225600123,
  1767225600123456,
  '1767225600123456789',
  '1767225600',
  '2026-02-29',
  '2026-01-10T24:00:00Z',
  '20260110',
  'yesterday',
  '',
]

const PAYLOADS: [name: string, record: JsonObject][] = [
  ['an empty record', {}],
  ['one leaf', { modelId: 'm' }],
  ['two leaves', { modelId: 'm', prediction: 'high' }],
  ['every type', { a: null, b: true, c: -0.5, d: 'é😀"\\\n', e: [], f: {} }],
  ['names that need escapes', { 'a/b': 1, 'c~d': 2, 'e"f': 3, '': 4, 'g\u0001h': 5 }],
  ['arrays keep their order', { a: Array.from({ length: 12 }, (_, i) => i) }],
  ['an object that flattens like an array', { a: { '0': 'x', '1': 'y' }, b: ['x', 'y'] }],
  ['numbers as ECMAScript prints them', { a: [1e21, 1e-7, 333333333.3333333, 5e-324, 100] }],
  [
    'a decision',
    {
      confidence: 0.7,
      decisionId: 'loan-1',
      explanation: { topFeatures: [{ feature: 'income', importance: 0.4 }] },
      inputFeatures: { age: 42, race: 'Other', region: 'north' },
      modelId: 'credit',
      modelVersion: '1',
      prediction: 'high',
      timestamp: '2026-01-10T00:00:00.000Z',
    },
  ],
]

const ENTRY: Entry = {
  v: 1,
  id: ID,
  kind: 'decision',
  receivedAt: 1_795_000_000_000,
  system: 's1',
  retention: 'unset',
  payload: { c: 1, root: HEX32, leaves: 37 },
}

const ENTRIES: [name: string, entry: Entry][] = [
  ['a decision', ENTRY],
  ['with an emitter', { ...ENTRY, emitter: { id: 'e1', epoch: 1, seq: 42 } }],
  ['a kind with a dot', { ...ENTRY, kind: 'model.deployed' }],
  [
    'the smallest numbers',
    {
      ...ENTRY,
      receivedAt: 0,
      payload: { ...ENTRY.payload, leaves: 1 },
      emitter: { id: '-', epoch: 0, seq: 0 },
    },
  ],
  [
    'the largest numbers',
    { ...ENTRY, receivedAt: 2 ** 53 - 1, payload: { ...ENTRY.payload, leaves: 65_536 } },
  ],
  ['the longest slugs', { ...ENTRY, system: 's'.repeat(64), retention: 'r'.repeat(64) }],
]

const BAD_ENTRIES: [name: string, change: (text: string) => string][] = [
  ['a space', (text) => text.replace(':', ': ')],
  ['a line end', (text) => `${text}\n`],
  [
    'names out of order',
    (text) => text.replace('"retention":"unset","system":"s1"', '"system":"s1","retention":"unset"'),
  ],
  ['an unknown field', (text) => text.replace('"kind"', '"extra":0,"kind"')],
  ['a field twice', (text) => text.replace('"v":1', '"v":1,"v":1')],
  ['an escape', (text) => text.replace('"s1"', '"\\u00731"')],
  ['a fraction', (text) => text.replace('1795000000000', '1795000000000.0')],
  ['an integer no double carries', (text) => text.replace('1795000000000', '9007199254740992')],
  ['no leaves', (text) => text.replace('"leaves":37', '"leaves":0')],
  ['an upper-case root', (text) => text.replace(HEX32, HEX32.toUpperCase())],
  ['a UUID of version 4', (text) => text.replace('-7000-', '-4000-')],
  ['a name that is no slug', (text) => text.replace('"s1"', '"Loan scoring"')],
  ['a version to come', (text) => text.replace('"v":1', '"v":2')],
  ['the draft version', (text) => text.replace('"v":1', '"v":0')],
  ['nothing', () => ''],
]

function recordVectors(): object {
  const valid: object[] = []
  const invalid: object[] = []
  for (const [name, kind, text] of SENT) {
    const { record, emitter, errors } = normalizeRecord(kind, readJson(text))
    if (errors.length > 0)
      invalid.push({ name, kind, text, errors: errors.map(({ code, path }) => ({ code, path })) })
    else valid.push({ name, kind, text, record: canonicalJson(record), ...(emitter && { emitter }) })
  }
  const description =
    'A record as sent, as text, and the RFC 8785 text of its canonical record, or code and path of each error.'
  return { description, valid, invalid }
}

function timeVectors(): object {
  const valid: object[] = []
  const invalid: object[] = []
  for (const source of TIMES) {
    const time = parseTime(source)
    if (time === undefined) invalid.push({ name: `${source}`, source })
    else valid.push({ source, ...time })
  }
  const description =
    'Spellings of a point in time, the Unix milliseconds they mean, and whether UTC was assumed.'
  return { description, valid, invalid }
}

function payloadVectors(): object {
  const description =
    'Canonical records, their leaf texts and the root. Salts are the 16-byte blocks of AES-256-CTR over zeros, zero IV, key recordSalt.'
  return { description, valid: PAYLOADS.map(payloadVector) }
}

function payloadVector([name, record]: (typeof PAYLOADS)[number], i: number): object {
  const recordSalt = new Uint8Array(32).fill(i + 1)
  const { text, leafTexts } = preparePayload(record, ID)
  const cipher = createCipheriv('aes-256-ctr', recordSalt, new Uint8Array(16))
  const salts = new Uint8Array(cipher.update(new Uint8Array(16 * leafTexts.length)))
  const root = toHex(commitRoot(leafTexts, salts))
  return { name, id: ID, recordSalt: toHex(recordSalt), text, leafTexts, salts: toHex(salts), root }
}

function entryVectors(): object {
  const text = fromUtf8(encodeEntry(ENTRY))
  return {
    description: 'Bytes of entries and what they say, and bytes that are none.',
    valid: ENTRIES.map(([name, entry]) => ({ name, bytes: toHex(encodeEntry(entry)), entry })),
    invalid: BAD_ENTRIES.map(([name, change]) => ({ name, bytes: toHex(utf8(change(text))) })),
  }
}

/** The text of every file, by its name. */
export function recordVectorFiles(): Map<string, string> {
  const files: [string, object][] = [
    ['records-normalized.json', recordVectors()],
    ['records-times.json', timeVectors()],
    ['commitment-payloads.json', payloadVectors()],
    ['entry-bytes.json', entryVectors()],
  ]
  return new Map(files.map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]))
}

if (import.meta.main) {
  for (const [name, text] of recordVectorFiles()) {
    writeFileSync(fileURLToPath(new URL(`../test/vectors/${name}`, import.meta.url)), text)
    console.log(`test/vectors/${name}: ${text.length} bytes`)
  }
}
