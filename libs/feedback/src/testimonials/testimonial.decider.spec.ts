import { given } from '@readership/kernel/testing';
import { testimonial } from './testimonial.decider.js';
import type {
  TestimonialApproved,
  TestimonialPublished,
  TestimonialReceived,
  TestimonialWithdrawn,
} from './testimonial.events.js';

const place = { id: 'letter-1', receivedOn: '2024-04-02', branch: 'NORTH' };
const receive = { type: 'ReceiveTestimonial', place, text: 'Thank you.', digest: 'd1' } as const;
const approve = { type: 'ApproveTestimonial' } as const;
const consent = { givenOn: '2024-04-03', statement: 'I agree.', digest: 'c1' };
const publish = { type: 'PublishTestimonial', consent } as const;
const withdraw = { type: 'WithdrawTestimonial' } as const;

const received: TestimonialReceived = {
  type: 'TestimonialReceived',
  data: { ...place, digest: 'd1' },
  personal: { text: 'Thank you.' },
};
const approved: TestimonialApproved = { type: 'TestimonialApproved', data: place };
const published: TestimonialPublished = {
  type: 'TestimonialPublished',
  data: { ...place, consentGivenOn: '2024-04-03', consentDigest: 'c1' },
  personal: { statement: 'I agree.' },
};
const withdrawn = (was: TestimonialWithdrawn['data']['was']): TestimonialWithdrawn => ({
  type: 'TestimonialWithdrawn',
  data: { ...place, was },
});

describe('receiving a testimonial', () => {
  it('keeps its text in the personal part', () => given(testimonial).when(receive).then(received));
  it('changes nothing when it says the same', () => given(testimonial, received).when(receive).thenNothing());
  it('knows the same also when the text was forgotten', () =>
    given(testimonial, { ...received, personal: null })
      .when(receive)
      .thenNothing());
  it('is refused after the last day of the branch, but what was received is known again', () => {
    const late = { ...receive, lastDay: '2024-04-01' };
    given(testimonial).when(late).thenRefused('BRANCH_CLOSED');
    given(testimonial, received).when(late).thenNothing();
  });
  it('is refused when its id said something else', () =>
    given(testimonial, received)
      .when({ ...receive, digest: 'd2' })
      .thenRefused('ID_REUSED'));
});

describe('approving a testimonial', () => {
  it('is recorded once', () => {
    given(testimonial, received).when(approve).then(approved);
    given(testimonial, received, approved).when(approve).thenNothing();
  });
  it('changes nothing once it is published', () =>
    given(testimonial, received, approved, published).when(approve).thenNothing());
  it('is refused for an unknown one', () =>
    given(testimonial).when(approve).thenRefused('UNKNOWN_TESTIMONIAL'));
  it('is refused once it is withdrawn', () =>
    given(testimonial, received, withdrawn('received')).when(approve).thenRefused('TESTIMONIAL_WITHDRAWN'));
});

describe('publishing a testimonial', () => {
  it('keeps when consent was given, and its words in the personal part', () =>
    given(testimonial, received, approved).when(publish).then(published));
  it('changes nothing under the same consent, also when its words were forgotten', () =>
    given(testimonial, received, approved, { ...published, personal: null })
      .when(publish)
      .thenNothing());
  it('is refused under another consent', () =>
    given(testimonial, received, approved, published)
      .when({ ...publish, consent: { ...consent, digest: 'c2' } })
      .thenRefused('ALREADY_PUBLISHED'));
  it('is refused before it is approved', () =>
    given(testimonial, received).when(publish).thenRefused('NOT_APPROVED'));
  it('is refused once it is withdrawn', () =>
    given(testimonial, received, approved, withdrawn('approved'))
      .when(publish)
      .thenRefused('TESTIMONIAL_WITHDRAWN'));
});

describe('withdrawing a testimonial', () => {
  it('says what it was', () => {
    given(testimonial, received).when(withdraw).then(withdrawn('received'));
    given(testimonial, received, approved).when(withdraw).then(withdrawn('approved'));
    given(testimonial, received, approved, published).when(withdraw).then(withdrawn('published'));
  });
  it('changes nothing the second time', () =>
    given(testimonial, received, withdrawn('received')).when(withdraw).thenNothing());
  it('is refused for an unknown one', () =>
    given(testimonial).when(withdraw).thenRefused('UNKNOWN_TESTIMONIAL'));
});
