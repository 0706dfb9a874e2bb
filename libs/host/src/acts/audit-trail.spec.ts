import type { Stored } from '@readership/kernel';
import { projected, withPrivateFields } from '@readership/kernel/testing';
import type { AccessData } from '../accesses/patron-accessed.events.js';
import { auditTrail, type AccessRow, type ActRow } from './audit-trail.projection.js';

const at = '2024-03-01T10:00:00.000Z';
const trail = auditTrail({ KeyIssued: ['id'], KeysCounted: [] });
const of = (type: string, data: object, key: string) =>
  ({
    ...{ type, data, key, stream: key, id: `id-of-${key}` },
    ...{ recordedAt: at, actor: 'admin' },
  }) as Stored;
const issued = of('KeyIssued', { id: 'k1' }, 'key-1');
const access: Omit<AccessData, 'count'> = {
  month: '2024-03',
  role: 'admin',
  scopes: ['consortium'],
  how: 'id',
  purpose: 'service',
};
const accessed = of('PatronAccessed', { ...access, count: 2, tags: ['t1', 't2'] }, 'access-1');
const act: ActRow = {
  id: 'id-of-key-1',
  kind: 'KeyIssued',
  at,
  actor: 'admin',
  stream: 'key-1',
  of: { id: 'k1' },
};

it('keeps an act with who did it and the ids that it names, once however often it is told', () =>
  projected(trail, issued, issued).thenRow('key-1/id-of-key-1', act));

it('leaves out what was added to the event', () =>
  projected(trail, withPrivateFields(issued, '1815-12-10')).thenRow('key-1/id-of-key-1', act));

it('keeps the access of named patrons under their tags, and says nothing of them', () => {
  const { role, scopes, how, purpose } = access;
  const row = { at, by: 'admin', ...{ role, scopes, how, purpose }, tags: ['t1', 't2'] };
  projected(trail, accessed).thenRow('access-1', row);
  const values = trail.indexes!['person']!(row as AccessRow);
  const back = 9_999_999_999_999 - Date.parse(at);
  expect(values).toEqual([`t1/${back}`, `t2/${back}`]);
  const later = trail.indexes!['person']!({ ...row, at: '2024-03-01T10:00:01.000Z' } as AccessRow);
  expect(later[0]! < values[0]!).toBe(true);
  expect(trail.indexes!['act']!(row as AccessRow)).toEqual([]);
});

it('keeps nothing of an access that only says how many', () => {
  const many = of('PatronAccessed', { ...access, count: 9 }, 'access-2');
  expect(projected(trail, many).rows.size).toBe(0);
});

it('finds acts by their time, all or those of a type', () => {
  expect(trail.indexes!['act']!(act)).toEqual([`all/${at}/id-of-key-1`, `KeyIssued/${at}/id-of-key-1`]);
  expect(trail.indexes!['person']!(act)).toEqual([]);
});
