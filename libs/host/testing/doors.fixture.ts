import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import {
  EventStore,
  handle,
  ReadModels,
  type Decider,
  type Event,
  type Job,
  type LogRecord,
  type Meta,
  type Projection,
  type Publish,
} from '@readership/kernel';
import { Needs } from '../src/routes.js';
import { Answer } from '../src/answer.js';
import type { ContextParts } from '../src/context-parts.js';
import { AppliedWait } from '../src/positions.js';
import { RequestMeta } from '../src/request.js';
import { LogConsumers } from '../src/running-context.js';

type Knocked = Event<'Knocked', { door: string; loud: boolean }>;
interface Knocks {
  readonly knocks: number;
}
export type Seen = Knocked & { key: string };

const doors: Decider<Knocks, { door: string; loud: boolean }, Knocked> = {
  category: 'door',
  initial: { knocks: 0 },
  decide: (command) => [{ type: 'Knocked', data: command }],
  evolve: ({ knocks }) => ({ knocks: knocks + 1 }),
};

/** Only a loud knock is published. */
export const publish: Publish<Knocked> = ({ data }) => ({
  key: data.door,
  fact: data.loud ? { type: 'Knocked', schema: 1, data } : null,
});

export const projection = (name: string): Projection<Seen, Knocks> => ({
  name,
  version: 1,
  on: ['Knocked'],
  key: ({ key }) => key,
  apply: (row) => ({ knocks: (row?.knocks ?? 0) + 1 }),
});
const decode = (record: LogRecord): Seen => ({
  type: 'Knocked',
  key: record.key,
  data: JSON.parse(record.body) as Knocked['data'],
});

@Controller('v1/doors')
@Needs('any credential')
export class DoorsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(LogConsumers) readonly consumers: LogConsumers,
  ) {}

  @Post(':door')
  async knock(
    @Param('door') door: string,
    @Body() body: unknown,
    @RequestMeta() meta: Meta,
  ): Promise<Answer<object>> {
    const { loud } = body as { loud: boolean };
    const { version, marks } = await handle(this.store, doors, door, { door, loud }, meta);
    return new Answer({ door }, { version, marks });
  }

  @Get(':door/own')
  @ApiQuery({ name: 'after', required: false })
  async own(@Param('door') door: string, @Query('after') after: string | undefined): Promise<object> {
    await this.applied.until({ after }, { own: ['own-knocks.v1'] });
    return { row: await this.models.get('own-knocks.v1', door) };
  }

  @Get(':door/heard')
  @ApiQuery({ name: 'after', required: false })
  async heard(@Param('door') door: string, @Query('after') after: string | undefined): Promise<object> {
    await this.applied.until({ after }, { published: ['heard-knocks.v1'] });
    return { row: await this.models.get('heard-knocks.v1', door) };
  }
}

class DoorsModule {}

/** A small context whose doors count the knocks, from its own events and from the log. */
export function doorsContext(
  job: (job: Job) => Promise<void> = async () => undefined,
  reacted: string[] = [],
): ContextParts {
  return {
    name: 'feedback',
    module: DoorsModule,
    publish,
    checkFact: () => undefined,
    controllers: [DoorsController],
    own: { models: [{ projection: projection('own-knocks') }] },
    log: {
      models: [{ projection: projection('heard-knocks') }],
      reactions: [
        {
          useFactory: () => ({
            name: 'echo',
            on: ['Knocked'],
            react: async (events) => void reacted.push(...events.map(({ key }: Seen) => key)),
          }),
        },
      ],
      decode,
    },
    jobs: [{ useFactory: () => ({ queue: 'locks', handle: job }) }],
  };
}

export const knock = (door: string, loud = true): { url: string; body: object } => ({
  url: `/v1/doors/${door}`,
  body: { loud },
});
export const positionOf = ({ headers }: { headers: Headers }): string => headers.get('readership-position')!;
