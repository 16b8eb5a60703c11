import { describe, expect, test } from 'vitest'
import { severalAtOnce } from '../../packages/server/src/platform/several-at-once.ts'

describe('work on several items at once', () => {
  test('is begun in order, never on more than may be under way, and ends when all has ended', async () => {
    const begun: number[] = []
    let [running, most] = [0, 0]
    await severalAtOnce([...Array(20).keys()], 3, async (item) => {
      begun.push(item)
      most = Math.max(most, (running += 1))
      for (let turn = 0; turn < item % 5; turn += 1) await Promise.resolve()
      running -= 1
    })
    expect(begun).toEqual([...Array(20).keys()])
    expect(most).toBe(3)
    expect(running).toBe(0)
  })

  test('begins nothing after a failure, and tells of the first when the rest has ended', async () => {
    const ended: number[] = []
    const work = async (item: number): Promise<void> => {
      if (item === 1 || item === 2) throw new Error(`item ${item}`)
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
      ended.push(item)
    }
    await expect(severalAtOnce([0, 1, 2, 3, 4], 2, work)).rejects.toThrow('item 1')
    expect(ended).toEqual([0])
  })
})
