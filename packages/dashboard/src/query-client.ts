/** The cache of answers. */
import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'

export const STATS_MS = 15_000
const MISTAKE = 400
const SERVER_FAULT = 500

/** Faults of the server or the way to it are tried again; refusals are not. */
function isWorthRetrying(failures: number, error: Error): boolean {
  const isRefusal = error instanceof ApiError && error.status >= MISTAKE && error.status < SERVER_FAULT
  return failures < 2 && !isRefusal
}

export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: isWorthRetrying, staleTime: STATS_MS, refetchOnWindowFocus: false } },
})
