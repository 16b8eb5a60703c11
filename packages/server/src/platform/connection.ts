/** Who is connected, as far as the connection itself tells. */
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { forwardedAddress, plainAddress } from './remote-address.ts'

export interface Connection {
  /** Behind a proxy the address the proxy saw; empty when the other side has gone. */
  readonly remoteAddress: string
  /** Whether nobody between reads along: TLS here or, behind a proxy, there. */
  readonly isSecure: boolean
}

/** From the socket alone: what a request says of where it comes from is its sender's word. */
export function directConnection({ socket }: IncomingMessage): Connection {
  return { remoteAddress: plainAddress(socket.remoteAddress ?? ''), isSecure: socket instanceof TLSSocket }
}

/**
 * From what the proxy in front says. It appends to what it was sent, so that only the last element is its own word; whatever
 * stands before it may be anybody's invention.
 */
export function proxiedConnection(request: IncomingMessage): Connection {
  const address = forwardedAddress(lastElement(request, 'x-forwarded-for') ?? '')
  return {
    remoteAddress: address ?? directConnection(request).remoteAddress,
    isSecure: lastElement(request, 'x-forwarded-proto')?.toLowerCase() === 'https',
  }
}

function lastElement({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  // A repeated header is one list, in the order in which it was sent.
  const text = Array.isArray(value) ? value.join(',') : value
  return text?.split(',').at(-1)?.trim()
}
