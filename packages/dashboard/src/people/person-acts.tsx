import { useState } from 'react'
import { ActDialog } from '../elements/act.tsx'
import controls from '../elements/controls.module.css'
import { PlaceHold } from '../holds/place-hold.tsx'
import privacy from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import type { Action } from '../session/shape.ts'
import { ErasePerson } from './erase-person.tsx'
import { ExportPerson } from './export-person.tsx'
import type { Person } from './person.ts'
import { LiftForm, MergeForm, ObjectForm, RectifyForm, RestrictForm } from './person-forms.tsx'

type ActName = 'export' | 'restrict' | 'lift' | 'object' | 'rectify' | 'merge' | 'hold' | 'erase'

interface Offer {
  readonly name: ActName
  readonly text: string
  readonly needs: Action
}

const OFFERS: readonly Offer[] = [
  { name: 'export', text: 'Export…', needs: 'own_export' },
  { name: 'restrict', text: 'Restrict…', needs: 'rights' },
  { name: 'lift', text: 'Lift the restriction…', needs: 'rights' },
  { name: 'object', text: 'They object…', needs: 'rights' },
  { name: 'rectify', text: 'Rectify…', needs: 'rights' },
  { name: 'merge', text: 'Merge with another id…', needs: 'rights' },
  { name: 'hold', text: 'Place a hold…', needs: 'hold' },
  { name: 'erase', text: 'Erase…', needs: 'erase' },
]

/** What the reader may do for this person. */
export function PersonActs({ person }: { readonly person: Person }) {
  const may = useMay()
  const [act, setAct] = useState<ActName>()
  const close = () => setAct(undefined)
  const isRestricted = person.restrictedBy.includes('restriction')
  const offers = OFFERS.filter(({ name, needs }) => {
    if (name === 'lift' || name === 'restrict') return may(needs) && isRestricted === (name === 'lift')
    return may(needs)
  })
  if (offers.length === 0) return null
  const given = { person, close }
  return (
    <div className={privacy['acts']} role="group" aria-label="Acts">
      {offers.map(({ name, text }) => (
        <button
          key={name}
          type="button"
          className={`${controls['button']} ${name === 'erase' ? controls['danger'] : ''}`}
          onClick={() => setAct(name)}
        >
          {text}
        </button>
      ))}
      <ActDialog isOpen={act !== undefined} close={close}>
        {act === 'export' && <ExportPerson person={person.handle} close={close} />}
        {act === 'restrict' && <RestrictForm {...given} />}
        {act === 'lift' && <LiftForm {...given} />}
        {act === 'object' && <ObjectForm {...given} />}
        {act === 'rectify' && <RectifyForm {...given} />}
        {act === 'merge' && <MergeForm {...given} />}
        {act === 'hold' && <PlaceHold person={person.handle} close={close} />}
        {act === 'erase' && <ErasePerson {...given} />}
      </ActDialog>
    </div>
  )
}
