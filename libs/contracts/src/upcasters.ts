import type { LogRecord } from '@readership/kernel';

/** The part of a record from which an older body may be completed. */
export type RecordTimes = Pick<LogRecord, 'time' | 'recordedAt'>;

/** Converts a body of one schema version to the next. Pure: the same body always gives the same result. */
export type Upcaster = (body: any, record: RecordTimes) => object;

/** By type, and by the version that is converted to the next. */
export const upcasters: Readonly<Record<string, Readonly<Record<number, Upcaster>>>> = {
  BranchPopulationStated: {
    /** Version 1 had no start day. The day on which the population was stated is the best known one. */
    1: ({ id, population }: { id: string; population: number }, { recordedAt }) => ({
      id,
      population,
      populationSince: recordedAt.slice(0, 10),
    }),
  },
};

/** Converts a body of an older schema version to version `to`, step by step. Throws when a step is not known. */
export function upcast(
  record: RecordTimes & Pick<LogRecord, 'type' | 'schema'>,
  body: object,
  to: number,
  steps: typeof upcasters = upcasters,
): object {
  let read = body;
  for (let version = record.schema; version < to; version++) {
    const step = steps[record.type]?.[version];
    if (!step) throw new Error(`unknown fact ${record.type} v${record.schema}`);
    read = step(read, record);
  }
  return read;
}
