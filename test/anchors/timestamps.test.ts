import { utf8, verifyTimestamp, parseNote, readTimestamp } from '@deponent/format'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Outside } from '../../packages/server/src/ledger/anchoring.ts'
import { describeUnless } from './describe-unless.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import {
  type HttpClient,
  PeerFailure,
  realHttpClient,
} from '../../packages/server/src/platform/http-client.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { drafts, newPlace, openLedger } from '../ledger/open-ledger.ts'
import { Authority, noAuthority } from './authority.ts'

const HOUR_MS = 3_600_000

/** A clock whose pauses are short: retries come at once. */
const hurried = {
  ...realClock,
  after: (ms: number, task: () => void) => realClock.after(Math.min(ms, 100), task),
}

function outsideOf(url: string, changes: Partial<Outside> = {}): Outside {
  return {
    http: realHttpClient,
    random: realRandom,
    timestampUrls: [url],
    timestampEveryMs: HOUR_MS,
    diagnose: () => undefined,
    ...changes,
  }
}

const patiently = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 50 })

describeUnless(noAuthority, 'a timestamp authority', () => {
  let authority: Authority
  beforeAll(() => {
    authority = new Authority()
  })
  afterAll(() => authority.destroy())

  test('stamps the checkpoint, and the token is kept where it verifies', async () => {
    const place = await newPlace()
    const ledger = await openLedger(place, { outside: outsideOf(authority.url) })
    await ledger.append(drafts(3))
    await patiently(() => {
      expect(ledger.outside()?.timestamps[0]).toMatchObject({ authority: authority.url, size: 3 })
    })
    await ledger.close()
    const { after } = await ledger.anchors.around(1)
    const [token] = after!.timestamps
    const facts = verifyTimestamp(token!, utf8(parseNote(after!.note).text), [authority.root])
    expect(facts.authority).toBe('Test TSA')
  })

  test('is asked once an interval, and a restart does not shorten it', async () => {
    const posts: string[] = []
    const http: HttpClient = {
      post: (post) => {
        posts.push(post.url)
        return realHttpClient.post(post)
      },
    }
    const place = await newPlace()
    const outside = outsideOf(authority.url, { http })
    const ledger = await openLedger(place, { outside })
    await ledger.append(drafts(3))
    await patiently(() => expect(ledger.outside()?.timestamps[0]?.size).toBe(3))
    await ledger.append(drafts(3))
    expect(await ledger.published(6, 10_000)).toBe(true)
    await ledger.close()
    const again = await openLedger(place, { outside })
    expect(again.outside()?.timestamps[0]?.size).toBe(3)
    await again.append(drafts(3))
    expect(await again.published(9, 10_000)).toBe(true)
    await again.close()
    expect(posts).toHaveLength(1)
  })

  test('that is down is shown so, recording goes on, and it stamps once it is back', async () => {
    authority.stop()
    const ledger = await openLedger(await newPlace(), { clock: hurried, outside: outsideOf(authority.url) })
    await ledger.append(drafts(3))
    await patiently(() => {
      expect(ledger.outside()?.timestamps[0]?.error).toMatchObject({ code: 'timestamp_failed' })
    })
    await ledger.append(drafts(3))
    await patiently(() => expect(ledger.checkpoint?.size).toBe(6))
    authority.start()
    await patiently(() => {
      const [status] = ledger.outside()!.timestamps
      expect(status?.size).toBe(6)
      expect(status).not.toHaveProperty('error')
    })
    await ledger.close()
    const { after } = await ledger.anchors.around(0)
    expect(readTimestamp(after!.timestamps[0]!).authority).toBe('Test TSA')
  })
})

test.each([
  [
    'answers with an error',
    () => Promise.resolve({ status: 500, contentType: 'text/plain', body: new Uint8Array(0) }),
  ],
  [
    'answers with a page',
    () => Promise.resolve({ status: 200, contentType: 'text/html', body: utf8('<p>') }),
  ],
  [
    'answers with something that is no timestamp',
    () =>
      Promise.resolve({
        status: 200,
        contentType: 'application/timestamp-reply',
        body: new Uint8Array([48, 0]),
      }),
  ],
  ['cannot be reached', () => Promise.reject(new PeerFailure('no answer: ECONNREFUSED'))],
] as const)('an authority that %s gives nothing that is kept', async (_, post) => {
  const outside = outsideOf('https://tsa.example/', { http: { post } })
  const ledger = await openLedger(await newPlace(), { outside })
  await ledger.append(drafts(1))
  await patiently(() => expect(ledger.outside()?.timestamps[0]?.error?.code).toBe('timestamp_failed'))
  await ledger.close()
  expect(await ledger.anchors.around(0)).toEqual({})
})
