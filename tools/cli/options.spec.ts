import { optionsOf } from '#cli-options';

const key = ['--key', 'k'];
const url = 'http://127.0.0.1:8080';

describe('the command line of readership', () => {
  it('has defaults, and numbers as numbers', () => {
    expect(optionsOf(['audit', ...key], {})).toEqual({ command: 'audit', url, key: 'k', wait: 5 });
    expect(optionsOf(['prepare', '--replication', '1'], {})).toEqual({ command: 'prepare', replication: 1 });
    expect(optionsOf(['import', 'a.csv', '--mapping={}', '--dry-run', ...key], {})).toEqual({
      command: 'import',
      file: 'a.csv',
      mapping: '{}',
      encoding: 'utf-8',
      dryRun: true,
      url,
      key: 'k',
    });
    expect(
      optionsOf(['republish', '--context', 'feedback', '--partition=3', '--from', '17', ...key], {}),
    ).toEqual({
      command: 'republish',
      context: 'feedback',
      partition: 3,
      from: 17,
      wait: 600,
      url,
      key: 'k',
    });
  });

  it.each(['-key', '-k-e-y', '_key'])('takes the key %s as it is', (given) => {
    expect(optionsOf(['audit', '--key', given], {})).toMatchObject({ key: given });
    expect(optionsOf(['audit', `--key=-${given}`], {})).toMatchObject({ key: `-${given}` });
  });

  it('takes the key from the environment when it is not given', () => {
    const env = { READERSHIP_ADMIN_KEY: 'e' };
    expect(optionsOf(['sample'], env)).toMatchObject({ key: 'e', state: 'sample.json' });
    expect(optionsOf(['sample', ...key], env)).toMatchObject({ key: 'k' });
  });

  it.each([
    [['frob'], 'the commands are audit, rebuild, republish, prepare, import, sample'],
    [['toString'], 'the commands are audit, rebuild, republish, prepare, import, sample'],
    [['audit'], 'give the access key with --key or READERSHIP_ADMIN_KEY'],
    [['audit', '--key', '--wait', '1'], '--key needs a value'],
    [['audit', '--key', '-h'], '--key needs a value'],
    [['audit', ...key, '--wait', '-1'], '--wait takes a number from 0 to 2592000'],
    [['audit', ...key, '--wait', ''], '--wait takes a number from 0 to 2592000'],
    [['audit', ...key, '--url', 'localhost:8080'], '--url takes an http or https address'],
    [['audit', ...key, 'now'], 'there is a word too many: quote a value that holds spaces'],
    [['rebuild', ...key, '--context', 'analytics'], 'rebuild needs --model'],
    [['republish', ...key, '--from', '17'], '--from needs --context and --partition'],
    [['republish', ...key, '--partition', '1e1'], '--partition takes a number from 0 to 1023'],
    [['prepare', '--url', url], 'there is no option --url'],
    [['import', ...key, '--mapping', '{}'], 'import needs a FILE'],
    [['import', 'a.csv', ...key], 'import needs --mapping'],
  ])('refuses %j in one line', (args, words) => expect(() => optionsOf(args, {})).toThrow(words));

  it('lists the commands, and the options of each', () => {
    for (const args of [[], ['help'], ['--help'], ['-h']])
      expect(optionsOf(args, {})).toMatch(/^usage: npx readership COMMAND/);
    for (const args of [
      ['import', '--help'],
      ['help', 'import'],
    ]) {
      const usage = optionsOf(args, {}) as string;
      expect(usage).toMatch(/^usage: npx readership import FILE OPTIONS…/);
      for (const option of ['--url', '--key', '--mapping', '--source', '--dry-run', '--errors'])
        expect(usage).toContain(`  ${option}`);
    }
  });
});
