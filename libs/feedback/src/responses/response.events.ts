import type { Event } from '@readership/kernel';

export interface Score {
  readonly question: string;
  readonly type: 'nps' | 'csat';
  /** NPS 0–10, CSAT 1–5. */
  readonly score: number;
}

/** What somebody answered. `digest` is keyed, over everything that came, so that the same can be told from other content for ever. */
export type SurveyAnswered = Event<
  'SurveyAnswered',
  {
    survey: string;
    response: string;
    invitation?: string;
    patronId?: string;
    branch?: string;
    answeredAt: string;
    scores: readonly Score[];
    digest: string;
  }
> & {
  /** By question; absent when nothing was written. */
  readonly personal?: { readonly texts: Readonly<Record<string, string>> } | null;
};

export type ResponseEvent = SurveyAnswered;
