/** Data and keyring lie in two places: whoever comes by one of them must not have the other with it. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BackupRefused } from './refusal.ts'

/** Refuses places one of which is the other or lies within it, or the data directory or within it. */
export function refuseSamePlaces(data: string, to: string, keyringTo: string): void {
  if (isOneWithin(to, keyringTo))
    throw new BackupRefused(
      'same_place',
      'the copy of the keyring needs a place of its own, neither that of the backup nor within it nor around it: whoever found both could read everything',
    )
  for (const place of [to, keyringTo]) {
    if (!isOneWithin(place, data)) continue
    throw new BackupRefused(
      'same_place',
      'a backup lies outside the data directory: it would be lost with it',
    )
  }
}

function isOneWithin(one: string, other: string): boolean {
  const [a, b] = [normal(one), normal(other)]
  return a.startsWith(b) || b.startsWith(a)
}

/** An address as scheme, place and path with a slash at the end; parameters say how to get there, not where it is. */
function normal(address: string): string {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(address)?.[1]?.toLowerCase()
  if (scheme === undefined) return `file://${resolve(address)}/`
  const url = URL.parse(address)
  if (!url) return address
  if (scheme === 'file') return `file://${resolve(fileURLToPath(new URL(url.pathname, 'file:///')))}/`
  const path = url.pathname.replace(/^\/|\/$/g, '')
  return `${scheme}://${url.searchParams.get('endpoint') ?? ''}/${url.host}/${path}${path === '' ? '' : '/'}`
}
