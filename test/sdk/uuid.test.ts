import { describe, expect, it } from 'vitest'
import { uuidv7 } from '../../packages/sdk/src/uuid.ts'

describe('ids', () => {
  it('are UUIDv7 that differ and sort in the order they were made, also within one millisecond', () => {
    const ids = Array.from({ length: 20_000 }, () => uuidv7(1_795_000_000_000))
    expect(new Set(ids).size).toBe(ids.length)
    expect([...ids].sort()).toEqual(ids)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('go on sorting when the clock steps back', () => {
    const before = uuidv7(1_795_000_500_000)
    expect(uuidv7(1_795_000_400_000) > before).toBe(true)
  })

  it('carry their time', () => {
    const at = 1_795_009_000_000
    expect(Number.parseInt(uuidv7(at).replaceAll('-', '').slice(0, 12), 16)).toBe(at)
  })
})
