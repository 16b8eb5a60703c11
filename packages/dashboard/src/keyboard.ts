import { useEffect, useRef } from 'react'

/** What each key does; keys are named as `KeyboardEvent.key` names them. */
export type KeyBindings = Readonly<Record<string, (event: KeyboardEvent) => void>>

/** Keys of the page, as the help lists them. */
export const KEY_HELP: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ['g', 'o'], does: 'go to the overview' },
  { keys: ['g', 'd'], does: 'go to the decisions' },
  { keys: ['g', 'm'], does: 'go to the models' },
  { keys: ['g', 'c'], does: 'go to coverage' },
  { keys: ['g', 'p'], does: 'go to privacy' },
  { keys: ['g', 'v'], does: 'go to verify' },
  { keys: ['g', 'a'], does: 'go to access' },
  { keys: ['g', 'b'], does: 'go to storage' },
  { keys: ['g', 's'], does: 'go to settings' },
  { keys: ['j', '↓'], does: 'next decision' },
  { keys: ['k', '↑'], does: 'previous decision' },
  { keys: ['Enter'], does: 'open the decision' },
  { keys: ['u'], does: 'back to the list' },
  { keys: ['/'], does: 'filter' },
  { keys: ['.'], does: 'show what arrived' },
  { keys: ['p'], does: 'show how a decision was checked' },
  { keys: ['t'], does: 'light, dark or as the system' },
  { keys: ['?'], does: 'this list' },
  { keys: ['Esc'], does: 'close, or leave a field' },
]

/** Binds keys while the component is on the page; typing in a field and open dialogs come first. */
export function useKeys(bindings: KeyBindings): void {
  const current = useRef(bindings)
  useEffect(() => {
    current.current = bindings
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTaken(event)) return
      current.current[event.key]?.(event)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

function isTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true
  if (document.querySelector('[role="dialog"]') !== null) return true
  const { target } = event
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return true
  // Enter and space belong to whatever button or link has the focus.
  return (event.key === 'Enter' || event.key === ' ') && target.closest('button, a') !== null
}
