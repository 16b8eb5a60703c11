import { Command } from 'commander'
import { list, make, renew, revoke } from './keys-access.ts'
import { rotate, succeed } from './keys-change.ts'
import { emitter } from './keys-emitter.ts'
import { rotateRoot } from './keys-root.ts'

export const keys = new Command('keys')
  .description('keys of this installation: who may do what, and what the ledger is signed with')
  .addCommand(make.exitOverride())
  .addCommand(list.exitOverride())
  .addCommand(renew.exitOverride())
  .addCommand(revoke.exitOverride())
  .addCommand(emitter.exitOverride())
  .addCommand(rotate.exitOverride())
  .addCommand(rotateRoot.exitOverride())
  .addCommand(succeed.exitOverride())
