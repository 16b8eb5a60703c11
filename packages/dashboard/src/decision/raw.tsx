import { useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import { Copy } from '../elements/copy.tsx'
import { Panel } from '../elements/panel.tsx'
import controls from '../elements/controls.module.css'
import { count } from '../display.ts'
import styles from './decision.module.css'

/** Longer texts are shown in part at first: a browser colours ten thousand words slowly. */
const SHOWN_AT_FIRST = 40_000
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g

/** The answer of the server, as it came. */
export function RawPanel({ value }: { readonly value: unknown }) {
  const [isWhole, setWhole] = useState(false)
  const text = useMemo(() => JSON.stringify(value, null, 2), [value])
  const shown = isWhole ? text : text.slice(0, SHOWN_AT_FIRST)
  return (
    <Panel title="Raw record" className={styles['rawPanel']} aside={<Copy text={text} label="Copy JSON" />}>
      <pre className={styles['raw']} tabIndex={0}>
        {shown.length > SHOWN_AT_FIRST ? shown : coloured(shown)}
      </pre>
      {shown.length < text.length && (
        <button type="button" className={controls['button']} onClick={() => setWhole(true)}>
          Show all {count(text.length)} characters
        </button>
      )}
    </Panel>
  )
}

function coloured(text: string): ReactNode[] {
  const pieces: ReactNode[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon, word] = match
    pieces.push(text.slice(end, match.index))
    const kind =
      string !== undefined
        ? colon !== undefined
          ? 'name'
          : 'string'
        : word !== undefined
          ? 'word'
          : 'number'
    pieces.push(
      <span key={match.index} data-kind={kind}>
        {string ?? whole}
      </span>,
      colon ?? '',
    )
    end = match.index + whole.length
  }
  return [...pieces, text.slice(end)]
}
