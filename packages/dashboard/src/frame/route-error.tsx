import type { ErrorComponentProps } from '@tanstack/react-router'
import { Failed } from '../elements/state.tsx'

/** A view that broke. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  return <Failed error={error instanceof Error ? error : new Error(String(error))} again={reset} />
}
