/** Prints the tables of docs/access.md anew. usage, after a build: node tools/dist/generate/access-doc.js */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessTables, withTables } from './access-tables.js';

const document = join(import.meta.dirname, '../../../docs/access.md');
writeFileSync(document, withTables(readFileSync(document, 'utf8'), await accessTables()));
