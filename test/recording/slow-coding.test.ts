import { describe, expect, test } from 'vitest'
import { utf8 } from '@deponent/format'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { DEFAULT_CLASSIFICATION } from '../../packages/server/src/vault/classify/policy.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { LEARNED, MIXED } from '../../packages/server/src/vault/coding.ts'

const KEY = new Uint8Array(32).fill(5)
const DICTIONARY = { system: 'assistant', number: 0, bytes: utf8('{"messages":[{"content":"') }
const WORDS = 'reading room open desk loan letter card number seldom because answer question however'.split(
  ' ',
)

/** A turn of about four kilobytes. */
const turn = (n: number): object => ({
  decisionId: `turn-${n}`,
  system: 'assistant',
  modelId: 'm',
  messages: [
    {
      role: 'user',
      content: Array.from({ length: 640 }, (_, i) => WORDS[(i * i * 31 + n * 7 + i) % WORDS.length]).join(
        ' ',
      ),
    },
  ],
})

/** The codings of so many turns of one request, by how often each was used. */
async function codings(count: number, isHurried: boolean): Promise<Record<number, number>> {
  const start = {
    tenant: KEY,
    dedupe: KEY,
    content: KEY,
    pseudonym: KEY,
    dictionaries: [DICTIONARY],
    classification: DEFAULT_CLASSIFICATION,
  }
  const intake = new LocalIntake(start, realRandom)
  const body = utf8(JSON.stringify(Array.from({ length: count }, (_, n) => turn(n))))
  const { job, candidates } = await intake.open({ contentType: 'application/json', body }, 0)
  const keys = [{ number: 0, key: Buffer.from(KEY).toString('latin1') }]
  const sealed = intake.sealNow(
    job,
    candidates.map(({ place, systemName }) => ({ place, systemName, keys, parts: [] })),
    isHurried,
  )
  const used: Record<number, number> = {}
  let at = 0
  for (const item of sealed.items) {
    if ('error' in item) throw new Error(item.error.code)
    used[sealed.frames[at]!] = (used[sealed.frames[at]!] ?? 0) + 1
    at += item.frameBytes
  }
  return used
}

describe('the coding that takes long', () => {
  test('is taken for prose while nobody waits, and not when somebody does', async () => {
    expect(await codings(3, false)).toEqual({ [MIXED]: 3 })
    expect(await codings(3, true)).toEqual({ [LEARNED]: 3 })
  })

  test('ends after half a mebibyte of one request', async () => {
    const used = await codings(200, false)
    expect(used[MIXED]).toBeGreaterThan(100)
    expect(used[LEARNED]).toBeGreaterThan(20)
  })
})
