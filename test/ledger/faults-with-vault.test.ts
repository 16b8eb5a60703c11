import { faultTests } from './fault-tests.ts'

// The same, with vault segments sealed on the disk beside it.
faultTests('vault', { eventfulSeed: 1, stories: 250 })
