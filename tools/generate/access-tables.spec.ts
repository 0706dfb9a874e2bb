import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessTables, withTables } from './access-tables.js';

const document = readFileSync(join(import.meta.dirname, '../../docs/access.md'), 'utf8');

it('docs/access.md is as the code prints it: node tools/dist/generate/access-doc.js', async () => {
  const tables = await accessTables();
  expect(document).toBe(withTables(document, tables));
  expect(tables.roles.match(/^\| `[\w.]+` \|/gm)?.length).toBeGreaterThan(20);
  expect(tables.routes.match(/`[A-Z]+ \//g)?.length).toBeGreaterThan(60);
});

it('a document without a place for a table is not changed', () =>
  expect(() => withTables('# Access\n', { roles: 'r', routes: 's' })).toThrow('no place for roles'));

it('a document that is stale differs', () => {
  const stale = document.replace('| `keys.manage` | • | – |', '| `keys.manage` | • | • |');
  const tables = { roles: 'roles', routes: 'routes' };
  expect(stale).not.toBe(document);
  expect(withTables(stale, tables)).toBe(withTables(document, tables));
});
