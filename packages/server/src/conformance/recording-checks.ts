/** Checks of recording, by a handful of test records. They say what they are and stay in the ledger for ever. */
import {
  decodeEntryTile,
  equalBytes,
  hashLeaf,
  parseCheckpoint,
  parseNote,
  parsePromise,
  parseReceipts,
  type SavedReceipts,
  tilePath,
  tileWidth,
  verifyReceipt,
  verifyTlogProof,
} from '@deponent/format'
import { failed, notApplicable, type Outcome, PASSED } from './outcome.ts'
import { ownTrust } from './serving-checks.ts'
import type { Subject } from './subject.ts'

/** What the model of every test record is called. */
const MODEL = 'deponent-conformance'
const NO_WRITING = notApplicable('nothing was recorded: --write was not given')
const RECORDED_BEFORE = notApplicable('the first test records were not kept')

interface Answer {
  status: number
  text: string
  body: {
    recorded?: number
    duplicates?: number
    rejected?: number
    promise?: string | null
    receipts?: { id: string; index: number; status: string; path?: string[] }[]
    errors?: { code: string; path: string; message: string }[]
  }
}

/** The test records of one run. */
export class TestRecords {
  readonly #subject: Subject
  #first: Promise<Answer> | undefined

  constructor(subject: Subject) {
    this.#subject = subject
  }

  record(name: string, prediction = 'declined'): object {
    return {
      decisionId: `${MODEL}-${this.#subject.mark}-${name}`,
      modelId: MODEL,
      prediction,
      environment: 'test',
      tags: ['conformance', this.#subject.mark],
    }
  }

