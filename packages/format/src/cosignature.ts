/**
 * C2SP tlog-cosignature, `cosignature/v1`: a witness says that, as of a time, this checkpoint is the
 * largest consistent tree it has seen. The signature bytes are u64be POSIX seconds ‖ 64-byte Ed25519
 * signature over the time and the whole note text.
 */
import { utf8 } from './bytes.ts'

const TIME_BYTES = 8
const ED25519_SIGNATURE_BYTES = 64

/** When the witness says it signed, in POSIX seconds; undefined when the bytes are no cosignature. */
export function cosignatureTimeS(signature: Uint8Array): number | undefined {
  if (signature.length !== TIME_BYTES + ED25519_SIGNATURE_BYTES) return undefined
  const view = new DataView(signature.buffer, signature.byteOffset, TIME_BYTES)
  const timeS = view.getUint32(0) * 2 ** 32 + view.getUint32(4)
  return Number.isSafeInteger(timeS) ? timeS : undefined
}

/** What a witness signs. `text` is the note text including its final newline. */
export function cosignedMessage(text: string, timeS: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timeS}\n${text}`)
}

/** The Ed25519 signature inside a cosignature. */
export function ed25519PartOf(signature: Uint8Array): Uint8Array {
  return signature.subarray(TIME_BYTES)
}
