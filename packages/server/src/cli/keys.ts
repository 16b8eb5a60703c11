import { Command } from 'commander'
import { rotate, succeed } from './keys-change.ts'
import { emitter } from './keys-emitter.ts'

export const keys = new Command('keys')
  .description('keys of this installation')
  .addCommand(emitter.exitOverride())
  .addCommand(rotate.exitOverride())
  .addCommand(succeed.exitOverride())
