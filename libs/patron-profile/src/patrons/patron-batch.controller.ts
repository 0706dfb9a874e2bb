import { Body, Controller, Header, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  branchScope,
  HttpProblem,
  linesOf,
  ndjsonLines,
  Needs,
  outcomes as outcomeLines,
  outOfScopeOnce,
  Reaches,
  readLines,
  recordLines,
  RequestMeta,
  Scopes,
  Takes,
  type Outcome,
  type Reach,
} from '@readership/host';
import { Refusal, type Meta } from '@readership/kernel';
import { ConsortiumDirectory, noSuchBranch } from '../directory/directory.js';
import { PatronBody } from './patron-bodies.js';
import { patronLine, type PatronLine } from './patron-lines.js';
import type { Registration } from './registration.js';
import { Registrations, type RegistrationOutcome } from './registrations.js';

@ApiTags('patrons')
@Controller('v1/patrons/batch')
@Needs('patrons.import')
export class PatronBatchController {
  constructor(
    @Inject(ConsortiumDirectory) private readonly directory: ConsortiumDirectory,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(Registrations) private readonly registrations: Registrations,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('content-type', 'application/x-ndjson')
  @Takes({ 'application/x-ndjson': linesOf({ $ref: getSchemaPath(PatronBody) }) })
  @ApiOperation({
    summary: 'Register many patrons, one JSON object per line; the answer has one line per patron, in order',
  })
  @Answers(outcomeLines)
  async registerMany(
    @Body() body: unknown,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
  ): Promise<Answer<string>> {
    const lines = await numberedLines(body);
    const homes = new Set<string>();
    for (const { asked } of lines) if (!(asked instanceof Refusal)) homes.add(asked.homeBranch);
    const unknown = await this.directory.unknownBranches()(homes);
    const isWithin = await this.scopes.judge(reaches, [...homes].map(branchScope));
    const beyond = outOfScopeOnce(reaches);
    const today = await this.directory.dayOf(meta.at);
    const lastDays = await this.directory.lastDays(homes);
    const { ndjson, marks } = await recordLines(lines, async (chunk) => {
      const judged = chunk.map(({ asked }): PatronLine => {
        if (asked instanceof Refusal) return asked;
        if (unknown.has(asked.homeBranch)) return noSuchBranch();
        return isWithin(branchScope(asked.homeBranch)) ? asked : beyond();
      });
      const registrations = judged.filter((asked): asked is Registration => !(asked instanceof Refusal));
      const done = await this.registrations.register(registrations, { today, lastDays }, meta);
      let next = 0;
      const outcomes = judged.map((asked) =>
        outcomeOf(asked instanceof Refusal ? { outcome: 'refused', refusal: asked } : done.outcomes[next++]!),
      );
      return { outcomes, marks: done.marks };
    });
    return new Answer(ndjson, { marks });
  }
}

interface NumberedLine {
  readonly line: number;
  readonly asked: PatronLine;
}

/** Counts and reads every line before anything is recorded. */
async function numberedLines(body: unknown): Promise<readonly NumberedLine[]> {
  if (!Buffer.isBuffer(body))
    throw new HttpProblem(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send application/x-ndjson.');
  return readLines(ndjsonLines(body), (sent) => ({ line: sent.line, asked: patronLine(sent) }));
}

function outcomeOf(result: RegistrationOutcome): Outcome {
  if (result.outcome !== 'refused') return result;
  const { code, detail, pointer } = result.refusal;
  return { outcome: 'refused', code, detail, ...(pointer === undefined ? {} : { pointer }) };
}
