import { useState } from 'react'
import controls from './controls.module.css'
import { CheckIcon, CopyIcon } from './icons.tsx'

const THANKS_MS = 1_500

/** Copies a text and says so. */
export function Copy({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  const show = (next: 'copied' | 'failed') => {
    setState(next)
    setTimeout(() => setState('idle'), THANKS_MS)
  }
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => show('copied'),
      () => show('failed'),
    )
  }
  const said = { idle: label, copied: 'Copied', failed: 'Not allowed' }[state]
  return (
    <button type="button" className={controls['button']} onClick={copy} aria-live="polite">
      {state === 'copied' ? <CheckIcon /> : <CopyIcon />}
      {said}
    </button>
  )
}
