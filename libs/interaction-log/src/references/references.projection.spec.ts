import type { FactData, PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { references, resolve } from './references.projection.js';

type Fact = PublishedEvent<'CardLinked' | 'CardUnlinked' | 'PersonRedirected'>;

const token = 'T'.repeat(43);
const [ada, ben, cem] = ['a', 'b', 'c'].map((name) => `0193a1b2-0000-7000-8000-00000000000${name}`) as [
  string,
  string,
  string,
];
const day = (n: number) => `2024-03-${String(n).padStart(2, '0')}T00:00:00.000Z`;
const linked = (personId: string, from?: string): Fact =>
  of('CardLinked', { token, personId, ...(from === undefined ? {} : { from }) }, token);
const unlinked = (until: string): Fact => of('CardUnlinked', { token, until }, token);
const redirected = (from: string, to: string | null, version: number, reference = token): Fact =>
  of('PersonRedirected', { reference, from, to, version }, reference);

function of<T extends Fact['type']>(type: T, data: FactData<T>, key: string): Fact {
  return { type, data, key } as unknown as Fact;
}

const whom = (time: string, facts: readonly Fact[], reference = token) =>
  resolve(reference, time, projected(references, ...facts).rows.get(reference));

describe('whom a reference means', () => {
  it('is the reference itself while nobody is known by it', () => {
    expect(whom(day(1), [])).toBe(token);
    expect(whom(day(1), [], ada)).toBe(ada);
  });

  it('is the reader of the first link, however far back', () => {
    expect(whom('1900-01-01T00:00:00.000Z', [linked(ada)])).toBe(ada);
  });

  it('is nobody between two readers of a re-issued card', () => {
    const facts = [linked(ada), unlinked(day(10)), linked(ben, day(20))];
    expect([day(9), day(10), day(19), day(20)].map((time) => whom(time, facts))).toEqual([
      ada,
      token,
      token,
      ben,
    ]);
  });

  it('follows merges, and the highest version when they are undone', () => {
    const facts = [linked(ada), redirected(ada, ben, 3), redirected(ben, cem, 2)];
    expect(whom(day(1), facts)).toBe(cem);
    expect(whom(day(1), [...facts, redirected(ada, null, 4)])).toBe(ada);
    expect(whom(day(1), [linked(ada), redirected(ada, null, 4), redirected(ada, ben, 3)])).toBe(ada);
    expect(whom(day(1), [redirected(ada, ben, 1, ada)], ada)).toBe(ben);
  });

  it('is left open while redirects go in a circle', () => {
    expect(whom(day(1), [linked(ada), redirected(ada, ben, 1), redirected(ben, ada, 1)])).toBeNull();
  });
});

describe('the row of a reference', () => {
  it('keeps links and the redirect of the highest version', () =>
    projected(
      references,
      linked(ada),
      unlinked(day(10)),
      redirected(ada, ben, 3),
      redirected(ada, cem, 2),
    ).thenRow(token, {
      links: [{ personId: ada, from: null, until: day(10) }],
      redirects: { [ada]: { to: ben, version: 3 } },
    }));

  it('is the same when a redirect is told again', () => {
    const facts = [linked(ada), redirected(ada, ben, 3)];
    expect(projected(references, ...facts, facts[1]!).rows).toEqual(projected(references, ...facts).rows);
  });

  it('is the same whichever of card and merge is told first', () => {
    const [link, redirect] = [linked(ada), redirected(ada, ben, 1)];
    expect(projected(references, link, redirect).rows).toEqual(projected(references, redirect, link).rows);
  });
});
