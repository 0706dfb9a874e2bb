import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkFact, cloudEventType, decodeFact, publishedFacts, type PublishedType } from './published.js';
import { upcast, upcasters } from './upcasters.js';

const fixtures = join(import.meta.dirname, '../fixtures');
const record = {
  partition: 0,
  offset: 1,
  context: 'patron-profile',
  position: 1,
  previous: 0,
  key: 'k',
  schema: 1,
  stream: 's',
  id: 'i',
  time: '2024-03-05T14:30:00.000Z',
  recordedAt: '2024-03-05T14:30:01.000Z',
  actor: 'admin',
};

/** What a fixture of an older version is read as. */
const readAs: Readonly<Record<string, object>> = {
  'BranchPopulationStated.v1.json': { id: 'NORTH', population: 12500, populationSince: '2024-03-05' },
};

describe('published facts', () => {
  it.each(readdirSync(fixtures))('%s is still read', (file) => {
    const [type, version] = file.split('.') as [PublishedType, string];
    const body = readFileSync(join(fixtures, file), 'utf8');
    const schema = Number(version.slice(1));
    const read = decodeFact({ ...record, type, schema, body });
    expect(publishedFacts[type].data.parse(read.data)).toEqual(
      schema === publishedFacts[type].schema ? JSON.parse(body) : readAs[file],
    );
  });

  it('have a fixture of every version that was ever published', () => {
    const expected = Object.entries(publishedFacts).flatMap(([type, { schema }]) =>
      Array.from({ length: schema }, (_, n) => `${type}.v${n + 1}.json`),
    );
    expect(readdirSync(fixtures).sort()).toEqual(expected.sort());
  });

  it('of an older version are read step by step, as the same for ever', () => {
    const steps = {
      Noted: {
        1: ({ n }: { n: number }) => ({ count: n }),
        2: ({ count }: { count: number }, { time }: { time: string }) => ({ count, on: time.slice(0, 10) }),
      },
    };
    const noted = { ...record, type: 'Noted' };
    expect(upcast(noted, { n: 1 }, 3, steps)).toEqual({ count: 1, on: '2024-03-05' });
    expect(upcast({ ...noted, schema: 2 }, { count: 1 }, 3, steps)).toEqual({ count: 1, on: '2024-03-05' });
    expect(() => upcast(noted, { n: 1 }, 4, steps)).toThrow('unknown fact Noted v1');
  });

  it('need no step that leads to no version', () => {
    for (const [type, steps] of Object.entries(upcasters)) {
      const { schema } = publishedFacts[type as PublishedType];
      expect(Object.keys(steps).map(Number)).toEqual(Array.from({ length: schema - 1 }, (_, n) => n + 1));
    }
  });

  it('name their context and version for CloudEvents', () => {
    expect(cloudEventType('PatronRegistered')).toBe('org.readership.patron-profile.patron-registered.v1');
  });

  it('of an unknown type or version do not decode', () => {
    expect(() => decodeFact({ ...record, type: 'PatronVanished', body: '{}' })).toThrow('unknown fact');
    expect(() => decodeFact({ ...record, type: 'PatronMoved', schema: 9, body: '{}' })).toThrow(
      'unknown fact',
    );
  });

  it('are checked against context, version and schema, without telling values', () => {
    const moved = { personId: '018f0000-0000-7000-8000-000000000002', homeBranch: 'N', since: '2024-01-02' };
    const told = (context: string, schema: number, data: object) => () =>
      checkFact(context, { type: 'PatronMoved', schema, data });
    expect(told('patron-profile', 1, moved)).not.toThrow();
    expect(told('patron-profile', 1, { ...moved, category: undefined })).toThrow('/category');
    expect(told('feedback', 1, moved)).toThrow('none of its facts');
    expect(told('patron-profile', 2, moved)).toThrow('none of its facts');
    for (const wrong of [{ dateOfBirth: '1815-12-10' }, { since: '1815-12-10x' }]) {
      expect(told('patron-profile', 1, { ...moved, ...wrong })).toThrow(`/${Object.keys(wrong)[0]}`);
      expect(told('patron-profile', 1, { ...moved, ...wrong })).not.toThrow('1815');
    }
  });

  it('accept no field that is not in their schema', () => {
    for (const { data } of Object.values(publishedFacts))
      expect(data.safeParse({ name: 1, x: 1 }).success).toBe(false);
  });
});
