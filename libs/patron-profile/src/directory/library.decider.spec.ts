import { given } from '@readership/kernel/testing';
import { library } from './library.decider.js';

const added = { type: 'LibraryAdded', data: { id: 'CITY', name: 'City Library' } } as const;
const renamed = { type: 'LibraryRenamed', data: { id: 'CITY', name: 'Town Library' } } as const;
const add = (name: string) => ({ type: 'AddLibrary', id: 'CITY', name }) as const;

describe('a library', () => {
  it('is added', () => given(library).when(add('City Library')).then(added));

  it('stays as it is when it is added again', () =>
    given(library, added).when(add('City Library')).thenNothing());

  it('may be added again as it was, also after it was renamed', () =>
    given(library, added, renamed).when(add('City Library')).thenNothing());

  it('is not added again under another name', () =>
    given(library, added).when(add('Another')).thenRefused('LIBRARY_EXISTS'));

  it('is renamed', () =>
    given(library, added).when({ type: 'RenameLibrary', name: 'Town Library' }).then(renamed));

  it('keeps a name it has already', () =>
    given(library, added, renamed).when({ type: 'RenameLibrary', name: 'Town Library' }).thenNothing());

  it('is not renamed before it exists', () =>
    given(library).when({ type: 'RenameLibrary', name: 'Town Library' }).thenRefused('LIBRARY_UNKNOWN'));
});
