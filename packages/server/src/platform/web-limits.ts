/** How much one client may ask of the port before anything of the request is looked at; docs/limits.md lists these. */
export interface WebLimits {
  /** Bytes of the request line and all headers: 431 beyond. */
  readonly headerBytes: number
  /** Headers of one request: 431 beyond. */
  readonly headers: number
  /** Characters of path and query: 414 beyond. */
  readonly targetLength: number
  /** From the first byte, or from the opening of the connection, to the end of the headers: 408 beyond. */
  readonly headersMs: number
  /** To the end of the body: 408 beyond. */
  readonly requestMs: number
  /** Until a connection on which nothing was asked again is closed. */
  readonly idleMs: number
  /** Until a connection on which nothing moves in either direction is closed: nobody reads the answer. */
  readonly silentMs: number
  /** Until a TLS handshake is given up. */
  readonly handshakeMs: number
  /** How often slow connections are looked for. */
  readonly lookEveryMs: number
  /** Requests on one connection, before another must be opened. */
  readonly requestsPerConnection: number
  /** Requests sent on one connection before the first of them is answered: 429 beyond. */
  readonly pipelined: number
  /** Open connections from one address (IPv6: from one /64); closed at once beyond. Not behind a proxy: all come from it. */
  readonly connectionsPerAddress: number
  /** Open connections in all; closed at once beyond. */
  readonly connections: number
}

export const WEB_LIMITS: WebLimits = {
  headerBytes: 16_384,
  headers: 128,
  targetLength: 8_192,
  headersMs: 15_000,
  requestMs: 120_000,
  idleMs: 65_000,
  silentMs: 300_000,
  handshakeMs: 15_000,
  lookEveryMs: 5_000,
  requestsPerConnection: 100_000,
  pipelined: 64,
  connectionsPerAddress: 1_024,
  connections: 8_192,
}
