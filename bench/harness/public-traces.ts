/**
 * Public traces of caches, read from a folder that the caller names: `orm-busy.txt.gz` and so on,
 * one request a line, the key as a number, and where it is known its size after a space.
 *
 * orm-busy (a web shop's objects) and web07 (web pages) are cache2k's, CC BY 4.0, headissue GmbH;
 * multi2 (code browsing, a preprocessor and a database join, mixed) and sprite (a network file
 * system) come from the paper on LIRS, cdn (objects with sizes) is AdaptSize's sample; no terms are
 * stated for these three. All of them lie in the simulator of ben-manes/caffeine. Together they are
 * several megabytes, so they are not kept here.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type Load, loadOf } from './load.js'

/** By name: at which numbers of entries they are played. */
export const PUBLIC_TRACES: Readonly<Record<string, readonly number[]>> = {
  'orm-busy': [1_000, 5_000, 10_000],
  web07: [100, 500, 2_000],
  multi2: [500, 1_500, 3_000],
  sprite: [100, 400, 1_000],
  cdn: [100, 500, 1_500],
}

const LINE_FEED = 10
const SPACE = 32
const ZERO = 48

export function hasTrace(folder: string, name: string): boolean {
  return existsSync(fileOf(folder, name))
}

export function readTrace(folder: string, name: string): Load {
  const text = gunzipSync(readFileSync(fileOf(folder, name)))
  const names: number[] = []
  const sizes: number[] = []
  let number = 0
  let digits = 0
  const end = (into: number[]) => {
    if (digits > 0) into.push(number)
    number = 0
    digits = 0
  }
  let into = names
  for (const byte of text) {
    if (byte === SPACE || byte === LINE_FEED) {
      end(into)
      into = byte === SPACE ? sizes : names
    } else if (byte >= ZERO && byte < ZERO + 10) {
      number = number * 10 + byte - ZERO
      digits++
    } else {
      throw new Error(`${name}.txt.gz holds byte ${byte}; it takes digits, spaces and line feeds`)
    }
  }
  end(into)
  if (sizes.length > 0 && sizes.length !== names.length) {
    throw new Error(`${name}.txt.gz tells ${sizes.length} sizes of ${names.length} requests`)
  }
  return loadOf(names, sizes)
}

function fileOf(folder: string, name: string): string {
  return join(folder, `${name}.txt.gz`)
}
