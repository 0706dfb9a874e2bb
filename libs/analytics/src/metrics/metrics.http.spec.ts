import { defaultPolicy, type InteractionFact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';

let adapters: Adapters;
let app: TestApp;
let others: Neighbours;
const now = new Date('2024-07-15T12:00:00.000Z');

const ada = randomUUID();
const grace = randomUUID();

async function branch(id: string, library: string): Promise<void> {
  const data = { id, name: id, library, timeZone: 'UTC' };
  await others.publish('BranchAdded', `branch-${id}`, data);
}

async function use(person: string, at: string, more: Partial<InteractionFact> = {}): Promise<void> {
  const fact: InteractionFact = {
    time: `${at}T10:00:00.000Z`,
    kind: 'visit',
    branch: 'NORTH',
    quantity: 1,
    startedBy: 'patron',
    digital: false,
    ...more,
  };
  const interaction = randomUUID();
  await others.publish('InteractionRecorded', person, { interaction, reference: null, now: fact }, fact.time);
}

async function answer(
  branchId: string | undefined,
  type: 'nps' | 'csat',
  ...scores: number[]
): Promise<void> {
  for (const score of scores) {
    const response = randomUUID();
    await others.publish('SurveyAnswered', `response-${response}`, {
      survey: 's',
      response,
      answeredAt: '2024-05-10T10:00:00.000Z',
      ...(branchId ? { branch: branchId } : {}),
      scores: [{ question: 'q', type, score }],
    });
  }
}

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  others = neighbours(adapters);
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, { now: () => now });
  await others.publish('LibraryAdded', 'library-CITY', { id: 'CITY', name: 'City' });
  await others.publish('LibraryAdded', 'library-COUNTY', { id: 'COUNTY', name: 'County' });
  await branch('NORTH', 'CITY');
  await branch('SOUTH', 'CITY');
  await branch('EAST', 'COUNTY');
  await others.publish('PatronRegistered', ada, {
    personId: ada,
    homeBranch: 'NORTH',
    enrolledOn: '2023-02-01',
  });
  await others.publish('PatronRegistered', grace, {
    personId: grace,
    homeBranch: 'EAST',
    enrolledOn: '2024-03-01',
  });
  await use(ada, '2023-05-02');
  await use(ada, '2024-05-02');
  await use(ada, '2024-05-02', { kind: 'loan' });
  await use(grace, '2024-05-03', { branch: 'SOUTH' });
  await use('anonymous-1', '2024-05-04', { branch: 'EAST', quantity: 1200 });
  await answer('NORTH', 'csat', 5, 5, 4, 2);
  await answer(undefined, 'csat', 1);
  await answer('NORTH', 'nps', 10, 9, 9, 9, 9, 10, 7, 8, 0, 6);
  await others.publish('TestimonialReceived', 't-1', {
    testimonial: '1',
    receivedOn: '2024-05-31',
    branch: 'EAST',
  });
  await others.publish('TestimonialReceived', 't-2', { testimonial: '2', receivedOn: '2024-05-31' });
  for (const [branchId, month, minor] of [
    ['NORTH', '2024-05', 10_000],
    ['EAST', '2024-05', 5_000],
  ] as const) {
    const body = { branch: branchId, month, category: 'staff', amount: { minor, currency: 'EUR' } };
    await app.when({ url: '/v1/costs', body }).then(201);
  }
  await app.settled();
});

afterAll(async () => {
  await app?.close();
  await adapters?.close();
});

/** The point of May 2024, unless the query says otherwise. */
async function may(metric: string, scope = 'consortium', query = ''): Promise<any> {
  const url = `/v1/metrics/${metric}?scope=${scope}&from=2024-05&to=2024-05${query}`;
  const { body } = await app.when({ url }).then(200);
  return body.points[0];
}

