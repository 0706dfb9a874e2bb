import type { FactData } from '@readership/contracts';
import { Refusal, type Decider } from '@readership/kernel';
import type { BranchEvent } from './directory.events.js';

export type BranchDetails = FactData<'BranchAdded'> & {
  /** Absent: the population is that of the branch as it was added, or none is known. */
  readonly populationSince?: string;
};

export interface Branch {
  readonly now: BranchDetails;
  /** As it was added: adding the same again changes nothing, also after a change. */
  readonly added: BranchDetails;
}

export type BranchCommand =
  | { readonly type: 'AddBranch'; readonly branch: BranchDetails }
  | {
      readonly type: 'ChangeBranch';
      readonly name?: string;
      readonly library?: string;
      readonly timeZone?: string;
      readonly population?: { readonly people: number; readonly since: string };
    };

/** That its library exists is looked up before the command. */
export const branch: Decider<Branch | null, BranchCommand, BranchEvent> = {
  category: 'branch',
  initial: null,

  decide(command, state) {
    switch (command.type) {
      case 'AddBranch':
        if (state === null) return [{ type: 'BranchAdded', data: command.branch }];
        if (same(command.branch, state.added) || same(command.branch, state.now)) return [];
        throw new Refusal(
          'BRANCH_EXISTS',
          'conflict',
          'A branch with this id has other content: change it with PATCH.',
          '/id',
        );
      case 'ChangeBranch': {
        if (state === null) throw unknownBranch();
        const { name, library, timeZone, population } = command;
        const { now } = state;
        const id = now.id;
        const events: BranchEvent[] = [];
        if (name !== undefined && name !== now.name)
          events.push({ type: 'BranchRenamed', data: { id, name } });
        if (library !== undefined && library !== now.library) {
          events.push({ type: 'BranchTransferred', data: { id, library } });
        }
        if (timeZone !== undefined && timeZone !== now.timeZone) {
          events.push({ type: 'BranchTimeZoneSet', data: { id, timeZone } });
        }
        if (population !== undefined && population.people !== now.population) {
          const { people, since } = population;
          events.push({
            type: 'BranchPopulationStated',
            data: { id, population: people, populationSince: since },
          });
        }
        return events;
      }
    }
  },

  evolve(state, event) {
    if (event.type === 'BranchAdded') return { now: event.data, added: event.data };
    return state && { ...state, now: { ...state.now, ...event.data } };
  },
};

function same(a: BranchDetails, b: BranchDetails): boolean {
  return (
    a.name === b.name && a.library === b.library && a.timeZone === b.timeZone && a.population === b.population
  );
}

export function unknownBranch(): Refusal {
  return new Refusal('BRANCH_UNKNOWN', 'unknown', 'There is no branch with this id: add it first.');
}
