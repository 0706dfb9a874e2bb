import type { FactData, PublishedType } from '@readership/contracts';
import { monthOf } from '../src/calendar/days-and-months.js';
import type { Chance } from './random-history.js';

export const windowMonths = 6;
export const first = monthOf('2024-01');
export const last = monthOf('2024-08');
export const months = Array.from({ length: last - first + 1 }, (_, i) => first + i);
export const reasons = ['lapsed', 'expired', 'closed', 'erased'] as const;

export interface Tree {
  readonly libraries: Readonly<Record<string, readonly string[]>>;
  readonly branches: readonly string[];
}

/** Where other contexts publish their facts. */
interface Others {
  publish<T extends PublishedType>(type: T, key: string, data: FactData<T>): Promise<unknown>;
}

let made = 0;

/** One reader joins and does a few things, or somebody says what they think. */
export async function happens(others: Others, tree: Tree, by: Chance, branch: string): Promise<void> {
  const day = (from = '2024-01-01') => {
    const begin = Date.parse(from);
    return new Date(begin + by.below((Date.parse('2024-09-12') - begin) / 86_400_000 + 1) * 86_400_000)
      .toISOString()
      .slice(0, 10);
  };
  const id = `00000000-0000-4000-8000-${String(made++).padStart(12, '0')}`;
  if (by.may(0.25)) {
    const scores = [
      ...(by.may(0.8) ? [{ question: 'n', type: 'nps' as const, score: by.below(11) }] : []),
      ...(by.may(0.8) ? [{ question: 'c', type: 'csat' as const, score: 1 + by.below(5) }] : []),
    ];
    const at = by.may(0.8) ? { branch } : {};
    await others.publish('SurveyAnswered', `response-${id}`, {
      ...{ survey: 's', response: id, answeredAt: `${day()}T10:00:00.000Z`, scores, ...at },
    });
    await others.publish('TestimonialReceived', `testimonial-${id}`, {
      ...{ testimonial: id, receivedOn: day(), ...at },
    });
    return;
  }
  const enrolledOn = day();
  await others.publish('PatronRegistered', id, { personId: id, homeBranch: branch, enrolledOn });
  for (let n = by.below(4); n > 0; n--)
    await others.publish('InteractionRecorded', id, {
      ...{ interaction: `${id}-${n}`, reference: id },
      now: {
        ...{ time: `${day()}T10:00:00.000Z`, kind: 'loan', branch, quantity: 1 },
        ...{ startedBy: 'patron', digital: false },
      },
    });
  if (by.may(0.2))
    await others.publish('PatronMoved', id, {
      ...{ personId: id, homeBranch: by.pick(tree.branches), since: day(enrolledOn) },
    });
  if (by.may(0.25))
    await others.publish('PatronClosed', id, { personId: id, reason: 'moved', on: day(enrolledOn) });
}
