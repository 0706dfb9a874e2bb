import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cloudEventType, decodeFact, publishedFacts, type PublishedType } from './published.js';

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

describe('published facts', () => {
  it.each(readdirSync(fixtures))('%s is still read', (file) => {
    const type = file.split('.')[0] as PublishedType;
    const body = readFileSync(join(fixtures, file), 'utf8');
    const read = decodeFact({ ...record, type, body });
    expect(publishedFacts[type].data.parse(read.data)).toEqual(JSON.parse(body));
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

  it('accept no field that is not in their schema', () => {
    for (const { data } of Object.values(publishedFacts))
      expect(data.safeParse({ name: 1, x: 1 }).success).toBe(false);
  });
});
