import { type ReactNode, useId } from 'react'

import { SettingsIcon } from '../../ui/icons.tsx'
import { SwitchField } from '../../ui/switch-field.tsx'
import type { Theme } from '../../ui/theme.ts'
import { strings } from '../strings.ts'

export type Settings = { readonly theme: Theme; readonly announce: boolean; readonly shortcuts: boolean }

type Props = { readonly settings: Settings; readonly onChange: (settings: Settings) => void }

const THEMES: readonly Theme[] = ['system', 'light', 'dark']

/** Appearance, announcements and shortcuts, in the browser's own popover. */
export function SettingsMenu({ settings, onChange }: Props): ReactNode {
  const id = useId()
  return (
    <>
      <button
        type="button"
        popoverTarget={id}
        aria-label={strings.settings}
        className="flex h-11 w-11 items-center justify-center rounded-full border border-transparent text-ink hover:border-edge"
      >
        <SettingsIcon />
      </button>
      <div
        id={id}
        popover="auto"
        role="dialog"
        aria-label={strings.settings}
        className="inset-auto top-16 right-4 m-0 w-80 max-w-[calc(100vw-2rem)] rounded-3xl border border-line bg-raised p-5 text-ink shadow-xl"
      >
        <fieldset>
          <legend className="mb-2 text-[0.9375rem] font-medium">{strings.theme}</legend>
          <div className="mb-4 flex gap-1 rounded-full border border-line p-1">
            {THEMES.map((theme) => (
              <label
                key={theme}
                className="flex min-h-11 flex-1 cursor-pointer items-center justify-center rounded-full text-[0.9375rem] has-checked:bg-ink has-checked:text-paper has-focus-visible:outline-3 has-focus-visible:outline-accent forced-colors:has-checked:outline-2"
              >
                <input
                  type="radio"
                  name={`${id}-theme`}
                  value={theme}
                  checked={settings.theme === theme}
                  onChange={() => onChange({ ...settings, theme })}
                  className="sr-only"
                />
                {strings.themes[theme]}
              </label>
            ))}
          </div>
        </fieldset>
        <SwitchField
          label={strings.shortcuts}
          hint={strings.shortcutsHint}
          checked={settings.shortcuts}
          onChange={(shortcuts) => onChange({ ...settings, shortcuts })}
        />
        <SwitchField
          label={strings.announce}
          hint={strings.announceHint}
          checked={settings.announce}
          onChange={(announce) => onChange({ ...settings, announce })}
        />
      </div>
    </>
  )
}
