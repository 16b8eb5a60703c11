import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ensureLanguageTag } from './language.ts'
import { queryClient } from './query-client.ts'
import { router } from './router.tsx'
import { enter } from './session/begin.ts'
import { keepOpenWhileUsed } from './session/keep-open.ts'
import './style/base.css'
import { applyTheme } from './theme.ts'

ensureLanguageTag()
enter()
keepOpenWhileUsed()
applyTheme()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
