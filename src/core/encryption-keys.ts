/** Keys as a user gives them; what is made of them stands in codecs/encryption. */

export interface EncryptionKey {
  /** Stands in every entry that it has sealed: 1 to 16 letters, digits and `_ . -`. */
  readonly id: string
  /** 32 bytes, or their base64 or hex. */
  readonly key: Uint8Array | string
}

/** `id:key`, with commas between, is how the environment gives them. */
export type EncryptionKeys = string | readonly (string | EncryptionKey)[]
