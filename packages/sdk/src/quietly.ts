/** A handler of the application that throws must not take the application down with it. */
export function quietly<Told>(handler: (told: Told) => void): (told: Told) => void {
  return (told) => {
    try {
      handler(told)
    } catch {
      // There is nobody left to tell.
    }
  }
}
