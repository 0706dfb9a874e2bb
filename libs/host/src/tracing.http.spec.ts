import { ApiQuery } from '@nestjs/swagger';
import { Body, Controller, Get, Inject, Param, Post, Query, type DynamicModule } from '@nestjs/common';
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { memoryAdapters } from '@readership/embedded';
import {
  EventStore,
  ReadModels,
  type Adapters,
  type Commit,
  type Event,
  type LogRecord,
  type Meta,
  type Projection,
  type Publish,
} from '@readership/kernel';
import { Needs } from './routes.js';
import { contextModule } from './context.js';
import { eventually } from './eventually.js';
import { AppliedWait } from './positions.js';
import { RequestMeta } from './request.js';
import { startApp, type TestApp } from '../testing/test-app.fixture.js';

type Rung = Event<'Rung', { readonly bell: string }>;
type Heard = Rung & { readonly key: string; readonly id: string };

const publish: Publish<Rung> = ({ data }) => ({ key: data.bell, fact: { type: 'Rung', schema: 1, data } });

const rings = (name: string): Projection<Heard, { readonly n: number }> => ({
  name,
  version: 1,
  on: ['Rung'],
  key: ({ key }) => key,
  apply: (row) => ({ n: (row?.n ?? 0) + 1 }),
});

@Controller('v1/bells')
@Needs('any credential')
class BellsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
  ) {}

  @Post(':bell')
  async ring(@Param('bell') bell: string, @Body() body: { times: number }, @RequestMeta() meta: Meta) {
    const commits = Array.from({ length: body.times }, (_, n): Commit => {
      const commandId = `${meta.commandId}-${n}`;
      const events = [{ type: 'Rung', data: { bell } }];
      return { stream: `ring-${commandId}`, expectedVersion: 0, events, meta: { ...meta, commandId } };
    });
    await this.store.appendEach(commits);
    if (bell === 'cracked') throw new Error('Ada cracked it');
    return { bell };
  }

  @Get(':bell')
  @ApiQuery({ name: 'after', required: false })
  async heard(@Param('bell') bell: string, @Query('after') after: string | undefined): Promise<object> {
    await this.applied.until({ after }, { published: ['heard.v1'] });
    return { row: await this.models.get('heard.v1', bell) };
  }
}

class BellsModule {}

/** For each bell rung, the `traceparent` that the reaction saw, or `undefined`. */
const answered: (string | undefined)[] = [];

const modules = (adapters: Adapters): DynamicModule[] => [
  contextModule(adapters, {
    name: 'feedback',
    module: BellsModule,
    publish,
    checkFact: () => undefined,
    controllers: [BellsController],
    own: { models: [{ projection: rings('own') }] },
    log: {
      models: [{ projection: rings('heard') }],
      reactions: [
        {
          useFactory: () => ({
            name: 'answer',
            on: ['Rung'],
            react: async (events: readonly (Heard & { traceparent?: string })[]) =>
              void answered.push(...events.map(({ traceparent }) => traceparent)),
          }),
        },
      ],
      decode: ({ type, key, id, body, traceparent }: LogRecord) => ({
        type,
        key,
        id,
        data: JSON.parse(body) as unknown,
        ...(traceparent === undefined ? {} : { traceparent }),
      }),
    },
  }),
];

const logged: string[] = [];
const exporter = new InMemorySpanExporter();
let adapters: Adapters;
let app: TestApp;

async function begin(recording: boolean): Promise<void> {
  answered.length = 0;
  logged.length = 0;
  exporter.reset();
  const spanProcessors = [new SimpleSpanProcessor(exporter)];
  if (recording) trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp(modules, adapters, { logTo: { write: (line) => void logged.push(line) } });
}

afterEach(async () => {
  await app.close();
  await adapters.close();
  trace.disable();
});

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const asked = (flags: string, id = traceId) => ({ traceparent: `00-${id}-${parentId}-${flags}` });
const ring = (bell: string, headers = {}, times = 1) =>
  app.when({ url: `/v1/bells/${bell}`, body: { times }, headers });

/** Finished spans of a trace by name, once there are `n` of them. */
async function spansOf(id: string, n: number): Promise<ReadonlyMap<string, ReadableSpan>> {
  const found = () => exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === id);
  await eventually(async () => (found().length >= n ? true : null), 2000);
  expect(found().map(({ name }) => name)).toHaveLength(n);
  return new Map(found().map((span) => [span.name, span]));
}

const names = [
  'POST /v1/bells/:bell',
  'publish feedback',
  'take heard.v1',
  'take own.v1',
  'take reaction.answer',
];

