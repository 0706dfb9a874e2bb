import type { Event } from '@readership/kernel';

export interface Score {
  readonly question: string;
  readonly type: 'nps' | 'csat';
  /** NPS 0–10, CSAT 1–5. */
  readonly score: number;
}

/**
 * Somebody answered a survey. `digest` is a keyed digest of everything that came; it distinguishes a repeated request
 * from other content for ever.
 */
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
  /** Texts by question; absent when nothing was written. */
  readonly personal?: { readonly texts: Readonly<Record<string, string>> } | null;
};

export type ResponseEvent = SurveyAnswered;
