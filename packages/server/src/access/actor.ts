/** Who did something, as records name them. */
export interface Actor {
  readonly id: string
  readonly name: string
  /** The role in which it was done. */
  readonly role: string
}

/** The server itself, where it acts on nobody's behalf. */
export const SERVER: Actor = { id: 'server', name: 'deponent', role: 'server' }
