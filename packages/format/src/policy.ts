/**
 * C2SP tlog-policy: which logs and witnesses somebody knows, and which cosignatures make a checkpoint count.
 * Read by whoever asks witnesses and by whoever verifies; it is never supplied by the thing that is checked.
 */
import { equalBytes, fromUtf8 } from './bytes.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { FormatError } from './error.ts'
import { KEY_TYPE, parseVkey } from './key.ts'
import type { VerifierKey } from './key.ts'
import { verifyEd25519, verifyNote } from './note.ts'
import type { Ed25519Verify, Note } from './note.ts'

/** Most logs, witnesses and groups read, each; the specification asks for at least 32. */
export const POLICY_ITEMS_MAX = 256
/** Longest policy read, in UTF-16 code units. */
export const POLICY_LENGTH_MAX = 1_000_000

/** A log whose checkpoints are believed. */
export interface PolicyLog {
  readonly key: VerifierKey
  readonly url?: string
}

/** A witness under the name the policy has for it. */
export interface PolicyWitness {
  readonly name: string
  readonly key: VerifierKey
  /** Its submission prefix. */
  readonly url?: string
}

/** Witnesses and groups of which some number is enough. */
export interface PolicyGroup {
  readonly name: string
  /** How many of the members have to have witnessed. */
  readonly threshold: number
  readonly members: readonly string[]
}

/** A policy, read. */
export interface Policy {
  readonly logs: readonly PolicyLog[]
  readonly witnesses: readonly PolicyWitness[]
  readonly groups: readonly PolicyGroup[]
  /** Name of a witness or group; 'none' asks for no cosignature. */
  readonly quorum: string
}

const NONE = 'none'

/** The policy of a file. FormatError 'bad_policy' with the line and what was expected there. */
export function parsePolicy(file: string | Uint8Array): Policy {
  const text = typeof file === 'string' ? file : fromUtf8(file)
  if (text.length > POLICY_LENGTH_MAX) throw badPolicy('longer than 1,000,000 characters')
  const reader = new PolicyReader()
  for (const [i, line] of text.split('\n').entries()) reader.line(i + 1, line)
  return reader.finish()
}

class PolicyReader {
  readonly #logs: PolicyLog[] = []
  readonly #witnesses: PolicyWitness[] = []
  readonly #groups: PolicyGroup[] = []
  readonly #members = new Set<string>()
  #quorum: string | undefined
  #line = 0

