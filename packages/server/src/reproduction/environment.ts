/** Environments as senders record them: once, and named by their digest in every decision made there. */
import { canonicalJson, isObject, type JsonObject, sha256, toHex, utf8 } from '@deponent/format'

/** The environment that a record holds: the `details` of a `system.log` with the event `environment`. */
export function environmentIn({ event, details }: JsonObject): JsonObject | undefined {
  return event === 'environment' && isObject(details) ? details : undefined
}

/** SHA-256 over the RFC 8785 text. */
export function environmentDigest(environment: JsonObject): string {
  return `sha256:${toHex(sha256(utf8(canonicalJson(environment))))}`
}
