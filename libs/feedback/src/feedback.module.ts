import { Module, type DynamicModule } from '@nestjs/common';
import { checkFact, decodeFact } from '@readership/contracts';
import { branchClosings, BranchLibraries, ClosedBranches, contextModule, Scopes } from '@readership/host';
import type { Adapters, ContextStore } from '@readership/kernel';
import { provesCardKey } from './card-key-proof.js';
import { consortium } from './directory/consortium.projection.js';
import { BranchDirectory } from './directory/directory.js';
import { knownBranches } from './directory/known-branches.projection.js';
import { knownPatrons } from './directory/known-patrons.projection.js';
import { InvitationLinks } from './invitations/invitation-links.js';
import { InvitationsController } from './invitations/invitations.controller.js';
import { InvitationList } from './invitations/invitation-list.js';
import { invitationsList } from './invitations/invitations-list.projection.js';
import { publish } from './publish.js';
import { ResponseRecorder } from './responses/recorder.js';
import { ResponsePageController } from './responses/response-page.controller.js';
import { ResponseList } from './responses/response-list.js';
import { responsesList } from './responses/responses-list.projection.js';
import { ResponsesController } from './responses/responses.controller.js';
import { surveysList } from './surveys/surveys-list.projection.js';
import { SurveysController } from './surveys/surveys.controller.js';
import { testimonialsList } from './testimonials/testimonials-list.projection.js';
import { TestimonialsController } from './testimonials/testimonials.controller.js';

/** Surveys, invitations, responses and testimonials. */
@Module({})
export class FeedbackModule {
  static readonly store: ContextStore = { name: 'feedback', provesCardKey };

  static on(adapters: Adapters): DynamicModule {
    return contextModule(adapters, {
      name: 'feedback',
      module: FeedbackModule,
      publish,
      checkFact,
      controllers: [
        SurveysController,
        InvitationsController,
        ResponsesController,
        ResponsePageController,
        TestimonialsController,
      ],
      providers: [
        BranchDirectory,
        ClosedBranches,
        { provide: BranchLibraries, useExisting: BranchDirectory },
        Scopes,
        InvitationLinks,
        InvitationList,
        ResponseRecorder,
        ResponseList,
      ],
      log: {
        models: [
          { projection: knownBranches },
          { projection: knownPatrons },
          { projection: consortium },
          { projection: branchClosings },
        ],
        decode: decodeFact,
      },
      own: {
        models: [surveysList, invitationsList, responsesList, testimonialsList].map((projection) => ({
          projection,
        })),
      },
    });
  }
}
