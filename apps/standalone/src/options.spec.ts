import { optionsOf, usage } from './options.js';

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
    expect(() => optionsOf([`--port=${port}`], {})).toThrow('--port takes a number from 0 to 65535.'),
  );

  it('takes no folder without a name', () => {
    expect(() => optionsOf(['--data', ''], {})).toThrow('--data takes the name of a folder.');
    expect(() => optionsOf([], { READERSHIP_DATA: '' })).toThrow('--data takes the name of a folder.');
  });

  it('takes no other sample', () =>
    expect(() => optionsOf(['--sample', 'large'], {})).toThrow('--sample takes small or none.'));

  it.each([[['--colour']], [['--port']], [['north']]])('takes no %j', (args) =>
    expect(() => optionsOf(args, {})).toThrow(),
  );

  it('names every option in its usage', () => {
    for (const option of ['--port', '--data', '--sample', '--reset', '--yes'])
      expect(usage).toContain(option);
  });
});
