import type { Json } from '../api.ts'
import { counted, isSealed, jsonText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import styles from './decision.module.css'
import { Value } from './value.tsx'

/** The messages exchanged with a language model. */
export function ConversationPanel({ messages }: { readonly messages: Json | undefined }) {
  if (messages === undefined) return null
  if (isSealed(messages) || !Array.isArray(messages)) {
    return (
      <Panel title="Messages">
        <p className={styles['prose']}>
          <Value value={messages} pointer="/messages" />
        </p>
      </Panel>
    )
  }
  return (
    <Panel title="Messages" aside={counted(messages.length, 'message')}>
      <ol className={styles['messages']}>
        {messages.map((message: Json, index) => (
          <Message key={index} message={message} />
        ))}
      </ol>
    </Panel>
  )
}

function Message({ message }: { readonly message: Json }) {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return <li>{jsonText(message)}</li>
  }
  const { role, content, ...others } = message as { readonly [name: string]: Json }
  return (
    <li data-role={jsonText(role)}>
      <b>{jsonText(role ?? 'no role')}</b>
      {content !== undefined && <p>{typeof content === 'string' ? content : <Value value={content} />}</p>}
      {Object.keys(others).length > 0 && <Value value={others} />}
    </li>
  )
}
