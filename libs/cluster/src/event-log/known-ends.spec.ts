import { KnownEnds } from './known-ends.js';

let now: number;
let asked: number;
let answer: () => Promise<readonly number[]>;
let ends: KnownEnds;
let told: () => void;
let question: Promise<void>;

beforeEach(() => {
  now = 0;
  asked = 0;
  answer = async () => [3, 5];
  question = new Promise((resolve) => (told = resolve));
  ends = new KnownEnds(
    async () => {
      asked++;
      try {
        return await answer();
      } finally {
        setImmediate(told);
      }
    },
    () => now,
  );
});
afterEach(() => ends.stop());

it('nothing is known before the log has answered, and nobody waits for it', async () => {
  let come: (ends: readonly number[]) => void = () => {};
  answer = () => new Promise((resolve) => (come = resolve));
  expect(ends.known).toBeNull();
  ends.start();
  expect(ends.known).toBeNull();
  come([3, 5]);
  await question;
  expect(ends.known).toEqual([3, 5]);
});

it('whoever looks at them asks the log nothing', async () => {
  ends.start();
  await question;
  for (let n = 0; n < 1_000; n++) expect(ends.known).toEqual([3, 5]);
  expect(asked).toBe(1);
});

it('an answer is as old as its question, and after 10 s nothing is known any more', async () => {
  answer = async () => {
    now = 2_000;
    return [3, 5];
  };
  ends.start();
  await question;
  now = 10_000;
  expect(ends.known).toEqual([3, 5]);
  now = 10_001;
  expect(ends.known).toBeNull();
});

it('nothing is known of a log that is away', async () => {
  answer = () => Promise.reject(new Error('away'));
  ends.start();
  await question;
  expect(ends.known).toBeNull();
});

it('a record that was seen moves the end of its partition', async () => {
  ends.start();
  await question;
  ends.seen(0, 2);
  ends.seen(1, 9);
  expect(ends.known).toEqual([3, 9]);
});
