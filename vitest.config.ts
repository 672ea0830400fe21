/**
 * How the tests run. `quick` and `simulation` need nothing but Node. `services` and `stores` start
 * servers of their own; the files of `services` run one after another, because they measure time
 * against real servers, while those of `stores` only ask whether the answers are right, and wait
 * patiently.
 *
 * `npm test` runs all of them side by side (scripts/run-tests.ts). Each run leaves a report for
 * whoever adds up.
 */
import { defineConfig } from 'vitest/config'

const shared = {
  pool: 'forks',
  testTimeout: 20_000,
  hookTimeout: 60_000,
} as const

const PATIENT = [
  'bentocache',
  'cli',
  'cluster-store',
  'dictionaries',
  'docs-examples',
  'fidelity',
  'keyv',
  'postgres-*',
  'redis-store',
  'redis-write-*',
  'rolling-upgrade',
  'sentinel-store',
  'sqlite-store',
  'warm-restart',
  'write-behind',
].map((name) => `test/services/${name}.test.ts`)

const withServers = {
  ...shared,
  testTimeout: 40_000,
  fileParallelism: false,
  globalSetup: 'test/support/postgres-setup.ts',
  // After `quick`, so that no other test takes the processor from it.
  sequence: { groupOrder: 1 },
}

export default defineConfig({
  test: {
    // Two processes: the machines this runs on are small, and a starved clock makes tests lie.
    maxWorkers: 2,
    reporters: ['default', 'json'],
    outputFile: { json: process.env.TEST_REPORT ?? '.tmp/tests.json' },
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      {
        test: {
          ...shared,
          // They take what others leave of the processor.
          testTimeout: 60_000,
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/services/**', 'test/simulation/**'],
        },
      },
      {
        test: {
          ...shared,
          testTimeout: 60_000,
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
        },
      },
      { test: { ...withServers, name: 'stores', include: PATIENT } },
      {
        test: {
          ...withServers,
          name: 'services',
          include: ['test/services/**/*.test.ts'],
          exclude: PATIENT,
        },
      },
    ],
  },
})
