import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { describeOperation, sharedAnswers } from './openapi-operation.js';
import { tidySchemas } from './openapi-schemas.js';
import { describedRoute, routeName, routesOf } from './routes.js';

/** The OpenAPI document of all routes, made on first use. */
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

const about = `A CRM for library consortia: every figure is computed from recorded events and explains itself.

A request that an operation does not describe is refused before it comes to one: 404 for an address that leads nowhere,
405 with \`Allow\` for a method that a resource does not have, and 400, 408, 414 or 431 for what is not HTTP, too slow or
too long. Every answer has the security headers of a browser's page. A resource answers \`HEAD\` like \`GET\`.`;

const tags: Readonly<Record<string, string>> = {
  patrons: 'Readers, with their cards, contact and home branch.',
  directory: 'The consortium, its libraries and their branches.',
  interactions: 'What readers and visitors did, as CloudEvents.',
  sources: 'Systems that send interactions by topic, and the branches that they may speak for.',
  'dead letters': 'Records of topics that could not be taken.',
  surveys: 'Surveys, their invitations and responses.',
  'survey page': 'The page of an invitation, for the person who was invited.',
  testimonials: 'What readers said, with their consent.',
  metrics: 'Figures of the consortium, a library or a branch.',
  costs: 'What branches spent.',
  access: 'Credentials, and what they permit.',
  audit: 'Counts of events from their own sources.',
  operations: 'For whoever runs the service.',
  pages: 'Pages for people, and what they load.',
};

function describe(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Readership')
    .setDescription(about)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .setVersion('1')
    .addServer('/')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description:
          'An API key; or, where `GET /v1/sign-in` names an issuer, an access token that it gave to a person.',
      },
      'key',
    )
    .addSecurityRequirements('key')
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: operationId });
  const routes = new Map(routesOf(app).map((route) => [routeName(route.method, route.path), route]));
  const used = new Set<string>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'put', 'post', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (!operation) continue;
      for (const tag of operation.tags ?? []) used.add(tag);
      const route = routes.get(describedRoute(method, path))!;
      if (route.needs === 'nothing') operation.security = [];
      describeOperation(operation, path, route);
    }
  }
  document.tags = Object.entries(tags).flatMap(([name, description]) =>
    used.has(name) ? [{ name, description }] : [],
  );
  Object.assign((document.components ??= {}), sharedAnswers());
  return tidySchemas(document);
}

/** `BranchesController.add` → `branchesAdd`. */
function operationId(controller: string, method: string): string {
  const subject = controller.replace(/Controller$/, '');
  return `${subject[0]!.toLowerCase()}${subject.slice(1)}${method[0]!.toUpperCase()}${method.slice(1)}`;
}
