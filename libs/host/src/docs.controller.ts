import { Controller, Get, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { OpenApi } from './openapi.js';
import { Public } from './routes.js';
import { StaticFile } from './static-file.js';

const swaggerFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const swaggerFile = (type: string, name: string): StaticFile =>
  new StaticFile(type, () => readFile(join(swaggerFolder, name)));

/** Its addresses are relative, so that a gateway can serve it under the service's name. */
const page = new StaticFile(
  'text/html; charset=utf-8',
  () => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Readership API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`,
);
const start = new StaticFile(
  'text/javascript; charset=utf-8',
  () => `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });\n`,
);
const style = swaggerFile('text/css; charset=utf-8', 'swagger-ui.css');
const bundle = swaggerFile('text/javascript; charset=utf-8', 'swagger-ui-bundle.js');

/** The OpenAPI document and a page to read and try it. All assets are served from here. */
@Public()
@ApiExcludeController()
@Controller()
export class DocsController {
  private readonly document: StaticFile;

  constructor(@Inject(OpenApi) openApi: OpenApi) {
    this.document = new StaticFile('application/json; charset=utf-8', () => JSON.stringify(openApi.document));
  }

  @Get('openapi.json')
  description(): StaticFile {
    return this.document;
  }

  @Get('docs')
  page(): StaticFile {
    return page;
  }

  @Get('docs/start.js')
  start(): StaticFile {
    return start;
  }

  @Get('docs/swagger-ui.css')
  style(): StaticFile {
    return style;
  }

  @Get('docs/swagger-ui-bundle.js')
  script(): StaticFile {
    return bundle;
  }
}
