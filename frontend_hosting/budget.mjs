// How much JavaScript the first visit costs, from Vite's manifest: what the entry imports statically, gzipped.
// Worklets and the socket worker load when a call starts and are listed for information.

import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KIB = 160
const dist = new URL('dist/', import.meta.url)
const size = (file) => gzipSync(readFileSync(new URL(file, dist))).length / 1024
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

const initial = new Set()
const visit = (key) => {
  const chunk = manifest[key]
  if (!chunk || initial.has(chunk.file)) return
  initial.add(chunk.file)
  chunk.imports?.forEach(visit)
}
visit('index.html')

let total = 0
for (const file of [...initial].filter((name) => name.endsWith('.js'))) {
  total += size(file)
  console.log(`${size(file).toFixed(1).padStart(7)} KiB  ${file}`)
}
console.log(`${total.toFixed(1).padStart(7)} KiB  initial JavaScript, gzipped; the limit is ${LIMIT_KIB}`)
if (total > LIMIT_KIB || total === 0) process.exit(1)
