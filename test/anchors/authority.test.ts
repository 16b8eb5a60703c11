import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatTimestampRequest, TIMESTAMP_MEDIA, utf8, verifyTimestamp } from '@deponent/format'
import { expect, test } from 'vitest'
import { codeOf } from '../format/signer.ts'
import { describeUnless } from './describe-unless.ts'
import { Authority, noAuthority } from './authority.ts'

const KEYS = ['p256', 'p384', 'rsa2048', 'rsa3072'] as const

describeUnless(noAuthority, 'a timestamp by an authority', () => {
  test.each(KEYS)('with a %s key verifies, here and with openssl', async (key) => {
    const authority = new Authority(key)
    const message = utf8('an origin\n1\na root\n')
    const answer = await fetch(authority.url, {
      method: 'POST',
      headers: { 'Content-Type': TIMESTAMP_MEDIA.query },
      body: formatTimestampRequest(message),
    })
    const reply = new Uint8Array(await answer.arrayBuffer())
    expect(verifyTimestamp(reply, message, [authority.root]).authority).toBe('Test TSA')
    expect(codeOf(() => verifyTimestamp(reply, utf8('another'), [authority.root]))).toBe('timestamp_mismatch')
    const [file, root] = [join(authority.directory, 'reply.tsr'), join(authority.directory, 'ca.pem')]
    writeFileSync(file, reply)
    writeFileSync(join(authority.directory, 'message'), message)
    const data = join(authority.directory, 'message')
    const said = execFileSync('openssl', ['ts', '-verify', '-data', data, '-in', file, '-CAfile', root], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
    expect(said).toContain('OK')
    authority.destroy()
  })
})
