import { memoryAdapters } from '@readership/embedded';
import type { Adapters, EventStore } from '@readership/kernel';
import { modulesOn, stores } from './modules.js';

/** An event of each context that is published, and the same with a field that the contracts do not allow. */
const events = {
  'patron-profile': {
    type: 'BranchRenamed',
    right: { id: 'NORTH', name: 'North' },
    wrong: { id: 'NORTH', name: 7 },
  },
  'interaction-log': {
    type: 'Referenced',
    right: { reference: 'c_' + 'a'.repeat(43), time: '2024-05-06T10:00:00.000Z', holder: 'x' },
    wrong: { reference: 'c_' + 'a'.repeat(43), time: 'in May', holder: 'x' },
  },
  feedback: {
    type: 'TestimonialReceived',
    right: { id: 'kept', receivedOn: '2024-05-06', branch: 'NORTH' },
    wrong: { id: 'kept', receivedOn: 'in May', branch: 'NORTH' },
  },
  analytics: {
    type: 'CostStated',
    right: { branch: 'NORTH', month: '2024-05', category: 'staff', amount: { minor: 1, currency: 'EUR' } },
    wrong: { branch: 'NORTH', month: 'May', category: 'staff', amount: { minor: 1, currency: 'EUR' } },
  },
};

const adapters = memoryAdapters();
afterAll(() => adapters.close());
/** The stores as the contexts' modules made them. */
const opened = new Map<string, EventStore>();

beforeAll(() => {
  const noting: Adapters = {
    access: adapters.access,
    eventLog: adapters.eventLog,
    deadLetters: adapters.deadLetters,
    readModels: (name) => adapters.readModels(name),
    jobQueue: (name) => adapters.jobQueue(name),
    close: () => adapters.close(),
    eventStore: (name, publish) => {
      const store = adapters.eventStore(name, publish);
      opened.set(name, store);
      return store;
    },
  };
  modulesOn(noting);
});

it('every context is here', () => {
  expect(Object.keys(events)).toEqual(stores.map(({ name }) => name));
});

describe.each(Object.entries(events))('a fact of %s', (context, { type, right, wrong }) => {
  const append = (stream: string, data: object) =>
    opened.get(context)!.append(stream, 0, [{ type, data }], {
      commandId: stream,
      at: '2024-05-06T10:00:00.000Z',
      actor: 'spec',
    });

  it('that is not as the contracts say is refused at append', async () => {
    const wrongly = `${context} would publish ${type} otherwise than the contracts say`;
    await expect(append('wrong-1', wrong)).rejects.toThrow(wrongly);
    expect((await opened.get(context)!.load('wrong-1')).version).toBe(0);
  });

  it('that is as the contracts say is stored', async () => {
    expect((await append('right-1', right)).outcome).toBe('appended');
  });
});
