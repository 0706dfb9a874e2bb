import assert from 'node:assert/strict';
import { hasPart } from './part-of.js';
import { dayFromNow, type Place, type Readership } from './readership.js';
import type { Theme } from './theme.js';

const questions = [
  { id: 'recommend', type: 'nps', text: 'Would you recommend us?' },
  { id: 'satisfied', type: 'csat', text: 'Are you satisfied?' },
  { id: 'remark', type: 'text', text: 'What else?' },
];

export function surveys(): Theme {
  let place: Place;
  let survey = '';
  const page = { accept: 'text/html' };
  const form = { ...page, 'content-type': 'application/x-www-form-urlencoded' };

  /** The address at which an invited person answers. */
  async function invited(readership: Readership, invitation: object): Promise<string> {
    const { body, status } = await readership.tell(`/v1/surveys/${survey}/invitations`, {
      expiresOn: dayFromNow(14),
      ...invitation,
    });
    assert.equal(status, 201);
    return new URL(body.link as string).pathname;
  }

  return {
    name: 'a survey',
    async begin(readership) {
      place = await readership.open('ASK', ['NORTH', 'SOUTH']);
      survey = `spring-${place.suffix}`;
    },
    cases: {
      'is created once': async (readership) => {
        const body = { id: survey, title: 'Spring <survey>', language: 'en', questions };
        assert.equal((await readership.tell('/v1/surveys', body)).status, 201);
        assert.equal((await readership.tell('/v1/surveys', body)).status, 200);
        const other = { path: '/v1/surveys', body: { ...body, title: 'Other' } };
        await readership.refuses(other, 409, 'SURVEY_EXISTS');
      },

      'is answered on a page by who is invited, once, and without a key': async (readership) => {
        const { body } = await readership.tell('/v1/patrons', {
          cards: [`A-1-${place.suffix}`],
          givenName: 'Ada',
          familyName: 'Lovelace',
          homeBranch: place.branch('SOUTH'),
        });
        const path = await invited(readership, {
          patronId: body.id as string,
          branch: place.branch('SOUTH'),
        });
        const asked = await readership.send({ path, withKey: false, headers: page });
        assert.equal(asked.status, 200);
        assert.match(asked.text, /Spring &lt;survey&gt;/);
        const answer = { path, withKey: false, headers: form, body: 'q-recommend=10&q-satisfied=5' };
        assert.equal((await readership.send(answer)).status, 201);
        assert.equal((await readership.send(answer)).status, 409);
        const again = { path, withKey: false, body: { answers: { recommend: 1 } } };
        await readership.refuses(again, 409, 'ALREADY_ANSWERED');
      },

      'is answered by programs as JSON': async (readership) => {
        const path = await invited(readership, { branch: place.branch('SOUTH') });
        const asked = await readership.send({
          path,
          withKey: false,
          headers: { accept: 'application/json' },
        });
        hasPart(asked.body, { survey: { id: survey, questions } });
        const answered = await readership.send({
          path,
          withKey: false,
          body: { answers: { recommend: 9, satisfied: 4, remark: 'More chairs.' } },
        });
        assert.equal(answered.status, 201, answered.text);
      },

      'has one answer of an invitation that is answered twice at a time': async (readership) => {
        const path = await invited(readership, { branch: place.branch('SOUTH') });
        const answer = { path, withKey: false, body: { answers: { recommend: 10, satisfied: 5 } } };
        const heard = await Promise.all([1, 2, 3, 4].map(() => readership.send(answer)));
        assert.deepEqual(heard.map(({ status }) => status).sort(), [201, 409, 409, 409]);
      },

      'is not answered by a link that was tampered with': async (readership) => {
        const path = await invited(readership, {});
        const other = `${path.slice(0, -1)}${path.endsWith('A') ? 'B' : 'A'}`;
        const heard = await readership.send({
          path: other,
          withKey: false,
          headers: { accept: 'application/json' },
        });
        assert.deepEqual([heard.status, heard.body.code], [404, 'UNKNOWN_INVITATION']);
      },

      'takes answers on paper, one or many': async (readership) => {
        const path = `/v1/surveys/${survey}/responses`;
        const sheet = (id: string, recommend: number, satisfied: number) => ({
          id,
          answeredAt: '2024-06-03T09:00:00Z',
          branch: place.branch('NORTH'),
          answers: { recommend, satisfied },
        });
        assert.equal((await readership.tell(path, sheet('sheet-1', 5, 2))).status, 201);
        assert.equal((await readership.tell(path, sheet('sheet-1', 5, 2))).status, 200);
        await readership.refuses({ path, body: sheet('sheet-1', 6, 2) }, 409, 'ID_REUSED');
        hasPart(
          await readership.tellLines(path, [
            sheet('sheet-1', 5, 2),
            sheet('sheet-2', 10, 4),
            sheet('sheet-3', 11, 4),
          ]),
          [
            { line: 1, outcome: 'already-recorded' },
            { line: 2, outcome: 'recorded' },
            { line: 3, outcome: 'refused', code: 'SCORE_OUT_OF_RANGE' },
          ],
        );
      },

      'scores its answers by branch and month': async (readership) => {
        await readership.settled();
        const june = { scope: `branch:${place.branch('NORTH')}`, from: '2024-06', to: '2024-06' };
        hasPart((await readership.metric('nps', june)).points, [{ value: 0, n: 2 }]);
        hasPart((await readership.metric('csat', june)).points, [{ value: 0.5, n: 2, mean: 3 }]);
        hasPart((await readership.metric('satisfaction', june)).points, [{ value: 0.5, n: 2 }]);
        // An answer through a link has the current time. The month may turn while the answers come, and has already turned at
        // the branch while it has not in UTC.
        const now = {
          scope: `branch:${place.branch('SOUTH')}`,
          from: dayFromNow(-2).slice(0, 7),
          to: dayFromNow(1).slice(0, 7),
        };
        const { points } = await readership.metric('nps', now);
        const answered: { n: number; value: number }[] = points.filter(({ n }: { n: number }) => n > 0);
        assert.equal(
          answered.reduce((sum, { n }) => sum + n, 0),
          3,
        );
        assert.ok(answered.every(({ value }) => value === 100));
      },
    },
  };
}
