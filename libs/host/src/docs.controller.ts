import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { OpenApi } from './openapi.js';
import { Answers, fileOf } from './openapi-answers.js';
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
@ApiTags('pages')
@Controller()
export class DocsController {
  private readonly document: StaticFile;

  constructor(@Inject(OpenApi) openApi: OpenApi) {
    this.document = new StaticFile('application/json; charset=utf-8', () => JSON.stringify(openApi.document));
  }

  @Get('openapi.json')
  @Answers(fileOf('application/json'))
  @ApiOperation({ summary: 'This description' })
  description(): StaticFile {
    return this.document;
  }

  @Get('docs')
  @Answers(fileOf('text/html'))
  @ApiOperation({ summary: 'A page to read and try this description' })
  page(): StaticFile {
    return page;
  }

  @Get('docs/start.js')
  @Answers(fileOf('text/javascript'))
  @ApiOperation({ summary: 'Starts that page' })
  start(): StaticFile {
    return start;
  }

  @Get('docs/swagger-ui.css')
  @Answers(fileOf('text/css'))
  @ApiOperation({ summary: 'The style of that page' })
  style(): StaticFile {
    return style;
  }

  @Get('docs/swagger-ui-bundle.js')
  @Answers(fileOf('text/javascript'))
  @ApiOperation({ summary: 'The script of that page' })
  script(): StaticFile {
    return bundle;
  }
}
