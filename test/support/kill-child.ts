import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { compiled } from './compiled.js'
import { until } from './watched-store.js'

/**
 * Starts `script` (TypeScript) with `orders` as its argument and kills it once it has said `word`
 * on a line of its own; rejects, with what it said, if it says anything else before or ends.
 */
export async function killWhenItSays(script: string, orders: object, word: string): Promise<void> {
  const args = [compiled(script), JSON.stringify(orders)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const exited = once(child, 'exit')
  try {
    await until(() => output.includes('\n') || child.exitCode !== null, word)
    if (output !== `${word}\n`) throw new Error(`said something else than '${word}': ${output}`)
  } finally {
    child.kill('SIGKILL')
    await exited
  }
}
