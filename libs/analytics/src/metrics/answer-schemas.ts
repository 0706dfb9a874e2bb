import { interactionKinds } from '@readership/contracts';
import { flag, integer, listOf, number, object, oneOf, orNull, resource, text } from '@readership/host';
import { lossReasons } from '../readership/people.js';
import { grains } from './periods.js';

const pointFields = {
  period: { ...text, example: '2024-03' },
  value: orNull(number),
  n: {
    ...orNull(integer),
    description: 'The number of persons, responses or interactions behind it; `null` when hidden.',
  },
  'suppressed?': {
    ...flag,
    description:
      'The figure is hidden, because one to four persons or respondents are counted in it, or in another one that could be worked out from it.',
  },
  'numerator?': integer,
  'denominator?': integer,
  'low?': number,
  'high?': number,
  'mean?': orNull(number),
  'reasons?': object(Object.fromEntries(lossReasons.map((reason) => [reason, integer]))),
  'covered?': {
    ...object({ with: integer, of: integer }),
    description:
      'Of metrics of cost: `of` the branch-months of the period that have readers or use, those `with` costs.',
  },
  complete: {
    ...flag,
    description: 'The period has ended, no record on the log waits to be counted, and costs cover all of it.',
  },
};

const point = resource('Point', pointFields);

const policy = resource('PolicyInForce', {
  version: integer,
  qualifying: listOf(oneOf(...interactionKinds)),
  windowMonths: { ...integer, enum: [6, 12, 24, 36] },
  digital: flag,
  timeZone: text,
});

/** The OpenAPI schema of `MetricAnswer`. */
export const metricSchema = resource('MetricAnswer', {
  metric: text,
  unit: text,
  'currency?': { ...text, example: 'EUR' },
  scope: text,
  grain: oneOf(...grains, '12-months'),
  policy,
  asOf: text,
  points: listOf(point),
  'comparison?': object({ mode: oneOf('previous', 'year'), points: listOf(point) }),
});

/** The OpenAPI schema of `MetricAnswers`. */
export const answersSchema = resource('MetricAnswers', { asOf: text, answers: listOf(metricSchema) });

/** The OpenAPI schema of `Ranking`. */
export const rankingSchema = resource('Ranking', {
  metric: text,
  unit: text,
  'currency?': { ...text, example: 'EUR' },
  among: text,
  by: oneOf('branch', 'library'),
  best: oneOf('highest', 'lowest'),
  grain: oneOf('month', '3-months', '12-months'),
  period: { ...text, example: '2023-06/2024-05' },
  policy,
  asOf: text,
  items: listOf(resource('RankingItem', { rank: orNull(integer), scope: text, name: text, ...pointFields })),
  peers: orNull(object({ median: number, count: integer })),
});

/** The OpenAPI schema of `Board`. */
export const boardSchema = resource('Board', {
  asOf: text,
  scope: text,
  policy,
  figures: listOf(metricSchema),
});
