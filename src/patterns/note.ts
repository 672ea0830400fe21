/**
 * A note: one thing to invalidate once a transaction has committed. What can be no key, tag,
 * pattern or namespace is refused when it is noted, while the transaction can still roll back, and
 * by the same checks as in the verbs.
 */
import { parseGlob } from '../core/glob.js'
import { checkNamespace, encodeKey } from '../core/key.js'
import { invalidOption } from '../core/option-reading.js'
import { addTag } from '../core/options.js'

export type NoteKind = 'key' | 'tag' | 'pattern'

export interface Note {
  readonly kind: NoteKind
  /** Under the cache that will be asked; '' is that cache itself, and what tags have. */
  readonly namespace: string
  readonly name: string
}

/** In one collector, and in one `note` of the outbox. */
export const MAX_NOTES = 10_000

/** The same text for the same note, and for no other: neither kinds nor namespaces hold a colon. */
export function identityOf({ kind, namespace, name }: Note): string {
  return `${kind}:${namespace}:${name}`
}

/** Throws KEY_INVALID, NAMESPACE_INVALID or OPTION_INVALID. */
export function checkNote({ kind, namespace, name }: Note, where: string): void {
  // Part by part: nested namespaces may together be longer than one may be.
  if (namespace !== '') for (const part of namespace.split('.')) checkNamespace(part)
  if (kind === 'key') encodeKey(name, 'hash')
  else if (kind === 'tag') addTag([], name, where)
  else parseGlob(name, where)
}

/** The error for the note that would be one too many. */
export function tooManyNotes(where: string): Error {
  return invalidOption(where, 'notes', MAX_NOTES + 1, `at most ${MAX_NOTES} different ones`)
}
