/** A ledger without records, of bytes that are not our entries unless it is asked for entries, opened as the server opens its own: write-ahead log, tiles, signer, checkpoints. */

import { Ledger } from '../../packages/server/src/ledger/ledger.ts'
import { Signer } from '../../packages/server/src/ledger/signer.ts'
import { SigningKey } from '../../packages/server/src/ledger/signing-key.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { deflateApart } from '../../packages/server/src/platform/deflate.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'

const ORIGIN = 'deponent.invalid/00000000/bench'

export async function openRawLedger(
  directory: string,
  signerDirectory: string,
  holds: 'bytes' | 'entries' = 'bytes',
): Promise<{ ledger: Ledger; vkey: string; origin: string }> {
  const key = new SigningKey(ORIGIN, realRandom.bytes(32))
  const ledger = await Ledger.open({
    disk: realDisk,
    deflate: deflateApart,
    clock: realClock,
    directory,
    origin: ORIGIN,
    promiseKey: new SigningKey(`${ORIGIN}/promise`, realRandom.bytes(32)),
    signer: await Signer.open(realDisk, signerDirectory, key, ORIGIN),
    followers: [],
    opaque: holds === 'bytes',
  })
  return { ledger, vkey: key.vkey, origin: ORIGIN }
}
