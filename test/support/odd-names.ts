/** What a text format, a pattern, an object or a database might stumble over. */
export const ODD_NAMES = [
  ...['plain', '', '*', '__proto__', 'constructor', '{brace}', '~tilde', "quote'", 'double"'],
  ...['back\\slash', 'new\nline', 'nul\0inside', '\0', 'NULL', '{}', 'comma,', '\x7f'],
  ...['ümläut', '😀'],
]

/** Keys, but no tags, for those must be well-formed. */
export const LONE_SURROGATES = ['\ud800', 'a\udc00b', '\udfff\ud800']
