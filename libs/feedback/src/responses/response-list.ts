import { Inject, Injectable } from '@nestjs/common';
import {
  instant,
  integer,
  listOf,
  Lists,
  object,
  oneOf,
  orNull,
  resource,
  text,
  uuid,
  type ListAsked,
  type Listed,
} from '@readership/host';
import { EventStore, modelId, Refusal, streamOf, unlessDamaged, type Stored } from '@readership/kernel';
import { askedDays, latestFirst } from '../directory/asked-days.js';
import { BranchDirectory } from '../directory/directory.js';
import { placeOfInstant } from '../newest-first.js';
import { response } from './response.decider.js';
import type { Score, SurveyAnswered } from './response.events.js';
import { responsesList, type ListedResponse } from './responses-list.projection.js';

/** A response as it is answered. */
export interface ResponseView {
  readonly id: string;
  readonly answeredAt: string;
  readonly invitation?: string;
  readonly branch?: string;
  readonly patronId?: string;
  readonly scores: readonly Score[];
  /** `null` once they were forgotten. */
  readonly comments: readonly { readonly question: string; readonly text: string }[] | null;
}

/** The OpenAPI schema of `ResponseView`. */
export const responseSchema = resource('Response', {
  id: { ...text, description: 'Not the id that it was sent with, which is not kept.' },
  answeredAt: instant,
  'invitation?': uuid,
  'branch?': text,
  'patronId?': uuid,
  scores: listOf(object({ question: text, type: oneOf('nps', 'csat'), score: integer })),
  comments: {
    ...orNull(listOf(object({ question: text, text }))),
    description: 'The answers in words; `null` once they were forgotten.',
  },
});

/** What a list of responses is about, as the request gave it. */
export interface ResponsesAsked {
  readonly branch: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly comments: string | undefined;
}

const model = modelId(responsesList);

/** Lists the responses to a survey. */
@Injectable()
export class ResponseList {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(BranchDirectory) private readonly directory: BranchDirectory,
    @Inject(Lists) private readonly lists: Lists,
  ) {}

  /**
   * A page of the responses to a survey, the latest first. One whose stored event is damaged is left out. Throws
   * `BAD_QUERY`, and like `askedDays` and `Lists.of`.
   */
  async of(
    survey: string,
    { branch, from, to, comments }: ResponsesAsked,
    asked: ListAsked,
  ): Promise<Listed<ResponseView>> {
    if (comments !== undefined && comments !== 'true' && comments !== 'false') {
      throw new Refusal('BAD_QUERY', 'invalid', 'Give comments as true or false, or leave it out.');
    }
    const { first, last } = askedDays(from, to);
    const which = comments === 'true' ? 'comments' : 'all';
    const by = latestFirst(
      branch === undefined
        ? { index: 'newest', prefix: `${survey}/${which}/` }
        : { index: 'newest-of-branch', prefix: `${survey}/${branch}/${which}/` },
      first && placeOfInstant(await this.directory.startOf(first)),
      last && placeOfInstant(await this.directory.endOf(last)),
    );
    const { items, nextCursor } = await this.lists.of<ListedResponse>({ model: { own: model }, by }, asked);
    const read = await Promise.all(items.map(({ id }) => unlessDamaged(this.read(id))));
    return { items: read.flatMap((view) => view ?? []), nextCursor };
  }

  private async read(id: string): Promise<ResponseView> {
    const { events } = await this.store.load(streamOf(response.category, id));
    const { data, personal } = events[0] as Stored<SurveyAnswered>;
    const { answeredAt, invitation, branch, patronId, scores } = data;
    const comments = Object.entries(personal?.texts ?? {});
    return {
      id,
      answeredAt,
      ...(invitation === undefined ? {} : { invitation }),
      ...(branch === undefined ? {} : { branch }),
      ...(patronId === undefined ? {} : { patronId }),
      scores: scores.map(({ question, type, score }) => ({ question, type, score })),
      comments: personal === null ? null : comments.map(([question, words]) => ({ question, text: words })),
    };
  }
}
