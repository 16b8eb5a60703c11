import { createContext, useContext } from 'react'

interface RevealContextValue {
  /** Whether the reader may open sealed fields for a stated purpose. */
  readonly canReveal: boolean
  /** Asks for the purpose of opening a field, or, by `all`, all of them. */
  readonly ask: (pointer: string) => void
}

/** How covered fields ask to be opened; nothing can be outside of a decision's own record. */
export const RevealContext = createContext<RevealContextValue>({ canReveal: false, ask: () => undefined })

export function useReveal(): RevealContextValue {
  return useContext(RevealContext)
}
