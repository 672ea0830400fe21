/** What a namespace keeps of a value: by the rules of its codec, telling what they change. */
import type { Engine } from './engine.js'
import { CacheError } from './errors.js'
import { firstInstance } from './instance-path.js'
import { showPath } from './show-path.js'
import type { Space } from './space.js'
import { unlikeJson } from './unlike-json.js'
import { type Admitted, admit } from './value.js'

/** Throws VALUE_UNSUPPORTED with the path. */
export function admitTo(engine: Engine, space: Space, key: string, value: unknown): Admitted {
  const { codec, classes } = space.policy.format
  const isJson = codec === 'json'
  const admitted = admit(value, engine.values === 'frozen', { classes, isJson })
  if (admitted.isFlattened && engine.events.wants('instance-flattened')) {
    const found = firstInstance(value, classes)
    if (found !== undefined) {
      engine.events.emit('instance-flattened', { namespace: space.name, key, ...found })
    }
  }
  return isJson && admitted.form === 'graph' ? inJson(admitted) : admitted
}

/** Parts that are shared are no loss: JSON writes them twice. */
function inJson(admitted: Admitted): Admitted {
  const unlike = unlikeJson(admitted.value)
  if (unlike === undefined) return { ...admitted, form: 'tree' }
  const at = showPath(unlike.path)
  const message = `JSON cannot keep ${unlike.what}, at ${at}; codec 'msgpack' can`
  throw new CacheError('VALUE_UNSUPPORTED', message)
}
