/** Starts the attacked ledger as a server would, with the signer's own state beside it, and says why it would not be written. */
import { type Finding, finding, FINDING_CODES, type FindingCode, FormatError } from '@deponent/format'
import { TileMissing } from '../ledger/errors.ts'
import { readDirectoryFormat } from '../ledger/identity.ts'
import { Ledger } from '../ledger/ledger.ts'
import { Signer } from '../ledger/signer.ts'
import { readSeed, SigningKey } from '../ledger/signing-key.ts'
import { realClock } from '../platform/clock.ts'
import type { Attacked } from './place.ts'

const LOG_FILE_BYTES = 65_536

/** The signer's words for what the closed list of findings calls otherwise. */
const FINDING_OF: Record<string, FindingCode> = {
  signer_state_missing: 'state_missing',
  signing_refused: 'rolled_back',
  tile_damaged: 'leaf_mismatch',
  bad_entry: 'entry_malformed',
}

/** What the start of a server finds: nothing when it would go on recording. Leaves the directory changed. */
export async function restart(attacked: Attacked): Promise<readonly Finding[]> {
  try {
    return await start(attacked)
  } catch (error) {
    if (error instanceof TileMissing) return [finding('error', 'tile_missing', error.message)]
    if (error instanceof FormatError) return [finding('error', codeOf(error.code), error.message)]
    throw error
  }
}

async function start({
  disk,
  directory,
  ledger: name,
  signerDirectory,
}: Attacked): Promise<readonly Finding[]> {
  const identity = (await readDirectoryFormat(disk, directory))?.ledgers[name]
  if (!identity) return [finding('error', 'format_damaged', 'format.json does not name the ledger')]
  const { origin } = identity
  const [checkpointSeed, promiseSeed] = await Promise.all(
    ['checkpoint', 'promise'].map((use) => readSeed(disk, `${directory}/keyring/${name}.${use}.key`)),
  )
  if (!checkpointSeed || !promiseSeed)
    return [finding('error', 'keyring_damaged', 'a signing key is missing')]
  const key = new SigningKey(origin, checkpointSeed)
  const ledger = await Ledger.open({
    disk,
    clock: realClock,
    directory: `${directory}/ledgers/${name}`,
    origin,
    promiseKey: new SigningKey(`${origin}/promise`, promiseSeed),
    signer: await Signer.open(disk, signerDirectory, key, origin),
    followers: [],
    walFileBytes: LOG_FILE_BYTES,
  })
  const { refusal } = ledger
  await ledger.close()
  return refusal ? [finding('error', codeOf(refusal.code), refusal.message)] : []
}

function codeOf(code: string): FindingCode {
  if (code in FINDING_CODES) return code as FindingCode
  const known = FINDING_OF[code]
  if (known) return known
  throw new Error(`the ledger could not be started for a reason of its own: ${code}`)
}
