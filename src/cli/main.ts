#!/usr/bin/env node
/** What `npx cachewright` runs. */
import { processIo } from './process-io.js'
import { runCli } from './run-cli.js'

// Whoever read them may be gone: that ends no worker.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const exitCode = await runCli(process.argv.slice(2), processIo())
// Caches and pools that the module has left open must not keep the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
