import { branchClosed } from '@readership/contracts';
import { Refusal, type Decider } from '@readership/kernel';
import type { TestimonialEvent, TestimonialPlace } from './testimonial.events.js';

export type TestimonialCommand =
  | {
      readonly type: 'ReceiveTestimonial';
      readonly place: TestimonialPlace;
      readonly text: string;
      readonly digest: string;
      /** The last day of the branch, when it was received after that. */
      readonly lastDay?: string;
    }
  | { readonly type: 'ApproveTestimonial' }
  | {
      readonly type: 'PublishTestimonial';
      readonly consent: { readonly givenOn: string; readonly statement: string; readonly digest: string };
    }
  | { readonly type: 'WithdrawTestimonial' };

export type TestimonialStatus = 'received' | 'approved' | 'published' | 'withdrawn';

export interface KnownTestimonial {
  readonly status: TestimonialStatus;
  readonly place: TestimonialPlace;
  readonly digest: string;
  /** `null` once it was forgotten. */
  readonly text: string | null;
  readonly consent?: { readonly givenOn: string; readonly statement: string | null; readonly digest: string };
}

export type Testimonial = { readonly status: 'unknown' } | KnownTestimonial;

export const testimonial: Decider<Testimonial, TestimonialCommand, TestimonialEvent> = {
  category: 'testimonial',
  initial: { status: 'unknown' },

  decide(command, state) {
    if (command.type === 'ReceiveTestimonial') {
      const { place, text, digest, lastDay } = command;
      if (state.status === 'unknown') {
        if (lastDay !== undefined) throw branchClosed(lastDay, '/branch');
        return [{ type: 'TestimonialReceived', data: { ...place, digest }, personal: { text } }];
      }
      if (state.digest === digest) return [];
      throw new Refusal(
        'ID_REUSED',
        'conflict',
        'A testimonial with this id has other content: choose another id.',
        '/id',
      );
    }
    if (state.status === 'unknown') throw unknownTestimonial();
    const { status, place } = state;
    switch (command.type) {
      case 'ApproveTestimonial':
        if (status === 'withdrawn') throw withdrawn();
        return status === 'received' ? [{ type: 'TestimonialApproved', data: place }] : [];
      case 'PublishTestimonial': {
        const { givenOn, statement, digest } = command.consent;
        if (status === 'withdrawn') throw withdrawn();
        if (status === 'received') {
          throw new Refusal('NOT_APPROVED', 'conflict', 'Approve the testimonial before it is published.');
        }
        if (status === 'published') {
          if (state.consent?.digest === digest) return [];
          throw new Refusal(
            'ALREADY_PUBLISHED',
            'conflict',
            'The testimonial is published already, with another consent.',
          );
        }
        return [
          {
            type: 'TestimonialPublished',
            data: { ...place, consentGivenOn: givenOn, consentDigest: digest },
            personal: { statement },
          },
        ];
      }
      case 'WithdrawTestimonial':
        return status === 'withdrawn'
          ? []
          : [{ type: 'TestimonialWithdrawn', data: { ...place, was: status } }];
    }
  },

  evolve(state, event) {
    if (event.type === 'TestimonialReceived') {
      const { digest, ...place } = event.data;
      return { status: 'received', place, digest, text: event.personal?.text ?? null };
    }
    if (state.status === 'unknown') return state;
    switch (event.type) {
      case 'TestimonialApproved':
        return { ...state, status: 'approved' };
      case 'TestimonialPublished': {
        const { consentGivenOn: givenOn, consentDigest: digest } = event.data;
        return {
          ...state,
          status: 'published',
          consent: { givenOn, digest, statement: event.personal?.statement ?? null },
        };
      }
      case 'TestimonialWithdrawn':
        return { ...state, status: 'withdrawn' };
    }
  },
};

function withdrawn(): Refusal {
  return new Refusal(
    'TESTIMONIAL_WITHDRAWN',
    'conflict',
    'The testimonial was withdrawn, and that is final.',
  );
}

export function unknownTestimonial(): Refusal {
  return new Refusal('UNKNOWN_TESTIMONIAL', 'unknown', 'There is no testimonial with this id.');
}
