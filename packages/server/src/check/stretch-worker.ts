/** Checks stretches in a thread of its own: the other half of `stretch-threads.ts`. */
import { realDisk } from '../platform/disk.ts'
import { answerInTurn, workerStart } from '../platform/worker.ts'
import { type CheckedStretch, type Stretch, StretchCheck, type StretchPlace } from './stretch.ts'

const check = new StretchCheck(realDisk, workerStart() as StretchPlace)

answerInTurn<Stretch, CheckedStretch>(async (stretch) => {
  const answer = await check.check(stretch)
  const buffers = answer.tiles.flatMap(({ summary, ids }) => [summary.receivedAt.buffer, ids.buffer])
  return { answer, transfer: buffers }
})
