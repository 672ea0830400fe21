/**
 * Soft invalidation: what it names is stale from then on, and not gone.
 *
 * In the log it is an invalidation like any other, of a name that no tag and no namespace can have:
 * tags are well-formed, so none begins with half a surrogate pair, and no namespace begins with
 * `~`. Logs and stores need not know of it.
 */
import type { Invalidation } from './log.js'

const SOFT_TAG = '\ud800'
const SOFT_NAMESPACE = '~'

export function softTag(tag: string): string {
  return SOFT_TAG + tag
}

export function softNamespace(namespace: string): string {
  return SOFT_NAMESPACE + namespace
}

export function isSoft(what: Invalidation): boolean {
  if (what.kind === 'tag') return what.tag.startsWith(SOFT_TAG)
  return what.kind === 'prefix' && what.namespace.startsWith(SOFT_NAMESPACE)
}
