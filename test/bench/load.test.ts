import { expect, test } from 'vitest'
import { offer } from '../../bench/decisions/load.ts'
import type { Sender } from '../../bench/decisions/sender.ts'

function senderThatNotes(): { sender: Sender; sent: number[]; mostAtOnce: () => number } {
  const sent: number[] = []
  let open = 0
  let most = 0
  const send = async (batch: number): Promise<{ retries: number }> => {
    sent.push(batch)
    open += 1
    most = Math.max(most, open)
    await Promise.resolve()
    open -= 1
    return { retries: 0 }
  }
  return { sender: { send, close: async () => {} }, sent, mostAtOnce: () => most }
}

test('sends every batch once and keeps no more in flight than there are connections', async () => {
  const { sender, sent, mostAtOnce } = senderThatNotes()
  const acknowledged = await offer(sender, { from: 5, to: 45, connections: 4 })
  expect(sent.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n + 5))
  expect(acknowledged).toHaveLength(40)
  expect(mostAtOnce()).toBe(4)
})

test('passes on an error instead of counting the batch', async () => {
  const sender: Sender = { send: () => Promise.reject(new Error('refused')), close: async () => {} }
  await expect(offer(sender, { from: 0, to: 1, connections: 1 })).rejects.toThrow('refused')
})
