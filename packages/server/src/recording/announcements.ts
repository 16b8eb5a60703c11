import type { Finding } from '@deponent/format'
import type { SealedSegment } from '../vault/segments.ts'
import type { Recorder } from './recorder.ts'

/** What the product itself records about its ledger, once there is a recorder to do it. */
export class Announcements {
  #recorder: Recorder | undefined
  #waiting: ((recorder: Recorder) => Promise<unknown>)[] = []
  #running: Promise<unknown> = Promise.resolve()

  begin(recorder: Recorder): void {
    this.#recorder = recorder
    for (const task of this.#waiting) this.#run(task)
    this.#waiting = []
  }

  segmentSealed({ segment, first, end, digest }: SealedSegment): void {
    this.#run((recorder) =>
      recorder.recordOwn('vault.sealed', { segment, first, end, digest, basis: 'observed' }, true),
    )
  }

  headAccepted(size: number): void {
    const record = {
      object: 'signer',
      reason: 'the operator accepted the head on disk; the signer remembered none',
      details: { size },
      basis: 'observed',
    }
    this.#run((recorder) => recorder.recordOwn('change', record))
  }

  /** Records that content is shown although the journal of erasures was lost or is an older one. */
  unknownErasuresAccepted(size: number): void {
    const record = {
      object: 'erasures',
      reason: 'the operator accepted that the journal of erasures outside the directory is missing or older',
      details: { size },
      basis: 'observed',
    }
    this.#run((recorder) => recorder.recordOwn('change', record))
  }

  clockStepped(from: number, to: number): void {
    const record = {
      object: 'clock',
      reason: 'the clock stepped back',
      details: { from, to },
      basis: 'observed',
    }
    this.#run((recorder) => recorder.recordOwn('change', record))
  }

  fieldSealed(system: string, field: string): void {
    const record = {
      object: 'field',
      reason: 'too many different values: the field is sealed only from here on',
      details: { system, field, before: 'queryable', after: 'sealed' },
      basis: 'observed',
    }
    this.#run((recorder) => recorder.recordOwn('change', record))
  }

  damageFound({ code, index, message }: Finding): void {
    const record = {
      alertId: index === undefined ? `scrub-${code}` : `scrub-${code}-${index}`,
      monitorId: 'scrub',
      title: 'stored bytes are damaged',
      message,
      severity: 'critical',
      value: { code, ...(index !== undefined && { index }) },
      basis: 'observed',
    }
    this.#run((recorder) => recorder.recordOwn('alert.raised', record))
  }

  async settled(): Promise<void> {
    await this.#running
  }

  #run(task: (recorder: Recorder) => Promise<unknown>): void {
    const recorder = this.#recorder
    if (!recorder) {
      this.#waiting.push(task)
      return
    }
    this.#running = this.#running.then(() => task(recorder)).catch(() => undefined)
  }
}
