import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { sendJson } from '../client.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import type { Preview } from './field.ts'
import type { Proposal } from './field-queries.ts'
import styles from './fields.module.css'

const HINT =
  '{"modelId":"credit","prediction":"declined","inputFeatures":{"income":41000,"email":"a@example.com"}}'

interface SamplePanelProps {
  readonly system: string
  readonly proposal: Proposal
}

/** What would become of a decision, by the declarations as they stand on this page. */
export function SamplePanel({ system, proposal }: SamplePanelProps) {
  const [text, setText] = useState('')
  const trial = useMutation({
    mutationFn: (record: object) =>
      sendJson<Preview>('POST', `/v1/systems/${encodeURIComponent(system)}/fields:preview`, {
        ...proposal,
        record,
      }),
  })
  const record = objectIn(text)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (record !== undefined) trial.mutate(record)
  }
  const sample = trial.data?.sample
  return (
    <Panel title="Try it on a record">
      <form className={styles['sample']} onSubmit={submit}>
        <textarea
          className={controls['area']}
          rows={4}
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-label="A decision as it would be sent"
          placeholder={HINT}
          spellCheck={false}
        />
        <footer>
          <span>Nothing of it is kept. Pseudonyms are made with a key of no ledger.</span>
          <button
            type="submit"
            className={controls['button']}
            disabled={record === undefined || trial.isPending}
          >
            {trial.isPending ? 'Trying…' : 'Try'}
          </button>
        </footer>
        {text !== '' && record === undefined && <p>This is not a JSON object yet.</p>}
        {trial.error !== null && (
          <p role="alert" data-refused>
            {trial.error.message}
          </p>
        )}
        {sample !== undefined && sample !== null && (
          <div role="status">
            <pre>{JSON.stringify(sample.record, null, 2)}</pre>
            <p>
              {sample.classification === null
                ? 'Kept as it is; what may be searched follows the default.'
                : 'The record would say of itself:'}
            </p>
            {sample.classification !== null && <pre>{JSON.stringify(sample.classification, null, 2)}</pre>}
          </div>
        )}
      </form>
    </Panel>
  )
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
