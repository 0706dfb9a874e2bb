import type { Grant } from '@readership/host';
import { Refusal, type Decider } from '@readership/kernel';
import type { SourceEvent } from './source.events.js';

export interface AllowSource {
  readonly type: 'AllowSource';
  readonly source: string;
  readonly libraries: readonly string[];
  readonly branches: readonly string[];
}

export type SourceCommand = AllowSource | { readonly type: 'RevokeSource' };

export interface KnownSource {
  readonly status: 'allowed' | 'revoked';
  readonly source: string;
  /** Sorted, without duplicates. */
  readonly libraries: readonly string[];
  readonly branches: readonly string[];
}

export type Source = { readonly status: 'unknown' } | KnownSource;

export const source: Decider<Source, SourceCommand, SourceEvent> = {
  category: 'source',
  initial: { status: 'unknown' },

  decide(command, state) {
    switch (command.type) {
      case 'AllowSource': {
        const [libraries, branches] = [ordered(command.libraries), ordered(command.branches)];
        if (libraries.length + branches.length === 0) {
          throw new Refusal(
            'NOTHING_ALLOWED',
            'invalid',
            'Name a library or a branch, or revoke the source.',
          );
        }
        const allowed = state.status === 'allowed' ? state : { libraries: [], branches: [] };
        if (same(allowed.libraries, libraries) && same(allowed.branches, branches)) return [];
        return [{ type: 'SourceAllowed', data: { source: command.source, libraries, branches } }];
      }
      case 'RevokeSource':
        if (state.status === 'unknown') throw unknownSource();
        if (state.status === 'revoked') return [];
        return [{ type: 'SourceRevoked', data: { source: state.source } }];
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'SourceAllowed':
        return { status: 'allowed', ...event.data };
      case 'SourceRevoked':
        return state.status === 'unknown' ? state : { ...state, status: 'revoked' };
    }
  },
};

/** What a source may do, in the form in which everybody's permissions are kept. Nothing once it is revoked. */
export function grantsOf({
  status,
  source,
  libraries,
  branches,
}: Pick<KnownSource, 'status' | 'source' | 'libraries' | 'branches'>): readonly Grant[] {
  if (status === 'revoked') return [];
  const scopes = [...libraries.map((id) => `library:${id}`), ...branches.map((id) => `branch:${id}`)];
  return [{ role: 'integrator', scopes, only: ['interactions.import'], sources: [source] }];
}

export function unknownSource(): Refusal {
  return new Refusal('UNKNOWN_SOURCE', 'unknown', 'There is no source with this name.');
}

function ordered(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)].sort();
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id, at) => id === others[at]);
}
