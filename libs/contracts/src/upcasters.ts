import type { LogRecord } from '@readership/kernel';

/** What of its record an older body may be completed from. */
export type RecordTimes = Pick<LogRecord, 'time' | 'recordedAt'>;

/** Reads a body of one schema version as the next. Pure: the same body gives the same for ever. */
export type Upcaster = (body: any, record: RecordTimes) => object;

/** By type, and by the version that is read as the one after it. */
export const upcasters: Readonly<Record<string, Readonly<Record<number, Upcaster>>>> = {
  BranchPopulationStated: {
    /** Version 1 did not say since when: since the day on which it was stated, as far as anybody knows. */
    1: ({ id, population }: { id: string; population: number }, { recordedAt }) => ({
      id,
      population,
      populationSince: recordedAt.slice(0, 10),
    }),
  },
};

/** A body of an older schema version as one of version `to`, step by step. Throws when a step is not known. */
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
