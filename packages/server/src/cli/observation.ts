/** One thing `doctor` looked at: what is so, and whether somebody should act. */
export interface Observation {
  what: string
  state: 'ok' | 'attention' | 'problem'
  detail: string
}
