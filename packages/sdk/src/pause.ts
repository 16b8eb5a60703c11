/*
 * Waiting that neither keeps a process alive nor cannot be cut short.
 */

/** Starts a timer that does not keep the process running, where there is such a thing. */
export function quietTimer(action: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(action, ms)
  ;(timer as unknown as { unref?: () => void }).unref?.()
  return timer
}

/** Lets everything else that waits for the thread go first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0))
}

/** A wait that ends after its time or when somebody is in a hurry, whichever comes first. */
export class Pause {
  #end: (() => void) | undefined

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = quietTimer(() => this.hurry(), ms)
      this.#end = () => {
        clearTimeout(timer)
        this.#end = undefined
        resolve()
      }
    })
  }

  hurry(): void {
    this.#end?.()
  }
}
