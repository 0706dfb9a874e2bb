import { jest } from '@jest/globals';
import fc from 'fast-check';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { framed } from './kafka-client.js';

function frameOf(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

function never(): void {
  throw new Error('refused');
}

it('what arrives in pieces is delivered frame by frame, and nothing of one that is not whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
      fc.nat(20),
      (bodies, pieces, missing) => {
        const frames = bodies.map(frameOf);
        const stream = Buffer.concat(frames);
        const arriving = stream.subarray(0, Math.max(0, stream.length - missing));
        const delivered: Buffer[] = [];
        const take = framed((frame) => delivered.push(frame), never);
        for (let at = 0, i = 0; at < arriving.length; at += pieces[i % pieces.length]!, i++) {
          take(arriving.subarray(at, at + pieces[i % pieces.length]!));
        }
        let whole = 0;
        for (let length = 0; length + (frames[whole]?.length ?? Infinity) <= arriving.length; whole++) {
          length += frames[whole]!.length;
        }
        expect(delivered).toEqual(frames.slice(0, whole));
      },
    ),
    { numRuns: 500 },
  );
});

it.each(['HTTP/1.1 400 Bad Request', '\xff\xff\xff\xfftext'])(
  'an answer of no broker is refused: %j',
  (text) => {
    const delivered: Buffer[] = [];
    let refused = 0;
    const take = framed(
      (frame) => delivered.push(frame),
      () => refused++,
    );
    take(frameOf(Buffer.from('whole')));
    take(Buffer.from(text, 'latin1'));
    take(frameOf(Buffer.from('more')));
    expect([delivered, refused]).toEqual([[frameOf(Buffer.from('whole'))], 1]);
  },
);

describe('the requests of a connection', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('are looked for while some wait, and never when none does', () => {
    const sent: number[] = [];
    const queue = new RequestQueue({
      ...{ maxInFlightRequests: 1, requestTimeout: 1000, enforceRequestTimeout: false },
      ...{ clientId: 'test', broker: 'none', logger: { debug: () => undefined, warn: () => undefined } },
    });
    const push = (correlationId: number) =>
      queue.push({
        entry: { correlationId, resolve: () => undefined, reject: () => undefined },
        ...{ expectResponse: true, sendRequest: () => sent.push(correlationId) },
      });
    const answer = (correlationId: number) =>
      queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 });
    push(1);
    expect([sent, jest.getTimerCount()]).toEqual([[1], 0]);
    push(2);
    expect([sent, jest.getTimerCount()]).toEqual([[1], 1]);
    jest.advanceTimersByTime(1000);
    expect([sent, jest.getTimerCount()]).toEqual([[1], 1]);
    answer(1);
    answer(2);
    jest.advanceTimersByTime(1000);
    expect([sent, jest.getTimerCount()]).toEqual([[1, 2], 0]);
  });
});
