import { type ReactNode, useId } from 'react'

import { IconButton } from '../../ui/icon-button.tsx'
import { SettingsIcon } from '../../ui/icons.tsx'
import { Popover } from '../../ui/popover.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { SwitchField } from '../../ui/switch-field.tsx'
import type { Theme } from '../../ui/theme.ts'
import { ENDONYMS, isInterfaceLanguage, type LanguageChoice, LANGUAGES } from '../words/catalogue.ts'
import { useWords } from '../words/use-words.ts'

export type Settings = {
  readonly language: LanguageChoice
  readonly theme: Theme
  readonly announce: boolean
  readonly cues: boolean
  readonly shortcuts: boolean
}

type Props = { readonly settings: Settings; readonly onChange: (settings: Settings) => void }

const THEMES: readonly Theme[] = ['system', 'light', 'dark']

/** Language, appearance, announcements and shortcuts, in the browser's own popover. */
export function SettingsMenu({ settings, onChange }: Props): ReactNode {
  const words = useWords()
  const id = useId()
  return (
    <>
      <IconButton label={words.settings} popoverTarget={id}><SettingsIcon /></IconButton>
      <Popover id={id} label={words.settings} className="w-80">
        <div className="mb-4 flex">
          <SelectField
            label={words.interfaceLanguage}
            value={settings.language}
            choices={[
              { value: 'system', label: words.browserLanguage },
              ...LANGUAGES.map((language) => ({ value: language, label: ENDONYMS[language], lang: language })),
            ]}
            onChange={(value) => onChange({ ...settings, language: isInterfaceLanguage(value) ? value : 'system' })}
          />
        </div>
        <fieldset>
          <legend className="mb-2 text-[0.9375rem] font-medium">{words.theme}</legend>
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
                {words.themes[theme]}
              </label>
            ))}
          </div>
        </fieldset>
        <SwitchField
          label={words.shortcuts}
          hint={words.shortcutsHint}
          checked={settings.shortcuts}
          onChange={(shortcuts) => onChange({ ...settings, shortcuts })}
        />
        <SwitchField
          label={words.announce}
          hint={words.announceHint}
          checked={settings.announce}
          onChange={(announce) => onChange({ ...settings, announce })}
        />
        <SwitchField
          label={words.cues}
          hint={words.cuesHint}
          checked={settings.cues}
          onChange={(cues) => onChange({ ...settings, cues })}
        />
      </Popover>
    </>
  )
}
