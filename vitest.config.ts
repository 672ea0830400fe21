/**
 * How the tests run. `unit`, `quick` and `simulation` need nothing but Node. `services` and
 * `stores` start servers of their own; the files of `services` run one after another, because they
 * measure time against real servers, while those of `stores` only ask whether the answers are
 * right, and wait patiently.
 *
 * All files of a project share a process, where they may: starting and loading took longer than
 * most of them run.
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

/** They take what others leave of the processor. */
const leftovers = { ...shared, testTimeout: 60_000 }

const UNITS = ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts']

const PATIENT = [
  'bentocache',
  'cli',
  'cluster-store',
  'dictionaries',
  'faces',
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

/** It starts a Postgres. */
const CITIES = 'test/examples/cities.test.ts'

/** They read through real servers too, by the default deadlines. */
const BENCHES = 'test/bench/bench.test.ts'
const FACES = 'test/examples/faces.test.ts'

const withServers = {
  ...shared,
  testTimeout: 40_000,
  fileParallelism: false,
  globalSetup: 'test/support/postgres-setup.ts',
  // After `quick`, where one run has all of them.
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
          ...leftovers,
          name: 'unit',
          include: UNITS,
          setupFiles: 'test/unit/check-tracked.ts',
          isolate: false,
        },
      },
      {
        test: {
          ...leftovers,
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: [...UNITS, 'test/services/**', 'test/simulation/**', CITIES, BENCHES, FACES],
          isolate: false,
        },
      },
      {
        test: {
          ...leftovers,
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          // Much garbage, little of it old: an eighth of the time went into collecting it.
          execArgv: ['--max-semi-space-size=64'],
        },
      },
      { test: { ...withServers, name: 'stores', include: [...PATIENT, CITIES], isolate: false } },
      {
        test: {
          ...withServers,
          name: 'services',
          include: ['test/services/**/*.test.ts', BENCHES, FACES],
          exclude: PATIENT,
        },
      },
    ],
  },
})
