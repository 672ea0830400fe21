/** What a refused option is told by: matches the error with such a message. */
import { expect } from 'vitest'

export function optionInvalid(message: RegExp): unknown {
  return expect.objectContaining({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(message),
  })
}
