import type { InteractionEvent } from './interaction-event.js';
import { loansPerActiveReaderYear, visitsPerActiveReaderYear } from './activity.js';
import { sampleSteps } from './sample.js';

const steps = sampleSteps(7, '2025-12', { readers: 2_000, months: 24 });
const lines = <T>(path: string): T[] =>
  steps.flatMap((step) => (step.kind === 'lines' && step.path === path ? (step.lines as readonly T[]) : []));
const events = lines<InteractionEvent>('/v1/interactions/batch');
const year = events.filter(({ time }) => time.startsWith('2025'));
const active = new Set(year.flatMap(({ data }) => data.card ?? [])).size;
const sum = (kind: string) =>
  year.filter(({ data }) => data.kind === kind).reduce((total, { data }) => total + (data.quantity ?? 1), 0);

describe('the sample consortium', () => {
  it('is the same for the same seed and month', () => {
    expect(sampleSteps(7, '2025-12', { readers: 50, months: 6 })).toEqual(
      sampleSteps(7, '2025-12', { readers: 50, months: 6 }),
    );
  });

  it('ends with the month it was asked for', () => {
    expect(events.map(({ time }) => time.slice(0, 7)).reduce((a, b) => (a > b ? a : b))).toBe('2025-12');
  });

  it('follows the real ratios of visits and loans per active reader within a seventh', () => {
    expect(sum('visit') / active / visitsPerActiveReaderYear).toBeGreaterThan(0.86);
    expect(sum('visit') / active / visitsPerActiveReaderYear).toBeLessThan(1.15);
    expect(sum('loan') / active / loansPerActiveReaderYear).toBeGreaterThan(0.86);
    expect(sum('loan') / active / loansPerActiveReaderYear).toBeLessThan(1.15);
  });

  it('never uses an id twice', () => {
    expect(new Set(events.map(({ source, id }) => `${source} ${id}`)).size).toBe(events.length);
  });

  it('has readers who are registered after their first interactions', () => {
    const order = steps.map((step) => (step.kind === 'lines' ? step.path : ''));
    expect(order.lastIndexOf('/v1/patrons/batch')).toBeGreaterThan(
      order.lastIndexOf('/v1/interactions/batch'),
    );
  });

  it('has moves, closures, reopenings, corrections, surveys and testimonials', () => {
    const paths = steps.flatMap((step) => (step.kind === 'one' ? [step.path] : []));
    for (const end of [
      '/move',
      '/close',
      '/reopen',
      '/correct',
      '/withdraw',
      '/v1/surveys',
      '/approve',
      '/publish',
    ]) {
      expect([end, paths.some((path) => path.endsWith(end))]).toEqual([end, true]);
    }
  });
});
