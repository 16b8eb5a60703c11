/** How a command ends; the numbers are part of the stable contract. */
export const EXIT = { ok: 0, negative: 1, usage: 2, incomplete: 3, internal: 70 } as const

/** Ends a command with a message for the person who typed it. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}