describe('a metric', () => {
  it('travels with its policy, scope, unit and position', () =>
    app
      .when({ url: '/v1/metrics/new-readers?scope=library:CITY&from=2023-01&to=2023-03' })
      .then(200, (body) => {
        expect(body).toMatchObject({
          metric: 'new-readers',
          unit: 'persons',
          scope: 'library:CITY',
          grain: 'month',
          policy: { ...defaultPolicy, version: 1, timeZone: 'UTC' },
          points: [
            { period: '2023-01', value: 0, n: 0, complete: true },
            { period: '2023-02', value: 1, n: 1, complete: true },
            { period: '2023-03', value: 0, n: 0, complete: true },
          ],
        });
        expect(typeof body.asOf).toBe('string');
      }));

  it('places people at home and volumes where they happened', async () => {
    expect(await may('active-readers', 'branch:EAST')).toMatchObject({ value: 1 });
    expect(await may('active-readers', 'branch:SOUTH')).toMatchObject({ value: 0 });
    expect(await may('visits', 'branch:SOUTH')).toMatchObject({ value: 1, n: 1 });
  });

  it('of volume adds quantities and says how many interactions they came from', async () => {
    expect(await may('visits')).toMatchObject({ value: 1202, n: 3 });
    expect(await may('interactions')).toMatchObject({ value: 1203, n: 4 });
    expect(await may('visits', 'branch:EAST')).toMatchObject({ value: 1200, n: 1 });
    expect(await may('rooms')).toMatchObject({ value: 0, n: 0 });
  });

  it('of retention divides who stayed by who was there a window before', async () => {
    expect(await may('retention')).toMatchObject({ value: 1, numerator: 1, denominator: 1, n: 1 });
    expect(await may('churn')).toMatchObject({ value: 0, numerator: 0, denominator: 1 });
    expect(await may('retention', 'branch:SOUTH')).toMatchObject({ value: null, denominator: 0, n: 0 });
  });

  it('of frequency divides uses by the persons who used the library in the period', async () => {
    expect(await may('frequency')).toMatchObject({ value: 1.5, numerator: 3, denominator: 2, n: 2 });
    expect(await may('visit-days')).toMatchObject({ value: 1, numerator: 2, denominator: 2 });
    expect(await may('frequency', 'consortium', '&grain=year')).toMatchObject({ period: '2024', value: 1.5 });
  });

  it('of cost divides by readers, visits or interactions, and is null without entries', async () => {
    expect(await may('cost-per-reader')).toMatchObject({
      value: 7500,
      numerator: 15_000,
      denominator: 2,
      n: 2,
    });
    expect(await may('cost-per-reader', 'branch:NORTH')).toMatchObject({ value: 10_000, n: 1 });
    expect(await may('cost-per-visit', 'library:CITY')).toMatchObject({ value: 5000, denominator: 2, n: 2 });
    expect(await may('cost-per-interaction')).toMatchObject({ value: 12.468828, denominator: 1203, n: 4 });
    expect(await may('cost-per-visit', 'branch:SOUTH')).toMatchObject({ value: null, n: 1 });
    await app
      .when({ url: '/v1/metrics/cost-per-visit?from=2024-05&to=2024-05' })
      .then(200, { currency: 'EUR', unit: 'minor-per-visit' });
  });

  it('of cost says how many branch-months with readers or use have costs; without all it is not complete', async () => {
    // Ada is at home in NORTH and Grace in EAST; SOUTH has no reader and one visit.
    expect(await may('cost-per-reader')).toMatchObject({ covered: { with: 2, of: 3 }, complete: false });
    expect(await may('cost-per-visit', 'library:CITY')).toMatchObject({
      ...{ covered: { with: 1, of: 2 }, complete: false },
    });
    expect(await may('cost-per-interaction', 'branch:NORTH')).toMatchObject({
      ...{ covered: { with: 1, of: 1 }, complete: true },
    });
    expect(await may('cost-per-visit', 'branch:SOUTH')).toMatchObject({
      ...{ value: null, covered: { with: 0, of: 1 }, complete: false },
    });
    expect(await may('visits')).not.toHaveProperty('covered');
    // NORTH has readers in February to December 2023 and a visit in May.
    const year = { covered: { with: 0, of: 11 }, value: null, complete: false };
    await app
      .when({ url: '/v1/metrics/cost-per-reader?from=2023-01&to=2023-12&grain=year' })
      .then(200, { points: [year] });
    await app
      .when({ url: '/v1/metrics/cost-per-visit?scope=branch:SOUTH&from=2022-01&to=2022-01' })
      .then(200, {
        points: [{ covered: { with: 0, of: 0 }, value: null, complete: true }],
      });
  });

  it('of satisfaction is the share of 4 and 5 with its interval; without answers it is null', async () => {
    const share = { value: 0.75, numerator: 3, denominator: 4, n: 4, low: 0.300642, high: 0.954413 };
    expect(await may('satisfaction', 'branch:NORTH')).toMatchObject(share);
    expect(await may('csat', 'branch:NORTH')).toMatchObject({ ...share, mean: 4 });
    expect(await may('satisfaction')).toMatchObject({ value: 0.6, n: 5 });
    expect(await may('satisfaction', 'branch:SOUTH')).toMatchObject({ value: null, n: 0 });
    expect(await may('satisfaction', 'branch:SOUTH')).not.toHaveProperty('low');
    expect(await may('nps')).toMatchObject({ value: 40, n: 10, numerator: 4, denominator: 10 });
    expect((await may('nps')).low).toBeLessThan(40);
  });

  it('of what names no branch belongs to the consortium only', async () => {
    expect(await may('testimonials')).toMatchObject({ value: 2, n: 2 });
    expect(await may('testimonials', 'library:COUNTY')).toMatchObject({ value: 1 });
  });

  it('gives the reasons of losses', async () => {
    const point = await may('lost-readers', 'consortium', '&grain=year');
    expect(point).toMatchObject({
      period: '2024',
      reasons: { lapsed: point.value, expired: 0, closed: 0, erased: 0 },
    });
  });

  it('sums flows and takes stocks at the end of quarters and years', async () => {
    await app.when({ url: '/v1/metrics/new-readers?from=2023-01&to=2024-06&grain=year' }).then(200, {
      points: [
        { period: '2023', value: 1 },
        { period: '2024', value: 1, complete: false },
      ],
    });
    await app.when({ url: '/v1/metrics/current-readers?from=2023-12&to=2024-05&grain=quarter' }).then(200, {
      points: [
        { period: '2023-Q4', value: 1 },
        { period: '2024-Q1', value: 2 },
        { period: '2024-Q2', value: 2, complete: true },
      ],
    });
  });

  it('keeps both identities in every scope and month', async () => {
    const series = async (name: string, scope: string): Promise<number[]> => {
      const url = `/v1/metrics/${name}?scope=${scope}&from=2023-01&to=2024-07`;
      const { body } = await app.when({ url }).then(200);
      return body.points.map(({ value }: { value: number }) => value);
    };
    for (const scope of ['consortium', 'library:CITY', 'branch:EAST']) {
      const names = ['current', 'new', 'reactivated', 'lost', 'moved-in', 'moved-out'];
      const [current, ...changes] = await Promise.all(names.map((name) => series(`${name}-readers`, scope)));
      const [entered, back, lost, came, left] = changes as [number[], number[], number[], number[], number[]];
      current!.forEach((count, m) => {
        if (m === 0) return;
        expect(count).toBe(current![m - 1]! + entered[m]! + back[m]! - lost[m]! + came[m]! - left[m]!);
      });
      const [active, retained, returned, newly] = await Promise.all(
        ['active', 'retained', 'returned', 'newly-active'].map((name) => series(`${name}-readers`, scope)),
      );
      active!.forEach((count, m) => expect(count).toBe(retained![m]! + returned![m]! + newly![m]!));
    }
  });

  it('is null for a period that has not begun, and not complete before its end', () =>
    app.when({ url: '/v1/metrics/visits?from=2024-06&to=2024-08' }).then(200, {
      points: [
        { period: '2024-06', value: 0, complete: true },
        { period: '2024-07', value: 0, complete: false },
        { period: '2024-08', value: null, n: 0, complete: false },
      ],
    }));

  it('is compared with the periods before and with a year before, aligned by index', async () => {
    await app.when({ url: '/v1/metrics/visits?from=2024-05&to=2024-06&compare=year' }).then(200, {
      comparison: {
        mode: 'year',
        points: [
          { period: '2023-05', value: 1 },
          { period: '2023-06', value: 0 },
        ],
      },
    });
    await app.when({ url: '/v1/metrics/visits?from=2024-05&to=2024-06&compare=previous' }).then(200, {
      comparison: { mode: 'previous', points: [{ period: '2024-03' }, { period: '2024-04' }] },
    });
  });

  it('by the fiscal year follows the consortium’s first month', async () => {
    await app.when({ url: '/v1/metrics/visits?from=2024-05&to=2024-05&grain=year&year=fiscal' }).then(200, {
      points: [{ period: 'FY2024', value: 1202 }],
    });
  });

  it('covers the twelve months to the last complete one unless asked otherwise', () =>
    app.when({ url: '/v1/metrics/visits' }).then(200, ({ points }) => {
      expect(points.map(({ period }: { period: string }) => period)).toHaveLength(12);
      expect(points[11].period).toBe('2024-06');
    }));
});

