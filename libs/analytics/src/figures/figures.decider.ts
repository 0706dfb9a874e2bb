import type { ActivityPolicy } from '@readership/contracts';
import type { Decider } from '@readership/kernel';
import type { Build, FiguresEvent } from './figures.events.js';

export interface FiguresState {
  /** How many builds were ever started. */
  readonly started: number;
  /** The build that answers. */
  readonly serving: Build | null;
  /** The build that will answer once it has caught up. */
  readonly building: Build | null;
}

interface Inputs {
  readonly policy: ActivityPolicy;
  readonly timeZone: string;
}

export type FiguresCommand =
  /** There must be something that answers, whatever it is. */
  | ({ readonly type: 'BeginServing' } & Inputs)
  /** What answers must be made of these. */
  | ({ readonly type: 'StartBuild' } & Inputs)
  | { readonly type: 'ServeBuild'; readonly number: number };

/** Which build of the figures answers, and which one is on its way: a change of policy or time zone builds beside. */
export const figures: Decider<FiguresState, FiguresCommand, FiguresEvent> = {
  category: 'figures',
  initial: { started: 0, serving: null, building: null },
  decide(command, state) {
    switch (command.type) {
      case 'BeginServing':
        return state.serving === null ? first(command) : [];
      case 'StartBuild': {
        const { policy, timeZone } = command;
        if (state.serving === null) return first(command);
        if (madeOf(state.serving, command)) {
          return state.building === null
            ? []
            : [{ type: 'BuildAbandoned', data: { number: state.building.number } }];
        }
        if (madeOf(state.building, command)) return [];
        return [{ type: 'BuildStarted', data: { number: state.started + 1, policy, timeZone } }];
      }
      case 'ServeBuild':
        return state.building?.number === command.number
          ? [{ type: 'BuildServed', data: { number: command.number } }]
          : [];
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'BuildStarted':
        return { ...state, started: event.data.number, building: event.data };
      case 'BuildServed':
        return { ...state, serving: state.building, building: null };
      case 'BuildAbandoned':
        return { ...state, building: null };
    }
  },
};

function first({ policy, timeZone }: Inputs): FiguresEvent[] {
  return [
    { type: 'BuildStarted', data: { number: 1, policy, timeZone } },
    { type: 'BuildServed', data: { number: 1 } },
  ];
}

function madeOf(build: Build | null, inputs: Inputs): boolean {
  if (build === null || build.timeZone !== inputs.timeZone) return false;
  const [a, b] = [build.policy, inputs.policy];
  return (
    a.windowMonths === b.windowMonths &&
    a.digital === b.digital &&
    a.qualifying.length === b.qualifying.length &&
    a.qualifying.every((kind) => b.qualifying.includes(kind))
  );
}