describe('with a tracer that records', () => {
  beforeEach(() => begin(true));

  it('one trace leads from a request over the relay to the read models and reactions', async () => {
    await ring('great', asked('01')).then(201);
    await app.settled();
    const spans = await spansOf(traceId, names.length);
    expect([...spans.keys()].sort()).toEqual(names);
    const request = spans.get(names[0]!)!;
    expect(request.kind).toBe(SpanKind.SERVER);
    expect(request.parentSpanContext?.spanId).toBe(parentId);
    expect(spans.get('publish feedback')!.kind).toBe(SpanKind.PRODUCER);
    for (const name of names.slice(1))
      expect(spans.get(name)!.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(answered).toEqual([`00-${traceId}-${request.spanContext().spanId}-01`]);
  });

  it('its id is in the log', async () => {
    await ring('great', asked('01')).then(201);
    await spansOf(traceId, names.length);
    expect(logged.map((line) => (JSON.parse(line) as { traceId?: string }).traceId)).toContain(traceId);
  });

  it('a request without trace context begins a trace', async () => {
    await ring('great').then(201);
    await app.settled();
    const request = await eventually(
      async () => exporter.getFinishedSpans().find(({ name }) => name === names[0]) ?? null,
      2000,
    );
    expect(request!.parentSpanContext).toBeUndefined();
    await spansOf(request!.spanContext().traceId, names.length);
  });

  it('spans say the route and what came of it, never an id or content', async () => {
    await ring('great', asked('01')).then(201);
    await app.settled();
    const spans = await spansOf(traceId, names.length);
    expect(spans.get(names[0]!)!.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/bells/:bell',
      'http.response.status_code': 201,
    });
    const told = [...spans.values()].map(({ name, attributes, status, events }) => [
      name,
      attributes,
      status,
      events,
    ]);
    expect(JSON.stringify(told)).not.toContain('great');
  });

  it('a request that failed is marked, without its message', async () => {
    await ring('cracked', asked('01')).then(500);
    await app.settled();
    const request = (await spansOf(traceId, names.length)).get(names[0]!)!;
    expect(request.attributes['http.response.status_code']).toBe(500);
    expect(JSON.stringify([request.status, request.attributes, request.events])).not.toContain('Ada');
  });

  it('a batch of a request is one span for each that takes it', async () => {
    await ring('great', asked('01'), 100).then(201);
    await app.settled();
    const spans = await spansOf(traceId, names.length);
    expect(spans.get('take heard.v1')!.attributes).toMatchObject({
      'readership.model': 'heard.v1',
      'messaging.batch.message_count': 100,
    });
  });

  it('one batch is shown in at most 32 traces', async () => {
    await app.close();
    const store = adapters.eventStore('feedback', publish);
    for (let n = 1; n <= 40; n++) {
      const meta = { commandId: `c-${n}`, at: '2024-01-01T00:00:00.000Z', actor: 'spec' };
      const { traceparent } = asked('01', n.toString(16).padStart(32, '0'));
      const rung = { type: 'Rung', data: { bell: 'great' } };
      await store.append(`ring-${n}`, 0, [rung], { ...meta, traceparent });
    }
    exporter.reset();
    app = await startApp(modules, adapters);
    await app.settled();
    const taken = exporter.getFinishedSpans().filter(({ name }) => name === 'take heard.v1');
    expect(taken.map(({ attributes }) => attributes['messaging.batch.message_count'])).toEqual(
      Array(32).fill(40),
    );
  });

  it('an unsampled request leaves no trace behind', async () => {
    const tracer = trace.getTracer('spec');
    expect(tracer.startSpan('x', {}, ROOT_CONTEXT).isRecording()).toBe(true);
    await ring('great', asked('00')).then(201);
    await app.settled();
    expect(answered).toEqual([undefined]);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it.each(['00-0-1-01', `00-${'0'.repeat(32)}-${parentId}-01`, `ff-${traceId}-${parentId}-01`, 'Ada'])(
    'a trace context %s counts as none',
    async (traceparent) => {
      await ring('great', { traceparent }).then(201);
      await app.settled();
      expect(answered[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(answered[0]).not.toContain(traceId);
    },
  );
});

describe('without a tracer', () => {
  beforeEach(() => begin(false));

  it('the trace context of a request is handed on as it came', async () => {
    await ring('great', asked('01')).then(201);
    await ring('small', asked('00')).then(201);
    await ring('tiny').then(201);
    await app.settled();
    expect(answered.toSorted()).toEqual([asked('01').traceparent, undefined, undefined]);
  });
});
