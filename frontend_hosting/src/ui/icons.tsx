// Line icons, 24 by 24, drawn for this page. They are decoration: the button that holds one has the name.

import type { ReactNode } from 'react'

function Icon({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <svg
      aria-hidden="true" width="22" height="22" viewBox="0 0 24 24" fill="none" stroke="currentColor"
      strokeWidth="1.75" strokeLinecap="round" strokeLinejoin="round"
    >
      {children}
    </svg>
  )
}

export function MicrophoneIcon(): ReactNode {
  return (
    <Icon>
      <rect x="9" y="3" width="6" height="11" rx="3" />
      <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
    </Icon>
  )
}

export function ChartIcon(): ReactNode {
  return (
    <Icon>
      <path d="M4 20h16M7 16v-5M12 16V5M17 16V9" />
    </Icon>
  )
}

export function MutedIcon(): ReactNode {
  return (
    <Icon>
      <path d="M15 9.5V6a3 3 0 0 0-5.8-1M9 9v2a3 3 0 0 0 4.6 2.5M18.5 11.5a6.4 6.4 0 0 1-1 3.4M5.5 11.5a6.5 6.5 0 0 0 9.6 5.7M12 18v3M4 3l16 18" />
    </Icon>
  )
}

export function HoldIcon(): ReactNode {
  return (
    <Icon>
      <circle cx="12" cy="12" r="3.25" />
      <path d="M12 3.5a8.5 8.5 0 0 1 8.5 8.5M12 20.5A8.5 8.5 0 0 1 3.5 12" />
    </Icon>
  )
}

export function InterruptIcon(): ReactNode {
  return (
    <Icon>
      <path d="M4 12h2l2-5 3 10 1.5-5M16 8l5 8M21 8l-5 8" />
    </Icon>
  )
}

export function EndIcon(): ReactNode {
  return (
    <Icon>
      <path d="M3.5 14.5c-.6-1-.4-2.300.5-3.100C6.200 9.300 9 8.500 12 8.500s5.800.8 8 2.900c.9.8 1.100 2.100.5 3.100l-.4.7c-.3.6-1 .8-1.600.6l-2.300-.9c-.5-.2-.9-.7-.9-1.200v-1.600a12 12 0 0 0-6.600 0v1.600c0 .5-.4 1-.9 1.200l-2.300.9c-.6.2-1.300 0-1.600-.6z" />
    </Icon>
  )
}

export function SendIcon(): ReactNode {
  return (
    <Icon>
      <path d="M12 19V5M6 11l6-6 6 6" />
    </Icon>
  )
}

export function SettingsIcon(): ReactNode {
  return (
    <Icon>
      <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
      <circle cx="15" cy="7" r="2" />
      <circle cx="9" cy="17" r="2" />
    </Icon>
  )
}

export function ChevronIcon(): ReactNode {
  return (
    <Icon>
      <path d="m7 10 5 5 5-5" />
    </Icon>
  )
}

export function CloseIcon(): ReactNode {
  return (
    <Icon>
      <path d="M6 6l12 12M18 6 6 18" />
    </Icon>
  )
}

export function CopyIcon(): ReactNode {
  return (
    <Icon>
      <rect x="9" y="9" width="11" height="11" rx="2.5" />
      <path d="M15 5.500A1.500 1.500 0 0 0 13.500 4h-8A1.500 1.500 0 0 0 4 5.500v8A1.500 1.500 0 0 0 5.500 15" />
    </Icon>
  )
}

export function SaveIcon(): ReactNode {
  return (
    <Icon>
      <path d="M12 4v11M7.500 11l4.500 4.500 4.500-4.500M4.500 19.500h15" />
    </Icon>
  )
}

export function SoundIcon(): ReactNode {
  return (
    <Icon>
      <path d="M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4.500 4.500 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11" />
    </Icon>
  )
}

export function LeaveIcon(): ReactNode {
  return (
    <Icon>
      <path d="M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M15 8l4 4-4 4M19 12H9" />
    </Icon>
  )
}

export function DetailsIcon(): ReactNode {
  return (
    <Icon>
      <path d="M5 19V13M10 19V6M15 19v-9M20 19V4" />
    </Icon>
  )
}

export function HistoryIcon(): ReactNode {
  return (
    <Icon>
      <path d="M4.5 12a7.500 7.500 0 1 0 2.400-5.500L4.500 8.800M4.500 4.500v4.300h4.300M12 8v4.300l2.800 1.700" />
    </Icon>
  )
}

export function BackIcon(): ReactNode {
  return (
    <Icon>
      <path d="M19 12H5M11 6l-6 6 6 6" />
    </Icon>
  )
}

export function RenameIcon(): ReactNode {
  return (
    <Icon>
      <path d="M5 19h3.500L19 8.500a2.100 2.100 0 0 0-3-3L5.500 16zM14 7.500l3 3" />
    </Icon>
  )
}

export function DeleteIcon(): ReactNode {
  return (
    <Icon>
      <path d="M4.500 7h15M9.500 7V5a1 1 0 0 1 1-1h3a1 1 0 0 1 1 1v2M6.500 7l.8 11.500a1.500 1.500 0 0 0 1.500 1.500h6.400a1.500 1.500 0 0 0 1.500-1.500L17.500 7M10 11v5M14 11v5" />
    </Icon>
  )
}
