import { Inject, Injectable } from '@nestjs/common';
import {
  ClosedBranches,
  Clock,
  outOfScopeOnce,
  Scopes,
  Secrets,
  type Problem,
  type Reach,
  type SentLine,
} from '@readership/host';
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
import { scopeOf } from '../directory/place-bodies.js';
import type { IssuedInvitation } from '../invitations/invitation.decider.js';
import type { CreatedSurvey } from '../surveys/survey.decider.js';
import type { Judged } from './answers.js';
import { response, type AnswerSurvey } from './response.decider.js';
import { isProblems, readResponse, type ReadResponse } from './sent-response.js';

/** The outcome of one response. `id` is the one that it came with. */
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
      /** The status of an answer about this response alone. */
      readonly status: 403 | 409 | 422;
      readonly problems: readonly Problem[];
    };

/** The stream id of a response that came with its own id. */
export function responseId(survey: string, id: string): string {
  return digest(`${survey}\0${id}`);
}

/**
 * The stream id of the one response to an invitation. It cannot equal another one, because no id of a response begins
 * with NUL.
 */
export function responseToInvitation({ survey, id }: Pick<IssuedInvitation, 'survey' | 'id'>): string {
  return digest(`${survey}\0\0${id}`);
}

/**
 * Keyed digest of the answers. It leaves out the person and branch of an invitation, because they do not come with the
 * answers.
 */
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
type Refused = Extract<ResponseOutcome, { readonly outcome: 'refused' }>;

@Injectable()
export class ResponseRecorder {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(BranchDirectory) private readonly directory: BranchDirectory,
    @Inject(ClosedBranches) private readonly closed: ClosedBranches,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Begins to record one request, chunk by chunk, with an outcome for each response, in order. */
  begin(
    survey: CreatedSurvey,
    meta: Meta,
    reaches: readonly Reach[],
  ): (chunk: readonly SentLine[]) => Promise<readonly ResponseOutcome[]> {
    const nowMs = this.clock.now().getTime();
    const unknownBranches = this.directory.unknownBranches();
    const isWithin = this.judgeOf(reaches);
    const beyond = outOfScopeOnce(reaches);
    return async (chunk) => {
      const read = chunk.map(({ value, unreadable }) =>
        unreadable === undefined
          ? readResponse(survey.questions, value, nowMs)
          : [{ code: unreadable.code, detail: unreadable.detail }],
      );
      const named = new Set(read.flatMap((each) => (isProblems(each) || !each.branch ? [] : [each.branch])));
      const unknown = await unknownBranches(named);
      const closings = await this.closed.of(named);
      const within = await isWithin(
        read.flatMap((each) =>
          isProblems(each) || (each.branch !== undefined && unknown.has(each.branch)) ? [] : [each.branch],
        ),
      );
      return this.append(
        read.map((each) => {
          if (isProblems(each)) return refusedWith(422, each);
          if (each.branch !== undefined && unknown.has(each.branch)) return refusedWith(422, [unknownBranch]);
          if (within.get(each.branch))
            return this.lineOf(survey.id, each, closings.beforeInstant(each.branch, each.answeredAt));
          const { code, detail } = beyond();
          return refusedWith(403, [{ code, detail }], each.id);
        }),
        meta,
      );
    };
  }

  /**
   * Returns a function for one request that says of branches (`undefined` is none) whether they are within its reaches.
   * It looks up the library of each branch once.
   */
  private judgeOf(
    reaches: readonly Reach[],
  ): (branches: Iterable<string | undefined>) => Promise<ReadonlyMap<string | undefined, boolean>> {
    const judged = new Map<string | undefined, boolean>();
    return async (branches) => {
      const others = [...new Set(branches)].filter((branch) => !judged.has(branch));
      if (others.length === 0) return judged;
      const isWithin = await this.scopes.judge(reaches, others.map(scopeOf));
      for (const branch of others) judged.set(branch, isWithin(scopeOf(branch)));
      return judged;
    };
  }

  /** Records the one answer to an invitation, for its patron and branch. Throws `ALREADY_ANSWERED`. */
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

  /** True when the invitation was answered. */
  async isAnswered(invitation: IssuedInvitation): Promise<boolean> {
    const { version } = await this.store.load(streamOf(response.category, responseToInvitation(invitation)));
    return version > 0;
  }

  private lineOf(survey: string, { id, ...said }: ReadResponse, lastDay: string | undefined): Line {
    return {
      id,
      command: {
        type: 'AnswerSurvey',
        survey,
        response: responseId(survey, id),
        ...said,
        ...(lastDay === undefined ? {} : { lastDay }),
        digest: responseDigest(said, this.secrets.cardKey),
      },
    };
  }

  private async append(lines: readonly (Line | Refused)[], meta: Meta): Promise<readonly ResponseOutcome[]> {
    const answers = lines.flatMap((line) =>
      'command' in line ? [{ id: line.command.response, command: line.command }] : [],
    );
    const begun = await handleNew(this.store, response, answers, meta, randomUUID);
    let at = 0;
    return lines.map((line) => ('command' in line ? recordedAs(line.id, begun[at++]!) : line));
  }
}

const unknownBranch: Problem = {
  code: 'UNKNOWN_BRANCH',
  detail: 'There is no branch with this id: give one that GET /v1/branches lists, or add it first.',
  pointer: '/branch',
};

function refusedWith(status: Refused['status'], problems: readonly Problem[], id?: string): Refused {
  return { outcome: 'refused', status, problems, ...(id === undefined ? {} : { id }) };
}

function recordedAs(id: string, begun: Outcome): ResponseOutcome {
  if (begun.outcome !== 'refused') return { ...begun, id };
  const { code, detail, pointer } = begun.refusal;
  const problem = { code, detail, ...(pointer === undefined ? {} : { pointer }) };
  return refusedWith(begun.refusal.kind === 'invalid' ? 422 : 409, [problem], id);
}