describe('a metric is refused', () => {
  const refused = (query: string, status: number, code: string) =>
    app.when({ url: `/v1/metrics/${query}` }).thenRefused(status, code);

  it('when there is none of that name', async () => {
    await refused('happiness', 404, 'UNKNOWN_METRIC');
    await refused('constructor', 404, 'UNKNOWN_METRIC');
  });

  it('for a scope that does not exist', async () => {
    await refused('visits?scope=branch:WEST', 404, 'UNKNOWN_SCOPE');
    await refused('visits?scope=planet', 404, 'UNKNOWN_SCOPE');
    await refused('visits?scope=library:NORTH', 404, 'UNKNOWN_SCOPE');
  });

  it('when it ends before it begins', () => refused('visits?from=2024-02&to=2024-01', 422, 'FROM_AFTER_TO'));

  it('beyond 240 points', () => refused('visits?from=1990-01&to=2024-01', 400, 'TOO_MANY_POINTS'));

  it('for what is no month, grain, year or comparison', async () => {
    await refused('visits?from=2024', 422, 'BAD_MONTH');
    await refused('visits?grain=week', 422, 'BAD_PARAMETER');
    await refused('visits?compare=never', 422, 'BAD_PARAMETER');
  });

  it('without a key', () => app.when({ url: '/v1/metrics/visits', key: null }).then(401));
});

