import type { CliIo } from './cli-io.js'
import { escaped } from './shown-text.js'

/** One thing that a command has to say: to people as a line of text, to scripts as JSON. */
export type Printer = (text: string, record: Readonly<Record<string, unknown>>) => void

export function printerTo(io: CliIo, isJson: boolean): Printer {
  return (text, record) => io.stdout(escaped(isJson ? JSON.stringify(record) : text))
}
