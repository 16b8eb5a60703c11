import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where this user's programs keep state that must outlive any data directory (XDG Base Directory, or its usual default). */
export function userStateDirectory(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'deponent')
}