describe('the board', () => {
  it('sees its six figures to a month, each with the same a year earlier', () =>
    app.when({ url: '/v1/metrics?scope=consortium&to=2024-05' }).then(200, (body) => {
      expect(body.figures.map(({ metric }: { metric: string }) => metric)).toEqual([
        'new-readers',
        'lost-readers',
        'frequency',
        'cost-per-reader',
        'testimonials',
        'satisfaction',
      ]);
      const [newReaders, lost, frequency, cost] = body.figures;
      expect(newReaders).toMatchObject({ grain: 'month', points: [{ period: '2024-05' }] });
      expect(newReaders.comparison).toMatchObject({ mode: 'year', points: [{ period: '2023-05' }] });
      expect(lost).toMatchObject({ grain: '12-months', points: [{ period: '2023-06/2024-05' }] });
      expect(lost.comparison.points[0].period).toBe('2022-06/2023-05');
      expect(frequency.points[0]).toMatchObject({ value: 1.5, n: 2 });
      expect(cost).toMatchObject({ currency: 'EUR', points: [{ value: 7500 }] });
    }));

  it('sees the last complete month unless asked otherwise', () =>
    app.when({ url: '/v1/metrics' }).then(200, ({ figures }) => {
      expect(figures[0].points[0].period).toBe('2024-06');
    }));

  it('is refused for a scope that does not exist', () =>
    app.when({ url: '/v1/metrics?scope=branch:WEST' }).thenRefused(404, 'UNKNOWN_SCOPE'));
});
