/** `GET /v1/emitters/{emitter}/proof`: the file that shows which numbers of an emitter the ledger has. */
import { writeEmitterProof } from '@deponent/format'
import { EmitterProofMaker, PROOF_NUMBERS_MAX } from '../../recording/emitter-proof.ts'
import { UNRESTRICTED } from '../../projection/index.ts'
import type { Call, Handler } from '../call.ts'
import { concealed, Problem } from '../problem.ts'
import { restrictionOf } from '../restriction.ts'
import { notYet } from './ledger.ts'

const UNKNOWN = 'no emitter of this name numbered records in this epoch'
const PUBLISH_WAIT_MS = 5_000
/** Records about emitters that are looked through. */
const STATEMENTS_MAX = 100_000

export const getEmitterProof: Handler = async (call) => {
  const { projection, tenant } = call.services
  if (call.permit.subject !== undefined)
    throw new Problem(403, 'forbidden', 'a proof of an emitter is about everybody it decided on')
  const emitter = tenant.emitters.named(call.params.emitter ?? '')
  const known = emitter && tenant.emitters.epochs(emitter)
  const epoch = numberIn(call, 'epoch') ?? known?.[0]?.epoch
  const isSeen = emitter !== undefined && call.permit.reachesSystem(emitter.system)
  const tally = known?.find((candidate) => candidate.epoch === epoch)?.tally
  if (!isSeen || !tally || epoch === undefined)
    throw emitter ? concealed(UNKNOWN) : new Problem(404, 'not_found', UNKNOWN)
  const from = numberIn(call, 'from') ?? tally.summary().first ?? 1
  const to = numberIn(call, 'to')
  if (to !== undefined && to < from) throw bad('to', 'a number not below from')
  await tenant.recorder.flushHeads()
  const size = tenant.ledger.size
  if (!(await tenant.ledger.published(size, PUBLISH_WAIT_MS))) throw notYet()
  await projection.visible(size - 1)
  const numbers = { emitter: emitter.slug, epoch, from, to: to ?? Number.MAX_SAFE_INTEGER }
  const entries = await projection.entriesNumbered(numbers, PROOF_NUMBERS_MAX + 1, UNRESTRICTED)
  const seen = await projection.entriesNumbered(numbers, PROOF_NUMBERS_MAX + 1, restrictionOf(call))
  // It serves another system too, of which the caller is not to learn.
  if (seen.length < entries.length) throw concealed(UNKNOWN)
  if (entries.length > PROOF_NUMBERS_MAX) throw bad('to', `at most ${PROOF_NUMBERS_MAX} numbers`)
  const statements = await projection.entriesOfKind('emitter.', STATEMENTS_MAX + 1, UNRESTRICTED)
  // A loss or an end among those that are not read would be missing from the proof.
  if (statements.length > STATEMENTS_MAX)
    throw new Problem(409, 'too_many_statements', `more than ${STATEMENTS_MAX} statements about emitters`)
  const maker = new EmitterProofMaker(tenant.ledger, tenant.vault)
  const asked = { epoch, from, ...(to !== undefined && { to }) }
  const proof = await maker.make(emitter, asked, { entries, statements })
  if (!proof) throw new Problem(404, 'not_found', 'the ledger has none of these numbers')
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  return new Response(writeEmitterProof(proof), { headers })
}

function numberIn({ query }: Call, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw bad(name, 'a whole number')
  return value
}

function bad(field: string, expected: string): Problem {
  return new Problem(400, 'bad_parameter', `${field} must be ${expected}`, { field, expected })
}
