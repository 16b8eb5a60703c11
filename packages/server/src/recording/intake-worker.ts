/** An intake in a thread of its own: the other half of `worker-intake.ts`. */
import { BodyError } from '../ingest/body-error.ts'
import { realRandom } from '../platform/random.ts'
import { answerQuestions, type Reply, workerStart } from '../platform/worker.ts'
import { type IntakeStart, LocalIntake } from './intake.ts'
import type { IntakeAnswer, IntakeQuestion } from './worker-intake.ts'

const intake = new LocalIntake(workerStart() as IntakeStart, realRandom)

function answer(question: IntakeQuestion): Reply<IntakeAnswer> {
  if ('dictionary' in question) {
    intake.adopt(question.dictionary)
    return { answer: { adopted: question.dictionary.number } }
  }
  if ('policy' in question) {
    void intake.classifyBy(question.policy)
    return { answer: { classifiesBy: question.policy.version } }
  }
  if ('asks' in question) return { answer: { met: intake.metNow() } }
  if ('choices' in question) {
    const sealed = intake.sealNow(question.job, question.choices, question.isHurried)
    return { answer: sealed, transfer: [sealed.frames.buffer as ArrayBuffer] }
  }
  try {
    return { answer: intake.openNow(question.source, question.now) }
  } catch (error) {
    if (error instanceof BodyError) return { answer: { bodyError: error.code, message: error.message } }
    throw error
  }
}

answerQuestions(answer)
