/** Opens payloads in a thread of its own: the other half of `payload-threads.ts`. */
import { answerQuestions, workerStart } from '../platform/worker.ts'
import { type Opening, type OpeningKeys, openPayload, type SealedPayload } from './payload-opening.ts'

const keys = workerStart() as OpeningKeys

answerQuestions<readonly SealedPayload[], Opening[]>((payloads) => ({
  answer: payloads.map((payload) => openPayload(keys, payload)),
}))
