import { createHash, hash, randomFillSync } from 'node:crypto';

/** SHA-256 of the text in base64url: 43 characters. */
export function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

/**
 * Name-based UUID (RFC 9562 §5.5, version 5). Used for the command id of an effect: the same cause gives the same id.
 * `namespace` is a UUID.
 */
export function uuid5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const counterMax = 0xfff;
/** Random bytes are fetched for many ids at once, because each fetch costs more than an id. */
const random = Buffer.alloc(10 * 1024);
const randomPerId = 10;
let randomAt = random.length;
let lastMs = 0;
let counter = 0;

/**
 * Time-ordered UUID (RFC 9562 §5.7, version 7). Ids of one process increase: of one millisecond by a counter that begins
 * at a random number (§6.2, method 1), and the clock is never followed backwards.
 */
export function uuidv7(): string {
  if (randomAt === random.length) {
    randomFillSync(random);
    randomAt = 0;
  }
  const r = randomAt;
  randomAt += randomPerId;
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    // The upper half stays free for the ids of this millisecond.
    counter = ((random[r]! & 0x07) << 8) | random[r + 1]!;
  } else if (counter === counterMax) {
    lastMs++;
    counter = 0;
  } else counter++;
  const high = Math.floor(lastMs / 0x1_0000);
  const low = lastMs & 0xffff;
  const h = hexOf;
  return (
    `${h[(high >>> 24) & 0xff]}${h[(high >>> 16) & 0xff]}${h[(high >>> 8) & 0xff]}${h[high & 0xff]}-` +
    `${h[low >>> 8]}${h[low & 0xff]}-${h[0x70 | (counter >>> 8)]}${h[counter & 0xff]}-` +
    `${h[0x80 | (random[r + 2]! & 0x3f)]}${h[random[r + 3]!]}-` +
    `${h[random[r + 4]!]}${h[random[r + 5]!]}${h[random[r + 6]!]}${h[random[r + 7]!]}${h[random[r + 8]!]}${h[random[r + 9]!]}`
  );
}

/**
 * The id that a command gives to something that it makes: a UUID of the form of version 7. The same command and name give
 * the same id. It begins with the time of the command id, when that is of version 7 too, so that ids made together lie
 * together in an index.
 */
export function uuidMadeBy(commandId: string, name: string): string {
  const hex = hash('sha256', `${commandId}\0${name}`, 'hex');
  const variant = (0x8 | (parseInt(hex[3]!, 16) & 0x3)).toString(16);
  return `${commandId.slice(0, 13)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
}

const blockBytes = 64;
const textBytesMax = 64 * 1024;
const digestBytes = 32;
const blocks = new WeakMap<Buffer, { readonly inner: Buffer; readonly outer: Buffer }>();

/**
 * Keyed digest, HMAC-SHA-256 (RFC 2104), in base64url: 43 characters. It makes the token of a normalised card number,
 * and distinguishes one fact or request from another. Each of its two hashes is one call, which costs half of what an
 * object of `createHmac` for every text does.
 */
export function keyed(key: Buffer, text: string): string {
  let known = blocks.get(key);
  if (!known) blocks.set(key, (known = blocksOf(key)));
  const { inner, outer } = known;
  const length = Buffer.byteLength(text);
  const whole = length > textBytesMax ? Buffer.concat([inner], blockBytes + length) : inner;
  whole.write(text, blockBytes);
  outer.write(hash('sha256', whole.subarray(0, blockBytes + length), 'binary'), blockBytes, 'binary');
  return hash('sha256', outer, 'base64url');
}

/** What the two hashes of a key begin with, with room for what follows. */
function blocksOf(key: Buffer): { readonly inner: Buffer; readonly outer: Buffer } {
  if (key.length > blockBytes) throw new RangeError('a key has at most 64 bytes');
  const inner = Buffer.alloc(blockBytes + textBytesMax, 0);
  const outer = Buffer.alloc(blockBytes + digestBytes, 0);
  for (let at = 0; at < blockBytes; at++) {
    inner[at] = (key[at] ?? 0) ^ 0x36;
    outer[at] = (key[at] ?? 0) ^ 0x5c;
  }
  return { inner, outer };
}