  line(number: number, text: string): void {
    this.#line = number
    // eslint-disable-next-line no-control-regex -- control characters are exactly what is refused here
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) throw this.#bad('holds a control character')
    const [keyword, ...items] = text.split(/[ \t]+/).filter((item) => item !== '')
    if (keyword === undefined || keyword.startsWith('#')) return
    if (keyword === 'log') this.#log(items)
    else if (keyword === 'witness') this.#witness(items)
    else if (keyword === 'group') this.#group(items)
    else if (keyword === 'quorum') this.#setQuorum(items)
    else throw this.#bad('expected log, witness, group, quorum or a comment')
  }

  finish(): Policy {
    if (this.#quorum === undefined) throw badPolicy('there is no quorum line')
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum: this.#quorum }
  }

  #log([vkey, url, ...more]: readonly string[]): void {
    if (vkey === undefined || more.length > 0) throw this.#bad('expected log <vkey> [<url>]')
    const key = this.#key(vkey, KEY_TYPE.ed25519, 'a log has a plain Ed25519 key (type 1)', this.#logs)
    this.#logs.push(url === undefined ? { key } : { key, url })
  }

  #witness([name, vkey, url, ...more]: readonly string[]): void {
    if (name === undefined || vkey === undefined || more.length > 0) {
      throw this.#bad('expected witness <name> <vkey> [<url>]')
    }
    this.#newName(name)
    const expected = 'a witness has a cosignature key (type 4)'
    const key = this.#key(vkey, KEY_TYPE.cosignature, expected, this.#witnesses)
    this.#witnesses.push(url === undefined ? { name, key } : { name, key, url })
  }

  #group([name, rule, ...members]: readonly string[]): void {
    if (name === undefined || rule === undefined || members.length === 0) {
      throw this.#bad('expected group <name> all|any|<k> <name>...')
    }
    this.#newName(name)
    for (const member of members) {
      if (!this.#isDefined(member)) throw this.#bad('a member of the group is not defined above')
      if (this.#members.has(member)) throw this.#bad('a name is listed as a member twice')
      this.#members.add(member)
    }
    if (this.#groups.length >= POLICY_ITEMS_MAX) throw this.#bad(`more than ${POLICY_ITEMS_MAX} groups`)
    this.#groups.push({ name, threshold: this.#threshold(rule, members.length), members })
  }

  #threshold(rule: string, members: number): number {
    if (rule === 'any') return 1
    if (rule === 'all') return members
    const threshold = /^[1-9][0-9]{0,5}$/.test(rule) ? Number(rule) : 0
    if (threshold < 1 || threshold > members) throw this.#bad(`expected all, any or 1 to ${members}`)
    return threshold
  }

  #setQuorum([name, ...more]: readonly string[]): void {
    if (name === undefined || more.length > 0) throw this.#bad('expected quorum <name>')
    if (this.#quorum !== undefined) throw this.#bad('a second quorum line')
    if (name !== NONE && !this.#isDefined(name)) throw this.#bad('the quorum is not defined above')
    this.#quorum = name
  }

  #newName(name: string): void {
    if (name === NONE) throw this.#bad('the name none is taken')
    if (this.#isDefined(name)) throw this.#bad('a name is defined twice')
  }

  #isDefined(name: string): boolean {
    return [...this.#witnesses, ...this.#groups].some((item) => item.name === name)
  }

  #key(vkey: string, type: number, expected: string, known: readonly { key: VerifierKey }[]): VerifierKey {
    const key = this.#vkey(vkey)
    if (key.type !== type) throw this.#bad(expected)
    if (known.length >= POLICY_ITEMS_MAX) throw this.#bad(`more than ${POLICY_ITEMS_MAX} of one kind`)
    if (known.some((other) => equalBytes(other.key.publicKey, key.publicKey))) {
      throw this.#bad('a public key is listed twice')
    }
    return key
  }

  #vkey(text: string): VerifierKey {
    try {
      return parseVkey(text)
    } catch (error) {
      if (error instanceof FormatError) throw this.#bad(`a key that cannot be read: ${error.message}`)
      throw error
    }
  }

  #bad(message: string): FormatError {
    return badPolicy(`line ${this.#line}: ${message}`)
  }
}

/** The text of a policy; reading it gives the same policy. */
export function formatPolicy({ logs, witnesses, groups, quorum }: Policy): string {
  const lines = [
    ...logs.map(({ key, url }) => ['log', key.vkey, url]),
    ...witnesses.map(({ name, key, url }) => ['witness', name, key.vkey, url]),
    ...groups.map(({ name, threshold, members }) => ['group', name, `${threshold}`, ...members]),
    ['quorum', quorum],
  ]
  const text = lines.map((items) => `${items.filter((item) => item !== undefined).join(' ')}\n`).join('')
  parsePolicy(text)
  return text
}

/** Whether these witnesses, by their names in the policy, are enough. */
export function isQuorum({ groups, quorum }: Policy, witnessed: ReadonlySet<string>): boolean {
  if (quorum === NONE) return true
  const reached = new Set(witnessed)
  // Groups name only what stands above them, so one pass in order settles all.
  for (const { name, threshold, members } of groups) {
    if (members.filter((member) => reached.has(member)).length >= threshold) reached.add(name)
  }
  return reached.has(quorum)
}

/** Names, in the policy, of the witnesses whose cosignature on the note verifies. One that does not counts for nothing. */
export function cosigners(
  note: Note,
  { witnesses }: Policy,
  verify: Ed25519Verify = verifyEd25519,
): Set<string> {
  return new Set(witnesses.filter(({ key }) => hasSigned(note, key, verify)).map(({ name }) => name))
}

/** Whether a note is a checkpoint the policy accepts: signed by one of its logs under its own name, and cosigned by a quorum. */
export function satisfiesPolicy(note: Note, policy: Policy, verify: Ed25519Verify = verifyEd25519): boolean {
  const { origin } = parseCheckpoint(note.text)
  const isLogged = policy.logs.some(({ key }) => key.name === origin && hasSigned(note, key, verify))
  return isLogged && isQuorum(policy, cosigners(note, policy, verify))
}

function hasSigned(note: Note, key: VerifierKey, verify: Ed25519Verify): boolean {
  try {
    return verifyNote(note, [key], verify).length > 0
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}

function badPolicy(message: string): FormatError {
  return new FormatError('bad_policy', message)
}
