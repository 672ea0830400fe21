/**
 * The decorators by their types, in both forms: the files say where the compiler must refuse. The
 * standard form is also judged with the rest of the house, by its tsconfig.
 */
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type Answers, type Cache, createCache } from '../../src/index.js'
import { answersOf, cachedClass } from '../../src/patterns/index.js'
import { DECORATOR_FORMS } from '../support/compiled-decorators.js'

const root = process.cwd()
const FILES = [
  'test/unit/decorated/services.ts',
  'test/unit/decorated/private-methods.ts',
  'test/unit/decorated/face-classes.ts',
] as const
/** The forms differ in what is checked, not in what is read: each file is parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>()
const programs = new Map<ts.CompilerOptions, ts.Program>()

function programOf(form: ts.CompilerOptions): ts.Program {
  const known = programs.get(form)
  if (known !== undefined) return known
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  )
  const all = { ...options, ...form }
  const host = ts.createCompilerHost(all)
  const { getSourceFile } = host
  host.getSourceFile = (path, ...rest) => {
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, ...rest))
    return parsed.get(path)
  }
  const paths = FILES.map((file) => join(root, file))
  const program = ts.createProgram(paths, all, host)
  programs.set(form, program)
  return program
}

function errorsIn(file: (typeof FILES)[number], form: ts.CompilerOptions): string[] {
  const program = programOf(form)
  const source = program.getSourceFile(join(root, file))
  return ts
    .getPreEmitDiagnostics(program, source)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

describe.each(Object.entries(DECORATOR_FORMS))('%s decorators', (_, form) => {
  it('are taken and refused where the file says so', () => {
    expect(errorsIn('test/unit/decorated/services.ts', form)).toEqual([])
    expect(errorsIn('test/unit/decorated/face-classes.ts', form)).toEqual([])
  }, 60_000)
})

it('a private method is an error of the other form alone', () => {
  const file = 'test/unit/decorated/private-methods.ts'
  expect(errorsIn(file, DECORATOR_FORMS.standard!)).toEqual([])
  expect(errorsIn(file, DECORATOR_FORMS.legacy!)).toContain('Decorators are not valid here.')
}, 60_000)

describe('answersOf', () => {
  class Service {
    async user(id: number, deep?: boolean) {
      return { id, deep }
    }
    sync() {
      return 1
    }
  }
  it('has arguments and answer of the method', () => {
    const judge = (service: Service) => {
      const answers = answersOf(service, 'user')
      type User = { id: number; deep: boolean | undefined }
      expectTypeOf(answers).toEqualTypeOf<Answers<[id: number, deep?: boolean], User>>()
      expectTypeOf(answersOf(service, service.user).refresh(1)).resolves.toEqualTypeOf<User>()
      // @ts-expect-error: a number
      void answers.invalidate('1')
      // @ts-expect-error: it answers with no promise
      answersOf(service, 'sync')
      // @ts-expect-error: no such method
      answersOf(service, 'none')
    }
    expectTypeOf(judge).toBeFunction()
  })

  it('a class takes a cache, a namespace, or a function for one', () => {
    const judge = (users: Cache<{ id: number }>) => {
      cachedClass({ cache: createCache({}) })
      cachedClass({ cache: () => users, ttl: '1h', tags: ['users'] })
      // @ts-expect-error: no cache
      cachedClass({ ttl: 5 })
      // @ts-expect-error: a method has a key, a class has none
      cachedClass({ cache: users, key: () => 'k' })
    }
    expectTypeOf(judge).toBeFunction()
  })
})
