/** Takes everything recorded about a person as a file. */
import { send } from '../client.ts'
import { purposeHeader } from '../session/purpose-header.ts'

export interface ExportOrder {
  /** A handle, or `me`. */
  readonly person: string
  readonly format: 'json' | 'html'
  readonly scope: 'all' | 'provided'
  readonly purpose?: string
  readonly request?: string
  readonly recipient?: string
}

/** Takes everything recorded about a person as a file. */
export async function exportPerson(order: ExportOrder): Promise<void> {
  const { person, format, scope, purpose, request, recipient } = order
  const query = new URLSearchParams({ format, scope, ...(request !== undefined && { request }) })
  const response = await send(`/v1/subjects/${encodeURIComponent(person)}/export?${query}`, {
    purpose,
    headers: recipient === undefined ? {} : { 'Deponent-Recipient': purposeHeader(recipient) },
  })
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1]
  save(await response.blob(), name ?? `person.${format}`)
}

/** Long enough for a browser to begin writing the file. */
const KEPT_MS = 60_000

function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS)
}
