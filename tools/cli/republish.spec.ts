import { Running } from '../running.js';
import { askedOf } from './republish.js';

const usual = { from: 'missing', wait: '600' };

describe('what is asked for', () => {
  it('is everything that is missing, unless a place is named', () => {
    expect(askedOf(usual)).toEqual({ waitMs: 600_000 });
    expect(askedOf({ ...usual, context: 'feedback', partition: '3', from: '17', wait: '5' })).toEqual({
      context: 'feedback',
      partition: 3,
      from: 17,
      waitMs: 5_000,
    });
  });

  it('is refused in one line when it cannot be meant', () => {
    expect(() => askedOf({ ...usual, from: '17', context: 'feedback' })).toThrow(
      '--from needs --context and --partition',
    );
    expect(() => askedOf({ ...usual, context: 'feedback', partition: '0', from: 'x' })).toThrow(
      '--from must be a whole number of at least 1, not "x".',
    );
    expect(() => askedOf({ ...usual, partition: '-1' })).toThrow('--partition must be a whole number');
    expect(() => askedOf({ ...usual, wait: '' })).toThrow('--wait must be a whole number');
  });
});

describe('on one machine', () => {
  let running: Running;
  beforeAll(async () => {
    running = await Running.start();
  }, 60_000);
  afterAll(async () => {
    await running.stop();
    running.forget();
  });

  const readership = (...args: readonly string[]) => running.readership('republish', ...args);

  it('the log holds everything of every context', () => {
    const { said, exit } = readership();
    expect(exit).toBe(0);
    expect(said.trim().split('\n').sort()).toEqual(
      ['analytics', 'feedback', 'interaction-log', 'patron-profile'].map(
        (context) => `${context}: the log has everything that was published.`,
      ),
    );
  });

  it('what cannot be is said in one line, with exit 1', () => {
    const of = (...args: readonly string[]) => readership('--context', 'feedback', ...args);
    expect(of('--partition', '99')).toEqual({
      said: 'UNKNOWN_PARTITION: There is no such partition.\n',
      exit: 1,
    });
    expect(of('--partition', '0', '--from', '99')).toMatchObject({
      said: expect.stringMatching(/^BEYOND_THE_END: .*\n$/),
      exit: 1,
    });
    expect(readership('--context', 'accounting')).toMatchObject({
      said: expect.stringMatching(/^UNKNOWN_CONTEXT: .*\n$/),
      exit: 1,
    });
    expect(readership('--help').said).toContain('--from <position>');
  });
});
