import { PassThrough } from 'node:stream';
import { ArrivingBodies } from './arriving-bodies.js';
import { HttpProblem } from './http-problem.js';

let nowMs = 0;
const begin = (bodies: ArrivingBodies, bytes: number, bytesMax = 100_000, sender?: string) => {
  const payload = new PassThrough();
  const received = bodies.receive(payload, { bytesMax }, sender);
  const outcome = received.then(
    ({ bytes: { length } }) => length,
    ({ code }: HttpProblem) => code,
  );
  if (bytes > 0) payload.write(Buffer.alloc(bytes, 1));
  return { payload, received, outcome };
};
/** Lets streams pass on what was written. */
const passed = () => new Promise(setImmediate);

it('a body arrives as it was sent, in whatever pieces', async () => {
  const { payload, received } = begin(new ArrivingBodies(100_000), 0);
  const sent = Buffer.from(Array.from({ length: 20_000 }, (_, n) => n % 251));
  for (const byte of sent) payload.write(Buffer.from([byte]));
  payload.end();
  expect((await received).bytes.equals(sent)).toBe(true);
});

it('an empty body arrives', async () => {
  const { payload, outcome } = begin(new ArrivingBodies(100_000), 0);
  payload.end();
  expect(await outcome).toBe(0);
});

it('a body over its bounds is refused while it arrives', async () => {
  const { outcome } = begin(new ArrivingBodies(100_000), 11, 10);
  expect(await outcome).toBe('TOO_LARGE');
});

it('a body that its counter refuses is refused while it arrives', async () => {
  const payload = new PassThrough();
  const received = new ArrivingBodies(100_000).receive(payload, {
    bytesMax: 100,
    count: () => {
      throw new HttpProblem(413, 'TOO_MANY_LINES', 'Too many.');
    },
  });
  payload.write('x');
  await expect(received).rejects.toMatchObject({ code: 'TOO_MANY_LINES' });
});

it('a body whose client leaves is given up', async () => {
  const { payload, outcome } = begin(new ArrivingBodies(100_000), 5);
  payload.destroy();
  expect(await outcome).toBe('BODY_CUT_SHORT');
});

it('bodies share one memory, and each gives it back when it is released', async () => {
  const bodies = new ArrivingBodies(100_000);
  const first = begin(bodies, 60_000);
  first.payload.end();
  const { release } = await first.received;
  expect(await begin(bodies, 60_000).outcome).toBe('BUSY');
  release();
  const last = begin(bodies, 60_000);
  last.payload.end();
  expect(await last.outcome).toBe(60_000);
});

it('one sender has a part of the memory, and others have the rest', async () => {
  const bodies = new ArrivingBodies(100_000, { ofSenderBytesMax: 25_000 });
  const first = begin(bodies, 20_000, 20_000, 'a');
  first.payload.end();
  const { release } = await first.received;
  expect(await begin(bodies, 20_000, 20_000, 'a').outcome).toBe('BUSY');
  const other = begin(bodies, 20_000, 20_000, 'b');
  other.payload.end();
  expect(await other.outcome).toBe(20_000);
  release();
  const again = begin(bodies, 20_000, 20_000, 'a');
  again.payload.end();
  expect(await again.outcome).toBe(20_000);
});

it('a body that takes long gives way to others, and one that has just begun does not', async () => {
  const bodies = new ArrivingBodies(100_000, { nowMs: () => nowMs });
  const slow = begin(bodies, 60_000);
  await passed();
  expect(await begin(bodies, 60_000).outcome).toBe('BUSY');
  nowMs += 10_000;
  const quick = begin(bodies, 60_000);
  quick.payload.end();
  expect([await quick.outcome, await slow.outcome]).toEqual([60_000, 'BUSY']);
});

it('a sender whose part is full has the slowest of its own bodies give way, and nobody else’s', async () => {
  const bodies = new ArrivingBodies(100_000, { ofSenderBytesMax: 25_000, nowMs: () => nowMs });
  const other = begin(bodies, 20_000, 20_000, 'b');
  const slow = begin(bodies, 20_000, 20_000, 'a');
  await passed();
  nowMs += 10_000;
  const quick = begin(bodies, 20_000, 20_000, 'a');
  quick.payload.end();
  expect([await quick.outcome, await slow.outcome]).toEqual([20_000, 'BUSY']);
  other.payload.end();
  expect(await other.outcome).toBe(20_000);
});

it('all that still arrive are ended together', async () => {
  const bodies = new ArrivingBodies(100_000);
  const both = [begin(bodies, 10), begin(bodies, 0)];
  await passed();
  bodies.endAll(new HttpProblem(503, 'STOPPING', 'Stopping.'));
  expect(await Promise.all(both.map(({ outcome }) => outcome))).toEqual(['STOPPING', 'STOPPING']);
});
