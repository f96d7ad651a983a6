// Every browser interface that the page uses, found by the compiler, against MDN's data: what a supported browser lacks
// must be asked for before it is used, and is named here with what happens without it.

import { createRequire } from 'node:module'
import { relative, resolve } from 'node:path'

import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
/** The oldest browsers that the page is made for; `docs/client.md` and Vite's target say the same. */
const OLDEST = { chrome: 123, firefox: 128, safari: 17.5 } as const
type Browser = keyof typeof OLDEST

/** Missing in one of them, asked for first, and what happens then. */
const ASKED_FOR: Readonly<Record<string, string>> = {
  'Navigator.vibrate': 'Firefox and Safari: the cues are heard and not felt',
  'AudioContext.outputLatency': 'Safari before 18.4: the response time leaves the loudspeaker’s part out',
}
/** What the compiler does not see, because it stands in the style sheet or in the markup. */
const BY_HAND = [
  'css.types.color.light-dark', 'css.at-rules.container', 'css.selectors.has', 'css.properties.container-type', 'css.types.length.viewport_percentage_units_dynamic',
  'html.global_attributes.popover', 'html.elements.button.popovertarget', 'http.headers.Content-Security-Policy.worker-src',
]

type Node = { readonly [key: string]: Node | undefined } & { readonly __compat?: { readonly support: Readonly<Record<string, Support | readonly Support[]>> } }
type Support = { readonly version_added: string | boolean | null; readonly flags?: unknown; readonly prefix?: string; readonly alternative_name?: string }
const DATA = createRequire(import.meta.url)('@mdn/browser-compat-data') as Node

function at(path: string): Node | undefined {
  let node: Node | undefined = DATA
  for (const key of path.split('.')) node = node && Object.hasOwn(node, key) ? node[key] : undefined
  return node
}

/** The browsers in which it is missing, given where it stands in the data. */
function missingIn(path: string): readonly string[] {
  const support = at(path)?.['__compat']?.support ?? {}
  return (Object.keys(OLDEST) as Browser[]).filter((browser) => {
    const listed = support[browser]
    const all = listed === undefined ? [] : Array.isArray(listed) ? (listed as readonly Support[]) : [listed as Support]
    return !all.some(({ version_added: added, flags, prefix, alternative_name: other }) => {
      if (flags !== undefined || prefix !== undefined || other !== undefined || typeof added !== 'string') return false
      return added === 'preview' ? false : Number.parseFloat(added.replace('≤', '')) <= OLDEST[browser]
    })
  })
}

/** The compiler's names for what every window has. */
const MIXED_INTO_WINDOW: ReadonlySet<string> = new Set(['WindowOrWorkerGlobalScope', 'AnimationFrameProvider', 'WindowLocalStorage', 'WindowSessionStorage', 'GlobalEventHandlers'])

type Use = { readonly name: string; readonly path: string; readonly file: string }

/** What the sources use of the browser, as `Interface.member`. */
function uses(): readonly Use[] {
  const config = ts.readConfigFile(resolve(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config as unknown
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const shipped = fileNames.filter((file) => file.includes('/src/') && !/\.(?:test|browser|fixture)\.tsx?$|\/golden\.ts$|\.d\.ts$/u.test(file))
  const program = ts.createProgram(shipped, options)
  const checker = program.getTypeChecker()
  const found = new Map<string, Use>()
  for (const file of shipped) {
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) {
        for (const declaration of checker.getSymbolAtLocation(node)?.declarations ?? []) {
          const use = useOf(declaration, node.text)
          if (use && !found.has(use.name)) found.set(use.name, { ...use, file: relative(ROOT, file) })
        }
      }
      ts.forEachChild(node, visit)
    }
    const source = program.getSourceFile(file)
    if (source) visit(source)
  }
  return [...found.values()]
}

/** Declared by the browser or the language, and known to the data; mixins stand with those who have them. */
function useOf(declaration: ts.Declaration, member: string): Omit<Use, 'file'> | null {
  const library = /\/typescript\/lib\/lib\.(dom|es)/u.exec(declaration.getSourceFile().fileName)?.[1]
  if (library === undefined) return null
  const owner = ts.isInterfaceDeclaration(declaration.parent) ? declaration.parent.name.text.replace(/Constructor$/u, '') : 'Window'
  const root = library === 'dom' ? 'api' : 'javascript.builtins'
  const owners = [owner, ...(owner.startsWith('Canvas') ? ['CanvasRenderingContext2D'] : MIXED_INTO_WINDOW.has(owner) ? ['Window'] : [])]
  const names = [...owners.flatMap((name) => [`${name}.${member}`, `${name}.${member}_static`]), ...(owner === 'Window' ? [member] : [])]
  const name = names.find((candidate) => at(`${root}.${candidate}`)?.['__compat'])
  return name === undefined ? null : { name, path: `${root}.${name}` }
}

describe('in Chrome 123, Firefox 128 and Safari 17.5', () => {
  const found = uses()

  it('the compiler finds what the page uses', () => {
    const names = found.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['AudioContext', 'AudioWorkletNode', 'MediaDevices.getUserMedia', 'Array.toSorted', 'fetch']))
    expect(names.length).toBeGreaterThan(150)
  })

  it('there is everything that the page uses, or it is asked for first', () => {
    const lacking = found.map((use) => ({ ...use, missing: missingIn(use.path) })).filter(({ name, missing }) => missing.length > 0 && !(name in ASKED_FOR))
    expect(lacking.map(({ name, missing, file }) => `${name} in ${missing.join(', ')} (${file})`)).toEqual([])
  })

  it('what is asked for is really used, and really missing somewhere', () => {
    const needed = new Set(found.filter(({ path }) => missingIn(path).length > 0).map(({ name }) => name))
    expect(Object.keys(ASKED_FOR).filter((name) => !needed.has(name))).toEqual([])
  })

  it.each(BY_HAND)('there is %s', (path) => {
    expect(at(path)?.['__compat'], 'the data know it').toBeDefined()
    expect(missingIn(path)).toEqual([])
  })

  it('a rule that is broken is found', () => {
    expect(missingIn('api.AudioContext.setSinkId')).toEqual(['firefox', 'safari'])
  })
})
