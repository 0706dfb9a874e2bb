import type { InteractionFact } from '@readership/contracts';

/** A published fact before it has a position. */
export interface BenchFact {
  readonly type: 'PatronRegistered' | 'InteractionRecorded';
  readonly key: string;
  readonly time: string;
  readonly data: object;
}

const person = (i: number): string => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;

/** `n` loans of `n` ÷ 30 readers over three years, as they are on the log: registrations first, then by time. */
export function facts(n: number): readonly BenchFact[] {
  const readers = Math.ceil(n / 30);
  const registered = Array.from({ length: readers }, (_, i): BenchFact => {
    const data = { personId: person(i), homeBranch: `B${i % 24}`, enrolledOn: '2021-03-05' };
    return { type: 'PatronRegistered', key: person(i), time: '2021-03-05T10:00:00.000Z', data };
  });
  const recorded = Array.from({ length: n }, (_, i): BenchFact => {
    const key = person((i * 7919) % readers);
    const time = new Date(Date.UTC(2021, 3, 1) + (i / n) * 3 * 365 * 86_400_000).toISOString();
    const branch = `B${(i * 13) % 24}`;
    const now: InteractionFact = {
      time,
      kind: 'loan',
      branch,
      quantity: 2,
      startedBy: 'patron',
      digital: false,
    };
    return {
      type: 'InteractionRecorded',
      key,
      time,
      data: { interaction: `interaction-${i}`, reference: key, now },
    };
  });
  return [...registered, ...recorded];
}
