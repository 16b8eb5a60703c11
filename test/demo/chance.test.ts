import { describe, expect, it } from 'vitest'
import { Chance } from '../../packages/server/src/demo/chance.ts'

const draws = (count: number, draw: () => number) => Array.from({ length: count }, draw)
const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

describe('chance', () => {
  it('repeats itself for the same label and not for another', () => {
    const numbers = (label: string) => {
      const chance = new Chance(label)
      return draws(8, () => chance.next())
    }
    expect(numbers('a')).toEqual(numbers('a'))
    expect(numbers('a')).not.toEqual(numbers('b'))
  })

  it('does not depend on what was drawn before a fork', () => {
    const used = new Chance('a')
    used.next()
    expect(used.fork('x').next()).toBe(new Chance('a').fork('x').next())
  })

  it('is about as uniform, normal and exponential as it says', () => {
    const chance = new Chance('many')
    const normal = draws(20_000, () => chance.normal())
    expect(mean(draws(20_000, () => chance.next()))).toBeCloseTo(0.5, 1)
    expect(mean(normal)).toBeCloseTo(0, 1)
    expect(mean(normal.map((x) => x * x))).toBeCloseTo(1, 1)
    expect(mean(draws(20_000, () => chance.gap(1)))).toBeCloseTo(1, 1)
  })

  it('picks by weight', () => {
    const chance = new Chance('weights')
    const picks = Array.from({ length: 10_000 }, () => chance.weighted({ often: 9, seldom: 1, never: 0 }))
    expect(picks.filter((pick) => pick === 'seldom').length).toBeGreaterThan(800)
    expect(picks).not.toContain('never')
  })

  it('makes UUIDv7 of a moment', () => {
    const id = new Chance('u').uuid(1_795_000_000_000)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(1_795_000_000_000)
  })
})
