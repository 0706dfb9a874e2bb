import { given } from '@readership/kernel/testing';
import { grantsOf, source, type AllowSource, type KnownSource } from './source.decider.js';
import type { SourceAllowed, SourceRevoked } from './source.events.js';

const name = 'urn:ils:north';
const allow = (libraries: readonly string[], branches: readonly string[]): AllowSource => ({
  type: 'AllowSource',
  source: name,
  libraries,
  branches,
});
const allowed = (libraries: readonly string[], branches: readonly string[]): SourceAllowed => ({
  type: 'SourceAllowed',
  data: { source: name, libraries, branches },
});
const revoked: SourceRevoked = { type: 'SourceRevoked', data: { source: name } };

describe('allowing a source', () => {
  it('records what it may speak for, each once and in order', () =>
    given(source)
      .when(allow(['CITY'], ['SOUTH', 'NORTH', 'SOUTH']))
      .then(allowed(['CITY'], ['NORTH', 'SOUTH'])));

  it('changes nothing when it may so already', () =>
    given(source, allowed([], ['NORTH', 'SOUTH']))
      .when(allow([], ['SOUTH', 'NORTH']))
      .thenNothing());

  it('replaces what it might speak for before', () =>
    given(source, allowed(['CITY'], ['NORTH']))
      .when(allow([], ['SOUTH']))
      .then(allowed([], ['SOUTH'])));

  it('is possible again after it was revoked', () =>
    given(source, allowed([], ['NORTH']), revoked)
      .when(allow([], ['NORTH']))
      .then(allowed([], ['NORTH'])));

  it('is refused with nothing to speak for', () =>
    given(source).when(allow([], [])).thenRefused('NOTHING_ALLOWED'));
});

describe('revoking a source', () => {
  it('is recorded', () =>
    given(source, allowed([], ['NORTH']))
      .when({ type: 'RevokeSource' })
      .then(revoked));

  it('changes nothing when it was revoked', () =>
    given(source, allowed([], ['NORTH']), revoked)
      .when({ type: 'RevokeSource' })
      .thenNothing());

  it('is refused for one that nobody allowed', () =>
    given(source).when({ type: 'RevokeSource' }).thenRefused('UNKNOWN_SOURCE'));
});

describe('the grants of a source', () => {
  const known: KnownSource = { status: 'allowed', source: name, libraries: ['CITY'], branches: ['NORTH'] };

  it('let it import its own interactions where it may speak', () =>
    expect(grantsOf(known)).toEqual([
      {
        role: 'integrator',
        scopes: ['library:CITY', 'branch:NORTH'],
        only: ['interactions.import'],
        sources: [name],
      },
    ]));

  it('are none once it was revoked', () => expect(grantsOf({ ...known, status: 'revoked' })).toEqual([]));
});
