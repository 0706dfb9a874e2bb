import { branchClosed } from '@readership/contracts';
import { Refusal, type Decider } from '@readership/kernel';
import type { ResponseEvent, Score } from './response.events.js';

export interface AnswerSurvey {
  readonly type: 'AnswerSurvey';
  readonly survey: string;
  /** The stream's id, from `responseId` or `responseToInvitation`. */
  readonly response: string;
  readonly invitation?: string;
  readonly patronId?: string;
  readonly branch?: string;
  readonly answeredAt: string;
  readonly scores: readonly Score[];
  readonly texts: Readonly<Record<string, string>>;
  readonly digest: string;
  /** The last day of the branch, when it was answered after that. */
  readonly lastDay?: string;
}

export type Response =
  { readonly status: 'unknown' } | { readonly status: 'answered'; readonly digest: string };

export const response: Decider<Response, AnswerSurvey, ResponseEvent> = {
  category: 'response',
  initial: { status: 'unknown' },

  decide(command, state) {
    if (state.status === 'unknown') {
      if (command.lastDay !== undefined) throw branchClosed(command.lastDay, '/branch');
      return [answered(command)];
    }
    if (command.invitation !== undefined) {
      throw new Refusal('ALREADY_ANSWERED', 'conflict', 'This invitation has been answered already.');
    }
    if (state.digest === command.digest) return [];
    throw new Refusal(
      'ID_REUSED',
      'conflict',
      'A response with this id has other content: choose another id.',
      '/id',
    );
  },

  evolve(_state, event) {
    return { status: 'answered', digest: event.data.digest };
  },
};

function answered(command: AnswerSurvey): ResponseEvent {
  const { survey, invitation, patronId, branch, answeredAt, scores, texts, digest } = command;
  return {
    type: 'SurveyAnswered',
    data: {
      survey,
      response: command.response,
      ...(invitation === undefined ? {} : { invitation }),
      ...(patronId === undefined ? {} : { patronId }),
      ...(branch === undefined ? {} : { branch }),
      answeredAt,
      scores,
      digest,
    },
    ...(Object.keys(texts).length === 0 ? {} : { personal: { texts } }),
  };
}
