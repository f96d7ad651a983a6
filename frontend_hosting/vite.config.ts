import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const SERVICE = process.env['VOICE_URL'] ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // Worklets are single files: what they import is bundled into them.
  worker: { format: 'es' },
  build: {
    // The oldest browsers that the page is made for: src/browsers.test.ts holds the sources to them.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    manifest: true,
    // `script-src 'self'` allows no data: URL, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The page, and every state of it for whoever works on it; neither loads anything of the other's.
    rolldownOptions: { input: ['index.html', 'stories.html'] },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      // The service checks Origin against Host, so the browser's Host must arrive unchanged.
      '/api': { target: SERVICE, changeOrigin: false },
      '/config.json': { target: SERVICE, changeOrigin: false },
      '/health': SERVICE,
      '/ws': { target: SERVICE, ws: true, changeOrigin: false },
    },
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    // Components ask for a DOM at their top; everything else runs without, as it should be able to.
    environment: 'node',
    restoreMocks: true,
  },
})
