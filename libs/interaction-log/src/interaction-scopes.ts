import { Inject, Injectable } from '@nestjs/common';
import {
  branchScope,
  outOfScope,
  outOfScopeOnce,
  reachesOf,
  Scopes,
  type Judge,
  type Principal,
  type Problem,
  type Reach,
} from '@readership/host';
import type { Interaction, KnownInteraction } from './interaction.decider.js';
import { sourceId } from './sources/sources.js';

/**
 * Judges lines of one request that name these branches, which must be known. Resolves to a function that says why a line
 * of a branch and a source is out of scope; `null` when it is not.
 */
export type LinesJudge = (
  branches: Iterable<string>,
) => Promise<(branch: string, source: string) => Problem | null>;

/** Says where a request may record, read and change interactions: see `Scopes`. */
@Injectable()
export class InteractionScopes {
  constructor(@Inject(Scopes) private readonly scopes: Scopes) {}

  /** The judge of what one request records. It looks up the library of each branch at most once. */
  ofLines(reaches: readonly Reach[]): LinesJudge {
    const judges = new Map<string, Judge>();
    const refusal = outOfScopeOnce(reaches);
    return async (branches) => {
      const unjudged = [...branches].filter((branch) => !judges.has(branch));
      const judge = await this.scopes.judge(reaches, unjudged.map(branchScope));
      for (const branch of unjudged) judges.set(branch, judge);
      return (branch, source) => {
        const isWithin = judges.get(branch)!;
        if (isWithin(branchScope(branch), source)) return null;
        const { code, detail } = refusal();
        return { code, detail, pointer: isWithin(branchScope(branch)) ? '/source' : '/data/branch' };
      };
    };
  }

  /** Throws `OUT_OF_SCOPE` when the request may not read an interaction of the branch where this one happened. */
  async expectReadable({ now }: KnownInteraction, reaches: readonly Reach[]): Promise<void> {
    await this.scopes.expect(reaches, branchScope(now.branch));
  }

  /** Says whether somebody who may do something else with an interaction may also read it. */
  async mayRead({ now }: KnownInteraction, { grants }: Principal): Promise<boolean> {
    return this.scopes.allows(reachesOf(grants, 'interactions.read'), branchScope(now.branch));
  }

  /**
   * Throws `OUT_OF_SCOPE` when the sender may not change an interaction, or not move it to `newBranch`. An integrator may
   * change only what came from its sources; without sources, only what it recorded itself.
   */
  async expectChangeable(
    state: Interaction,
    newBranch: string | undefined,
    sender: Principal,
    reaches: readonly Reach[],
  ): Promise<void> {
    if (state.status === 'unknown') return;
    const own = reaches.filter((reach) => reachesOrigin(reach, state, sender));
    const scopes = [state.now.branch, newBranch ?? state.now.branch].map(branchScope);
    const isWithin = await this.scopes.judge(own, scopes);
    if (scopes.every((scope) => isWithin(scope))) return;
    throw outOfScope(reaches, { ownOnly: reaches.some(changesOwnOnly) });
  }
}

/** True when a grant permits changing what came from where the interaction came from. */
function reachesOrigin(reach: Reach, { source, recordedBy }: KnownInteraction, sender: Principal): boolean {
  if (changesOwnOnly(reach)) return recordedBy === sender.id;
  const { sources } = reach.grant;
  return sources === undefined || sources.some((name) => sourceId(name) === source);
}

/** Without sources nothing else tells what is an integrator's own. */
function changesOwnOnly({ grant: { role, sources } }: Reach): boolean {
  return role === 'integrator' && sources === undefined;
}
