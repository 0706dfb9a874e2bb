import { Refusal } from '@readership/kernel';
import { Cursors, listLimit } from './lists.js';
import { Secrets } from './secrets.js';

const secrets = (fill: number): Secrets =>
  new Secrets({
    masterKey: Buffer.alloc(32),
    cardKey: Buffer.alloc(32),
    linkKey: Buffer.alloc(32, fill),
    adminKey: '',
  });

const refusal = (run: () => unknown): string => {
  try {
    run();
    return 'taken';
  } catch (error) {
    return (error as Refusal).code;
  }
};

describe('the limit of a list', () => {
  it('is 50 unless it is given, and 1 to 200', () =>
    expect([undefined, '1', '200'].map(listLimit)).toEqual([50, 1, 200]));

  it.each(['0', '201', '-1', '1.5', '1e2', '', ' 5', 'x'])('cannot be %j', (raw) =>
    expect(refusal(() => listLimit(raw))).toBe('BAD_LIMIT'),
  );
});

describe('a cursor', () => {
  const cursors = new Cursors(secrets(1));
  const sealed = cursors.seal({ after: 'Åsa', n: 3 }, 'list');

  it('opens to what was sealed', () => expect(cursors.open(sealed, 'list')).toEqual({ after: 'Åsa', n: 3 }));

  it('does not open when it was changed, made up or sealed elsewhere', () => {
    const [body, signature] = sealed.split('.') as [string, string];
    const other = Buffer.from('{"after":"B"}').toString('base64url');
    for (const bad of ['', '.', 'x', body, `${other}.${signature}`, `${body}.`, `${sealed}.x`]) {
      expect([bad, refusal(() => cursors.open(bad, 'list'))]).toEqual([bad, 'BAD_CURSOR']);
    }
    expect(refusal(() => cursors.open(sealed, 'other list'))).toBe('BAD_CURSOR');
    expect(refusal(() => new Cursors(secrets(2)).open(sealed, 'list'))).toBe('BAD_CURSOR');
  });
});
