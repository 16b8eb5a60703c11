/** The answer to a request whose records were judged one by one; the shapes are part of the stable API. */
export interface Receipt {
  position: number
  id: string
  decisionId?: string
  ledger: string
  index: number
  /** Hex RFC 6962 leaf hash of the entry. */
  leafHash: string
  status: 'recorded' | 'duplicate'
  /** Base64 siblings from the leaf to the root in the promise, nearest first; absent on duplicates. */
  path?: string[]
}

export interface RecordError {
  position: number
  decisionId?: string
  code: string
  /** JSON pointer to the field, as the sender spelled it. */
  path: string
  message: string
}

/** recorded + duplicates + rejected = received. */
export interface Envelope {
  recorded: number
  duplicates: number
  rejected: number
  receipts: Receipt[]
  /** Signed promise note of the group commit; null when nothing new was recorded. */
  promise: string | null
  errors: RecordError[]
}
