import { Panel } from '../elements/panel.tsx'
import styles from './fields.module.css'

const NOT_FOUND = [
  'Names of people and postal addresses in words, in any language.',
  'Numbers without separators and with weak check digits or none, unless the name of the field says what they are.',
  'Mail addresses written around, as “ada (at) example.com”; passwords without a known prefix.',
  'Anything in texts that are sealed only: there is nothing to keep out of the index, so nobody looks.',
  'Combinations: a birth year, a zip code and a sex say who somebody is, and each alone does not.',
] as const

/** What detectors do not find, said plainly. */
export function NotFoundPanel() {
  return (
    <Panel title="What is not detected">
      <ul className={styles['limits']}>
        {NOT_FOUND.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <p className={styles['foot']}>
        Declare such fields, or use strict mode. Race, sex, age and the like are never looked for.
      </p>
    </Panel>
  )
}
