import { hearRejection } from './promise.ts'

/** A handler of the application that throws, or rejects, must not take the application down with it. */
export function quietly<Told>(handler: (told: Told) => unknown): (told: Told) => void {
  return (told) => {
    try {
      // There is nobody left to tell.
      hearRejection(handler(told), () => undefined)
    } catch {
      // Nor here.
    }
  }
}
