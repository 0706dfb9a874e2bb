import { checkFact, publishedFacts } from '@readership/contracts';
import { withPrivateFields } from '@readership/kernel/testing';
import { publish, type FeedbackEvent } from './publish.js';

const patronId = '018f0000-0000-7000-8000-000000000002';
const invitation = '018f0000-0000-7000-8000-000000000001';
const secret = 'something only its reader may know';
const place = { id: 'letter-1', receivedOn: '2024-04-02', branch: 'NORTH' };

const events: readonly [FeedbackEvent, stream: string][] = [
  [
    {
      type: 'SurveyCreated',
      data: {
        id: 'spring',
        title: secret,
        language: 'en',
        questions: [{ id: 'remark', type: 'text', text: secret }],
      },
    },
    'survey-spring',
  ],
  [
    {
      type: 'InvitationIssued',
      data: { id: invitation, survey: 'spring', patronId, branch: 'NORTH', expiresOn: '2024-05-31' },
    },
    `invitation-${invitation}`,
  ],
  [
    {
      type: 'SurveyAnswered',
      data: {
        survey: 'spring',
        response: 'r1',
        invitation,
        patronId,
        branch: 'NORTH',
        answeredAt: '2024-04-02T10:00:00.000Z',
        scores: [{ question: 'recommend', type: 'nps', score: 9 }],
        digest: secret,
      },
      personal: { texts: { remark: secret } },
    },
    'response-r1',
  ],
  [
    { type: 'TestimonialReceived', data: { ...place, patronId, digest: secret }, personal: { text: secret } },
    'testimonial-letter-1',
  ],
  [{ type: 'TestimonialApproved', data: { ...place, patronId } }, 'testimonial-letter-1'],
  [
    {
      type: 'TestimonialPublished',
      data: { ...place, patronId, consentGivenOn: '2024-04-03', consentDigest: secret },
      personal: { statement: secret },
    },
    'testimonial-letter-1',
  ],
  [{ type: 'TestimonialWithdrawn', data: { ...place, patronId, was: 'published' } }, 'testimonial-letter-1'],
];

describe.each(events)('what is published of %j', (event, stream) => {
  const { fact, ...publication } = publish(event, stream);

  it('is as the contract says', () => {
    expect(fact!.type).toBe(event.type);
    expect(() => checkFact('feedback', fact!)).not.toThrow();
  });

  it('leaves out what was added to the event', () =>
    expect(publish(withPrivateFields(event, secret), stream).fact).toEqual(fact));

  it('holds no word that somebody wrote, and no patron', () => {
    expect(JSON.stringify(fact)).not.toContain(secret);
    expect(JSON.stringify(fact)).not.toContain(patronId);
  });

  it('is about the patron, whose key seals it; else about the stream', () => {
    const personal = event.type !== 'SurveyCreated';
    expect(publication).toEqual(personal ? { key: patronId, subject: patronId } : { key: stream });
    if (event.type !== 'SurveyAnswered') return;
    const { patronId: known, ...anonymous } = event.data;
    expect(known).toBe(patronId);
    expect(publish({ ...event, data: anonymous }, stream)).toMatchObject({ key: stream });
    expect(publish({ ...event, data: anonymous }, stream)).not.toHaveProperty('subject');
  });
});

it('is every fact that feedback has', () => {
  const facts = Object.entries(publishedFacts).filter(([, { context }]) => context === 'feedback');
  expect(events.map(([{ type }]) => type).sort()).toEqual(facts.map(([type]) => type).sort());
});

it('dates an answer by when it was given', () => {
  const [event, stream] = events[2]!;
  expect(publish(event, stream).fact).toMatchObject({ time: '2024-04-02T10:00:00.000Z' });
});