  /** Three records in one request, recorded once for all checks. */
  first(): Promise<Answer> {
    return (this.#first ??= this.post(['one', 'two', 'three'].map((name) => this.record(name))))
  }

  async post(body: object | string, query = '?wait=checkpoint'): Promise<Answer> {
    const sent = typeof body === 'string' ? body : JSON.stringify(body)
    const { status, text } = await this.#subject.routes!.post(`/v1/decisions${query}`, sent)
    return { status, text, body: objectOf(text) }
  }
}

function objectOf(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

type WritingCheck = (subject: Subject, records: TestRecords) => Promise<Outcome>

/** A check that records, or says that it may not. */
export function writing(check: WritingCheck): (subject: Subject) => Promise<Outcome> {
  return async (subject) => {
    if (!subject.routes || !subject.mayWrite) return NO_WRITING
    return check(subject, recordsOf(subject))
  }
}

const RECORDS = new WeakMap<Subject, TestRecords>()

function recordsOf(subject: Subject): TestRecords {
  const records = RECORDS.get(subject) ?? new TestRecords(subject)
  RECORDS.set(subject, records)
  return records
}

async function originOf(subject: Subject): Promise<string | undefined> {
  return (await subject.readCheckpoint()).checkpoint?.origin
}

export const receiptsVerify = writing(async (subject, records) => {
  const { status, text, body } = await records.first()
  if (status !== 201 || body.recorded !== 3) return failed(`recording answers ${status}, expected 201`)
  const origin = await originOf(subject)
  if (origin === undefined) return notApplicable('there is no checkpoint that can be read')
  const { verdict, findings, checked } = verifyReceipt(text, await ownTrust(subject, origin))
  if (verdict !== 'valid') return failed(`the receipts are ${verdict}: ${findings[0]!.code}`)
  return checked.entries === 3 ? PASSED : failed(`${checked.entries} of 3 receipts lead to the promise`)
})

/** Leaf hashes of the ledger from start to end, as published now; undefined when a tile is missing. */
async function publishedLeaves(
  subject: Subject,
  start: number,
  end: number,
): Promise<Uint8Array[] | undefined> {
  const { checkpoint } = await subject.readCheckpoint()
  if (!checkpoint || checkpoint.size < end) return undefined
  const leaves: Uint8Array[] = []
  for (let n = Math.floor(start / 256); n * 256 < end; n += 1) {
    const path = tilePath('entries', n, tileWidth('entries', n, checkpoint.size))
    const { status, bytes } = await subject.ledger.get(path)
    if (status !== 200) return undefined
    leaves.push(...decodeEntryTile(bytes).map(hashLeaf))
  }
  const before = Math.floor(start / 256) * 256
  return leaves.slice(start - before, end - before)
}

export const promiseIsKept = writing(async (subject, records) => {
  const saved = savedOf((await records.first()).text)
  if (!saved?.promise) return RECORDED_BEFORE
  const { start, end } = parsePromise(parseNote(saved.promise).text)
  const leaves = await publishedLeaves(subject, start, end)
  if (!leaves) return failed('a checkpoint that covers the promise was not published in time')
  for (const { index, leafHash } of saved.receipts) {
    if (!equalBytes(leaves[index - start] ?? new Uint8Array(0), leafHash))
      return failed(`entry ${index} is not the one its receipt promises`)
  }
  return PASSED
})

function savedOf(text: string): SavedReceipts | undefined {
  try {
    return parseReceipts(text)
  } catch {
    return undefined
  }
}

export const sameContentIsADuplicate = writing(async (_, records) => {
  const first = (await records.first()).body.receipts?.[0]
  if (!first) return RECORDED_BEFORE
  const { status, body } = await records.post(records.record('one'))
  const again = body.receipts?.[0]
  if (status !== 201 || body.duplicates !== 1) return failed(`the same record again answers ${status}`)
  if (again?.status !== 'duplicate' || again.index !== first.index || again.id !== first.id)
    return failed('the duplicate does not repeat where the record stands')
  if (again.path !== undefined || body.promise !== null)
    return failed('a duplicate is promised a second time')
  return PASSED
})

export const otherContentIsAConflict = writing(async (_, records) => {
  if ((await records.first()).status !== 201) return RECORDED_BEFORE
  const { status, body } = await records.post(records.record('one', 'approved'))
  if (status !== 409) return failed(`another record under the same id answers ${status}, expected 409`)
  const code = body.errors?.[0]?.code
  return code === 'id_conflict' ? PASSED : failed('the error is not id_conflict')
})

export const recordsAreJudgedOneByOne = writing(async (_, records) => {
  const good = JSON.stringify(records.record('beside-a-bad-one'))
  const { status, body } = await records.post(`[${good},{"modelId":"${MODEL}"}]`)
  if (status !== 207 || body.recorded !== 1 || body.rejected !== 1)
    return failed(`a good and a bad record answer ${status}, expected 207`)
  return PASSED
})

const SECRET = 'a-value-nobody-may-repeat'
const AMBIGUOUS = [
  ['a name that comes twice', `{"modelId":"${SECRET}","modelId":"${SECRET}","prediction":1}`],
  ['half a surrogate pair', `{"modelId":"${SECRET}\\ud800","prediction":1}`],
  ['NaN', `{"modelId":"${SECRET}","prediction":NaN}`],
  ['a number beyond a double', `{"modelId":"${SECRET}","prediction":1e999}`],
  ['a confidence of 2', `{"modelId":"${SECRET}","prediction":1,"confidence":2}`],
] as const

export const ambiguousRecordsAreRefused = writing(async (_, records) => {
  for (const [what, text] of AMBIGUOUS) {
    const answer = await records.post(text, '')
    if (answer.status !== 400) return failed(`a record with ${what} answers ${answer.status}, expected 400`)
    if (answer.text.includes(SECRET)) return failed(`the refusal of a record with ${what} repeats its value`)
  }
  return PASSED
})

export const entriesHoldNothingThatWasSent = writing(async (subject, records) => {
  const receipts = (await records.first()).body.receipts
  if (!receipts?.length) return RECORDED_BEFORE
  const { checkpoint } = await subject.readCheckpoint()
  for (const { index } of receipts) {
    if (!checkpoint || checkpoint.size <= index) return failed('the records were not published in time')
    const n = Math.floor(index / 256)
    const { bytes } = await subject.ledger.get(
      tilePath('entries', n, tileWidth('entries', n, checkpoint.size)),
    )
    const text = Buffer.from(decodeEntryTile(bytes)[index % 256]!).toString()
    if ([MODEL, subject.mark, 'declined'].some((word) => text.includes(word)))
      return failed(`entry ${index} repeats what was sent`)
  }
  return PASSED
})

export const proofOfARecordVerifies = writing(async (subject, records) => {
  const saved = savedOf((await records.first()).text)
  const receipt = (await records.first()).body.receipts?.[1]
  if (!saved || !receipt) return RECORDED_BEFORE
  const { status, text } = await subject.routes!.get(`/v1/decisions/${receipt.id}/proof`)
  if (status !== 200) return failed(`the proof answers ${status}`)
  const note = text.slice(text.indexOf('\n\n') + 2)
  const { origin } = parseCheckpoint(parseNote(note).text)
  const trust = await ownTrust(subject, origin)
  const { verdict, findings } = verifyTlogProof(text, { leafHash: saved.receipts[1]!.leafHash }, trust)
  return verdict === 'valid' ? PASSED : failed(`the proof is ${verdict}: ${findings[0]!.code}`)
})
