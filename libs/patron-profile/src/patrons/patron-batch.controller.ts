import { Body, Controller, Header, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Answer, HttpProblem, joinMarks, RequestMeta, Unreadable } from '@readership/host';
import { Refusal, type Marks, type Meta } from '@readership/kernel';
import { isUtf8 } from 'node:buffer';
import { Directory, unknownHomeBranch } from '../directory/directory.js';
import { linesOf, patronLine, type PatronLine } from './patron-lines.js';
import type { Registration } from './registration.js';
import { Registrations, type RegistrationOutcome } from './registrations.js';

const linesMax = 10_000;
const bytesMax = 10_000_000;
const chunkLines = 500;

@ApiTags('patrons')
@Controller('v1/patrons/batch')
export class PatronBatchController {
  constructor(
    @Inject(Directory) private readonly directory: Directory,
    @Inject(Registrations) private readonly registrations: Registrations,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('content-type', 'application/x-ndjson')
  @ApiConsumes('application/x-ndjson')
  @ApiBody({ schema: { type: 'string', description: 'Lines as the body of POST /v1/patrons.' } })
  @ApiProduces('application/x-ndjson')
  @ApiOperation({ summary: 'Register many patrons, one JSON object per line; an outcome per line, in order' })
  async registerMany(@Body() body: unknown, @RequestMeta() meta: Meta): Promise<Answer<string>> {
    const lines = readLines(body);
    const homes = new Set<string>();
    for (const { asked } of lines) if (!(asked instanceof Refusal)) homes.add(asked.homeBranch);
    const unknown = await this.directory.unknownBranches(homes);
    const today = await this.directory.dayOf(meta.at);

    const answers: string[] = [];
    let marks: Marks = {};
    for (let from = 0; from < lines.length; from += chunkLines) {
      const chunk = lines.slice(from, from + chunkLines);
      const judged = chunk.map(({ asked }): PatronLine =>
        !(asked instanceof Refusal) && unknown.has(asked.homeBranch) ? unknownHomeBranch() : asked,
      );
      const registrations = judged.filter((asked): asked is Registration => !(asked instanceof Refusal));
      const done = await this.registrations.register(registrations, today, meta);
      marks = joinMarks(marks, ...done.marks);
      let next = 0;
      chunk.forEach(({ line }, index) => {
        const asked = judged[index]!;
        const outcome: RegistrationOutcome =
          asked instanceof Refusal ? { outcome: 'refused', refusal: asked } : done.outcomes[next++]!;
        answers.push(answerLine(line, outcome));
      });
    }
    return new Answer(answers.join(''), { marks });
  }
}

interface NumberedLine {
  /** From 1, empty ones counted too. */
  readonly line: number;
  readonly asked: PatronLine;
}

/** Nothing is recorded before every line was counted and read. */
function readLines(body: unknown): readonly NumberedLine[] {
  if (!Buffer.isBuffer(body))
    throw new HttpProblem(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send application/x-ndjson.');
  if (body.length > bytesMax) throw new HttpProblem(413, 'TOO_LARGE', 'Send at most 10 MB at once.');
  if (!isUtf8(body)) throw new Unreadable('NOT_UTF8', 'Send UTF-8.');
  const kept: { readonly line: number; readonly bytes: Buffer }[] = [];
  let line = 0;
  for (const bytes of linesOf(body)) {
    line++;
    if (bytes.toString('latin1').trim() === '') continue;
    if (kept.length === linesMax)
      throw new HttpProblem(413, 'TOO_MANY_LINES', 'Send at most 10,000 lines at once.');
    kept.push({ line, bytes });
  }
  return kept.map(({ line, bytes }) => ({ line, asked: patronLine(bytes) }));
}

function answerLine(line: number, result: RegistrationOutcome): string {
  const answer =
    result.outcome === 'refused'
      ? { line, outcome: result.outcome, code: result.refusal.code, detail: result.refusal.detail }
      : { line, outcome: result.outcome, id: result.id };
  return `${JSON.stringify(answer)}\n`;
}
