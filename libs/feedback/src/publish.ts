import { fact } from '@readership/contracts';
import type { Fact, Publication, Publish } from '@readership/kernel';
import type { InvitationEvent } from './invitations/invitation.events.js';
import type { ResponseEvent } from './responses/response.events.js';
import type { SurveyEvent } from './surveys/survey.events.js';
import type { TestimonialEvent } from './testimonials/testimonial.events.js';

export type FeedbackEvent = SurveyEvent | InvitationEvent | ResponseEvent | TestimonialEvent;

/** What other contexts may know of feedback: scores, days and branches, but never what somebody wrote. */
export const publish: Publish<FeedbackEvent> = (event, stream) => {
  switch (event.type) {
    case 'SurveyCreated': {
      const { id, language, questions } = event.data;
      const asked = questions.map((question) => ({ id: question.id, type: question.type }));
      return { key: stream, fact: fact('SurveyCreated', { survey: id, language, questions: asked }) };
    }
    case 'InvitationIssued': {
      const { id: invitation, survey, branch, patronId } = event.data;
      return about(patronId, stream, fact('InvitationIssued', { invitation, survey, branch }));
    }
    case 'SurveyAnswered': {
      const { survey, response, invitation, branch, patronId, answeredAt } = event.data;
      const scores = event.data.scores.map(({ question, type, score }) => ({ question, type, score }));
      const answered = fact(
        'SurveyAnswered',
        { survey, response, invitation, answeredAt, branch, scores },
        answeredAt,
      );
      return about(patronId, stream, answered);
    }
    case 'TestimonialReceived':
    case 'TestimonialApproved':
    case 'TestimonialPublished': {
      const { id: testimonial, receivedOn, branch, patronId } = event.data;
      return about(patronId, stream, fact(event.type, { testimonial, receivedOn, branch }));
    }
    case 'TestimonialWithdrawn': {
      const { id: testimonial, receivedOn, branch, patronId, was } = event.data;
      return about(patronId, stream, fact('TestimonialWithdrawn', { testimonial, receivedOn, branch, was }));
    }
  }
};

function about(patronId: string | undefined, stream: string, fact: Fact): Publication {
  return patronId === undefined ? { key: stream, fact } : { key: patronId, subject: patronId, fact };
}
