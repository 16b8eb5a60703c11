/** The way to a signer in a process of its own. */
import { SignerUnavailable } from './ledger/signer-contract.ts'
import { RemoteSigner } from './ledger/signer-remote.ts'
import type { Clock } from './platform/clock.ts'
import { askLocal } from './platform/local-socket.ts'

/** A question may make the signer read everything that was recorded while it was away. */
const ANSWER_MS = 120_000
/** How long a start waits for a signer that is started at the same time. */
const START_WAIT_MS = 15_000
const ATTEMPT_PAUSE_MS = 250

/**
 * The signer that listens at `socket`; undefined without a socket. Waits for one that is being started. Rejects with
 * SignerUnavailable when none answers: only the signer knows whether a directory is an older copy, so nothing is written without.
 */
export async function connectSigner(
  socket: string | undefined,
  clock: Clock,
): Promise<RemoteSigner | undefined> {
  if (socket === undefined) return undefined
  const ask = (line: string): Promise<string> => askLocal(socket, line, ANSWER_MS)
  for (let waited = 0; ; waited += ATTEMPT_PAUSE_MS) {
    try {
      return await RemoteSigner.connect(ask)
    } catch (error) {
      if (!(error instanceof SignerUnavailable) || waited >= START_WAIT_MS) throw error
      await clock.sleep(ATTEMPT_PAUSE_MS)
    }
  }
}
