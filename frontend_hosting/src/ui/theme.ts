// Light, dark, or what the system says. The style sheet does the rest from one attribute.

export type Theme = 'system' | 'light' | 'dark'

export const isTheme = (value: string): value is Theme => value === 'system' || value === 'light' || value === 'dark'

export function applyTheme(theme: Theme): void {
  const root = globalThis.document.documentElement
  if (theme === 'system') root.removeAttribute('data-theme')
  else root.dataset['theme'] = theme
}
