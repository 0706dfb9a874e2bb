import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from '@readership/kernel';
import type { Secrets } from './secrets.js';

const limitDefault = 50;
const limitMax = 200;

/** `?limit=` of a list: 1–200, 50 when absent; `BAD_LIMIT` otherwise. */
export function listLimit(raw: string | undefined): number {
  if (raw === undefined) return limitDefault;
  const limit = /^\d{1,3}$/.test(raw) ? Number(raw) : 0;
  if (limit < 1 || limit > limitMax) throw new Refusal('BAD_LIMIT', 'invalid', 'Give a limit from 1 to 200.');
  return limit;
}

/** Opaque, signed places in a list. What was not sealed here is refused with `BAD_CURSOR`. */
export class Cursors {
  constructor(private readonly secrets: Secrets) {}

  seal(value: object): string {
    const body = Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${body}.${this.sign(body).toString('base64url')}`;
  }

  open<T extends object>(cursor: string): T {
    const [body = '', signature = '', ...rest] = cursor.split('.');
    const given = Buffer.from(signature, 'base64url');
    const right = this.sign(body);
    if (rest.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) {
      throw new Refusal(
        'BAD_CURSOR',
        'invalid',
        'Use a cursor as this service gave it, or begin without one.',
      );
    }
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as T;
  }

  private sign(body: string): Buffer {
    return createHmac('sha256', this.secrets.linkKey)
      .update('cursor\0')
      .update(body)
      .digest()
      .subarray(0, 16);
  }
}
