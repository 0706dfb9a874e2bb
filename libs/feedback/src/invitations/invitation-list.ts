import { Inject, Injectable } from '@nestjs/common';
import {
  day,
  instant,
  Lists,
  oneOf,
  reachesOf,
  resource,
  Scopes,
  text,
  uuid,
  type ListAsked,
  type Listed,
  type Principal,
} from '@readership/host';
import { modelId, ReadModels, Refusal, streamOf } from '@readership/kernel';
import { latestFirst } from '../directory/asked-days.js';
import { BranchDirectory } from '../directory/directory.js';
import { scopeOf } from '../directory/place-bodies.js';
import { placeOfDay } from '../newest-first.js';
import { responseToInvitation } from '../responses/recorder.js';
import { response } from '../responses/response.decider.js';
import { responseKey, responsesList, type ListedResponse } from '../responses/responses-list.projection.js';
import { invitationsList, placeOfInvitation, type ListedInvitation } from './invitations-list.projection.js';

export const invitationStates = ['open', 'answered', 'expired'] as const;
type InvitationState = (typeof invitationStates)[number];

/** An invitation as it is answered, without its link. */
export interface InvitationView {
  readonly id: string;
  readonly state: InvitationState;
  readonly issuedAt: string;
  readonly expiresOn: string;
  readonly answeredAt?: string;
  readonly branch?: string;
  readonly patronId?: string;
}

/** The OpenAPI schema of `InvitationView`. */
export const listedInvitationSchema = resource('ListedInvitation', {
  id: uuid,
  state: oneOf(...invitationStates),
  issuedAt: instant,
  expiresOn: day,
  'answeredAt?': instant,
  'branch?': text,
  'patronId?': { ...uuid, description: 'Shown to those who may read single answers.' },
});

const model = modelId(invitationsList);
const responses = modelId(responsesList);

/** Lists the invitations to a survey. */
@Injectable()
export class InvitationList {
  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(BranchDirectory) private readonly directory: BranchDirectory,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(Lists) private readonly lists: Lists,
  ) {}

  /**
   * A page of the invitations to a survey, those that can be answered longest first. Throws `UNKNOWN_STATE`, and like
   * `Lists.filtered`.
   */
  async of(
    survey: string,
    { branch, state }: { readonly branch: string | undefined; readonly state: string | undefined },
    asked: ListAsked,
    sender: Principal,
  ): Promise<Listed<InvitationView>> {
    if (state !== undefined && !(invitationStates as readonly string[]).includes(state)) {
      throw new Refusal('UNKNOWN_STATE', 'invalid', `Give a state: ${invitationStates.join(', ')}.`);
    }
    const reading = reachesOf(sender.grants, 'feedback.read');
    const [yesterday, today] = [await this.directory.day(-1), await this.directory.day()];
    const prefix = branch === undefined ? `${survey}/` : `${survey}/${branch}/`;
    const { index, from, to } = latestFirst(
      { index: branch === undefined ? 'latest' : 'latest-of-branch', prefix },
      state === 'open' ? placeOfDay(today) : undefined,
      state === 'expired' ? placeOfDay(yesterday) : undefined,
    );
    return this.lists.filtered<ListedInvitation, InvitationView>(
      {
        ...{ own: model, index, from, to, others: [responses] },
        query: { survey, branch, state },
        valueOf: (row) => `${prefix}${placeOfInvitation(row)}`,
        itemsOf: async (rows) => {
          const answers = await this.models.getMany<ListedResponse>(responses, rows.map(keyOfResponse));
          const mayRead = await this.scopes.judge(reading, new Set(rows.map((row) => scopeOf(row.branch))));
          return rows.map((row): InvitationView | null => {
            const answer = answers.get(keyOfResponse(row));
            const view = viewOf(row, answer, today, mayRead(scopeOf(row.branch)));
            return state === undefined || view.state === state ? view : null;
          });
        },
      },
      asked,
    );
  }
}

/** The key of the row of the one response to an invitation: that of its patron, or of its own stream. */
function keyOfResponse({ survey, id, patronId }: ListedInvitation): string {
  const answer = responseToInvitation({ survey, id });
  return responseKey(patronId ?? streamOf(response.category, answer), answer);
}

function viewOf(
  { id, issuedAt, expiresOn, branch, patronId }: ListedInvitation,
  answer: ListedResponse | undefined,
  today: string,
  withPatron: boolean,
): InvitationView {
  return {
    id,
    state: answer !== undefined ? 'answered' : expiresOn < today ? 'expired' : 'open',
    issuedAt,
    expiresOn,
    ...(answer === undefined ? {} : { answeredAt: answer.answeredAt }),
    ...(branch === undefined ? {} : { branch }),
    ...(patronId === undefined || !withPatron ? {} : { patronId }),
  };
}
