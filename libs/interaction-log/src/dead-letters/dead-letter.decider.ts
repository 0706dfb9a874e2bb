import { Refusal, type Decider } from '@readership/kernel';
import type { DeadLetterEvent, Parked } from './dead-letter.events.js';

export interface ParkRecord {
  readonly type: 'ParkRecord';
  readonly parked: Omit<Parked, 'parts'>;
  /** What the record says, in parts that fit into an event each; empty: too large to be kept. */
  readonly content: readonly string[];
}

/** It was tried again: it was taken, or it is refused still. */
export interface ReplayRecord {
  readonly type: 'ReplayRecord';
  readonly outcome: { readonly interaction: string } | { readonly reason: string; readonly pointer?: string };
}

export type DeadLetterCommand = ParkRecord | ReplayRecord | { readonly type: 'DiscardRecord' };

export type DeadLetterStatus = 'parked' | 'replayed' | 'discarded';

export interface KnownDeadLetter {
  readonly status: DeadLetterStatus;
  /** With the reason of the last time that it was tried. */
  readonly parked: Parked;
  /** As many as there are parts; one is `null` once it was forgotten. */
  readonly content: readonly (string | null)[];
  readonly interaction: string | null;
}

export type DeadLetter = { readonly status: 'unknown' } | KnownDeadLetter;

export const deadLetter: Decider<DeadLetter, DeadLetterCommand, DeadLetterEvent> = {
  category: 'dead-letter',
  initial: { status: 'unknown' },

  decide(command, state) {
    switch (command.type) {
      case 'ParkRecord': {
        if (state.status !== 'unknown') return [];
        const { parked, content } = command;
        const [first, ...further] = content;
        return [
          {
            type: 'RecordParked',
            data: { ...parked, parts: content.length },
            ...(first === undefined ? { personal: null } : { personal: { content: first } }),
          },
          ...further.map((part, at): DeadLetterEvent => ({
            type: 'ContentKept',
            data: { part: at + 2 },
            personal: { content: part },
          })),
        ];
      }
      case 'ReplayRecord': {
        const { status } = knownOf(state);
        if (status === 'discarded') throw discarded();
        if (status === 'replayed') return [];
        const { outcome } = command;
        return 'interaction' in outcome
          ? [{ type: 'RecordReplayed', data: outcome }]
          : [{ type: 'ReplayRefused', data: outcome }];
      }
      case 'DiscardRecord': {
        const { status } = knownOf(state);
        if (status === 'discarded') return [];
        if (status === 'replayed') {
          throw new Refusal(
            'ALREADY_REPLAYED',
            'conflict',
            'The record was replayed: withdraw the interaction instead.',
          );
        }
        return [{ type: 'RecordDiscarded', data: {} }];
      }
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'RecordParked': {
        const { personal, data } = event;
        const content = data.parts === 0 ? [] : [personal?.content ?? null];
        return { status: 'parked', parked: data, content, interaction: null };
      }
      case 'ContentKept':
        if (state.status === 'unknown') return state;
        return { ...state, content: [...state.content, event.personal?.content ?? null] };
      case 'RecordReplayed':
        if (state.status === 'unknown') return state;
        return { ...state, status: 'replayed', interaction: event.data.interaction };
      case 'ReplayRefused':
        return state.status === 'unknown'
          ? state
          : { ...state, parked: refusedAgain(state.parked, event.data) };
      case 'RecordDiscarded':
        return state.status === 'unknown' ? state : { ...state, status: 'discarded' };
    }
  },
};

/** What is known of it after another try: the reason is that of the last. */
export function refusedAgain<P extends { readonly reason: string; readonly pointer?: string }>(
  parked: P,
  { reason, pointer }: { readonly reason: string; readonly pointer?: string },
): P {
  const again: P & { pointer?: string } = { ...parked, reason };
  delete again.pointer;
  return pointer === undefined ? again : { ...again, pointer };
}

export function knownOf(state: DeadLetter): KnownDeadLetter {
  if (state.status === 'unknown') throw unknownDeadLetter();
  return state;
}

export function unknownDeadLetter(): Refusal {
  return new Refusal('UNKNOWN_DEAD_LETTER', 'unknown', 'There is no dead letter with this id.');
}

export function discarded(): Refusal {
  return new Refusal(
    'ALREADY_DISCARDED',
    'conflict',
    'The record was discarded: ask its sender to send it again.',
  );
}
