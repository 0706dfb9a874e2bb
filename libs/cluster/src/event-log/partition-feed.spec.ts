import type { KafkaMessage } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { LogCut } from './log-cut.js';
import { PartitionFeed, type Fetching, type FeedConsumer } from './partition-feed.js';

const messages = (from: number, to: number): KafkaMessage[] =>
  Array.from({ length: to - from }, (_, i) => ({ offset: String(from + i) }) as KafkaMessage);

/** A feed that lists the calls on its fetching: `resume 3` is a seek, `resume` alone is none. */
function feedOf(consumer: Partial<FeedConsumer> = {}) {
  const fetches: string[] = [];
  const windows: number[][] = [];
  const failures: unknown[] = [];
  const fetching: Fetching = {
    pause: () => void fetches.push('pause'),
    resume: (offset) => void fetches.push(offset === undefined ? 'resume' : `resume ${offset}`),
  };
  const feed = new PartitionFeed({
    window: 2,
    start: async () => 0,
    failed: (error) => void failures.push(error),
    ...consumer,
    take: async (window) => {
      windows.push(window.map(({ offset }) => Number(offset)));
      await consumer.take?.(window);
    },
  });
  return { feed, fetching, fetches, windows, failures };
}

const settled = () => pause(5);

describe('a feed', () => {
  it('asks where to begin, and hands on what is fetched from there in windows', async () => {
    const { feed, fetching, fetches, windows } = feedOf({ start: async () => 3 });
    feed.begin(fetching);
    expect(feed.accept(3, 4, messages(3, 4))).toBe(false);
    await settled();
    expect(feed.accept(3, 8, messages(3, 8))).toBe(true);
    await settled();
    expect(fetches).toEqual(['pause', 'resume 3']);
    expect(windows).toEqual([[3, 4], [5, 6], [7]]);
  });

  it('goes on over offsets that hold no record', async () => {
    const { feed, fetching, windows } = feedOf();
    feed.begin(fetching);
    await settled();
    expect(feed.accept(0, 5, messages(0, 1))).toBe(true);
    expect(feed.accept(5, 6, messages(5, 6))).toBe(true);
    await settled();
    expect(windows.flat()).toEqual([0, 5]);
  });

  it('answers a fetch at another place by a seek, and a second one by asking again where to begin', async () => {
    let begin = 0;
    const { feed, fetching, fetches, windows, failures } = feedOf({ start: async () => begin });
    feed.begin(fetching);
    await settled();
    expect(feed.accept(7, 8, messages(7, 8))).toBe(false);
    expect(fetches.at(-1)).toBe('resume 0');
    begin = 7;
    expect(feed.accept(7, 8, messages(7, 8))).toBe(false);
    await pause(80);
    expect(failures).toHaveLength(1);
    expect(fetches.at(-1)).toBe('resume 7');
    expect(feed.accept(7, 8, messages(7, 8))).toBe(true);
    await settled();
    expect(windows).toEqual([[7]]);
  });

  it('rests its fetching when there is no room, and fetches again when there is', async () => {
    let release: () => void = () => {};
    const { feed, fetching, fetches, windows } = feedOf({
      take: () => new Promise((resolve) => (release = resolve)),
    });
    feed.begin(fetching);
    await settled();
    feed.accept(0, 5, messages(0, 5));
    await feed.room(10);
    expect(fetches).toEqual(['pause', 'resume 0', 'pause']);
    release();
    await settled();
    expect(windows).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(fetches.at(-1)).toBe('resume');
    release();
    await settled();
    release();
  });

  it('drops what it holds when a take throws, and begins again at start after a pause', async () => {
    let fails = true;
    const { feed, fetching, fetches, windows, failures } = feedOf({
      take: async () => {
        if (fails) throw new Error('not yet');
      },
    });
    feed.begin(fetching);
    await settled();
    feed.accept(0, 4, messages(0, 4));
    await settled();
    expect(failures).toEqual([new Error('not yet')]);
    expect(windows).toEqual([[0, 1]]);
    expect(feed.accept(4, 5, messages(4, 5))).toBe(false);
    fails = false;
    await pause(60);
    expect(fetches).toEqual(['pause', 'resume 0', 'pause', 'resume 0']);
    feed.accept(0, 4, messages(0, 4));
    await settled();
    expect(windows.flat()).toEqual([0, 1, 0, 1, 2, 3]);
  });

  it('waits long before it asks again about a log that was cut', async () => {
    let starts = 0;
    const { feed, fetching, failures } = feedOf({
      start: async () => {
        starts++;
        throw new LogCut('events', 0, 9, 0, 3);
      },
    });
    feed.begin(fetching);
    await pause(300);
    expect([starts, failures.length]).toEqual([1, 1]);
    feed.leave();
    await feed.ended();
  });

  it('begins a new turn only when the call of the turn before has ended', async () => {
    let under = 0;
    let most = 0;
    const { feed, fetching, windows } = feedOf({
      take: async () => {
        most = Math.max(most, ++under);
        await pause(30);
        under--;
      },
    });
    feed.begin(fetching);
    await settled();
    feed.accept(0, 2, messages(0, 2));
    await settled();
    feed.leave();
    feed.begin(fetching);
    feed.begin(fetching);
    expect(feed.accept(2, 4, messages(2, 4))).toBe(false);
    await pause(40);
    expect(feed.accept(0, 2, messages(0, 2))).toBe(true);
    await pause(40);
    expect([most, windows.length]).toEqual([1, 2]);
  });

  it('says that its partition was revoked when no call is under way any more', async () => {
    const calls: string[] = [];
    const { feed, fetching } = feedOf({
      start: async () => {
        calls.push('start');
        return 0;
      },
      take: async () => {
        await pause(20);
        calls.push('taken');
      },
      revoked: () => void calls.push('revoked'),
    });
    feed.begin(fetching);
    await settled();
    feed.accept(0, 1, messages(0, 1));
    await settled();
    feed.begin(fetching);
    await pause(40);
    feed.leave();
    await feed.ended();
    expect(calls).toEqual(['start', 'taken', 'revoked', 'start', 'revoked']);
  });

  it('has ended when nothing is under way, and hands on nothing after it was left', async () => {
    let under = false;
    const { feed, fetching, windows } = feedOf({
      take: async () => {
        under = true;
        await pause(30);
        under = false;
      },
    });
    feed.begin(fetching);
    await settled();
    feed.accept(0, 6, messages(0, 6));
    await settled();
    feed.leave();
    await feed.ended();
    expect([under, windows]).toEqual([false, [[0, 1]]]);
    expect(feed.accept(6, 7, messages(6, 7))).toBe(false);
  });
});
