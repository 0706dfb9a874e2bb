import { endOfLife } from './node-releases.mjs';

const on = (version: string, day: string): string | null => endOfLife(version, new Date(`${day}T12:00:00Z`));

describe('a Node past its end of life', () => {
  it('is said in one line, with a Node that gets fixes', () => {
    expect(on('20.20.2', '2026-05-01')).toBe(
      'Node 20 is past its end of life (2026-04-30) and gets no more fixes: install Node 24, which gets them until 2028-04-30.',
    );
    expect(on('24.22.3', '2028-05-01')).toMatch(/^Node 24 is past .*: install Node 26, which/);
    expect(on('26.0.0', '2031-01-01')).toMatch(/: install a newer one\.$/);
  });

  it('is not said on its last day, nor of a Node that is newer than the table', () => {
    expect(on('20.20.2', '2026-04-30')).toBeNull();
    expect(on('24.22.3', '2026-11-30')).toBeNull();
    expect(on('40.0.0', '2040-01-01')).toBeNull();
  });
});
