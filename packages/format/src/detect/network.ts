/** Addresses of machines, which are addresses of the people at them. */

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d{2}|[1-9]?\\d)'
const IPV4 = new RegExp(`(?<![\\w.])(?:${OCTET}\\.){3}${OCTET}(?![\\w]|\\.\\d)`)
const IPV6_TOKEN = /(?<![\w:.])[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?:%[\w.]{1,16})?(?![\w:])/g
const MAC =
  /(?<![\w:-])(?:[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5})(?![\w:-])/
const MAC_DOTTED = /(?<![\w.])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![\w.])/

export function holdsIpv4(text: string): boolean {
  return IPV4.test(text)
}

/** RFC 4291, section 2.2: eight groups, or fewer with one `::`. */
export function holdsIpv6(text: string): boolean {
  return [...text.matchAll(IPV6_TOKEN)].some(([token]) => isIpv6(token.replace(/%.*$/, '')))
}

function isIpv6(token: string): boolean {
  const halves = token.split('::')
  if (halves.length > 2 || token.length < 3) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false
  // Of `::1` and the like too little is written to tell it from anything else.
  return halves.length === 2 ? groups.length >= 2 && groups.length <= 7 : groups.length === 8
}

export function holdsMac(text: string): boolean {
  return MAC.test(text) || MAC_DOTTED.test(text)
}
