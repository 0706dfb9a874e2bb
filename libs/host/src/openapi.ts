import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { routesOf } from './routes.js';

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'instance', 'traceId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable: clients may rely on it' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    traceId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};

/** The description of all routes, made when it is first asked for. */
export class OpenApi {
  private made: OpenAPIObject | undefined;
  private app: INestApplication | undefined;

  of(app: INestApplication): void {
    this.app = app;
  }

  get document(): OpenAPIObject {
    if (!this.app) throw new Error('there is no application to describe');
    return (this.made ??= describe(this.app));
  }
}

function describe(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Readership')
    .setDescription(
      'A CRM for library consortia: every figure is computed from recorded events and explains itself.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'key')
    .addSecurityRequirements('key')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  const open = new Set(
    routesOf(app).flatMap((route) => (route.public ? [`${route.method} ${route.path}`] : [])),
  );
  const components = (document.components ??= {});
  components.schemas = { ...components.schemas, Problem: problemSchema as never };
  const problem = {
    description: 'A problem (RFC 9457)',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  const away = {
    ...problem,
    description:
      'Retry after `Retry-After`: a server is unavailable or overloaded, or this instance is stopping',
    headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' as const } } },
  };
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'put', 'post', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (!operation) continue;
      operation.responses['default'] ??= problem;
      operation.responses['503'] ??= away;
      if (open.has(`${method.toUpperCase()} ${path.replace(/\{([^}]+)\}/g, ':$1')}`)) operation.security = [];
    }
  }
  return document;
}
