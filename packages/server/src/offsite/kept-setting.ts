/**
 * What the copy of a ledger was set to last, as it lies in DIR/keyring/offsite/<ledger>.json. It belongs to the keyring and is backed up with
 * it: a directory that was put back, or whose state was lost, knows that content lies elsewhere too.
 */
import { canonicalJson, FormatError, fromUtf8, utf8 } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'

/** What the copy is set to, as it is put on record when it changes. */
export interface OffsiteSetting {
  /** Where the copy is, without credentials. */
  readonly store: string
  readonly lockDays: number
  readonly isWorm: boolean
}

export interface SettingPlace {
  readonly disk: Disk
  /** The data directory. */
  readonly data: string
  readonly ledger: string
  /** A successor of the same name has no copy yet. */
  readonly origin: string
}

export class KeptSetting {
  readonly #place: SettingPlace
  #setting: OffsiteSetting | undefined

  private constructor(place: SettingPlace, setting: OffsiteSetting | undefined) {
    this.#place = place
    this.#setting = setting
  }

  /** FormatError `keyring_damaged`. */
  static async open(place: SettingPlace): Promise<KeptSetting> {
    const bytes = await place.disk.read(pathOf(place))
    if (!bytes) return new KeptSetting(place, undefined)
    const { origin, ...setting } = settingIn(bytes, pathOf(place))
    return new KeptSetting(place, origin === place.origin ? setting : undefined)
  }

  /** Undefined when there is no copy. */
  get setting(): OffsiteSetting | undefined {
    return this.#setting
  }

  /** Durable when this resolves. */
  async keep(setting: OffsiteSetting): Promise<void> {
    const { data, disk, origin } = this.#place
    await disk.makeDirectory(directoryOf(data), 0o700)
    await disk.writeDurably(pathOf(this.#place), utf8(`${canonicalJson({ origin, ...setting })}\n`), 0o600)
    this.#setting = setting
  }

  /** There is no copy any more. */
  async remove(): Promise<void> {
    const { data, disk } = this.#place
    await disk.remove(pathOf(this.#place))
    await disk.syncDirectory(directoryOf(data))
    this.#setting = undefined
  }
}

function settingIn(bytes: Uint8Array, path: string): OffsiteSetting & { origin: string } {
  try {
    return JSON.parse(fromUtf8(bytes)) as OffsiteSetting & { origin: string }
  } catch {
    throw new FormatError('keyring_damaged', `${path} does not say where the ledger is copied to`)
  }
}

const directoryOf = (data: string): string => `${data}/keyring/offsite`
const pathOf = ({ data, ledger }: SettingPlace): string => `${directoryOf(data)}/${ledger}.json`
