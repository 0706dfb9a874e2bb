import type { FactData } from '@readership/contracts';
import { Refusal, type Decider } from '@readership/kernel';
import type { BranchEvent } from './directory.events.js';

export type BranchDetails = FactData<'BranchAdded'> & {
  /** Absent when the population is that of the branch as it was added, or is not known. */
  readonly populationSince?: string;
  /** The last day of the branch, which may be ahead. Absent while it has none. */
  readonly closedOn?: string;
};

export interface Branch {
  readonly now: BranchDetails;
  /** The branch as it was added. Adding the same again changes nothing, even after a change. */
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
      /** `null` reopens it. */
      readonly closedOn?: string | null;
    };

/** The command's caller checks that the library exists. */
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
        const { name, library, timeZone, population, closedOn } = command;
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
        if (closedOn === null && now.closedOn !== undefined) {
          events.push({ type: 'BranchReopened', data: { id } });
        }
        if (typeof closedOn === 'string' && closedOn !== now.closedOn) {
          events.push({ type: 'BranchClosed', data: { id, closedOn } });
        }
        return events;
      }
    }
  },

  evolve(state, event) {
    if (event.type === 'BranchAdded') return { now: event.data, added: event.data };
    if (state === null) return null;
    if (event.type === 'BranchReopened') return { ...state, now: reopened(state.now) };
    return { ...state, now: { ...state.now, ...event.data } };
  },
};

/** The branch without its last day. */
export function reopened({
  id,
  name,
  library,
  timeZone,
  population,
  populationSince,
}: BranchDetails): BranchDetails {
  return {
    ...{ id, name, library, timeZone },
    ...(population === undefined ? {} : { population }),
    ...(populationSince === undefined ? {} : { populationSince }),
  };
}

function same(a: BranchDetails, b: BranchDetails): boolean {
  return (
    a.name === b.name && a.library === b.library && a.timeZone === b.timeZone && a.population === b.population
  );
}

export function unknownBranch(): Refusal {
  return new Refusal(
    'BRANCH_UNKNOWN',
    'unknown',
    'There is no branch with this id: GET /v1/branches lists them.',
  );
}
