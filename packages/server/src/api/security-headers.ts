/** What a browser is told about every answer: trust nothing that is not this page, and let nothing else near it. */

const POLICY = [
  "default-src 'self'",
  // The verifier is WebAssembly; nothing else is compiled from data, and no string becomes code.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "object-src 'none'",
  "frame-src 'none'",
  "worker-src 'none'",
  "manifest-src 'none'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const PERMISSIONS = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'xr-spatial-tracking',
]

const ALWAYS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'Permissions-Policy': PERMISSIONS.map((name) => `${name}=()`).join(', '),
  'X-Content-Type-Options': 'nosniff',
  // For browsers that do not know frame-ancestors.
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** A year, and this host alone: of others on the same domain nobody here knows anything. */
const ONLY_TLS = { 'Strict-Transport-Security': 'max-age=31536000' }

/**
 * What a browser forgets when a session ends: answers it kept, which are not for the next at the desk. Not its storage, in which it
 * remembers the keys and heads it saw: whoever could make it forget those could show it another ledger.
 */
export const CLEAR_SITE_DATA: Readonly<Record<string, string>> = { 'Clear-Site-Data': '"cache"' }

/** Adds to an answer what holds for all. An answer that does not say how long it may be kept is not kept. */
export function secured(response: Response, isSecure: boolean): Response {
  const { headers } = response
  for (const [name, value] of Object.entries(ALWAYS)) headers.set(name, value)
  if (isSecure) for (const [name, value] of Object.entries(ONLY_TLS)) headers.set(name, value)
  if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
  return response
}
