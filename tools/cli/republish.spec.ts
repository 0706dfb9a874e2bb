import { Running } from '../running.js';

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
    expect(readership('--help').said).toContain('--from POSITION');
  });
});
