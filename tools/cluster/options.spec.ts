import { optionsOf, usage } from '#cluster-options';

describe('the command line of npm run cluster', () => {
  it('has defaults', () =>
    expect(optionsOf([])).toEqual({ port: 8080, folder: '.data/cluster', sample: 'part' }));

  it('takes a port, a folder and a sample', () =>
    expect(optionsOf(['--port', '0', '--data', 'd', '--sample', 'none'])).toEqual({
      port: 0,
      folder: 'd',
      sample: 'none',
    }));

  it.each([
    [['--port', '1e3'], /--port/],
    [['--port', '65536'], /--port/],
    [['--sample', 'large'], /--sample/],
    [['--colour'], /colour/],
    [['--data='], /--data/],
    [['--sample', 'toString'], /--sample/],
  ])('refuses %j', (args, words) => expect(() => optionsOf(args)).toThrow(words));

  it('gives the usage', () => expect(optionsOf(['--port', 'x', '--help'])).toBe(usage));
});
