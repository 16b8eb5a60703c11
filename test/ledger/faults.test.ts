import { faultTests } from './fault-tests.ts'

// A life of many calls in which a ledger of several tiles is recovered, grows, is published and lets log files go.
faultTests('memory', { eventfulSeed: 24, stories: 350 })
