import { Inject, Injectable } from '@nestjs/common';
import { Clock, Secrets, type SentLine } from '@readership/host';
import {
  digest,
  EventStore,
  handle,
  handleNew,
  streamOf,
  type Outcome,
  type Marks,
  type Meta,
} from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { keyedDigest } from '../digest.js';
import { BranchDirectory } from '../directory/directory.js';
import type { IssuedInvitation } from '../invitations/invitation.decider.js';
import type { Problem } from '../problems.js';
import type { CreatedSurvey } from '../surveys/survey.decider.js';
import type { Judged } from './answers.js';
import { response, type AnswerSurvey } from './response.decider.js';
import { isProblems, readResponse, type ReadResponse } from './sent-response.js';

/** What became of one response that was sent. `id` is the one it came with. */
export type ResponseOutcome =
  | {
      readonly outcome: 'recorded' | 'already-recorded';
      readonly id: string;
      readonly version: number;
      readonly marks: Marks;
    }
  | {
      readonly outcome: 'refused';
      readonly id?: string;
      readonly conflict: boolean;
      readonly problems: readonly Problem[];
    };

/** The stream's id of a response that came with an id of its own. */
export function responseId(survey: string, id: string): string {
  return digest(`${survey}\0${id}`);
}

/** The stream's id of the one response to an invitation: no id of a response begins with NUL, so it is nobody else's. */
export function responseToInvitation({ survey, id }: IssuedInvitation): string {
  return digest(`${survey}\0\0${id}`);
}

/** Keyed digest of what was answered. Whom and where an invitation is for is not said by who answers it. */
export function responseDigest(
  said: Pick<AnswerSurvey, 'invitation' | 'answeredAt' | 'patronId' | 'branch' | 'scores' | 'texts'>,
  cardKey: Buffer,
): string {
  const { invitation, answeredAt, patronId, branch, scores, texts } = said;
  const parts =
    invitation === undefined ? [answeredAt, patronId, branch, scores, texts] : [answeredAt, scores, texts];
  return keyedDigest(cardKey, 'response', parts);
}

type Line = { readonly id: string; readonly command: AnswerSurvey };

@Injectable()
export class ResponseRecorder {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(BranchDirectory) private readonly directory: BranchDirectory,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Records what one request sends, a chunk at a time: an outcome each, in order. */
  begin(
    survey: CreatedSurvey,
    meta: Meta,
  ): (chunk: readonly SentLine[]) => Promise<readonly ResponseOutcome[]> {
    const nowMs = this.clock.now().getTime();
    const unknownBranches = this.directory.unknownBranches();
    return async (chunk) => {
      const read = chunk.map(({ value, unreadable }) =>
        unreadable === undefined
          ? readResponse(survey.questions, value, nowMs)
          : [{ code: unreadable.code, detail: unreadable.detail }],
      );
      const named = new Set(read.flatMap((each) => (isProblems(each) || !each.branch ? [] : [each.branch])));
      const unknown = await unknownBranches(named);
      return this.append(
        read.map((each) => {
          if (isProblems(each)) return each;
          if (each.branch === undefined || !unknown.has(each.branch)) return this.lineOf(survey.id, each);
          return [
            {
              code: 'UNKNOWN_BRANCH',
              detail: 'There is no branch with this id: add it first.',
              pointer: '/branch',
            },
          ];
        }),
        meta,
      );
    };
  }

  /** Records the one answer to an invitation, for its patron and its branch; `ALREADY_ANSWERED`. */
  async answer(invitation: IssuedInvitation, { scores, texts }: Judged, meta: Meta): Promise<Marks> {
    const { survey, patronId, branch } = invitation;
    const id = responseToInvitation(invitation);
    const { marks } = await handle(
      this.store,
      response,
      id,
      {
        type: 'AnswerSurvey',
        survey,
        response: id,
        invitation: invitation.id,
        ...(patronId === undefined ? {} : { patronId }),
        ...(branch === undefined ? {} : { branch }),
        answeredAt: meta.at,
        scores,
        texts,
        digest: responseDigest(
          { invitation: invitation.id, answeredAt: meta.at, scores, texts },
          this.secrets.cardKey,
        ),
      },
      meta,
    );
    return marks;
  }

  /** Whether an invitation was answered. */
  async isAnswered(invitation: IssuedInvitation): Promise<boolean> {
    const { version } = await this.store.load(streamOf(response.category, responseToInvitation(invitation)));
    return version > 0;
  }

  private lineOf(survey: string, { id, ...said }: ReadResponse): Line {
    return {
      id,
      command: {
        type: 'AnswerSurvey',
        survey,
        response: responseId(survey, id),
        ...said,
        digest: responseDigest(said, this.secrets.cardKey),
      },
    };
  }

  private async append(
    lines: readonly (Line | readonly Problem[])[],
    meta: Meta,
  ): Promise<readonly ResponseOutcome[]> {
    const answers = lines.flatMap((line) =>
      isProblems(line) ? [] : [{ id: line.command.response, command: line.command }],
    );
    const begun = await handleNew(this.store, response, answers, meta, randomUUID);
    let at = 0;
    return lines.map((line) =>
      isProblems(line)
        ? { outcome: 'refused', conflict: false, problems: line }
        : recordedAs(line.id, begun[at++]!),
    );
  }
}

function recordedAs(id: string, begun: Outcome): ResponseOutcome {
  if (begun.outcome !== 'refused') return { ...begun, id };
  const { code, detail, pointer } = begun.refusal;
  const problem = { code, detail, ...(pointer === undefined ? {} : { pointer }) };
  return { outcome: 'refused', id, conflict: true, problems: [problem] };
}
