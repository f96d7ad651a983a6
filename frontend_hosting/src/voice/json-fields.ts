// PURE. The fields of one JSON object, read one by one; whatever is not as it should be is named.

/** Raised when the service breaks the protocol; the sentence names what is wrong. */
export class ProtocolError extends Error {}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ProtocolError('the service sent what is not JSON')
  }
}

/** The fields of one object; every reader names the field it could not read. */
export class Fields {
  readonly name: string
  readonly value: Readonly<Record<string, unknown>>

  constructor(name: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ProtocolError(`${name} is not a JSON object`)
    }
    this.name = name
    this.value = value as Readonly<Record<string, unknown>>
  }

  has(key: string): boolean {
    return this.value[key] !== undefined
  }

  string(key: string): string {
    const value = this.value[key]
    return typeof value === 'string' ? value : this.#refuse(key, 'a string')
  }

  stringOrNull(key: string): string | null {
    return (this.value[key] ?? null) === null ? null : this.string(key)
  }

  boolean(key: string): boolean {
    const value = this.value[key]
    return typeof value === 'boolean' ? value : this.#refuse(key, 'true or false')
  }

  number(key: string): number {
    const value = this.value[key]
    return typeof value === 'number' && Number.isFinite(value) && value >= 0
      ? value
      : this.#refuse(key, 'a number that is not negative')
  }

  integer(key: string): number {
    const value = this.number(key)
    return Number.isSafeInteger(value) ? value : this.#refuse(key, 'a whole number')
  }

  numberOrNull(key: string): number | null {
    return (this.value[key] ?? null) === null ? null : this.number(key)
  }

  integerOrNull(key: string): number | null {
    return (this.value[key] ?? null) === null ? null : this.integer(key)
  }

  oneOf<T extends string>(key: string, values: readonly T[]): T {
    const value = this.value[key]
    return values.find((known) => known === value) ?? this.#refuse(key, `one of ${values.join(', ')}`)
  }

  object(key: string): Fields {
    return new Fields(`${this.name}.${key}`, this.value[key])
  }

  #refuse(key: string, expected: string): never {
    throw new ProtocolError(`${this.name}.${key} is not ${expected}`)
  }
}
