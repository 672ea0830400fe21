/** The namespaces that a key manager begins with. Numbers are seconds. */
import type { FlatNamespace } from '../../patterns/index.js'

export const DEFAULT_NAMESPACES: readonly FlatNamespace[] = [
  { name: 'default', prefix: 'app', ttl: 3_600, compress: true },
  { name: 'sessions', prefix: 'sess', ttl: 1_800, compress: false, encrypt: 'if-keyed' },
  { name: 'content', prefix: 'content', ttl: 7_200, compress: true },
  { name: 'analytics', prefix: 'analytics', ttl: 300, compress: true },
]
