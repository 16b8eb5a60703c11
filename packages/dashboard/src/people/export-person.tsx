import { useState } from 'react'
import { ActForm } from '../elements/act.tsx'
import dialogs from '../elements/dialog.module.css'
import { Ask, Choose } from '../elements/fields.tsx'
import { exportPerson } from '../privacy/export.ts'
import { PurposeField } from '../session/purpose-field.tsx'
import { useSession, useStandingPurpose } from '../session/state.ts'
import type { PersonRequest } from './request.ts'

interface ExportPersonProps {
  readonly person: string
  /** The request it answers. */
  readonly request?: PersonRequest
  readonly close: () => void
}

const FORMATS = [
  ['html', 'a page to read and print'],
  ['json', 'JSON, for machines and for proof'],
] as const

const SCOPES = [
  ['all', 'everything recorded (Art. 15)'],
  ['provided', 'what they provided, to take along (Art. 20)'],
] as const

/** Everything recorded about a person as a file, for a stated purpose. */
export function ExportPerson({ person, request, close }: ExportPersonProps) {
  const { purposes } = useSession()
  const standing = useStandingPurpose()
  const isPortability = request?.requestType === 'portability'
  const [format, setFormat] = useState<string>(isPortability ? 'json' : 'html')
  const [scope, setScope] = useState<string>(isPortability ? 'provided' : 'all')
  const [recipient, setRecipient] = useState('')
  const [purpose, setPurpose] = useState(
    purposes?.[0] ?? standing ?? (request === undefined ? '' : purposeOf(request)),
  )
  const run = () =>
    exportPerson({
      person,
      format: format === 'json' ? 'json' : 'html',
      scope: scope === 'provided' ? 'provided' : 'all',
      purpose: purpose.trim(),
      ...(request !== undefined && { request: request.requestId }),
      ...(recipient.trim() !== '' && { recipient: recipient.trim() }),
    })
  return (
    <ActForm
      title="Export everything of this person"
      act="Export"
      missing={purpose.trim() === '' ? 'Say what for.' : undefined}
      run={run}
      close={close}
    >
      <PurposeField label="What for?" value={purpose} onChange={setPurpose} isFirst />
      <Choose label="What?" value={scope} onChange={setScope} options={SCOPES} />
      <Choose label="Format" value={format} onChange={setFormat} options={FORMATS} />
      <Ask
        label="Who outside gets it?"
        value={recipient}
        onChange={setRecipient}
        maxLength={500}
        hint="nobody but the person"
        note="A recipient is on record, and is told when the person is erased."
      />
      <p className={dialogs['note']}>
        The export is on record, with every entry it names, before the first byte leaves. Other people and
        staff are withheld by the names of fields; free text is given as it is, so read it before you hand it
        on.
      </p>
    </ActForm>
  )
}

function purposeOf({ requestType, requestId }: PersonRequest): string {
  return `${requestType} request ${requestId}`
}
