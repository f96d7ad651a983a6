// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { cleanup, render, screen } from '@testing-library/react'
import { createElement } from 'react'
import { AuthContext, type AuthContextProps } from 'react-oidc-context'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { AdminLink } from '../admin/admin-link.tsx'
import { ADMIN_WORDS } from '../admin/words.ts'
import { Account } from './account.tsx'
import type { SignIn } from './sign-in.ts'

beforeEach(() => localStorage.clear())
afterEach(cleanup)

function show(groups: unknown, languages: readonly string[] = ['en-US']): void {
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(languages)
  const auth = { user: { profile: { email: 'ann@example.com', 'cognito:groups': groups } } } as unknown as AuthContextProps
  const signIn = { adminGroup: 'admins', leave: () => Promise.resolve() } as unknown as SignIn
  render(createElement(AuthContext.Provider, { value: auth }, <Account signIn={signIn} forAdministrators={<AdminLink />} />))
}

it.each(['en', 'de', 'es', 'fr', 'it', 'pt'] as const)('shows an administrator the way to the dashboard, in %s', (language) => {
  show(['others', 'admins'], [language])
  expect(screen.getByRole('link', { name: ADMIN_WORDS[language].title })).toHaveAttribute('href', '/admin')
})

it.each([[undefined], [null], [[]], [['administrators']], ['admins'], [{ admins: true }]])('shows nobody else any, as in %j', (groups) => {
  show(groups)
  expect(screen.queryByRole('link')).not.toBeInTheDocument()
  expect(screen.getByRole('button')).toBeInTheDocument()
})
