/**
 * Records a few facts in every context of a Readership, for the kept data of earlier formats: see
 * libs/embedded/fixtures/README.md. usage: node tools/generate/record-facts.mjs URL ADMIN_KEY
 */
const [, , url, key] = process.argv;

async function tell(path, body, { method = 'POST', withKey = true } = {}) {
  const answer = await fetch(url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(withKey ? { authorization: `Bearer ${key}` } : {}),
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Other services learn of a branch a moment later. */
async function tellOnceKnown(path, body, options) {
  for (let tries = 1; ; tries++) {
    try {
      return await tell(path, body, options);
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
}

const branch = 'KEPT-1';
const interaction = (id, data) => ({
  specversion: '1.0',
  type: 'org.readership.interaction.v1',
  source: '/kept',
  id,
  time: '2024-03-06T10:00:00Z',
  data: { branch, ...data },
});

await tell('/v1/libraries', { id: 'KEPT', name: 'Kept Library' });
await tell('/v1/branches', { id: branch, name: 'First Branch', library: 'KEPT', timeZone: 'Europe/Dublin' });
const { id: patronId } = await tell('/v1/patrons', {
  cards: ['K-100 200'],
  givenName: 'Grace',
  familyName: 'Hopper',
  email: 'grace@example.org',
  homeBranch: branch,
  enrolledOn: '2024-03-05',
});
await tellOnceKnown('/v1/interactions', interaction('1', { kind: 'loan', card: 'K100200' }));
await tell('/v1/interactions', interaction('2', { kind: 'visit' }));
await tell(
  '/v1/interactions',
  interaction('3', { kind: 'reference', card: 'K-NOBODY', details: 'About ships.' }),
);
await tell('/v1/surveys', {
  id: 'kept',
  title: 'Kept survey',
  language: 'en',
  questions: [
    { id: 'recommend', type: 'nps', text: 'Would you recommend us?' },
    { id: 'remark', type: 'text', text: 'What else?' },
  ],
});
const { link } = await tellOnceKnown('/v1/surveys/kept/invitations', {
  expiresOn: new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10),
  patronId,
  branch,
});
const answers = { recommend: 9, remark: 'More chairs.' };
await tell(new URL(link).pathname, { answers }, { withKey: false });
await tell('/v1/testimonials', {
  id: 'kept',
  receivedOn: '2024-05-20',
  branch,
  text: 'She learned to read here.',
});
await tellOnceKnown('/v1/costs', {
  branch,
  month: '2024-03',
  category: 'staff',
  amount: { minor: 5_000, currency: 'EUR' },
});
console.log(`recorded; the patron is ${patronId}`);
