/** An intake that runs in a thread of its own, so that reading and sealing do not hold up sequencing, answers and the index. */
import { BodyError, type BodyErrorCode } from '../ingest/body-error.ts'
import { moduleBeside, WorkerThread } from '../platform/worker.ts'
import type { MetField } from '../vault/classify/fields-met.ts'
import type { ClassificationPolicy } from '../vault/classify/policy.ts'
import type { SystemDictionary } from '../vault/dictionaries.ts'
import type { Choice, Intake, IntakeOpened, IntakeSealed, IntakeSource, IntakeStart } from './intake.ts'

export type IntakeQuestion =
  | { source: IntakeSource; now: number }
  | { job: number; choices: readonly Choice[]; isHurried: boolean }
  | { dictionary: SystemDictionary }
  | { policy: ClassificationPolicy }
  | { asks: 'met' }
export type IntakeAnswer =
  | IntakeOpened
  | IntakeSealed
  | { adopted: number }
  | { classifiesBy: number }
  | { met: MetField[] }
  | { bodyError: BodyErrorCode; message: string }

export class WorkerIntake implements Intake {
  readonly #worker: WorkerThread<IntakeQuestion, IntakeAnswer>

  constructor(start: IntakeStart) {
    this.#worker = new WorkerThread(moduleBeside(import.meta.url, 'intake-worker'), start)
  }

  async open(source: IntakeSource, now: number): Promise<IntakeOpened> {
    const transfer = 'body' in source && ownsBuffer(source.body) ? [source.body.buffer as ArrayBuffer] : []
    const answer = await this.#worker.ask({ source, now }, transfer)
    if ('bodyError' in answer) throw new BodyError(answer.bodyError, answer.message)
    return answer as IntakeOpened
  }

  async seal(job: number, choices: readonly Choice[]): Promise<IntakeSealed> {
    const { isBusy } = this.#worker
    return (await this.#worker.ask({ job, choices, isHurried: isBusy })) as IntakeSealed
  }

  adopt(dictionary: SystemDictionary): void {
    // A worker that is gone seals nothing any more, with or without it.
    void this.#worker.ask({ dictionary }).catch(() => undefined)
  }

  async classifyBy(policy: ClassificationPolicy): Promise<void> {
    await this.#worker.ask({ policy })
  }

  async met(): Promise<MetField[]> {
    return ((await this.#worker.ask({ asks: 'met' })) as { met: MetField[] }).met
  }

  close(): Promise<void> {
    return this.#worker.close()
  }
}

/** Whether the bytes are all of their buffer: only then may it be handed over. */
function ownsBuffer(bytes: Uint8Array): boolean {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.byteLength > 0
}
