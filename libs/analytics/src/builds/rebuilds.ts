import { Inject, Injectable } from '@nestjs/common';
import { EventLog, EventStore, handle, ReadModels, Refusal, type Meta } from '@readership/kernel';
import { figureModel, OFFERED, versionsOf, type Offered } from './figure-models.js';
import {
  builds,
  isCompared,
  type Building,
  type Ended,
  type BuildsCommand,
  type BuildsState,
} from './builds.decider.js';
import type { Comparison } from './builds.events.js';
import { Builds, buildsId } from './builds.js';

/** How far the new version has come in a partition of the log. */
export interface Progress {
  readonly partition: number;
  readonly offset: number;
  /** Where the partition ended at most some seconds ago; `null` while the log is unavailable. */
  readonly end: number | null;
}

/** The result of comparing the live version with the new one. */
export interface Parity {
  readonly equal: boolean;
  readonly partitions: readonly (Comparison & { readonly equal: boolean })[];
}

export interface Rebuild {
  readonly id: number;
  readonly model: string;
  readonly version: number;
  /** `comparing`: it has caught up. `compared`: it waits to be switched to or abandoned. */
  readonly state: 'building' | 'comparing' | 'compared' | 'switched' | 'abandoned';
  /** Present while the rebuild is in progress. */
  readonly progress?: readonly Progress[];
  /** `null` until every partition was compared. */
  readonly parity: Parity | null;
}

/** Rebuilds of the figures' read models, as an engineer starts and ends them. */
@Injectable()
export class Rebuilds {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(Builds) private readonly builds: Builds,
    @Inject(OFFERED) private readonly offered: Offered,
  ) {}

  /**
   * Begins a rebuild, or returns the same one when it is in progress. `version` defaults to the last that this release
   * offers.
   */
  async begin(model: string, version: number | undefined, meta: Meta): Promise<Rebuild> {
    const { first, last } = versionsOf(this.offered)[model]!;
    const wanted = version ?? last;
    if (wanted < first || wanted > last) {
      const detail = `This release offers versions ${first} to ${last} of this read model.`;
      throw new Refusal('VERSION_NOT_OFFERED', 'invalid', detail, '/version');
    }
    const { building } = await this.told({ type: 'Rebuild', model, version: wanted }, meta);
    // What the same command began before may have come further, or have ended.
    const now = (await this.list()).find(({ id }) => id === building!.number);
    return now ?? this.underWay(building!, model);
  }

  async switchTo(id: number, meta: Meta): Promise<Rebuild> {
    return found(await this.told({ type: 'SwitchToRebuild', number: id }, meta), id);
  }

  async abandon(id: number, meta: Meta): Promise<Rebuild> {
    return found(await this.told({ type: 'AbandonRebuild', number: id }, meta), id);
  }

  /** The rebuild in progress first, then the last ones that have ended. */
  async list(): Promise<readonly Rebuild[]> {
    const { building, ended } = await this.builds.state();
    const over = ended.toReversed().map(viewOf);
    if (building?.rebuilds === undefined) return over;
    return [await this.underWay(building, building.rebuilds), ...over];
  }

  private async underWay(building: Building, model: string): Promise<Rebuild> {
    const { id } = figureModel(building, model, this.offered);
    // The log is not asked: what was recorded would be answered 503 while it is unavailable.
    const ends = this.log.knownEnds();
    const checkpoints = await this.models.checkpoints(id);
    const progress = checkpoints.map(({ offset }, partition) => ({
      partition,
      offset,
      end: ends && Math.max(ends[partition] ?? 0, offset),
    }));
    return { ...viewOf(building), progress };
  }

  private async told(command: BuildsCommand, meta: Meta): Promise<BuildsState> {
    return (await handle(this.store, builds, buildsId, command, meta)).state;
  }
}

function found({ ended }: BuildsState, id: number): Rebuild {
  return viewOf(ended.find(({ number }) => number === id)!);
}

function viewOf(of: Building | Ended): Rebuild {
  const model = of.rebuilds!;
  const { number: id, models } = of;
  return { id, model, version: models[model]!.version, state: stateOf(of), parity: parityOf(of) };
}

function stateOf(of: Building | Ended): Rebuild['state'] {
  if ('outcome' in of) return of.outcome;
  if (of.partitions === null) return 'building';
  return isCompared(of) ? 'compared' : 'comparing';
}

function parityOf(of: Building): Parity | null {
  if (!isCompared(of)) return null;
  const partitions = of.compared
    .map((one) => ({ ...one, equal: one.live === one.built }))
    .sort((a, b) => a.partition - b.partition);
  return { equal: partitions.every(({ equal }) => equal), partitions };
}
