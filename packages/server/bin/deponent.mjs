#!/usr/bin/env node
// Exit code 1 is a negative verdict; a failure nobody foresaw is none.
process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(70)
})
import('../dist/cli/main.js').catch((error) => {
  const missing = error?.code === 'ERR_MODULE_NOT_FOUND'
  const major = Number(process.versions.node.split('.')[0])
  if (major < 24)
    console.error(
      `deponent needs Node 24 or newer; this is ${process.versions.node}. From a checkout: npx deponent`,
    )
  else console.error(missing ? `deponent is not built: run npm run build (${error.message})` : error)
  process.exit(70)
})
