/** Bytes have one home: entries to bytes and back. */
export { entryCodecs } from './codecs.js'
