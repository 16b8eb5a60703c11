import { FormatError } from '@deponent/format'
import { useDeferredValue, useMemo, useRef, useState } from 'react'
import type { DragEvent } from 'react'
import controls from '../elements/controls.module.css'
import { checkReceipt } from './check-receipt.ts'
import type { ReceiptAnswer } from './check-receipt.ts'
import { ReceiptVerdict } from './verdict.tsx'
import styles from './verify.module.css'

/** Larger than any answer to a request the server takes. */
const RECEIPT_BYTES_MAX = 64 * 1024 * 1024

type Outcome = { readonly answer: ReceiptAnswer } | { readonly problem: string } | undefined

/** Checks a receipt somebody kept. Everything happens in the browser; nothing is sent. */
export function Verify() {
  const [receipt, setReceipt] = useState('')
  const [trust, setTrust] = useState('')
  const [known, setKnown] = useState('')
  const [problem, setProblem] = useState<string>()
  const settled = useDeferredValue(receipt)
  const outcome = useMemo(() => check(settled, trust, known), [settled, trust, known])
  const take = (file: File | undefined) => {
    if (file === undefined) return
    if (file.size > RECEIPT_BYTES_MAX) return setProblem('This file is too large for a receipt.')
    setProblem(undefined)
    file.text().then(setReceipt, () => setProblem('The file could not be read.'))
  }
  return (
    <div className={styles['page']}>
      <header>
        <h1>Verify a receipt</h1>
        <p>
          A receipt is the answer a sender got when a record was accepted: the signed promise that it stands
          at its place in the ledger. Drop one here, or paste it. It is checked in this browser and sent
          nowhere.
        </p>
      </header>
      <div className={styles['columns']}>
        <form className={styles['form']} onSubmit={(event) => event.preventDefault()}>
          <Drop onFile={take}>
            <textarea
              id="receipt"
              className={controls['area']}
              rows={12}
              value={receipt}
              onChange={(event) => setReceipt(event.target.value)}
              placeholder={'{"recorded":1, "receipts":[…], "promise":"…"}'}
              spellCheck={false}
            />
          </Drop>
          {problem !== undefined && <p role="alert">{problem}</p>}
          <label>
            <span>
              Trust <em>a trust file, or the receipt key; left empty, the key pinned in this browser</em>
            </span>
            <textarea
              className={controls['area']}
              rows={3}
              value={trust}
              onChange={(event) => setTrust(event.target.value)}
              spellCheck={false}
            />
          </label>
          <label>
            <span>
              Known head <em>optional: a checkpoint or another receipt that this one must not contradict</em>
            </span>
            <textarea
              className={controls['area']}
              rows={3}
              value={known}
              onChange={(event) => setKnown(event.target.value)}
              spellCheck={false}
            />
          </label>
        </form>
        <div className={styles['answer']} aria-live="polite" aria-busy={settled !== receipt}>
          {settled !== receipt && <p className={styles['busy']}>Checking…</p>}
          {outcome === undefined && <Limits />}
          {outcome !== undefined && 'problem' in outcome && (
            <p className={styles['problem']} role="alert">
              {outcome.problem}
            </p>
          )}
          {outcome !== undefined && 'answer' in outcome && <ReceiptVerdict answer={outcome.answer} />}
        </div>
      </div>
    </div>
  )
}

function check(receipt: string, trust: string, known: string): Outcome {
  if (receipt.trim() === '') return undefined
  try {
    return { answer: checkReceipt({ receipt, trust, known }, localStorage) }
  } catch (error) {
    if (error instanceof FormatError) return { problem: `The trust given cannot be used: ${error.message}.` }
    throw error
  }
}

interface DropProps {
  readonly onFile: (file: File | undefined) => void
  readonly children: React.ReactNode
}

/** Takes a dropped or chosen file. */
function Drop({ onFile, children }: DropProps) {
  const [isOver, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const over = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    onFile(event.dataTransfer.files[0])
  }
  return (
    <div
      className={styles['drop']}
      data-over={isOver}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div>
        <label htmlFor="receipt">Receipt</label>
        <button type="button" className={controls['link']} onClick={() => input.current?.click()}>
          Choose a file
        </button>
        <input
          ref={input}
          type="file"
          accept=".json,application/json,text/plain"
          hidden
          onChange={(event) => onFile(event.target.files?.[0])}
        />
      </div>
      {children}
    </div>
  )
}

function Limits() {
  return (
    <div className={styles['limits']}>
      <h2>What a receipt shows</h2>
      <p>
        That the ledger promised, under its receipt key, to hold exactly these bytes at this place. A ledger
        that later shows anything else contradicts its own signature.
      </p>
      <h2>What it does not show</h2>
      <p>
        That the promise was kept: only the ledger itself shows that. That the record was true: nothing here
        can show that.
      </p>
    </div>
  )
}
