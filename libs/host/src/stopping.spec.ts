import { endsWithin } from './stopping.js';

it('work that ends in time has ended', async () => {
  expect(await endsWithin(60_000, Promise.resolve())).toBe(true);
});

it('work that hangs is given up', async () => {
  expect(await endsWithin(1, new Promise(() => {}))).toBe(false);
});

it('passes on with what the work fails', async () => {
  await expect(endsWithin(60_000, Promise.reject(new Error('lost')))).rejects.toThrow('lost');
});
