/** Whether secrets may be sent to an address: over TLS, or to this machine itself. */
export function isSafeToAsk(address: string): boolean {
  const url = URL.parse(address)
  if (!url || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && OF_THIS_MACHINE.has(url.hostname))
}

const OF_THIS_MACHINE = new Set(['localhost', '127.0.0.1', '[::1]'])
