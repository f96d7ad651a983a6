import '../app/styles.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { StoryPage } from './story-page.tsx'

const root = globalThis.document.querySelector('#root')
if (!root) throw new Error('stories.html has no #root')
createRoot(root).render(
  <StrictMode>
    <StoryPage search={globalThis.location.search} />
  </StrictMode>,
)
