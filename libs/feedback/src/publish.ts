import { fact } from '@readership/contracts';
import type { Publish } from '@readership/kernel';
import type { InvitationEvent } from './invitations/invitation.events.js';
import type { ResponseEvent } from './responses/response.events.js';
import type { SurveyEvent } from './surveys/survey.events.js';
import type { TestimonialEvent, TestimonialPlace } from './testimonials/testimonial.events.js';

export type FeedbackEvent = SurveyEvent | InvitationEvent | ResponseEvent | TestimonialEvent;

/** What other contexts may know of feedback: scores, days and branches; never what somebody wrote. */
export const publish: Publish<FeedbackEvent> = (event, stream) => {
  switch (event.type) {
    case 'SurveyCreated': {
      const { id, language, questions } = event.data;
      const asked = questions.map((question) => ({ id: question.id, type: question.type }));
      return { key: stream, fact: fact('SurveyCreated', { survey: id, language, questions: asked }) };
    }
    case 'InvitationIssued': {
      const { id, survey, branch, patronId } = event.data;
      return {
        ...about(patronId, stream),
        fact: fact('InvitationIssued', { invitation: id, survey, ...at(branch) }),
      };
    }
    case 'SurveyAnswered': {
      const { survey, response, invitation, branch, patronId, answeredAt, scores } = event.data;
      const answered = {
        survey,
        response,
        ...(invitation === undefined ? {} : { invitation }),
        answeredAt,
        ...at(branch),
        scores: scores.map(({ question, type, score }) => ({ question, type, score })),
      };
      return { ...about(patronId, stream), fact: fact('SurveyAnswered', answered, answeredAt) };
    }
    case 'TestimonialReceived':
    case 'TestimonialApproved':
    case 'TestimonialPublished':
      return { ...about(event.data.patronId, stream), fact: fact(event.type, testimonial(event.data)) };
    case 'TestimonialWithdrawn': {
      const { was, patronId } = event.data;
      return {
        ...about(patronId, stream),
        fact: fact('TestimonialWithdrawn', { ...testimonial(event.data), was }),
      };
    }
  }
};

function about(patronId: string | undefined, stream: string): { key: string; subject?: string } {
  return patronId === undefined ? { key: stream } : { key: patronId, subject: patronId };
}

function at(branch: string | undefined): { branch?: string } {
  return branch === undefined ? {} : { branch };
}

function testimonial({ id, receivedOn, branch }: TestimonialPlace) {
  return { testimonial: id, receivedOn, ...at(branch) };
}
