/**
 * When a dictionary is learned from the records of a system, and which one its next record is coded with. One is learned from the first
 * records of a system, and again when records have become so different that it no longer helps as it did.
 */
import type { NumberedDictionary } from '../vault/coding.ts'
import type { SystemDictionary } from '../vault/dictionaries.ts'
import { learnDictionary, type Sample } from '../vault/dictionary.ts'

const SAMPLES = 256
const SAMPLES_MAX = 4_096
/** Longer texts are prose: names are little of them. */
const TEXT_MAX = 8_192
const SYSTEMS_MAX = 256
/** After so many records it is judged whether they are still coded as well as after learning. */
const REVIEWED_RECORDS = 8_192
const WORSE = 1.3

interface SystemState {
  dictionary?: NumberedDictionary
  /** Records to learn from; undefined while there is nothing to learn. */
  samples: Sample[] | undefined
  wanted: number
  /** Since the last review. */
  records: number
  textBytes: number
  frameBytes: number
  /** Best share of the text a frame was, of all reviews with this dictionary. */
  bestShare: number
}

export class Vocabulary {
  readonly #systems = new Map<string, SystemState>()
  #learned: { system: string; bytes: Uint8Array } | undefined

  constructor(dictionaries: readonly SystemDictionary[]) {
    for (const dictionary of dictionaries) this.adopt(dictionary)
  }

  /** The dictionary to code a record of the system with. */
  of(system: string): NumberedDictionary | undefined {
    return this.#systems.get(system)?.dictionary
  }

  adopt({ system, number, bytes }: SystemDictionary): void {
    this.#systems.set(system, { ...fresh(), dictionary: { number, bytes }, samples: undefined })
  }

  /** Takes note of a record that was sealed, in a frame of so many bytes. */
  met(system: string, sample: Sample, frameBytes: number): void {
    const state = this.#stateOf(system)
    if (!state) return
    if (state.samples) this.#sample(system, state, sample)
    else if (state.dictionary) review(state, sample.text.length, frameBytes)
  }

  /** What was learned since this was last asked; told once. */
  learned(): { system: string; bytes: Uint8Array } | undefined {
    const learned = this.#learned
    this.#learned = undefined
    return learned
  }

  #stateOf(system: string): SystemState | undefined {
    const known = this.#systems.get(system)
    if (known || this.#systems.size >= SYSTEMS_MAX) return known
    const state = fresh()
    this.#systems.set(system, state)
    return state
  }

  #sample(system: string, state: SystemState, sample: Sample): void {
    if (this.#learned || sample.text.length > TEXT_MAX) return
    state.samples?.push(sample)
    if (!state.samples || state.samples.length < state.wanted) return
    const bytes = learnDictionary(state.samples)
    if (bytes) this.#learned = { system, bytes }
    state.wanted *= 2
    // Until it is adopted nothing more is learned; with too little in common, more records may have more.
    if (bytes || state.wanted > SAMPLES_MAX) state.samples = undefined
  }
}

function fresh(): SystemState {
  return {
    samples: [],
    wanted: SAMPLES,
    records: 0,
    textBytes: 0,
    frameBytes: 0,
    bestShare: Number.POSITIVE_INFINITY,
  }
}

function review(state: SystemState, textBytes: number, frameBytes: number): void {
  state.records += 1
  state.textBytes += textBytes
  state.frameBytes += frameBytes
  if (state.records < REVIEWED_RECORDS) return
  const share = state.frameBytes / state.textBytes
  state.bestShare = Math.min(state.bestShare, share)
  if (share > state.bestShare * WORSE) {
    state.samples = []
    state.wanted = SAMPLES
  }
  state.records = 0
  state.textBytes = 0
  state.frameBytes = 0
}
