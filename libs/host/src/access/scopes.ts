import { Inject, Injectable } from '@nestjs/common';
import { Refusal } from '@readership/kernel';
import { branchScope, type Reach, type ScopeName } from './principal.js';

const scopesListed = 10;

/** What a context knows of the libraries that branches belong to. */
export abstract class BranchLibraries {
  /** The current libraries of these branches. Branches that are not known are absent. */
  abstract librariesOf(branches: Iterable<string>): Promise<ReadonlyMap<string, string>>;
}

/** Says whether a request may do what it asks for in a scope; for interactions, also with those of a source. */
export type Judge = (scope: ScopeName, source?: string) => boolean;

/** Where requests may do what they ask for. One per context. */
@Injectable()
export class Scopes {
  constructor(@Inject(BranchLibraries) private readonly branches: BranchLibraries) {}

  /**
   * Judges a request by its reaches. `scopes` are all that will be asked about; their branches must be known here, and
   * belong to the library that they belong to now.
   */
  async judge(reaches: readonly Reach[], scopes: Iterable<ScopeName>): Promise<Judge> {
    const own = reaches.map(({ grant, scopes: names }) => ({
      sources: grant.sources,
      names:
        names === 'everywhere' || names.includes('consortium') ? ('everywhere' as const) : new Set(names),
    }));
    if (own.some(({ names, sources }) => names === 'everywhere' && sources === undefined)) return () => true;
    const named = own.flatMap(({ names }) => (names === 'everywhere' ? [] : [...names]));
    const haveLibraries = named.some((name) => name.startsWith('library:'));
    const sought = new Set(haveLibraries ? [...scopes].flatMap((scope) => branchOf(scope) ?? []) : []);
    const libraries = sought.size === 0 ? new Map<string, string>() : await this.branches.librariesOf(sought);
    return (scope, source) => {
      const library = libraries.get(branchOf(scope) ?? '');
      return own.some(
        ({ names, sources }) =>
          (source === undefined || (sources?.includes(source) ?? true)) &&
          (names === 'everywhere' ||
            names.has(scope) ||
            (library !== undefined && names.has(`library:${library}`))),
      );
    };
  }

  /** Says whether these reaches contain a scope. */
  async allows(reaches: readonly Reach[], scope: ScopeName, source?: string): Promise<boolean> {
    return (await this.judge(reaches, [scope]))(scope, source);
  }

  /** Throws `OUT_OF_SCOPE` when the request may not do in a scope what it asks for. */
  async expect(reaches: readonly Reach[], scope: ScopeName, source?: string): Promise<void> {
    if (!(await this.allows(reaches, scope, source))) throw outOfScope(reaches);
  }

  /** Throws `OUT_OF_SCOPE` when the request may not list what is of a branch; without one, what is of the consortium. */
  async expectList(reaches: readonly Reach[], branch: string | undefined): Promise<void> {
    if (branch !== undefined) return this.expect(reaches, branchScope(branch));
    if (await this.allows(reaches, 'consortium')) return;
    const { code, kind, detail } = outOfScope(reaches);
    throw new Refusal(code, kind, `${detail} Name a branch there: add branch=<id> to the address.`);
  }
}

/**
 * The refusal of a request that names a place outside the scopes of its sender. With `ownOnly` it says that they may
 * change only what they recorded themselves.
 */
export function outOfScope(reaches: readonly Reach[], { ownOnly = false } = {}): Refusal {
  const own = [...new Set(reaches.flatMap(({ scopes }) => scopes))].sort();
  const listed = own.length > scopesListed ? [...own.slice(0, scopesListed), 'others'] : own;
  const limited = [
    ...(reaches.some(({ grant }) => grant.sources !== undefined) ? [', and for its own sources'] : []),
    ...(ownOnly ? [', and for what it recorded itself'] : []),
  ].join('');
  return new Refusal(
    'OUT_OF_SCOPE',
    'forbidden',
    `Your credential permits this in ${listed.join(', ')} only${limited}.`,
  );
}

/** The same refusal, made when it is first needed: most requests stay within. */
export function outOfScopeOnce(reaches: readonly Reach[]): () => Refusal {
  let refusal: Refusal | undefined;
  return () => (refusal ??= outOfScope(reaches));
}

function branchOf(scope: ScopeName): string | null {
  return scope.startsWith('branch:') ? scope.slice('branch:'.length) : null;
}
