import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Metrics } from './metrics.js';
import { Answers } from './openapi-answers.js';
import { text } from './openapi-schemas.js';
import { Public } from './routes.js';

@Public()
@ApiTags('operations')
@Controller()
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get('metrics')
  @Answers({ 200: { content: { 'text/plain': text } } })
  @ApiOperation({ summary: 'Metrics of this process, in the text format of Prometheus' })
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  read(): Promise<string> {
    return this.metrics.text();
  }
}
