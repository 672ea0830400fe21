import { pathToFileURL } from 'node:url'
import { systemClock } from '../core/clock.js'
import type { CliIo } from './cli-io.js'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** The world of this process. */
export function processIo(): CliIo {
  return {
    cwd: process.cwd(),
    clock: systemClock,
    stdout: (line) => process.stdout.write(`${line}\n`),
    stderr: (line) => process.stderr.write(`${line}\n`),
    importModule: (path) => import(pathToFileURL(path).href),
    onSignal: (listener) => {
      for (const signal of SIGNALS) process.on(signal, listener)
      return () => {
        for (const signal of SIGNALS) process.off(signal, listener)
      }
    },
  }
}
