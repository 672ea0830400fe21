/**
 * How the tests run. `quick` needs nothing but Node; `services` starts servers of its own, and its
 * files run one after another, because they measure time against real servers.
 *
 * `npm test` runs both side by side (scripts/run-tests.ts). Each run leaves a report for whoever
 * adds up.
 */
import { defineConfig } from 'vitest/config'

const shared = {
  pool: 'forks',
  testTimeout: 20_000,
  hookTimeout: 60_000,
} as const

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
          exclude: ['test/services/**'],
        },
      },
      {
        test: {
          ...shared,
          name: 'services',
          include: ['test/services/**/*.test.ts'],
          fileParallelism: false,
          globalSetup: 'test/support/postgres-setup.ts',
          // After `quick`, so that no other test takes the processor from it.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
