import { describe, expect, test } from 'vitest'
import type { ServerServices } from '../../packages/server/src/api/call.ts'
import { LedgerMetrics } from '../../packages/server/src/hosting/metrics.ts'
import { CLEAR_SITE_DATA, secured } from '../../packages/server/src/api/security-headers.ts'
import { createHandler } from '../../packages/server/src/api/server.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'

const headersOf = (isSecure: boolean, given: Record<string, string> = {}): Headers =>
  secured(new Response('', { headers: given }), isSecure).headers

describe('every answer', () => {
  const policy = headersOf(false).get('Content-Security-Policy')!
  const directives = new Map(
    policy.split('; ').map((directive) => directive.split(/ (.*)/, 2) as [string, string]),
  )

  test('lets a page run nothing but its own scripts, and no text as code', () => {
    expect(directives.get('default-src')).toBe("'self'")
    for (const name of ['object-src', 'frame-src', 'worker-src', 'manifest-src'])
      expect(directives.get(name)).toBe("'none'")
    expect(directives.get('script-src')).toBe("'self' 'wasm-unsafe-eval'")
    expect(policy).not.toMatch(/'unsafe-|\*|https?:|data:|blob:/)
    expect(directives.get('require-trusted-types-for')).toBe("'script'")
    expect(directives.get('trusted-types')).toBe("'none'")
  })

  test('lets a page send forms nowhere else and be framed by nobody', () => {
    expect(directives.get('form-action')).toBe("'self'")
    expect(directives.get('frame-ancestors')).toBe("'none'")
    expect(directives.get('base-uri')).toBe("'none'")
    expect(headersOf(false).get('X-Frame-Options')).toBe('DENY')
  })

  test('keeps other sites out of its window and its bytes, and takes no device', () => {
    const headers = headersOf(false)
    expect(headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin')
    expect(headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin')
    expect(headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp')
    expect(headers.get('Referrer-Policy')).toBe('no-referrer')
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Permissions-Policy')).toMatch(/camera=\(\).*geolocation=\(\)/)
  })

  test('is kept by nobody unless it says for how long', () => {
    expect(headersOf(false).get('Cache-Control')).toBe('no-store')
    expect(headersOf(false, { 'Cache-Control': 'no-cache' }).get('Cache-Control')).toBe('no-cache')
  })

  test('asks for TLS from now on only where it came over TLS', () => {
    expect(headersOf(false).get('Strict-Transport-Security')).toBeNull()
    expect(headersOf(true).get('Strict-Transport-Security')).toBe('max-age=31536000')
  })
})

test('the end of a session clears answers, and not the keys and heads a browser remembers', () => {
  expect(CLEAR_SITE_DATA).toEqual({ 'Clear-Site-Data': '"cache"' })
})

describe('a handler that fails in a way nobody foresaw', () => {
  const failing = (unexpected: unknown[]): ReturnType<typeof createHandler> => {
    const ledger = { metrics: new LedgerMetrics('default') }
    const failure = (): never => {
      throw new TypeError('no such subject: Alice')
    }
    return createHandler({
      clock: new TestClock(),
      adminToken: 'b',
      ledgers: { default: ledger, all: failure },
      onUnexpected: (error: unknown) => unexpected.push(error),
    } as unknown as ServerServices)
  }

  test('answers 500 without a word of it, under the same headers, and tells the diagnostics', async () => {
    const unexpected: unknown[] = []
    const handle = failing(unexpected)
    const request = new Request('http://127.0.0.1/v1/systems', { headers: { Authorization: 'Bearer a' } })
    const response = await handle(request, { remoteAddress: '127.0.0.1', isSecure: true })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('Alice')
    expect(response.headers.get('Strict-Transport-Security')).not.toBeNull()
    expect(response.headers.get('Content-Security-Policy')).not.toBeNull()
    expect(unexpected).toHaveLength(1)
  })
})
