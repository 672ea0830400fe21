import { expect, test } from 'vitest'
import { completeLock, type Lock } from '../../scripts/complete-lock.js'

test('adds the missing optional packages of other platforms, once, in order', () => {
  const lock: Lock = {
    packages: {
      'node_modules/tool': {
        version: '2.0.0',
        dev: true,
        optionalDependencies: {
          '@tool/darwin-arm64': '2.0.0',
          '@tool/linux-x64': '2.0.0',
          '@tool/wasm': '2.0.0',
          '@tool/win32-x64': '^2.0.0',
        },
      },
      'node_modules/@tool/linux-x64': { version: '2.0.0', optional: true },
    },
  }
  expect(completeLock(lock)).toEqual(['@tool/darwin-arm64'])
  expect(Object.keys(lock.packages)).toEqual([
    'node_modules/@tool/darwin-arm64',
    'node_modules/@tool/linux-x64',
    'node_modules/tool',
  ])
  expect(lock.packages['node_modules/@tool/darwin-arm64']).toEqual({
    version: '2.0.0',
    cpu: ['arm64'],
    dev: true,
    optional: true,
    os: ['darwin'],
  })
  expect(completeLock(lock)).toEqual([])
})
