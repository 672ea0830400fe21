/**
 * The hash slot of a key, by the Redis Cluster specification: CRC16 (XMODEM) of its UTF-8, or of
 * what stands between its first `{` and the next `}` if that is not empty, modulo 16 384.
 */
export const SLOT_COUNT = 16_384

const POLYNOMIAL = 0x1021
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1
  return crc
})
const LAST_ASCII = 127

export function keySlot(key: string): number {
  let from = 0
  let to = key.length
  const open = key.indexOf('{')
  if (open >= 0) {
    const close = key.indexOf('}', open + 1)
    if (close > open + 1) {
      from = open + 1
      to = close
    }
  }
  let crc = 0
  for (let i = from; i < to; i++) {
    const code = key.charCodeAt(i)
    if (code > LAST_ASCII) return slotOfBytes(Buffer.from(key.slice(from, to)))
    crc = ((crc << 8) & 0xffff) ^ TABLE[((crc >> 8) ^ code) & 0xff]!
  }
  return crc & (SLOT_COUNT - 1)
}

function slotOfBytes(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ TABLE[((crc >> 8) ^ byte) & 0xff]!
  return crc & (SLOT_COUNT - 1)
}
