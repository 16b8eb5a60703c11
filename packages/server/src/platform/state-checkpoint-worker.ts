/**
 * Moves what was written to a state store from its log into its file, over a connection of its own: this waits for the disk, and the
 * thread that writes must not. The other half of `state-store.ts`.
 */
import { DatabaseSync } from 'node:sqlite'
import { answerQuestions, workerStart } from './worker.ts'

/** Move what is in the log as far as nobody waits for it; all of it; all of it, and leave nothing in the log. */
export type CheckpointQuestion = 'soon' | 'all' | 'scrub'

const ATTEMPTS = 3

const database = new DatabaseSync(workerStart() as string)
database.exec('PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000')

/** True when all that was written before is in the file and synced; nobody who writes meanwhile waits for it. */
function checkpointPassing(): boolean {
  const row = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
  return row?.['busy'] === 0 && row['log'] === row['checkpointed']
}

function checkpointAll(): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) if (checkpointPassing()) return
  // Somebody reads or writes all the time: now they wait.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}

/** The log keeps old pages until it is begun again; now it is cut off. */
function emptyLog(): void {
  checkpointPassing()
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1)
    if (database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0) return
  throw new Error('the log of the state store is still being read')
}

answerQuestions((question: CheckpointQuestion) => {
  if (question === 'all') checkpointAll()
  else if (question === 'scrub') emptyLog()
  else checkpointPassing()
  return { answer: true }
})
