import { destination, pino } from 'pino'

/** Diagnostics as JSON lines on standard error; they never hold a value from a record. */
export function diagnostics(): (message: string, details?: Record<string, unknown>) => void {
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: true }),
  )
  return (message, details) => logger.warn(details ?? {}, message)
}
