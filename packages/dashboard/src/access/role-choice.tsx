import dialogs from '../elements/dialog.module.css'
import { ROLE_NAMES, ROLES, roleText } from '../session/shape.ts'
import type { Role } from '../session/shape.ts'
import { withRole } from './key-request.ts'

interface RoleChoiceProps {
  readonly roles: readonly Role[]
  readonly onChange: (roles: readonly Role[]) => void
}

/** The roles, each with what it is for as policies begin with; several add up. */
export function RoleChoice({ roles, onChange }: RoleChoiceProps) {
  return (
    <fieldset>
      <legend>As what?</legend>
      {ROLE_NAMES.map((role) => (
        <label key={role} className={dialogs['check']}>
          <input
            type="checkbox"
            checked={roles.includes(role)}
            onChange={() => onChange(withRole(roles, role))}
          />
          <span>
            {roleText(role)}
            <small>{ROLES[role]}</small>
          </span>
        </label>
      ))}
      <p className={dialogs['note']}>As a ledger begins with; the policy may say otherwise by now.</p>
    </fieldset>
  )
}
