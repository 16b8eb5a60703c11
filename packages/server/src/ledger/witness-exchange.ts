/**
 * One conversation with a witness (C2SP tlog-witness, `add-checkpoint`): here is a checkpoint, and the proof that it extends the
 * last one you cosigned. Nothing the witness answers is believed before its cosignature verifies.
 */
import {
  cosignatureTimeS,
  equalBytes,
  FormatError,
  fromUtf8,
  type Note,
  type NoteSignature,
  parseNote,
  toBase64,
  utf8,
  type VerifierKey,
  verifyNote,
} from '@deponent/format'
import type { HttpClient, PostAnswer } from '../platform/http-client.ts'
import { reasonOf } from '../platform/failure.ts'
import { nativeVerify } from './signing-key.ts'

const TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 65_536
/** The end of the year 9999. */
const TIME_S_MAX = 253_402_300_799
const SIZE_MEDIA = 'text/x.tlog.size'
/** How often the witness may correct us about its size in one conversation. */
const CORRECTIONS_MAX = 3

/** Why a witness did not cosign. */
export type WitnessTroubleCode =
  | 'unreachable'
  | 'bad_request'
  | 'key_unknown_to_witness'
  | 'origin_unknown_to_witness'
  | 'witness_ahead'
  | 'inconsistent'
  | 'bad_cosignature'
  | 'unexpected_answer'

/** Thrown when a conversation ends without a cosignature. */
export class WitnessTrouble extends Error {
  readonly code: WitnessTroubleCode
  /** The size the witness said it has, where it said so. */
  readonly size: number | undefined

  constructor(code: WitnessTroubleCode, message: string, size?: number) {
    super(message)
    this.code = code
    this.size = size
  }
}

/** What is said in one conversation. */
export interface Submission {
  readonly http: HttpClient
  /** Submission prefix of the witness. */
  readonly url: string
  readonly key: VerifierKey
  readonly size: number
  /** The checkpoint, signed by the ledger. */
  readonly note: string
  /** Size of the last checkpoint the witness is known to have cosigned; 0 when not known. */
  readonly knownSize: number
  /** Consistency proof from an older size to `size`. */
  proof(from: number): Promise<readonly Uint8Array[]>
  readonly signal: AbortSignal
}

/** The verified cosignature of the witness, and the time in it in POSIX seconds. */
export interface Cosigned {
  readonly line: NoteSignature
  readonly timeS: number
}

/** Holds the conversation; throws WitnessTrouble when there is no cosignature at its end. */
export async function askToCosign(submission: Submission): Promise<Cosigned> {
  let from = Math.min(submission.knownSize, submission.size)
  for (let corrections = 0; corrections < CORRECTIONS_MAX; corrections += 1) {
    const answer = await submit(submission, from)
    if (answer.status === 200) return cosignatureIn(answer, submission)
    if (answer.status !== 409) throw refusalOf(answer.status)
    const size = sizeIn(answer)
    if (size === undefined) throw forked()
    if (size > submission.size) {
      const message = `the witness has seen ${size} entries of this ledger, which now shows ${submission.size}`
      throw new WitnessTrouble('witness_ahead', message, size)
    }
    // The size was right and the root is not: litewitness says 409 here, others 422.
    if (size === from) throw forked()
    from = size
  }
  throw new WitnessTrouble('unexpected_answer', 'the witness says another size each time it is asked')
}

async function submit(submission: Submission, from: number): Promise<PostAnswer> {
  const { http, url, size, note, signal } = submission
  const proof = from === 0 || from === size ? [] : await submission.proof(from)
  const lines = [`old ${from}\n`, ...proof.map((hash) => `${toBase64(hash)}\n`), '\n', note]
  const post = {
    url: `${url.replace(/\/+$/, '')}/add-checkpoint`,
    body: utf8(lines.join('')),
    contentType: 'text/plain; charset=utf-8',
    timeoutMs: TIMEOUT_MS,
    bytesMax: ANSWER_BYTES_MAX,
    signal,
  }
  try {
    return await http.post(post)
  } catch (error) {
    throw new WitnessTrouble('unreachable', reasonOf(error))
  }
}

function sizeIn({ contentType, body }: PostAnswer): number | undefined {
  if (contentType !== SIZE_MEDIA) return undefined
  const [, digits] = /^(0|[1-9][0-9]{0,15})\n$/.exec(Buffer.from(body).toString('latin1')) ?? []
  const size = Number(digits)
  if (digits === undefined || !Number.isSafeInteger(size)) {
    throw new WitnessTrouble('unexpected_answer', 'the witness answered 409 without a readable size')
  }
  return size
}

function refusalOf(status: number): WitnessTrouble {
  switch (status) {
    case 400:
      return new WitnessTrouble('bad_request', 'the witness could not read the request')
    case 403:
      return new WitnessTrouble('key_unknown_to_witness', 'the witness does not trust the key of this ledger')
    case 404:
      return new WitnessTrouble('origin_unknown_to_witness', 'the witness does not know this ledger')
    case 422:
      return forked()
    default:
      return new WitnessTrouble('unexpected_answer', `the witness answered ${status}`)
  }
}

function forked(): WitnessTrouble {
  return new WitnessTrouble(
    'inconsistent',
    'the witness has seen another state of this ledger: what it saw before is not a prefix of what it is shown now',
  )
}

function cosignatureIn({ body }: PostAnswer, { key, note }: Submission): Cosigned {
  try {
    const { text, signatures } = parseNote(`${parseNote(note).text}\n${fromUtf8(body)}`)
    const own = signatures.find((line) => line.name === key.name && equalBytes(line.keyId, key.keyId))
    if (own === undefined)
      throw new WitnessTrouble('bad_cosignature', 'the answer has no line by the witness')
    const alone: Note = { text, signatures: [own] }
    verifyNote(alone, [key], nativeVerify)
    const timeS = cosignatureTimeS(own.signature)
    if (timeS === undefined || timeS > TIME_S_MAX) {
      throw new WitnessTrouble('bad_cosignature', 'the cosignature has a time beyond the calendar')
    }
    return { line: own, timeS }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new WitnessTrouble('bad_cosignature', `the cosignature does not verify: ${error.message}`)
  }
}
