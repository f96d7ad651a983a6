/** Give the user a file, without a server. */
export function saveFile(file: { readonly name: string; readonly mimeType: string; readonly content: string }): void {
  const url = URL.createObjectURL(new Blob([file.content], { type: file.mimeType }))
  const link = globalThis.document.createElement('a')
  link.href = url
  link.download = file.name
  link.click()
  // The browser reads it after this event.
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
