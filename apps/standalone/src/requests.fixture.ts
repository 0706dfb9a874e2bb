/** Requests that are taken, by what they are about. */
export const north = {
  id: 'NORTH',
  name: 'North',
  library: 'CITY',
  timeZone: 'Europe/Vienna',
  population: 4000,
};
export const ada = {
  cards: ['1001'],
  givenName: 'Ada',
  familyName: 'L',
  homeBranch: 'NORTH',
  email: 'a@example.org',
};
export const analystKey = { name: 'Figures', role: 'analyst', scopes: ['consortium'] };
export const survey = {
  id: 'spring',
  title: 'Spring',
  language: 'en',
  questions: [
    { id: 'q1', type: 'nps', text: 'Would you recommend us?' },
    { id: 'q2', type: 'text', text: 'Why?' },
  ],
};
export const testimonial = { id: 't1', receivedOn: '2024-03-01', branch: 'NORTH', text: 'Good.' };
export const cost = {
  branch: 'NORTH',
  month: '2024-03',
  category: 'staff',
  amount: { minor: 100, currency: 'EUR' },
};
let count = 0;
export const event = (data: object = {}) => ({
  specversion: '1.0',
  source: 'urn:ils:north',
  id: `event-${++count}`,
  type: 'org.readership.interaction.v1',
  time: '2024-03-31T09:15:00Z',
  data: { kind: 'loan', branch: 'NORTH', ...data },
});

/** Valid bodies of the operations that look for their resource only after they have read the body. */
export const bodies: Readonly<Record<string, object>> = {
  consortiumConfigure: { name: 'Lakes' },
  librariesRename: { name: 'Other' },
  branchesChange: { name: 'Other' },
  patronsMove: { homeBranch: 'NORTH', since: '2024-06-01' },
  patronsClose: { reason: 'moved', on: '2024-06-01' },
  patronsReopen: { on: '2024-06-01' },
  patronsContact: { phone: '+43 1 234567' },
  patronsChangeCards: { add: ['3001'] },
  interactionsCorrect: { kind: 'visit', reason: 'a slip' },
  interactionsWithdraw: { reason: 'a slip' },
  interactionsRestore: { reason: 'it was right' },
  sourcesAllow: { source: 'urn:ils:east', branches: ['NORTH'] },
  sourcesRevoke: { source: 'urn:nobody' },
  invitationsIssue: { expiresOn: '2024-12-31' },
  responsesRecord: { id: 'r9', answeredAt: '2024-03-01T10:00:00Z', answers: { q1: 1 } },
  responsePageAnswer: { answers: { q1: 1 } },
  testimonialsPublish: { consent: { givenOn: '2024-03-02', statement: 'Yes.' } },
  parkedReplay: { model: 'nothing.v1', partition: 0, key: 'x' },
  parkedDiscard: { model: 'nothing.v1', partition: 0, key: 'x', offset: 1 },
  republishRepublish: { partition: 900 },
};

/** Answers that the document describes and that other specs ask for. Some need damage, parked records or people. */
export const answeredElsewhere: readonly string[] = [
  // openapi-rankings.http.spec.ts
  'patronInteractionsNewestFirst 200',
  'patronInteractionsNewestFirst 404',
  'rankingsRanking 200',
  'rankingsRanking 404',
  'parkedReplay 409',
  'parkedDiscard 409',
  'republishRepublish 409',
  'rebuildsSwitchTo 409',
  // openapi-lists.http.spec.ts
  ...['responsesList 200', 'responsesList 404', 'invitationsList 200', 'invitationsList 404'],
  // Every key has a role. libs/host/src/access/oidc.http.spec.ts has tokens of people who have none.
  'meMe 403',
  // openapi-directory.http.spec.ts asks for the name of somebody.
  'principalsOne 200',
];
