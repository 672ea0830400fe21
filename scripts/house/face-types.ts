/**
 * What a face offers, asked of the compiler: its public names, and whether a path leads anywhere.
 *
 * A path begins with a public name. `#name` is a member of what a class makes, `.name` a member of
 * a value, a class itself or a type, `(0)` what a function takes at that place, or what a class is
 * made with, `()` what it answers, awaited, and `[]` an item of a list. So `Cached(0).ttl` is an
 * option of the decorator.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

export interface FaceTypes {
  /** Undefined where there is no such face. */
  exportsOf(face: string): readonly string[] | undefined
  /** As far as a path leads nowhere; undefined where all of it is there. */
  missing(face: string, path: string): string | undefined
}

interface Held {
  /** What `#` asks. */
  readonly made: readonly ts.Type[]
  /** What everything else asks. */
  readonly types: readonly ts.Type[]
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  // Without the types of browsers, which take longer to read than all else.
  lib: ['lib.es2023.d.ts'],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
}

/** Cost: one parse of what the faces import; types are looked up where they are asked for. */
export function faceTypes(root: string, faces: readonly string[]): FaceTypes {
  const doorOf = (face: string): string => join(root, 'src/facades', face, 'index.ts')
  const doors = faces.map(doorOf).filter((door) => existsSync(door))
  const host = ts.createCompilerHost(OPTIONS)
  host.getCurrentDirectory = () => root
  const program = ts.createProgram(doors, OPTIONS, host)
  const checker = program.getTypeChecker()
  const symbolsOf = (face: string): readonly ts.Symbol[] | undefined => {
    const source = program.getSourceFile(doorOf(face))
    if (source === undefined) return undefined
    const door = checker.getSymbolAtLocation(source)
    return door === undefined ? [] : checker.getExportsOfModule(door)
  }
  return {
    exportsOf: (face) => symbolsOf(face)?.map(({ name }) => name),
    missing(face, path) {
      const [name = '', ...steps] = path.match(/^[\w$]+|[#.][\w$]+|\(\d*\)|\[\]/g) ?? []
      if (name + steps.join('') !== path) return path
      const start = symbolsOf(face)?.find((symbol) => symbol.name === name)
      if (start === undefined) return name
      let held = heldBy(checker, start)
      let walked = name
      for (const step of steps) {
        walked += step
        held = follow(checker, held, step)
        if (held.types.length === 0) return walked
      }
      return undefined
    },
  }
}

function heldBy(checker: ts.TypeChecker, exported: ts.Symbol): Held {
  const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0
  const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported
  const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0
  const isType = (symbol.flags & ts.SymbolFlags.Type) !== 0
  const value = isValue ? [checker.getTypeOfSymbol(symbol)] : []
  const declared = isType ? [checker.getDeclaredTypeOfSymbol(symbol)] : []
  return { made: isType ? declared : value, types: isValue ? value : declared }
}

function follow(checker: ts.TypeChecker, { made, types }: Held, step: string): Held {
  const asked = step.startsWith('#') ? made : types
  const next = asked.flatMap((type) => partsOf(checker, type)).flatMap(stepFrom(checker, step))
  return { made: next, types: next }
}

/** What a type may be, without null and undefined. */
function partsOf(checker: ts.TypeChecker, type: ts.Type): readonly ts.Type[] {
  const present = checker.getApparentType(checker.getNonNullableType(type))
  return present.isUnion() ? present.types.map((each) => checker.getApparentType(each)) : [present]
}

function stepFrom(checker: ts.TypeChecker, step: string): (type: ts.Type) => readonly ts.Type[] {
  const place = /^\((\d+)\)$/.exec(step)?.[1]
  return (type) => {
    if (step === '[]') return [checker.getIndexTypeOfType(type, ts.IndexKind.Number) ?? []].flat()
    if (step === '()') {
      return type.getCallSignatures().flatMap((each) => {
        const answer = each.getReturnType()
        return checker.getAwaitedType(answer) ?? answer
      })
    }
    if (place !== undefined) {
      return [...type.getCallSignatures(), ...type.getConstructSignatures()].flatMap((each) => {
        const parameter = each.getParameters()[Number(place)]
        return parameter === undefined ? [] : [checker.getTypeOfSymbol(parameter)]
      })
    }
    const member = type.getProperty(step.slice(1))
    return member === undefined ? [] : [checker.getTypeOfSymbol(member)]
  }
}
