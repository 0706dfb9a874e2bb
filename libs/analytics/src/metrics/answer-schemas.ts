import { interactionKinds } from '@readership/contracts';
import { lossReasons } from '../readership/people.js';
import { grains } from './periods.js';

const integer = { type: 'integer' } as const;
const number = { type: 'number' } as const;
const text = { type: 'string' } as const;

const point = {
  type: 'object',
  required: ['period', 'value', 'n', 'complete'],
  properties: {
    period: { ...text, example: '2024-03' },
    value: { type: ['number', 'null'] },
    n: integer,
    numerator: integer,
    denominator: integer,
    low: number,
    high: number,
    mean: { type: ['number', 'null'] },
    reasons: {
      type: 'object',
      properties: Object.fromEntries(lossReasons.map((reason) => [reason, integer])),
    },
    covered: {
      type: 'object',
      required: ['with', 'of'],
      properties: { with: integer, of: integer },
      description:
        'Of metrics of cost: `of` the branch-months of the period that have readers or use, those `with` costs.',
    },
    complete: {
      type: 'boolean',
      description:
        'The period has ended, no record on the log waits to be counted, and costs cover all of it.',
    },
  },
};

const points = { type: 'array', items: point };

const policy = {
  type: 'object',
  required: ['version', 'qualifying', 'windowMonths', 'digital', 'timeZone'],
  properties: {
    version: integer,
    qualifying: { type: 'array', items: { ...text, enum: [...interactionKinds] } },
    windowMonths: { ...integer, enum: [6, 12, 24, 36] },
    digital: { type: 'boolean' },
    timeZone: text,
  },
};

/** The OpenAPI schema of `MetricAnswer`. */
export const metricSchema = {
  type: 'object',
  required: ['metric', 'unit', 'scope', 'grain', 'policy', 'asOf', 'points'],
  properties: {
    metric: text,
    unit: text,
    currency: { ...text, example: 'EUR' },
    scope: text,
    grain: { ...text, enum: [...grains, '12-months'] },
    policy,
    asOf: text,
    points,
    comparison: {
      type: 'object',
      required: ['mode', 'points'],
      properties: { mode: { ...text, enum: ['previous', 'year'] }, points },
    },
  },
};

/** The OpenAPI schema of `Board`. */
export const boardSchema = {
  type: 'object',
  required: ['asOf', 'scope', 'policy', 'figures'],
  properties: { asOf: text, scope: text, policy, figures: { type: 'array', items: metricSchema } },
};
