import { WrongOption } from '../command-line.mjs';
import { optionsOf, usage } from '../options.mjs';

describe('the command line', () => {
  it('starts on 8080 with its data in .data and the small sample when nothing is said', () =>
    expect(optionsOf([], {})).toEqual({
      port: 8080,
      folder: '.data',
      sample: 'small',
      reset: false,
      yes: false,
    }));

  it('says port, folder, sample, reset and yes', () =>
    expect(
      optionsOf(['--port', '0', '--data=/srv/books', '--sample', 'none', '--reset', '--yes'], {}),
    ).toEqual({
      port: 0,
      folder: '/srv/books',
      sample: 'none',
      reset: true,
      yes: true,
    }));

  it('comes before the environment, which comes before the defaults', () => {
    const env = { READERSHIP_PORT: '9000', READERSHIP_DATA: '/srv/env' };
    expect(optionsOf([], env)).toMatchObject({ port: 9000, folder: '/srv/env' });
    expect(optionsOf(['--port', '9001', '--data', '/srv/line'], env)).toMatchObject({
      port: 9001,
      folder: '/srv/line',
    });
  });

  it.each([['abc'], ['-1'], ['65536'], ['1.5'], ['']])('takes no port "%s"', (port) =>
    expect(() => optionsOf([`--port=${port}`], {})).toThrow('--port takes a number from 0 to 65535'),
  );

  it('takes no folder without a name', () => {
    expect(() => optionsOf(['--data', ''], {})).toThrow('--data takes the name of a folder');
    expect(() => optionsOf([], { READERSHIP_DATA: '' })).toThrow('--data takes the name of a folder');
  });

  it('takes no other sample', () =>
    expect(() => optionsOf(['--sample', 'large'], {})).toThrow('--sample takes small or none'));

  it.each([
    [['--colour'], 'there is no option --colour'],
    [['--colour=secret'], 'there is no option --colour'],
    [['-x'], 'there is no option -x'],
    [['--port'], '--port needs a value'],
    [['--data', '--reset'], '--data needs a value'],
    [['--reset=no'], '--reset takes no value'],
    [['north'], 'there is a word too many: quote a value that holds spaces'],
  ])('takes no %j, and quotes no value', (args, words) =>
    expect(() => optionsOf(args, {})).toThrow(new WrongOption(words)),
  );

  it('names the variable that is wrong', () =>
    expect(() => optionsOf([], { READERSHIP_PORT: 'x' })).toThrow(/^READERSHIP_PORT takes a number/));

  it.each([['--help'], ['-h']])('gives the usage for %s, whatever else is wrong', (help) =>
    expect(optionsOf(['--port', 'x', 'north', help], {})).toBe(usage),
  );

  it('names every option in its usage', () => {
    for (const option of ['--port', '--data', '--sample', '--reset', '--yes'])
      expect(usage).toContain(option);
  });
});
