/**
 * Ends a child process when this one is gone, however it went.
 *
 * Exit hooks do not run in a process that is killed, and a child that is stopped does not notice
 * that its parent went: a shell that reads from us until we are gone ends the child then.
 */
import { type ChildProcess, spawn } from 'node:child_process'

export function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return
  const script = `cat > /dev/null; kill -9 ${child.pid} 2> /dev/null`
  const watchdog = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] })
  watchdog.once('error', () => {})
  watchdog.stdin.once('error', () => {})
  watchdog.unref()
  child.once('exit', () => watchdog.kill('SIGKILL'))
}
