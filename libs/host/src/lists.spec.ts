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

  it('holds nothing readable, and nothing that tells one position twice', () => {
    expect(Buffer.from(sealed, 'base64url').includes('Åsa')).toBe(false);
    expect(Buffer.from(sealed, 'base64url').includes('after')).toBe(false);
    expect(cursors.seal({ after: 'Åsa', n: 3 }, 'list')).not.toBe(sealed);
  });

  it('does not open when it was changed, cut, made up or sealed elsewhere', () => {
    const other = cursors.seal({ after: 'B' }, 'list');
    const bytes = Buffer.from(sealed, 'base64url');
    const changed = Array.from(bytes, (_, at) =>
      Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))).toString('base64url'),
    );
    const cut = [0, 1, 12, 27, 28, bytes.length - 1].map((length) => bytes.toString('base64url', 0, length));
    const joined = sealed.slice(0, 20) + other.slice(20);
    for (const bad of ['', '.', 'x', joined, ...cut, ...changed]) {
      expect([bad, refusal(() => cursors.open(bad, 'list'))]).toEqual([bad, 'BAD_CURSOR']);
    }
    expect(refusal(() => cursors.open(sealed, 'other list'))).toBe('BAD_CURSOR');
    expect(refusal(() => new Cursors(secrets(2)).open(sealed, 'list'))).toBe('BAD_CURSOR');
  });
});
