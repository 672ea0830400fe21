/**
 * The examples of README and docs: each is type-checked against the built package, and those marked
 * `run` are executed. Examples that need Redis run in test/services/docs-examples.test.ts.
 */
import { describe, expect, test } from 'vitest'
import { fileName, typeErrors } from './block-types.js'
import { type CodeBlock, listPages, parsePage, readPage } from './markdown.js'
import { promisedOutput, runBlock } from './run-block.js'

const root = process.cwd()
const blocks = listPages(root).flatMap((path) => readPage(root, path).blocks)

test('every block says what is done with it in known words', () => {
  const known = ['', 'run', 'run redis', 'run postgres', 'no-run']
  const odd = blocks.filter(({ marks }) => !known.includes(marks.join(' ')))
  expect(odd.map(({ page, line, marks }) => `${page}:${line}: ${marks.join(' ')}`)).toEqual([])
  expect(blocks.length).toBeGreaterThan(30)
})

test('every block is right by its types', () => {
  expect(typeErrors(root, blocks)).toEqual([])
}, 60_000)

test('a wrong block is found, at its line in the page', () => {
  const page = `# x\n<!-- prelude\ndeclare const n: number\n-->\n\`\`\`ts\n\nn.length\n\`\`\`\n`
  const [found, ...others] = typeErrors(root, parsePage('docs/x.md', page).blocks)
  expect(found).toBe("docs/x.md:7: Property 'length' does not exist on type 'number'.")
  expect(others).toEqual([])
}, 60_000)

describe.concurrent('runs and prints what it says', () => {
  for (const block of blocks.filter(({ marks }) => marks.join(' ') === 'run')) {
    test(`${block.page}:${block.line}`, async ({ expect: expectHere }) => {
      const { exitCode, errors, printed } = await runBlock(root, block)
      expectHere({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' })
      expectHere(printed).toEqual(promisedOutput(block))
    })
  }
})

test('a block that fails, or prints something else, is found', async () => {
  const page = "```ts run\nconsole.log('a') // → b\nthrow new Error('no')\n```\n"
  const [block] = parsePage('docs/a-failing-page.md', page).blocks as [CodeBlock]
  const { exitCode, errors, printed } = await runBlock(root, block)
  expect(exitCode).toBe(1)
  expect(errors).toContain('Error: no')
  expect([printed, promisedOutput(block)]).toEqual([['a'], ['b']])
  expect(fileName(block)).toBe('.tmp/docs/docs--a-failing-page-1.mts')
})
