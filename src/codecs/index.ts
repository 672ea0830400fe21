/** Bytes have one home: entries to bytes and back. */
export { entryCodec } from './entry-codec.js'
