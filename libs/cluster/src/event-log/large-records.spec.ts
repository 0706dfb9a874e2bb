import type { KafkaMessage } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { PartitionFeed } from './partition-feed.js';

const megabyte = 1024 * 1024;

const message = (offset: number, bytes: number): KafkaMessage =>
  ({ offset: String(offset), key: null, value: Buffer.alloc(bytes), headers: {} }) as unknown as KafkaMessage;

/** A feed of one partition whose calls of `take` wait until the test releases them. */
function feeding(window: number) {
  const taken: number[] = [];
  let letGo: () => void = () => {};
  let paused = false;
  const feed = new PartitionFeed({
    window,
    start: async () => 0,
    take: async (messages) => {
      taken.push(messages.length);
      await new Promise<void>((resolve) => (letGo = resolve));
    },
    failed: (error) => {
      throw error;
    },
  });
  feed.begin({ pause: () => (paused = true), resume: () => (paused = false) });
  return { feed, taken, letGo: () => letGo(), isPaused: () => paused };
}

it('a call gets no more than 8 MiB, or one record that is larger alone', async () => {
  const { feed, taken, letGo } = feeding(500);
  await pause(5);
  feed.accept(0, 1, [message(0, 1)]);
  await pause(5);
  const sizes = [3, 3, 3, 9, 1, 1].map((size) => size * megabyte);
  feed.accept(
    1,
    7,
    sizes.map((size, at) => message(at + 1, size)),
  );
  for (let call = 0; call < 4; call++) {
    letGo();
    await pause(5);
  }
  expect(taken).toEqual([1, 2, 1, 1, 2]);
  feed.leave();
});

it('fetching rests while 8 MiB wait, however few records they are', async () => {
  const { feed, letGo, isPaused } = feeding(500);
  await pause(5);
  feed.accept(0, 1, [message(0, 1)]);
  await pause(5);
  feed.accept(1, 2, [message(1, 9 * megabyte)]);
  await feed.room(5);
  expect(isPaused()).toBe(true);
  letGo();
  await pause(5);
  letGo();
  await pause(5);
  expect(isPaused()).toBe(false);
  feed.leave();
});
