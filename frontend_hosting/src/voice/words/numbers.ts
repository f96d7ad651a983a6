// PURE. Numbers as the interface's language writes them.

/** One decimal: 1.6, or 1,6. */
export function seconds(ms: number, locale: string): string {
  return (ms / 1000).toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
}

export function whole(value: number, locale: string): string {
  return Math.round(value).toLocaleString(locale)
}

/** List prices of a turn are fractions of a cent. */
export function dollars(usd: number, locale: string): string {
  return usd.toLocaleString(locale, { style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: 5 })
}
