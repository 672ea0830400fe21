/**
 * A memory hit through each face, against that of a core with the same options: copies are handed
 * out, as faces do. `core, frozen` is what an application has that asks the core as it is.
 */

import { type CoreCache, OF_ALL_FACES } from '../src/facades/face-core.js'
import { createCache } from '../src/index.js'
import { CORE_AND_FACES, type FaceKind } from '../test/support/face-subjects.js'
import type { Bench, StartSubject } from './harness/bench.js'
import { hitSubject, type Loop, MAX_ENTRIES } from './harness/hit-loops.js'
import type { Row } from './harness/rows.js'

const MEMORY = { maxEntries: MAX_ENTRIES }

function madeCore(values: 'cloned' | 'frozen'): CoreCache {
  return createCache({ ...OF_ALL_FACES, memory: { ...MEMORY, values } })
}

function through(kind: FaceKind): StartSubject {
  return hitSubject(async (rows) => {
    const core = madeCore('cloned')
    const face = kind.open({ core })
    for (const [key, row] of rows) await face.set(key, row)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += ((await face.get(key)) as Row).id
      return sum
    }
    return { loop, peek: (key) => core.peek(key), close: () => core.close() }
  })
}

function coreWith(values: 'cloned' | 'frozen'): StartSubject {
  return hitSubject(async (rows) => {
    const core = madeCore(values)
    for (const [key, row] of rows) await core.set(key, row)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += ((await core.get(key)) as Row).id
      return sum
    }
    return { loop, peek: (key) => core.peek(key), close: () => core.close() }
  })
}

const FACES = CORE_AND_FACES.filter(({ name }) => name !== 'core')

export const subjects: Readonly<Record<string, StartSubject>> = {
  core: coreWith('cloned'),
  'core, frozen': coreWith('frozen'),
  ...Object.fromEntries(FACES.map((kind) => [kind.name, through(kind)])),
}

export const bench: Bench = {
  name: 'faces',
  says:
    'A memory hit through each face against that of the core beneath it, which hands out copies ' +
    'as faces do; and of a core that hands out frozen values. Zipf over 10 000.',
  run: (lab) =>
    lab.compare({
      case: 'hit, zipf',
      params: { demand: 'zipf' },
      bare: ['core'],
      ours: ['core, frozen', ...FACES.map(({ name }) => name)].map((subject) => ({ subject })),
    }),
}
