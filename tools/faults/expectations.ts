import { digest } from '@readership/kernel';
import { survey } from './history.js';
import { itemId, type Ledger } from './ledger.js';
import type { Expected } from './oracles.js';

const once = { least: 1, most: 1 } as const;
const perhapsOnce = { least: 0, most: 1 } as const;

/** What the contexts' stores must hold because clients were told so, and what they may hold because clients do not know. */
export function expectedEvents(ledger: Ledger): readonly Expected[] {
  return [...ofPeople(ledger), ...ofItems(ledger), ...ofAnswers(ledger), ...ofCosts(ledger)];
}

function ofPeople({ people }: Ledger): readonly Expected[] {
  const context = 'patron-profile';
  return [...people.values()].flatMap(({ id, registration, cards, told }) => {
    const stream = `patron-${id}`;
    const { homeBranch } = registration;
    return [
      { context, stream, type: 'PatronRegistered', says: { homeBranch }, ...once },
      { context, stream, type: 'CardAdded', least: cards.size, most: cards.size },
      ...told.map((wish): Expected => {
        switch (wish.do) {
          case 'move': {
            const { homeBranch, since } = wish;
            return { context, stream, type: 'PatronMoved', says: { homeBranch, since }, ...once };
          }
          case 'close': {
            const { reason, on } = wish;
            return { context, stream, type: 'PatronClosed', says: { reason, on }, ...once };
          }
          case 'reopen':
            return { context, stream, type: 'PatronReopened', says: { on: wish.on }, ...once };
        }
      }),
    ];
  });
}

function ofItems({ items }: Ledger): readonly Expected[] {
  const context = 'interaction-log';
  return [...items.values()].flatMap(({ item, now, status, acknowledged }) => {
    const stream = `interaction-${itemId(item.number)}`;
    const times = acknowledged ? once : perhapsOnce;
    return [
      { context, stream, type: 'InteractionRecorded', ...times },
      ...(now === item ? [] : [{ context, stream, type: 'InteractionCorrected', ...once }]),
      ...(status === 'recorded' ? [] : [{ context, stream, type: 'InteractionWithdrawn', ...once }]),
    ];
  });
}

function ofAnswers({ answers }: Ledger): readonly Expected[] {
  return [...answers.keys()].map((id) => ({
    context: 'feedback',
    stream: `response-${digest(`${survey}\0${id}`)}`,
    type: 'SurveyAnswered',
    ...once,
  }));
}

function ofCosts({ costs }: Ledger): readonly Expected[] {
  return [...costs.values()].map(({ branch, month, category }) => ({
    context: 'analytics',
    stream: `cost-${branch}-${month}-${digest(category)}`,
    type: 'CostStated',
    ...once,
  }));
}
