import {
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import type { Delivered, EventLog, GroupHooks, LogRecord } from '@readership/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatTraceparent, isSampled, parseTraceparent } from './traceparent.js';

const name = 'readership';
/** The most traces in which one batch is shown. Further traces of the batch do not show it. */
const tracesMax = 32;
const spans = new WeakMap<FastifyRequest, Span>();

/**
 * The trace context to store with what a request records: that of its own span, else the one that it came with.
 * `undefined` when there is none or it is not sampled, because then nobody looks for what follows.
 */
export function traceparentOf(request: FastifyRequest): string | undefined {
  const own = spans.get(request)?.spanContext();
  const known = own ?? parseTraceparent(headerOf(request));
  return known && isSampled(known) ? formatTraceparent(known) : undefined;
}

/**
 * Spans of requests, relays, read models and reactions, in one trace from the request to the last row that it changes.
 * Names and attributes are our own names and counts, never ids or content. Looks once whether an OpenTelemetry SDK
 * records; without one nothing is added.
 */
export class Tracing {
  private readonly tracer: Tracer | null = recordingTracer();

  /** Adds a server span for each request, from its head to the last byte of the answer, as a child of its `traceparent`. */
  observe(server: FastifyInstance): void {
    const { tracer } = this;
    if (!tracer) return;
    server.addHook('onRequest', (request, reply, done) => {
      const before = parentOf(request);
      const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched');
      const { method } = request;
      const attributes = { 'http.request.method': method, 'http.route': route };
      const span = tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, before);
      spans.set(request, span);
      reply.raw.once('close', () => endAsAnswered(span, reply));
      context.with(trace.setSpan(before, span), done);
    });
  }

  /** Trace id of a request's own span, so that a log line leads to it. */
  traceIdOf(request: FastifyRequest): string | undefined {
    return spans.get(request)?.spanContext().traceId;
  }

  /** Hooks that show each batch of a processor in the traces that led to it. */
  processing<R extends Delivered>(): Pick<GroupHooks<R>, 'around'> {
    const { tracer } = this;
    if (!tracer) return {};
    return {
      around: ({ id, on }, partition, records, work) => {
        const handled = records.filter(({ type }) => on.has(type));
        const attributes = { 'readership.model': id, 'readership.partition': partition };
        return inTraces(tracer, `take ${id}`, SpanKind.CONSUMER, attributes, handled, work);
      },
    };
  }

  /** Wraps a log so that each page it publishes shows in the traces that led to it. */
  publishing(log: Pick<EventLog, 'lane' | 'publish'>): Pick<EventLog, 'lane' | 'publish'> {
    const { tracer } = this;
    if (!tracer) return log;
    return {
      lane: (of, partition) => log.lane(of, partition),
      publish: (of, partition, from, to, records) => {
        const attributes = { 'readership.context': of, 'readership.partition': partition };
        return inTraces(tracer, `publish ${of}`, SpanKind.PRODUCER, attributes, records, () =>
          log.publish(of, partition, from, to, records),
        );
      },
    };
  }
}

/** The tracer, or `null` when no SDK was registered. A provider that is registered later is not noticed. */
function recordingTracer(): Tracer | null {
  const provider = trace.getTracerProvider();
  const isNobody = provider instanceof ProxyTracerProvider && provider.getDelegateTracer(name) === undefined;
  return isNobody ? null : provider.getTracer(name);
}

/** The span that an instrumentation has opened for this request, else the context of its `traceparent`. */
function parentOf(request: FastifyRequest): Context {
  const active = context.active();
  if (trace.getSpan(active)) return active;
  const remote = parseTraceparent(headerOf(request));
  return remote ? trace.setSpanContext(active, remote) : active;
}

function headerOf(request: FastifyRequest): string | undefined {
  const header = request.headers['traceparent'];
  return typeof header === 'string' ? header : undefined;
}

function endAsAnswered(span: Span, { raw, statusCode }: FastifyReply): void {
  if (raw.headersSent) span.setAttribute('http.response.status_code', statusCode);
  if (!raw.writableFinished || statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Runs the work under one span for each sampled trace of the records. The first span is active meanwhile. */
async function inTraces<T>(
  tracer: Tracer,
  spanName: string,
  kind: SpanKind,
  about: Attributes,
  records: readonly Pick<LogRecord, 'traceparent'>[],
  work: () => Promise<T>,
): Promise<T> {
  const parents = tracesOf(records);
  if (parents.length === 0) return work();
  const attributes = { ...about, 'messaging.batch.message_count': records.length };
  const shown = parents.map((parent) =>
    tracer.startSpan(spanName, { kind, attributes }, trace.setSpanContext(ROOT_CONTEXT, parent)),
  );
  try {
    return await context.with(trace.setSpan(ROOT_CONTEXT, shown[0]!), work);
  } catch (error) {
    const kindOfError = error instanceof Error ? error.name : typeof error;
    for (const span of shown) {
      span.setAttribute('error.type', kindOfError);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    throw error;
  } finally {
    for (const span of shown) span.end();
  }
}

/** Sampled span contexts of the records, one per trace, at most `tracesMax`. */
function tracesOf(records: readonly Pick<LogRecord, 'traceparent'>[]): readonly SpanContext[] {
  const found = new Map<string, SpanContext>();
  let last: string | undefined;
  for (const { traceparent } of records) {
    // The records of one request repeat its context many times.
    if (traceparent === undefined || traceparent === last) continue;
    last = traceparent;
    const parent = parseTraceparent(traceparent);
    if (!parent || !isSampled(parent) || found.has(parent.traceId)) continue;
    found.set(parent.traceId, parent);
    if (found.size === tracesMax) break;
  }
  return [...found.values()];
}
