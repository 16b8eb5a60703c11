/** The server's word for one record, with the signed promise it belongs to; `deponent verify` takes it as it is. */
export interface Receipt {
  decisionId?: string
  id: string
  ledger: string
  index: number
  /** Lower-case hexadecimal. */
  leafHash: string
  status: 'recorded' | 'duplicate'
  /** Base64, nearest sibling first: from the leaf to the root that was promised. Absent on a duplicate. */
  path?: string[]
  /** A signed note; null when the request held nothing new. */
  promise: string | null
}

/** The last receipts by decisionId. When a decision is sent twice, the receipt that carries a path is the one kept. */
export class Receipts {
  readonly #kept = new Map<string, Receipt>()
  readonly #countMax: number
  readonly #onReceipt: (receipt: Receipt) => void

  constructor(countMax: number, onReceipt: (receipt: Receipt) => void) {
    this.#countMax = countMax
    this.#onReceipt = onReceipt
  }

  get(decisionId: string): Receipt | undefined {
    return this.#kept.get(decisionId)
  }

  add(decisionId: string, receipt: Receipt): void {
    this.#onReceipt(receipt)
    if (receipt.path === undefined && this.#kept.has(decisionId)) return
    this.#kept.delete(decisionId)
    this.#kept.set(decisionId, receipt)
    // A Map iterates in order of insertion: the first key is the oldest receipt.
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#countMax) return
      this.#kept.delete(oldest)
    }
  }
}
