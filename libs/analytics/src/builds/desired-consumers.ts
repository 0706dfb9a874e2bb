import type { Build, BuildsState } from './builds.decider.js';
import type { Compared } from './comparison.js';
import { begunBy, figureModel, modelsOf, type FigureModel, type Offered } from './figure-models.js';

/** A consumer group of the log that must run, with the read models that it keeps up to date together. */
export interface DesiredConsumer {
  readonly group: string;
  /** The most records of one batch. */
  readonly window: number;
  readonly models: readonly FigureModel[];
  /** The rebuild whose partitions are compared between two batches. */
  readonly compares: (Compared & { readonly build: number }) | null;
}

const servingWindow = 5_000;
/** Large, so that much of a reader's history is folded before it is written; of 50,000 records the peak is 40 MB higher. */
const buildingWindow = 20_000;

/**
 * The consumers that every replica must run in a state of the builds: one for the serving build, and one for the build
 * that is catching up. A rebuild that has caught up joins the consumer of the serving build, so that both versions take
 * the same records. The log gives no more than `windowMax` records at once. Throws `NOT_OFFERED` when the serving build
 * needs what this release does not have.
 */
export function desired(
  { serving, building }: BuildsState,
  by: Offered,
  windowMax: number,
): readonly DesiredConsumer[] {
  if (serving === null) return [];
  const serves: DesiredConsumer = {
    group: groupOf(serving),
    window: Math.min(servingWindow, windowMax),
    models: modelsOf(serving, by),
    compares: null,
  };
  // What only a later release can build is left to its replicas.
  const begun = building === null ? null : begunBy(building, by);
  if (building === null || begun === null) return [serves];
  if (building.partitions === null) {
    const window = Math.min(buildingWindow, windowMax);
    return [serves, { group: groupOf(building), window, models: begun, compares: null }];
  }
  const [live, built] = [serving, building].map((of) => figureModel(of, building.rebuilds!, by).id);
  const compares = { build: building.number, live: live!, built: built! };
  return [{ ...serves, models: [...serves.models, ...begun], compares }];
}

/** Equal for two consumers that do the same. */
export function identityOf({ group, window, models, compares }: DesiredConsumer): string {
  return JSON.stringify([group, window, models.map(({ id }) => id), compares]);
}

function groupOf({ number }: Build): string {
  return `analytics.figures.${number}`;
}
