/**
 * What the numbers of a ledger's emitters tell: fed with those of its entries that say something, in order, and what their records say where they could be opened, it finds
 * gaps, forks, duplicates, heads that do not follow, epochs that were never closed.
 */
import { EpochTally, type Finding } from '@deponent/format'
import { epochFindings, unclosedFindings } from '../recording/emitter-findings.ts'
import type { TellingEntry } from './stretch.ts'

export class EmitterWalk {
  /** By slug, then epoch, in order of first appearance. */
  readonly #tallies = new Map<string, Map<number, EpochTally>>()
  readonly #slugs = new Map<string, string>()

  /** Takes the next entry that says something. */
  take({ index, receivedAt, emitter, facts }: TellingEntry): void {
    const { link, declared, states } = facts ?? {}
    if (emitter) {
      const { id, epoch, seq } = emitter
      this.#tally(id, epoch).record({ seq, index, receivedAt, ...(link && { link }) })
    }
    if (declared) this.#slugs.set(declared.name, declared.slug)
    const slug = states && this.#slugs.get(states.name)
    if (slug !== undefined && states?.epoch !== undefined)
      this.#tally(slug, states.epoch).state(states.statement)
  }

  findings(): Finding[] {
    return [...this.#tallies].flatMap(([slug, epochs]) => {
      const summaries = [...epochs].map(([epoch, tally]) => ({
        where: `emitter ${slug}, epoch ${epoch}`,
        summary: tally.summary(),
      }))
      return [
        ...summaries.flatMap(({ where, summary }) => epochFindings(where, summary)),
        ...summaries.slice(0, -1).flatMap(({ where, summary }) => unclosedFindings(where, summary)),
      ]
    })
  }

  #tally(slug: string, epoch: number): EpochTally {
    const epochs = this.#tallies.get(slug) ?? new Map<number, EpochTally>()
    this.#tallies.set(slug, epochs)
    const tally = epochs.get(epoch) ?? new EpochTally()
    epochs.set(epoch, tally)
    return tally
  }
}
