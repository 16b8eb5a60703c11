import { Autocomplete } from '@base-ui/react/autocomplete'
import { useRef, useState } from 'react'
import type { KeyboardEvent } from 'react'
import { sendJson } from '../client.ts'
import controls from '../elements/controls.module.css'
import { CloseIcon, SearchIcon } from '../elements/icons.tsx'
import { filterText, isSubjectHandle, readFilter } from '../filters.ts'
import type { Filters } from '../filters.ts'
import { useKeys } from '../keyboard.ts'
import styles from './filter-bar.module.css'
import { useSuggestions } from './suggestions.ts'

interface FilterBarProps {
  readonly filters: Filters
  readonly onChange: (filters: Filters) => void
}

/** Filters as chips, and one field that reads `name=value` and offers both. */
export function FilterBar({ filters, onChange }: FilterBarProps) {
  const [typed, setTyped] = useState('')
  const [isOpen, setOpen] = useState(false)
  const [problem, setProblem] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  const suggestions = useSuggestions(typed, filters)
  useKeys({
    '/': (event) => {
      event.preventDefault()
      input.current?.focus()
    },
  })

  const apply = async (text: string) => {
    const read = readFilter(text)
    if ('problem' in read) return setProblem(read.problem)
    const { name } = read
    try {
      const value = name === 'subject' ? await handleOf(read.value) : read.value
      setTyped('')
      setProblem(undefined)
      onChange({ ...filters, [name]: value })
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'The person could not be looked up.')
    }
  }
  const remove = (name: string) => {
    const { [name]: _, ...others } = filters
    onChange(others)
  }
  const edit = (name: string, value: string) => {
    remove(name)
    setTyped(`${name}=${value}`)
    input.current?.focus()
  }
  const take = (text: string) => {
    setProblem(undefined)
    if (!text.endsWith('=')) return void apply(text)
    setTyped(text)
    setOpen(true)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const lastName = Object.keys(filters).at(-1)
    if (event.key === 'Backspace' && typed === '' && lastName !== undefined) remove(lastName)
    if (event.key === 'Escape' && !isOpen) input.current?.blur()
    const isChosen = input.current?.getAttribute('aria-activedescendant') ?? ''
    if (event.key === 'Enter' && isChosen === '' && typed.trim() !== '') void apply(typed)
  }

  return (
    <div className={styles['bar']}>
      <div className={styles['box']}>
        <SearchIcon />
        {Object.entries(filters).map(([name, value]) => (
          <span key={name} className={styles['chip']}>
            <button type="button" onClick={() => edit(name, value)} title="Change">
              {filterText(name, value)}
            </button>
            <button
              type="button"
              onClick={() => remove(name)}
              aria-label={`Remove ${filterText(name, value)}`}
            >
              <CloseIcon />
            </button>
          </span>
        ))}
        <Autocomplete.Root
          items={suggestions}
          mode="none"
          value={typed}
          open={isOpen && suggestions.length > 0}
          openOnInputClick
          itemToStringValue={({ text }) => text}
          onOpenChange={(open, { reason }) => setOpen(open || (reason === 'item-press' && isOpen))}
          onValueChange={(value, { reason }) => (reason === 'item-press' ? take(value) : setTyped(value))}
        >
          <Autocomplete.Input
            ref={input}
            className={styles['input']}
            placeholder={
              Object.keys(filters).length === 0
                ? 'Filter: modelId=…, confidence<0.6, feature.NAME=…'
                : 'Add a filter'
            }
            aria-label="Filter"
            spellCheck={false}
            autoCapitalize="off"
            onKeyDown={onKeyDown}
          />
          <Autocomplete.Portal>
            <Autocomplete.Positioner sideOffset={8} align="start" className={styles['positioner']}>
              <Autocomplete.Popup className={`${controls['popup']} ${styles['popup']}`}>
                <Autocomplete.List>
                  {({ text, hint }: { text: string; hint: string }) => (
                    <Autocomplete.Item key={text} value={{ text, hint }} className={styles['item']}>
                      <code>{text}</code>
                      <span>{hint}</span>
                    </Autocomplete.Item>
                  )}
                </Autocomplete.List>
              </Autocomplete.Popup>
            </Autocomplete.Positioner>
          </Autocomplete.Portal>
        </Autocomplete.Root>
        {Object.keys(filters).length > 1 && (
          <button type="button" className={controls['quiet']} onClick={() => onChange({})}>
            Clear
          </button>
        )}
      </div>
      {problem !== undefined && (
        <p className={styles['problem']} role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

/** The opaque handle of a person: what may stand in an address, unlike the id that was typed. */
async function handleOf(subject: string): Promise<string> {
  if (isSubjectHandle(subject)) return subject
  const { handle } = await sendJson<{ handle: string }>('POST', '/v1/subjects:lookup', { subject })
  return handle
}
