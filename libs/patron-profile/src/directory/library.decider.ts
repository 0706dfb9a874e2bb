import { Refusal, type Decider } from '@readership/kernel';
import type { LibraryEvent } from './directory.events.js';

export interface Library {
  readonly id: string;
  readonly name: string;
  /** The library as it was added. Adding the same again changes nothing, even after a change. */
  readonly addedAs: string;
}

export type LibraryCommand =
  | { readonly type: 'AddLibrary'; readonly id: string; readonly name: string }
  | { readonly type: 'RenameLibrary'; readonly name?: string };

export const library: Decider<Library | null, LibraryCommand, LibraryEvent> = {
  category: 'library',
  initial: null,

  decide(command, state) {
    switch (command.type) {
      case 'AddLibrary': {
        const { id, name } = command;
        if (state === null) return [{ type: 'LibraryAdded', data: { id, name } }];
        if (name === state.addedAs || name === state.name) return [];
        throw new Refusal(
          'LIBRARY_EXISTS',
          'conflict',
          'A library with this id has another name: change it with PATCH.',
          '/id',
        );
      }
      case 'RenameLibrary':
        if (state === null) throw unknownLibrary();
        if (command.name === undefined || command.name === state.name) return [];
        return [{ type: 'LibraryRenamed', data: { id: state.id, name: command.name } }];
    }
  },

  evolve(state, event) {
    const { id, name } = event.data;
    switch (event.type) {
      case 'LibraryAdded':
        return { id, name, addedAs: name };
      case 'LibraryRenamed':
        return { id, name, addedAs: state?.addedAs ?? name };
    }
  },
};

export function unknownLibrary(): Refusal {
  return new Refusal(
    'LIBRARY_UNKNOWN',
    'unknown',
    'There is no library with this id: GET /v1/libraries lists them.',
  );
}
