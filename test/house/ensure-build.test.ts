/** dist/ is built anew where its sources are others, and not where they are the same. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ensureBuild } from '../../scripts/ensure-build.js'
import { temporaryTree } from './temporary-tree.js'

function tree() {
  const root = temporaryTree({ 'src/a.ts': 'export const a = 1\n', 'package-lock.json': '{}' })
  let builds = 0
  const build = (status = 0) =>
    ensureBuild(root, () => {
      builds++
      rmSync(join(root, 'dist'), { recursive: true, force: true })
      mkdirSync(join(root, 'dist'))
      return status
    })
  return { root, build, builds: () => builds }
}

it('builds once for the same sources', () => {
  const { build, builds } = tree()
  expect([build(), build(), builds()]).toEqual([0, 0, 1])
})

it('builds again for a source that changed, came or went, and for other settings', () => {
  const { root, build, builds } = tree()
  build()
  const changes: (() => void)[] = [
    () => writeFileSync(join(root, 'src/a.ts'), 'export const a = 2\n'),
    () => writeFileSync(join(root, 'src/b.ts'), ''),
    () => rmSync(join(root, 'src/b.ts')),
    () => writeFileSync(join(root, 'tsconfig.build.json'), '{}'),
    () => rmSync(join(root, 'dist'), { recursive: true }),
  ]
  for (const [at, change] of changes.entries()) {
    change()
    expect([build(), builds()]).toEqual([0, at + 2])
  }
})

it('takes a build that failed for none', () => {
  const { build, builds } = tree()
  expect([build(2), build(), build(), builds()]).toEqual([2, 0, 0, 2])
})
