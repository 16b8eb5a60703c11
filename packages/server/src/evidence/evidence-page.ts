/** The page that verifies itself: built beside the dashboard, filled with a bundle when one is exported. */
import { fileURLToPath } from 'node:url'
import { fillEvidencePage, fromUtf8, verifierDigest } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'

/** The page was not built. */
export class PageMissing extends Error {
  constructor() {
    super('the evidence page is not built; run npm run build')
  }
}

/** Where `npm run build` leaves the page. */
const BUILT = fileURLToPath(new URL('../evidence-page/index.html', import.meta.url))

export class EvidencePage {
  readonly #disk: Disk
  readonly #path: string
  #template: string | undefined

  constructor(disk: Disk, path: string = BUILT) {
    this.#disk = disk
    this.#path = path
  }

  /** The page with a bundle in it. */
  async pageOf(bundle: string): Promise<string> {
    return fillEvidencePage(await this.#read(), bundle)
  }

  /** Hex SHA-256 of the verifier in every page this build writes. */
  async verifierDigest(): Promise<string> {
    return verifierDigest(await this.#read())!
  }

  async #read(): Promise<string> {
    const bytes = this.#template === undefined ? await this.#disk.read(this.#path) : undefined
    if (this.#template === undefined && !bytes) throw new PageMissing()
    this.#template ??= fromUtf8(bytes!)
    return this.#template
  }
}
