import type { Stored } from '@readership/kernel';
import { projected, withPrivateFields } from '@readership/kernel/testing';
import type { SourceAllowed, SourceRevoked } from './source.events.js';
import { sourcesList } from './sources-list.projection.js';

const key = 'source-x';
const recordedAt = '2024-03-01T10:00:00.000Z';
const data = { source: 'urn:ils:north', libraries: ['CITY'], branches: [] };
const allowed = { type: 'SourceAllowed', key, recordedAt, data } as unknown as Stored<SourceAllowed>;
const revoked = { type: 'SourceRevoked', key, recordedAt, data } as unknown as Stored<SourceRevoked>;
const row = { ...data, allowedAt: recordedAt };

it('lists what a source may speak for and since when, once however often it is told', () =>
  projected(sourcesList, allowed, allowed).thenRow(key, row));

it('leaves out what was added to the event', () =>
  projected(sourcesList, withPrivateFields(allowed, '1815-12-10')).thenRow(key, row));

it('does not list one that was revoked, until it is allowed again', () => {
  projected(sourcesList, allowed, revoked, revoked).thenRow(key, null);
  projected(sourcesList, allowed, revoked, allowed).thenRow(key, row);
});

it('finds a source by its name', () => expect(sourcesList.indexes?.['source']?.(row)).toEqual([data.source]));
