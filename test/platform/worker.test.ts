import { describe, expect, test } from 'vitest'
import { WorkerLost, WorkerThread } from '../../packages/server/src/platform/worker.ts'

/** A worker whose module is this text. */
function workerOf(source: string): WorkerThread<unknown, unknown> {
  return new WorkerThread(new URL(`data:text/javascript,${encodeURIComponent(source)}`), undefined)
}

const WORKER = new URL('../../packages/server/src/platform/worker.ts', import.meta.url).href

describe('a thread that answers questions', () => {
  test('that ends without an answer fails everybody who waits, and whoever asks later', async () => {
    const worker = workerOf(`
      import { parentPort } from 'node:worker_threads'
      parentPort.on('message', () => process.exit(3))`)
    const asked = [worker.ask(1), worker.ask(2)]
    for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected')
      expect(reason).toBeInstanceOf(WorkerLost)
    }
    await expect(worker.ask(3)).rejects.toBeInstanceOf(WorkerLost)
  })

  test('that takes its time over them begins none before the one in front of it is answered', async () => {
    const worker = workerOf(`
      import { answerInTurn } from '${WORKER}'
      let running = 0
      answerInTurn(async (question) => {
        running += 1
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (question === 2) {
          running -= 1
          throw new Error('no answer to that')
        }
        const answer = [question, running]
        running -= 1
        return { answer }
      })`)
    const answers = await Promise.allSettled([1, 2, 3].map((question) => worker.ask(question)))
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: [1, 1] },
      // Its words stay in the thread: they may quote what was asked.
      { status: 'rejected', reason: { message: expect.not.stringContaining('no answer to that') } },
      { status: 'fulfilled', value: [3, 1] },
    ])
    await worker.close()
  })
})
