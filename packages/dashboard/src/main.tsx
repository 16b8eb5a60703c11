import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ensureLanguageTag } from './language.ts'
import { queryClient } from './queries.ts'
import { router } from './router.tsx'
import { adoptKeyFromAddress } from './session.ts'
import './style/base.css'
import { applyTheme } from './theme.ts'

ensureLanguageTag()
adoptKeyFromAddress()
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
