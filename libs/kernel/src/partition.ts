/**
 * The partition of a key, 0 … partitions − 1: 32-bit FNV-1a over UTF-16 code units, then a finaliser (MurmurHash3's
 * fmix32), modulo. It must never change, because stored events carry its result. An item key (`<key>/<item>`) has the
 * partition of its key.
 */
export function partitionOf(key: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    if (unit === 0x2f) break;
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) % partitions;
}
